//! Bodies that are genuine and odd: none is an error, and none panics.

use axum_partnero::WebhookEvent;
use serde_json::{Value, json};

use crate::signed::event;

fn unknown(body: impl AsRef<[u8]>) {
    let body = body.as_ref();
    let read = event(body);
    assert!(matches!(read, WebhookEvent::Unknown(_)), "{read:?}");
    assert_eq!((read.name(), read.envelope().raw()), ("", &body.to_vec().into()));
    assert!(read.envelope().data_json().is_none() && read.envelope().data_as::<Value>().is_ok_and(|it| it.is_null()));
}

#[test]
fn what_is_no_json_object_is_unknown_and_kept() {
    for body in
        ["", " ", "null", "true", "7", "\"transaction.created\"", "[]", "[{\"event\":\"lead.submitted\"}]", "{", "}"]
    {
        unknown(body);
    }
    for body in ["event=transaction.created", "<xml/>", "NaN", "Infinity", "{'event':'lead.submitted'}", "\u{feff}{}"] {
        unknown(body);
    }
    unknown([0xff, 0xfe, 0x00]);
    unknown(vec![0; 4096]);
}

#[test]
fn what_is_cut_off_or_followed_by_more_is_unknown() {
    let whole = r#"{"event":"transaction.created","data":{"key":"order-1","rewards":[{"amount":1}]}}"#;
    for length in 0..whole.len() {
        unknown(&whole[..length]);
    }
    for more in ["x", "{}", ",", "\0", "\n\nnull"] {
        unknown(format!("{whole}{more}"));
    }
    assert_eq!(event(format!(" \n{whole}\r\n\t ")).transaction_key(), Some("order-1"));
}

