//! Changes to a stored request body that leave every digit of its numbers alone.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

type Fields<'a> = BTreeMap<&'a str, &'a RawValue>;

/// The body of a sign-up without its referrer. `None` if it isn't an object.
pub(crate) fn without_referrer(body: &str) -> Option<String> {
    without(body, &["partner", "referring_customer"])
}

/// The body without what is known of a person, but for the keys. `None` if it isn't an object.
pub(crate) fn without_personal_data(body: &str) -> Option<String> {
    const PERSONAL: [&str; 5] = ["email", "name", "surname", "tags", "metadata"];

    let body = without(body, &PERSONAL)?;
    let mut fields: Fields<'_> = serde_json::from_str(&body).ok()?;
    let customer = fields.get("customer").and_then(|customer| without(customer.get(), &PERSONAL));
    let customer = customer.and_then(|customer| RawValue::from_string(customer).ok());
    if let Some(customer) = &customer {
        fields.insert("customer", customer);
    }
    serde_json::to_string(&fields).ok()
}

/// Whether the body is an object at all.
pub(crate) fn is_object(body: &str) -> bool {
    serde_json::from_str::<&RawValue>(body).is_ok_and(|value| value.get().starts_with('{'))
}

/// Whether the body has this field. Not within a text, nor further in.
pub(crate) fn has(body: &str, field: &str) -> bool {
    serde_json::from_str::<Fields<'_>>(body).is_ok_and(|fields| fields.contains_key(field))
}

/// Whether a sale names the link that it is attributed to.
pub(crate) fn has_link(body: &str) -> bool {
    let fields: Option<Fields<'_>> = serde_json::from_str(body).ok();
    fields.and_then(|fields| fields.get("options").copied()).is_some_and(|options| has(options.get(), "referral_url"))
}

fn without(body: &str, names: &[&str]) -> Option<String> {
    let mut fields: Fields<'_> = serde_json::from_str(body).ok()?;
    fields.retain(|name, _| !names.contains(name));
    serde_json::to_string(&fields).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_referrer_is_taken_out_and_nothing_else() {
        let body = r#"{"partner":{"key":"anna"},"key":"7","email":"m@x.test","tags":["a"]}"#;
        assert_eq!(without_referrer(body).unwrap(), r#"{"email":"m@x.test","key":"7","tags":["a"]}"#);
        assert_eq!(without_referrer("[]"), None);
        assert_eq!(without_referrer("{"), None);
        let others = ["", "{", "[]", "null", "7", "\"{}\"", "{}{}", r#"{"key":"7","key"}"#];
        assert!(
            is_object(body)
                && is_object(" {} ")
                && is_object(r#"{"\u006bey":1}"#)
                && !others.iter().any(|body| is_object(body))
        );
        assert!(has_link(r#"{"options":{"create_customer":true,"referral_url":"https://x.test?aff=anna"}}"#));
        let unlinked = [body, "{", "{}", r#"{"options":null}"#, r#"{"options":{}}"#, r#"{"referral_url":"a"}"#];
        assert!(!unlinked.iter().any(|body| has_link(body)));
        assert!(has(body, "partner") && !has(body, "key\":\"7") && !has(r#"{"a":"\"partner\":"}"#, "partner"));
    }

    #[test]
    fn a_person_is_taken_out_and_the_money_stays_to_the_digit() {
        let body = r#"{"key":"o","amount":12345678901234567890.10,"customer":{"key":"7","email":"m@x.test","name":"Mia","partner":{"key":"anna"}}}"#;
        assert_eq!(
            without_personal_data(body).unwrap(),
            r#"{"amount":12345678901234567890.10,"customer":{"key":"7","partner":{"key":"anna"}},"key":"o"}"#
        );
        let sign_up = r#"{"key":"7","email":"m@x.test","name":"M","surname":"K","tags":[],"metadata":{}}"#;
        assert_eq!(without_personal_data(sign_up).unwrap(), r#"{"key":"7"}"#);
    }
}
