//! Whatever is signed can be read, and says what serde_json says.

use axum_partnero::{WebhookEvent, webhook::VerifyError};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::signed::{SECRET, event, headers, hex, secret, signed};

const BODY: &[u8] = b"[]";

/// The names that are read somewhere, and others.
fn name() -> impl Strategy<Value = String> {
    const KNOWN: &[&str] = &[
        "event",
        "data",
        "url",
        "webhook_key",
        "created_at",
        "timestamp",
        "key",
        "id",
        "customer",
        "partner",
        "amount",
        "rewards",
        "tags",
        "value",
        "approved",
        "referrals_count",
        "product_type_data",
        "product_id",
        "email",
        "name",
    ];
    prop_oneof![3 => proptest::sample::select(KNOWN).prop_map(str::to_owned), 1 => ".{0,5}"]
}

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<i32>().prop_map(|quarters| Value::from(f64::from(quarters) / 4.0)),
        ".{0,20}".prop_map(Value::from),
        proptest::sample::select(WebhookEvent::NAMES).prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 64, 8, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
            proptest::collection::vec((name(), inner), 0..8).prop_map(|all| Value::Object(all.into_iter().collect())),
        ]
    })
}

/// Everything that can be asked of an event.
fn ask(event: &WebhookEvent) {
    let resource = event.resource();
    assert!(resource.is_none_or(|it| it.len() <= 300 && !it.chars().any(char::is_control)));
    assert!(event.name().chars().count() <= 255 && !event.name().chars().any(char::is_control));
    let _ = (event.customer_key(), event.transaction_key(), format!("{event:?}"));
}

/// As one would read a text from a `Value`.
fn text(object: &Value, name: &str) -> Option<String> {
    match object.get(name)? {
        Value::String(text) => Some(text.clone()).filter(|text| !text.is_empty()),
        // As it is written.
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn key(object: &Value, name: &str) -> Option<String> {
    text(object, name).or_else(|| {
        let inner = object.get(name)?;
        text(inner, "key").or_else(|| text(inner, "id"))
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_can_be_read(body in proptest::collection::vec(any::<u8>(), 0..300)) {
        let read = event(&body);
        ask(&read);
        prop_assert_eq!(read.envelope().raw(), &body);
    }

    #[test]
    fn any_text_like_json_can_be_read(body in r#"\{("(event|data|key|rewards)":|[{}\[\],:"\\0-9eE.+-]|null|true|\\ud[89]00){0,60}\}?"#) {
        ask(&event(&body));
    }

    #[test]
    fn any_json_can_be_read(body in json_value()) {
        ask(&event(body.to_string()));
    }

    #[test]
    fn what_is_read_is_what_the_json_says(
        name in proptest::sample::select(WebhookEvent::NAMES),
        data in proptest::collection::vec((name(), json_value()), 0..12),
    ) {
        let data = Value::Object(data.into_iter().collect::<Map<_, _>>());
        let read = event(json!({"event": name, "data": data}).to_string());
        ask(&read);
        prop_assert_eq!(read.name(), name);
        prop_assert_eq!(read.envelope().data_as::<Value>().unwrap(), data.clone());
        match read {
            WebhookEvent::TransactionCreated(it) | WebhookEvent::TransactionDeleted(it) | WebhookEvent::TransactionUpdated(it) => {
                prop_assert_eq!((it.data.key, it.data.id), (text(&data, "key"), text(&data, "id")));
                prop_assert_eq!((it.data.customer, it.data.partner), (key(&data, "customer"), key(&data, "partner")));
                let objects = data["rewards"].as_array().into_iter().flatten().filter(|it| it.is_object()).collect::<Vec<_>>();
                prop_assert_eq!(it.data.rewards.len(), objects.len());
                for (reward, object) in it.data.rewards.iter().zip(objects) {
                    prop_assert_eq!(reward.partner.clone(), key(object, "partner"));
                    let product = object.get("product_type_data").unwrap_or(&Value::Null);
                    prop_assert_eq!(reward.product_id.clone(), text(product, "product_id"));
                }
            }
            WebhookEvent::CustomerCreated(it) => {
                prop_assert_eq!((it.data.email, it.data.name), (text(&data, "email"), text(&data, "name")));
            }
            _ => {}
        }
    }

    #[test]
    fn any_change_of_a_body_is_refused(
        body in proptest::collection::vec(any::<u8>(), 0..200),
        other in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        prop_assume!(body != other);
        prop_assert_eq!(secret().verify(&signed(&body), other), Err(VerifyError::Wrong));
    }

    #[test]
    fn any_header_but_the_right_one_is_refused(line in proptest::collection::vec(any::<u8>(), 0..200)) {
        let Ok(value) = http::HeaderValue::from_bytes(&line) else { return Ok(()) };
        let alone = headers([("Signature", &value)]);
        prop_assert!(secret().verify(&alone, BODY).is_err());
        let beside = headers([("Signature", value), ("Signature", hex(SECRET, BODY).parse().unwrap())]);
        prop_assert!(secret().verify(&beside, BODY).is_ok());
    }
}
