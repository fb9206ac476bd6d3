//! No `Cookie` header fails a request, and every key that comes out of one is a key.

#![no_main]

use axum_core::extract::FromRequestParts;
use axum_partnero::{ReferralKey, ReferralKeys};
use futures_util::FutureExt as _;
use http::{HeaderValue, Request, header::COOKIE};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let mut request = Request::new(());
    // A line break can't be in a header: here it divides the lines.
    for line in data.split(|byte| *byte == b'\n') {
        if let Ok(line) = HeaderValue::from_bytes(line) {
            request.headers_mut().append(COOKIE, line);
        }
    }
    let (mut parts, ()) = request.into_parts();
    let keys = ReferralKeys::from_request_parts(&mut parts, &()).now_or_never().expect("it waits for nothing");
    let Ok(keys) = keys;
    let found = keys.first();
    if let Some(key) = found {
        let text = key.as_str();
        assert!((1..=255).contains(&text.chars().count()), "{text:?}");
        assert!(!text.chars().any(char::is_control), "{text:?}");
    }
    // Alone it is the same.
    let alone = ReferralKey::from_request_parts(&mut parts, &()).now_or_never().expect("it waits for nothing");
    assert_eq!(alone.ok().as_ref(), found);
});
