//! Whatever is changed of a webhook, it isn't Partnero's any more.

use axum_partnero::webhook::{EventId, VerifyError};

use crate::signed::{OTHER, SECRET, headers, hex, secret, signed};

const BODY: &[u8] =
    br#"{"event":"transaction.created","url":"https://shop.example/webhooks/partnero","webhook_key":"aB3dE6gH9jK2",
    "created_at":"2026-03-04T05:06:07.000000Z","data":{"key":"order-1","amount":49.9,"customer":"cus-77"}}"#;

#[test]
fn what_was_signed_is_taken_as_it_came() {
    let verified = secret().verify(&signed(BODY), BODY).unwrap();
    assert_eq!(verified.raw(), BODY);
    assert_eq!(verified.clone().into_raw(), BODY);
    for odd in [&b""[..], b"\0", b"not JSON", b"\xff\xfe", &[b'['; 10_000]] {
        assert_eq!(secret().verify(&signed(odd), odd.to_vec()).unwrap().raw(), odd);
    }
}

#[test]
fn every_one_bit_change_of_the_body_is_refused() {
    let headers = signed(BODY);
    for bit in 0..8 * BODY.len() {
        let mut changed = BODY.to_vec();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(secret().verify(&headers, changed), Err(VerifyError::Wrong), "bit {bit}");
    }
}

#[test]
fn every_one_bit_change_of_the_signature_is_refused() {
    let right = hex(SECRET, BODY);
    for bit in 0..256 {
        let mut digest: Vec<u8> =
            (0..32).map(|at| u8::from_str_radix(&right[2 * at..2 * at + 2], 16).unwrap()).collect();
        digest[bit / 8] ^= 1 << (bit % 8);
        let changed: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        let verdict = secret().verify(&headers([("Signature", &changed)]), BODY);
        assert_eq!(verdict, Err(VerifyError::Wrong), "bit {bit}");
    }
    // And of its letters, of which some turn a small letter into a capital: that is the same digit.
    for bit in 0..8 * right.len() {
        let mut changed = right.clone().into_bytes();
        changed[bit / 8] ^= 1 << (bit % 8);
        let Ok(value) = http::HeaderValue::from_bytes(&changed) else { continue };
        let is_same = changed.eq_ignore_ascii_case(right.as_bytes());
        assert_eq!(secret().verify(&headers([("Signature", value)]), BODY).is_ok(), is_same, "bit {bit}");
    }
}

#[test]
fn every_cut_and_every_addition_is_refused() {
    let headers = signed(BODY);
    for length in 0..BODY.len() {
        assert_eq!(secret().verify(&headers, &BODY[..length]), Err(VerifyError::Wrong), "{length} bytes");
    }
    for added in 0..=u8::MAX {
        assert!(secret().verify(&headers, [BODY, &[added]].concat()).is_err(), "{added} behind");
        assert!(secret().verify(&headers, [&[added], BODY].concat()).is_err(), "{added} before");
    }
}

#[test]
fn json_that_is_written_anew_is_refused() {
    let value: serde_json::Value = serde_json::from_slice(BODY).unwrap();
    for rewritten in [serde_json::to_vec(&value).unwrap(), serde_json::to_vec_pretty(&value).unwrap()] {
        assert_eq!(secret().verify(&signed(&rewritten), BODY), Err(VerifyError::Wrong));
    }
}

#[test]
fn either_secret_counts_while_one_replaces_the_other() {
    use axum_partnero::WebhookSecret;
    let [new, old] = [SECRET, OTHER].map(|secret| WebhookSecret::new(secret).unwrap());
    let by = |secret: &str| headers([("Signature", hex(secret, BODY))]);
    for both in [new.clone().or(old.clone()), old.clone().or(new.clone())] {
        assert!(both.verify(&by(SECRET), BODY).is_ok() && both.verify(&by(OTHER), BODY).is_ok());
        for wrong in ["", "q7W8e9R0t1Y2u3I", &format!("{SECRET}{OTHER}"), &format!("{SECRET},{OTHER}")] {
            assert_eq!(both.verify(&by(wrong), BODY), Err(VerifyError::Wrong), "{wrong:?}");
        }
    }
    assert_eq!(new.verify(&by(OTHER), BODY), Err(VerifyError::Wrong));
    assert_eq!(old.verify(&by(SECRET), BODY), Err(VerifyError::Wrong));
}

#[test]
fn blanks_around_a_secret_are_no_part_of_it() {
    for written in [format!("{SECRET}\n"), format!("  {SECRET}\r\n"), format!("\t{SECRET}")] {
        assert!(axum_partnero::WebhookSecret::new(written).unwrap().verify(&signed(BODY), BODY).is_ok());
    }
}

#[test]
fn an_id_is_the_same_for_the_same_bytes_alone() {
    let id = |body: &'static [u8]| secret().verify(&signed(body), body).unwrap().id();
    assert_eq!(id(b"abc").to_string(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_eq!(id(BODY), id(BODY));
    assert_ne!(id(b"{}"), id(b"{} "));

    let text = id(BODY).to_string();
    for written in [text.clone(), text.to_uppercase()] {
        assert_eq!(written.parse::<EventId>(), Ok(id(BODY)));
    }
    assert_eq!(EventId::from(*id(BODY).as_bytes()), id(BODY));
    for wrong in ["", "ba78", &text[1..], &format!("{text}0"), &format!("0x{}", &text[2..]), &"é".repeat(32)] {
        assert!(wrong.parse::<EventId>().is_err(), "{wrong}");
    }
}
