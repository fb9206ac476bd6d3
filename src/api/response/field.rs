//! Reads single fields, of whatever type they came.

use rust_decimal::Decimal;
use serde_json::Value;

use crate::api::response::FromJson;

/// A text, or a number as one. An empty text is none.
pub(super) fn text(object: &Value, name: &str) -> Option<String> {
    as_text(object.get(name)?)
}

fn as_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => (!text.is_empty()).then(|| text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// The key, or else the id, of what is named by it alone or stands there as an object.
pub(super) fn key(object: &Value, name: &str) -> Option<String> {
    let value = object.get(name)?;
    as_text(value).or_else(|| text(value, "key")).or_else(|| text(value, "id"))
}

/// A number, or a text that is one.
pub(super) fn number(object: &Value, name: &str) -> Option<Decimal> {
    let text = as_text(object.get(name)?)?;
    let text = text.trim();
    text.parse().or_else(|_| Decimal::from_scientific(text)).ok()
}

/// A number that counts something.
pub(super) fn count(object: &Value, name: &str) -> Option<u64> {
    use rust_decimal::prelude::ToPrimitive as _;
    let number = number(object, name)?;
    (number.is_integer() && !number.is_sign_negative() || number.is_zero()).then(|| number.to_u64()).flatten()
}

/// A flag, also as a number or a text.
pub(super) fn flag(object: &Value, name: &str) -> Option<bool> {
    match object.get(name)? {
        Value::Bool(flag) => Some(*flag),
        Value::Number(number) => match number.as_f64() {
            Some(0.0) => Some(false),
            Some(1.0) => Some(true),
            _ => None,
        },
        Value::String(text) => match text.as_str() {
            "1" | "true" => Some(true),
            "0" | "false" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

/// Texts: as such, or as objects with a `value` (tags).
pub(super) fn texts(object: &Value, name: &str) -> Vec<String> {
    match object.get(name) {
        Some(Value::Array(all)) => all.iter().filter_map(|one| as_text(one).or_else(|| text(one, "value"))).collect(),
        Some(one) => as_text(one).into_iter().collect(),
        None => Vec::new(),
    }
}

/// Objects of a list.
pub(super) fn list<T: FromJson>(object: &Value, name: &str) -> Vec<T> {
    object.get(name).and_then(Value::as_array).into_iter().flatten().filter_map(T::from_json).collect()
}

/// An object.
pub(super) fn one<T: FromJson>(object: &Value, name: &str) -> Option<T> {
    object.get(name).and_then(T::from_json)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn fields_are_read_whatever_their_type() {
        let it = |value: Value| json!({ "x": value });
        for (value, as_text) in [
            (json!("a"), Some("a")),
            (json!(7), Some("7")),
            (json!(1.5), Some("1.5")),
            (json!(""), None),
            (json!(null), None),
            (json!(true), None),
            (json!([]), None),
            (json!({"key": "k"}), None),
        ] {
            assert_eq!(text(&it(value.clone()), "x").as_deref(), as_text, "{value}");
        }
        for (value, as_number) in [
            (json!(29.997), Some("29.997")),
            (json!("29.997"), Some("29.997")),
            (json!(" 5 "), Some("5")),
            (json!(1e3), Some("1000.0")),
            (json!("1e3"), Some("1000")),
            (json!(-1), Some("-1")),
            (json!(1e300), None),
            (json!("1,5"), None),
            (json!("NaN"), None),
            (json!([5]), None),
            (json!(null), None),
        ] {
            assert_eq!(number(&it(value.clone()), "x"), as_number.map(|n| n.parse().unwrap()), "{value}");
        }
        for (value, as_count) in [
            (json!(3), Some(3)),
            (json!("3"), Some(3)),
            (json!(3.0), Some(3)),
            (json!(0), Some(0)),
            (json!(3.5), None),
            (json!(-3), None),
            (json!(u64::MAX), Some(u64::MAX)),
            (json!([]), None),
        ] {
            assert_eq!(count(&it(value.clone()), "x"), as_count, "{value}");
        }
        for (value, as_flag) in [
            (json!(true), Some(true)),
            (json!(0), Some(false)),
            (json!(1), Some(true)),
            (json!(1.0), Some(true)),
            (json!("1"), Some(true)),
            (json!("false"), Some(false)),
            (json!("yes"), None),
            (json!(2), None),
            (json!(null), None),
            (json!([]), None),
        ] {
            assert_eq!(flag(&it(value.clone()), "x"), as_flag, "{value}");
        }
        for (value, as_key) in [
            (json!("k"), Some("k")),
            (json!(5), Some("5")),
            (json!({"key": "k", "id": "i"}), Some("k")),
            (json!({"id": 9}), Some("9")),
            (json!({}), None),
            (json!([]), None),
        ] {
            assert_eq!(key(&it(value.clone()), "x").as_deref(), as_key, "{value}");
        }
        for (value, as_texts) in [
            (json!([{"value": "a"}, "b", 3, null, {}, []]), vec!["a", "b", "3"]),
            (json!("a"), vec!["a"]),
            (json!({}), vec![]),
            (json!(null), vec![]),
        ] {
            assert_eq!(texts(&it(value.clone()), "x"), as_texts, "{value}");
        }
        for nothing in [json!({}), json!([]), json!("x"), json!(null)] {
            assert!(text(&nothing, "x").is_none() && texts(&nothing, "x").is_empty());
        }
    }
}