#[test]
fn numbers_that_json_has_not_are_unknown() {
    for number in ["NaN", "Infinity", "-Infinity", "01", "+1", ".5", "1.", "1e", "0x10", "--1"] {
        unknown(format!(r#"{{"event":"transaction.created","data":{{"amount":{number}}}}}"#));
    }
}

#[test]
fn invalid_utf_8_anywhere_is_unknown() {
    for bad in [&b"\xff"[..], b"\xc3", b"\xed\xa0\x80", b"\xf5\x80\x80\x80"] {
        unknown([br#"{"event":"customer.created","data":{"name":""#, bad, br#""}}"#].concat());
        unknown([br#"{"event":"customer.created","x":""#, bad, br#"","data":{}}"#].concat());
    }
}

#[test]
fn deep_nesting_is_passed_over() {
    for depth in [10, 127, 128, 129, 10_000, 100_000] {
        let (open, close) = ("[".repeat(depth), "]".repeat(depth));
        let body =
            format!(r#"{{"x":{open}{close},"event":"transaction.created","data":{{"y":{open}{close},"key":"a"}}}}"#);
        assert_eq!(event(&body).transaction_key(), Some("a"), "{depth}");
        for name in ["key", "customer", "rewards", "amount", "deleted_at"] {
            let body = format!(r#"{{"event":"transaction.created","data":{{"{name}":{open}{close},"id":"a"}}}}"#);
            assert_eq!(event(&body).transaction_key(), Some("a"), "{name}, {depth}");
        }
        let objects = format!("{}1{}", r#"{"customer":"#.repeat(depth), "}".repeat(depth));
        let body = format!(r#"{{"event":"customer.created","data":{{"referring_customer":{objects},"key":"a"}}}}"#);
        assert_eq!(event(&body).customer_key(), Some("a"), "{depth}");
    }
    let body = format!(r#"{{"event":"partner.created","data":{}}}"#, "[".repeat(500) + &"]".repeat(500));
    assert!(event(body).envelope().data_as::<Value>().is_err(), "serde_json's own limit, as an error");
}

#[test]
fn of_fields_that_come_twice_the_last_counts() {
    let read = event(
        r#"{"event":"lead.submitted","data":{"key":"x"},"event":"transaction.created","webhook_key":"a","webhook_key":"b",
            "data":{"key":"one","key":"two","rewards":[{}],"rewards":[]}}"#,
    );
    assert_eq!(
        (read.name(), read.envelope().webhook_key(), read.transaction_key()),
        ("transaction.created", Some("b"), Some("two"))
    );
    let WebhookEvent::TransactionCreated(sale) = read else { panic!("{read:?}") };
    assert!(sale.data.rewards.is_empty());
}

#[test]
fn both_envelopes_are_read() {
    let current = event(
        r#"{"event":"transaction.created","url":"https://app.example/hooks","webhook_key":"aB3dE6gH9jK2",
            "created_at":"2026-03-04T05:06:07.000000Z","data":{"key":"order-1"}}"#,
    );
    let envelope = current.envelope();
    assert_eq!((envelope.url(), envelope.webhook_key()), (Some("https://app.example/hooks"), Some("aB3dE6gH9jK2")));
    assert_eq!(envelope.created_at(), Some("2026-03-04T05:06:07.000000Z"));

    let old =
        event(r#"{"event":"transaction.created","data":{"id":"txn_123"},"timestamp":"2025-05-07T10:30:00.000000Z"}"#);
    let envelope = old.envelope();
    assert_eq!((envelope.url(), envelope.webhook_key()), (None, None));
    assert_eq!(envelope.created_at(), Some("2025-05-07T10:30:00.000000Z"));

    let both = event(r#"{"event":"x","timestamp":"old","created_at":"new"}"#);
    assert_eq!(both.envelope().created_at(), Some("new"));
    let unix = event(r#"{"event":"x","timestamp":1767225600,"created_at":null}"#);
    assert_eq!(unix.envelope().created_at(), Some("1767225600"));
}

#[test]
fn odd_fields_of_the_envelope_are_none() {
    for odd in [json!(null), json!(""), json!([]), json!({}), json!(true), json!("a\nb"), json!("x".repeat(256))] {
        let read = event(
            json!({"event": "lead.submitted", "webhook_key": odd, "created_at": odd, "data": {"id": "7"}}).to_string(),
        );
        let envelope = read.envelope();
        assert_eq!((envelope.webhook_key(), envelope.created_at()), (None, None), "{odd}");
        assert_eq!(read.resource().as_deref(), Some("lead:7"));
    }
}

#[test]
fn data_is_at_hand_as_it_came_and_as_any_type() {
    #[derive(serde::Deserialize)]
    struct Mine {
        key: String,
        metadata: Metadata,
    }
    #[derive(serde::Deserialize)]
    struct Metadata {
        shop: u8,
    }
    let body = r#"{"event":"transaction.created","data": { "key" : "order-1", "amount":1.50,"metadata":{"shop":3} } }"#;
    let read = event(body);
    let envelope = read.envelope();
    assert_eq!(envelope.raw(), body);
    assert_eq!(envelope.data_json(), Some(r#"{ "key" : "order-1", "amount":1.50,"metadata":{"shop":3} }"#));
    let mine: Mine = envelope.data_as().unwrap();
    assert_eq!((mine.key.as_str(), mine.metadata.shop), ("order-1", 3));
    assert!(envelope.data_as::<Vec<u8>>().is_err());
}

#[test]
fn a_megabyte_in_any_field_is_read_and_bounded_where_it_is_stored() {
    let long = "x".repeat(1 << 20);
    let read = event(json!({"event": long, "url": long, "webhook_key": long, "data": {"key": long}}).to_string());
    assert_eq!((read.name(), read.envelope().webhook_key()), ("", None));
    let read = event(json!({"event": "transaction.created", "data": {"key": long}}).to_string());
    assert_eq!(read.transaction_key().map(str::len), Some(1 << 20));
    assert!(read.resource().unwrap().len() < 100);
    let digits = "9".repeat(1 << 20);
    let read = event(format!(r#"{{"event":"transaction.created","data":{{"amount":{digits},"key":"a"}}}}"#));
    assert_eq!(read.transaction_key(), Some("a"));
}
