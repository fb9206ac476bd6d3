//! What every answer of Partnero's is wrapped in: `{ "data": …, "status": 1 }`, or a `message` and `errors`.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::model::mask;

/// The most fields, and the most texts of each, that are kept of `errors`.
const MOST_ERRORS: usize = 50;

/// Whether this can be an answer of Partnero's own, and not of a proxy or a page in between.
pub(crate) fn is_partneros(answer: &Value) -> bool {
    answer
        .as_object()
        .is_some_and(|it| ["data", "status", "message", "errors"].iter().any(|name| it.contains_key(*name)))
}

/// What was asked for, if it is in there.
pub(crate) fn data(answer: &Value) -> Option<&Value> {
    answer.get("data").filter(|data| !data.is_null())
}

/// Whether `status` says that it failed, whatever the HTTP status says. One that is missing says nothing.
pub(crate) fn says_failed(answer: &Value) -> bool {
    match answer.get("status") {
        Some(Value::Bool(status)) => !status,
        Some(Value::Number(status)) => status.as_f64() == Some(0.0),
        Some(Value::String(status)) => matches!(status.trim(), "0" | "false"),
        _ => false,
    }
}

/// Partnero's message, fit for a log.
pub(crate) fn message(answer: &Value) -> Option<String> {
    let text = answer.get("message")?.as_str().map(mask)?;
    (!text.is_empty()).then_some(text)
}

/// The fields that were refused and why, fit for a log. The exact shape of `errors` is not documented.
pub(crate) fn field_errors(answer: &Value) -> BTreeMap<String, Vec<String>> {
    match answer.get("errors") {
        Some(Value::Object(fields)) => {
            fields.iter().take(MOST_ERRORS).map(|(path, why)| (mask(path), texts(why))).collect()
        }
        None | Some(Value::Null) => BTreeMap::new(),
        // A list or a text that names no field.
        Some(other) => {
            let texts = texts(other);
            if texts.is_empty() { BTreeMap::new() } else { BTreeMap::from([(String::new(), texts)]) }
        }
    }
}

fn texts(why: &Value) -> Vec<String> {
    match why {
        Value::String(text) => vec![mask(text)],
        Value::Array(several) => several.iter().flat_map(texts).take(MOST_ERRORS).collect(),
        Value::Object(several) => several.values().flat_map(texts).take(MOST_ERRORS).collect(),
        Value::Number(_) | Value::Bool(_) | Value::Null => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn partneros_answers_are_told_from_others() {
        for its in [json!({"data": null}), json!({"status": 0}), json!({"message": "x"}), json!({"errors": []})] {
            assert!(is_partneros(&its), "{its}");
        }
        for other in
            [json!({}), json!({"error": "Bad Gateway"}), json!([]), json!("x"), json!(null), json!([{"data": 1}])]
        {
            assert!(!is_partneros(&other), "{other}");
        }
    }

    #[test]
    fn failure_is_read_from_the_status_in_the_body() {
        for failed in [json!(false), json!(0), json!(0.0), json!("0"), json!("false")] {
            assert!(says_failed(&json!({ "status": failed })), "{failed}");
        }
        for fine in [json!(true), json!(1), json!("1"), json!("ok"), json!(null), json!([]), json!({})] {
            assert!(!says_failed(&json!({ "status": fine })), "{fine}");
        }
        assert!(!says_failed(&json!({"data": {}})));
    }

    #[test]
    fn errors_are_read_in_every_shape_and_masked() {
        let read = |errors| field_errors(&json!({ "errors": errors }));
        let one = |path: &str, texts: &[&str]| {
            BTreeMap::from([(path.to_owned(), texts.iter().map(ToString::to_string).collect::<Vec<_>>())])
        };
        assert_eq!(read(json!({"partner.key": ["unknown", "odd"]})), one("partner.key", &["unknown", "odd"]));
        assert_eq!(read(json!({"email": "mia@x.test taken"})), one("email", &["[masked] taken"]));
        assert_eq!(read(json!({"email": [["deep"], {"a": "er"}]})), one("email", &["deep", "er"]));
        assert_eq!(read(json!({"email": null})), one("email", &[]));
        assert_eq!(read(json!(["one", "two"])), one("", &["one", "two"]));
        assert_eq!(read(json!("text")), one("", &["text"]));
        for none in [json!(null), json!([]), json!({}), json!(7), json!(true)] {
            assert!(read(none.clone()).is_empty(), "{none}");
        }
        let many: Value = (0..1000).map(|i| (i.to_string(), json!(["x"]))).collect::<serde_json::Map<_, _>>().into();
        assert_eq!(read(many).len(), MOST_ERRORS);
    }

    #[test]
    fn messages_are_masked_and_odd_ones_are_none() {
        assert_eq!(message(&json!({"message": "mia@x.test\nis taken"})).as_deref(), Some("[masked] is taken"));
        for none in [json!({}), json!({"message": null}), json!({"message": ["x"]}), json!({"message": " "})] {
            assert_eq!(message(&none), None, "{none}");
        }
    }
}
