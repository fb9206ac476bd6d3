//! What is logged of webhooks that are refused, and what `Debug` shows of those that aren't.

use crate::{
    log::Log,
    signed::{OTHER, event, headers, hex, secret},
};

#[test]
fn a_refusal_names_the_headers_that_look_like_a_signature_and_no_value() {
    let (log, guard) = Log::start();
    let long = format!("x-{}-signature", "a".repeat(500));
    let value = hex(OTHER, b"{}");
    let lines = [
        ("X-Partnero-Signature", value.as_str()),
        ("X-Hub-Signature-256", "sha256=v4lue"),
        ("Signature-Input", "v4lue"),
        ("Authorization", "Bearer v4lue"),
        ("Cookie", "session=v4lue"),
        (long.as_str(), "v4lue"),
    ];
    secret().verify(&headers(lines), "{\"name\":\"Mia Koch\"}").unwrap_err();
    secret().verify(&headers([("Signature", &value)]), "{\"name\":\"Mia Koch\"}").unwrap_err();
    drop(guard);

    let text = log.text();
    assert_eq!(log.count("a webhook was refused"), 2, "{text}");
    assert_eq!(log.count("WARN"), 2, "{text}");
    for name in ["x-partnero-signature", "x-hub-signature-256", "signature-input"] {
        assert!(text.contains(name), "{name}: {text}");
    }
    for hidden in ["v4lue", &value, "authorization", "cookie", "Mia", "q7W8e9R0t1Y2u3I4", &"a".repeat(100)] {
        assert!(!text.contains(hidden), "{hidden}: {text}");
    }
}

#[test]
fn a_flood_of_forgeries_makes_a_line_a_second() {
    let (log, guard) = Log::start();
    let secret = secret();
    let began = std::time::Instant::now();
    for _ in 0..1000 {
        secret.verify(&headers([("Signature", "forged")]), "{}").unwrap_err();
    }
    let most = began.elapsed().as_secs() + 1;
    drop(guard);
    let lines = log.count("a webhook was refused") as u64;
    assert!((1..=most).contains(&lines), "{lines} in {most} seconds");
}

#[test]
fn a_flood_of_header_names_makes_a_short_line() {
    let (log, guard) = Log::start();
    let lines = (0..100).map(|number| (format!("x-signature-{number}"), "x"));
    secret().verify(&headers(lines), "{}").unwrap_err();
    drop(guard);
    assert!(log.text().len() < 1000, "{}", log.text());
}

#[test]
fn a_genuine_webhook_is_taken_without_a_word() {
    let (log, guard) = Log::start();
    event(r#"{"event":"customer.created","data":{"email":"mia@x.test"}}"#);
    drop(guard);
    assert_eq!(log.text(), "");
}

#[test]
fn debug_shows_no_person_no_link_and_no_body() {
    let person = r#""email":"mia@x.test","name":"Mia","surname":"Koch","referral_link":"https://shop.example?ref=s3cret",
        "portal_link":"https://shop.example/s3cret","share_link":"https://shop.example/s3cret","key":"mia@x.test",
        "customer":{"key":"mia@x.test","name":"Mia"},"rewards":[{"customer":"mia@x.test","key":"mia@x.test"}]"#;
    for name in axum_partnero::WebhookEvent::NAMES.iter().chain(&["other", "mia@x.test"]) {
        let read = event(format!(
            r#"{{"event":"{name}","url":"https://shop.example/hooks?token=s3cret","webhook_key":"k","data":{{{person}}}}}"#
        ));
        for text in [format!("{read:?}"), format!("{read:#?}")] {
            for hidden in ["mia", "Mia", "Koch", "s3cret", "x.test"] {
                assert!(!text.contains(hidden), "{name}: {hidden}: {text}");
            }
        }
    }
    let body = r#"{"name":"Mia"}"#;
    let verified = secret().verify(&crate::signed::signed(body.as_bytes()), body).unwrap();
    assert_eq!(format!("{verified:?}"), "Verified { bytes: 14, .. }");
}
