//! No header counts as a signature but the one that is right.

#![no_main]

#[path = "../signed.rs"]
mod signed;

use http::{HeaderMap, HeaderValue};
use libfuzzer_sys::fuzz_target;

const BODY: &[u8] = br#"{"event":"transaction.created","data":{"key":"order-1"}}"#;

fuzz_target!(|data: &[u8]| {
    let mut headers = HeaderMap::new();
    for line in data.split(|byte| *byte == b'\n') {
        // The first byte says which header it is.
        let Some((kind, line)) = line.split_first() else { continue };
        let name = if kind & 1 == 0 { "signature" } else { "x-partnero-signature" };
        if let Ok(line) = HeaderValue::from_bytes(line) {
            headers.append(name, line);
        }
    }
    let right = signed::hex(BODY);
    let has = |name: &str| {
        let values = headers.get_all(name).iter();
        values.flat_map(|line| line.as_bytes().split(|byte| *byte == b',')).any(|part| {
            part.trim_ascii().eq_ignore_ascii_case(right.as_bytes())
        })
    };
    let secret = signed::secret();
    let current = secret.verify(&headers, BODY).is_ok();
    assert!(!current || has("signature"));
    let either = secret.clone().accept_old_header().verify(&headers, BODY).is_ok();
    assert!(!either || has("signature") || has("x-partnero-signature"));
    assert!(either || !current);

    // Behind what was made up, the right one still counts, unless more of its form come before it than are tried.
    let before = headers.get_all("signature").iter().flat_map(|line| line.as_bytes().split(|byte| *byte == b','));
    let tried = before.filter(|part| signed::is_hex(part.trim_ascii())).count();
    headers.append("signature", HeaderValue::from_str(&right).expect("digits"));
    assert_eq!(secret.verify(&headers, BODY).is_ok(), current || tried < 4);
});
