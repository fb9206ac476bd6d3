//! A refusal may repeat what it refuses. What was sent about somebody is taken out of it, before anything reads it; but for
//! e-mail addresses, which are masked in any message, with whatever is written together with them.

use serde_json::Value;

use crate::api::envelope::says_failed;

/// The fields that say something about somebody. Keys stay: they are what a refusal is looked up by.
const PERSONAL: [&str; 6] = ["date_of_birth", "email", "name", "password", "surname", "tags"];
/// In the place of what was sent.
const MASKED: &str = "[masked]";

/// Masks what is personal in `sent`, the JSON of a request, wherever the messages of its answer repeat it as a word.
pub(super) fn mask(answer: &mut Value, is_success: bool, sent: Option<&str>) {
    if is_success && !says_failed(answer) {
        return;
    }
    let Some(sent) = sent.and_then(|sent| serde_json::from_str(sent).ok()) else { return };
    let mut values = Vec::new();
    collect(&sent, false, &mut values);
    // A name may be a part of another one.
    values.sort_unstable_by_key(|value| (std::cmp::Reverse(value.len()), *value));
    // What stands for them would be hidden once more each time, and grow.
    values.dedup();
    for told in ["message", "errors"] {
        if let Some(told) = answer.get_mut(told) {
            *told = without(told.take(), &values);
        }
    }
}

fn collect<'a>(sent: &'a Value, personal: bool, values: &mut Vec<&'a str>) {
    match sent {
        Value::String(text) if personal && !text.is_empty() && !text.contains('@') => values.push(text),
        Value::Array(several) => several.iter().for_each(|value| collect(value, personal, values)),
        Value::Object(fields) => {
            fields.iter().for_each(|(name, value)| collect(value, PERSONAL.contains(&name.as_str()), values));
        }
        _ => {}
    }
}

/// Texts, wherever they are. What JSON was read is no deeper than the stack allows.
fn without(told: Value, values: &[&str]) -> Value {
    match told {
        Value::String(text) => values.iter().fold(text, |text, value| hide(&text, value)).into(),
        Value::Array(several) => several.into_iter().map(|told| without(told, values)).collect(),
        Value::Object(fields) => fields.into_iter().map(|(path, told)| (path, without(told, values))).collect(),
        other => other,
    }
}

/// `Al` is not hidden in `value`.
fn hide(text: &str, value: &str) -> String {
    let mut hidden = String::with_capacity(text.len());
    let mut seen = 0;
    for (at, _) in text.match_indices(value) {
        let (before, after) = (text[..at].chars().next_back(), text[at + value.len()..].chars().next());
        let is_word = ![before, after].into_iter().flatten().any(char::is_alphanumeric);
        if is_word {
            hidden.push_str(&text[seen..at]);
            hidden.push_str(MASKED);
            seen = at + value.len();
        }
    }
    hidden.push_str(&text[seen..]);
    hidden
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn masked(mut answer: Value, sent: &str) -> Value {
        mask(&mut answer, false, Some(sent));
        answer
    }

    #[test]
    fn what_was_sent_about_somebody_is_not_in_the_messages() {
        let sent = r#"{"key":"7","name":"Al","surname":"Al Koch","email":"x@a.test","tags":["vip"],
            "metadata":{"date_of_birth":"1990-01-31"},"customers":[{"name":"Mia"}]}"#;
        let answer = json!({"message": "Al, value of \"Al Koch\": 7 is no vip", "data": {"name": "Al"}, "errors": {
            "name": ["Mia's", "Miami"], "date": [["1990-01-31?"], 7], "x": {"y": "Al-Al"}}});
        let expected = json!({"message": "[masked], value of \"[masked]\": 7 is no [masked]", "data": {"name": "Al"},
            "errors": {"name": ["[masked]'s", "Miami"], "date": [["[masked]?"], 7], "x": {"y": "[masked]-[masked]"}}});
        assert_eq!(masked(answer, sent), expected);
    }

    #[test]
    fn odd_answers_and_odd_requests_stay_as_they_are() {
        for (answer, sent) in [
            (json!({"message": "Al"}), "no JSON"),
            (json!({"message": "Al"}), r#"{"name": ""}"#),
            (json!({"message": "Al"}), r#"{"name": 7}"#),
            (json!({"message": null, "errors": 7}), r#"{"name": "Al"}"#),
            (json!(["Al"]), r#"{"name": "Al"}"#),
            (json!("Al"), r#"{"name": "Al"}"#),
            (json!({"message": "mia+x@a.test"}), r#"{"email": "x@a.test"}"#),
            (json!({"message": "éAlé"}), r#"{"name": "Al"}"#),
        ] {
            assert_eq!(masked(answer.clone(), sent), answer);
        }
        // What stands for it may be sent as well, any number of times.
        let masks = r#"{"tags": ["masked", "masked", "masked"]}"#;
        assert_eq!(masked(json!({"message": "masked"}), masks), json!({"message": "[masked]"}));
        assert_eq!(masked(json!({"message": "é Ü é"}), r#"{"name": "Ü"}"#), json!({"message": "é [masked] é"}));
    }

    #[test]
    fn success_is_left_alone_unless_it_says_that_it_failed() {
        let sent = Some(r#"{"name": "Al"}"#);
        for (answer, expected) in [
            (json!({"message": "Al", "status": 1}), json!({"message": "Al", "status": 1})),
            (json!({"message": "Al", "status": 0}), json!({"message": "[masked]", "status": 0})),
        ] {
            let mut answer = answer;
            mask(&mut answer, true, sent);
            assert_eq!(answer, expected);
        }
    }
}
