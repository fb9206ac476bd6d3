//! Every body that is signed is an event, and what is read of it is what serde_json reads.

#![no_main]

#[path = "../signed.rs"]
mod signed;

use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value};

fuzz_target!(|data: &[u8]| {
    let verified = signed::secret().verify(&signed::headers(data), data.to_vec()).expect("it is signed");
    assert_eq!(verified.raw(), data);
    let event = verified.event();
    let envelope = event.envelope();
    assert_eq!(envelope.raw(), data);
    assert_eq!(envelope.id(), verified.id());

    // What this crate says of it, all of it, and what it logs.
    let resource = event.resource();
    assert!(resource.is_none_or(|it| it.len() <= 300 && !it.chars().any(char::is_control)));
    assert!(!event.name().chars().any(char::is_control) && event.name().chars().count() <= 255);
    let _ = (event.customer_key(), event.transaction_key(), format!("{event:?}"));

    // serde_json refuses what is nested deeply, and half a surrogate pair anywhere. Those are left to our own tests.
    let Ok(fields) = serde_json::from_slice::<Map<String, Value>>(data) else { return };
    if let Some(Value::String(name)) = fields.get("event") {
        let fits = !name.chars().any(char::is_control) && (1..=255).contains(&name.chars().count());
        assert_eq!(event.name(), if fits { name.as_str() } else { "" });
    }
    match fields.get("data") {
        None | Some(Value::Null) => assert!(envelope.data_json().is_none()),
        Some(data) => assert_eq!(&envelope.data_as::<Value>().expect("it was read before"), data),
    }
});
