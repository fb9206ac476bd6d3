//! Request bodies: JSON with exactly the digits that amounts have.

use std::fmt::Write as _;

use rust_decimal::Decimal;
use serde::Serialize;

/// Serialises one of our own request bodies.
pub(super) fn text(body: &impl Serialize) -> String {
    // Strings, flags and numbers serialise without fail: there is no map with odd keys and no `Serialize` of a user's.
    serde_json::to_string(body).unwrap_or_default()
}

/// Writes one object, field after field; what is `None` is left out.
///
/// For sales, which handlers report: it takes two thirds of the instructions that serde takes. And it takes a decimal as
/// it is, where serde has an `f64`, which turns 29.997 into its nearest binary fraction, or serde_json's
/// `arbitrary_precision`, which changes every number of the whole application.
pub(super) struct Object(String);

impl Object {
    pub(super) fn new() -> Self {
        // Most sales take less.
        let mut text = String::with_capacity(128);
        text.push('{');
        Self(text)
    }

    pub(super) fn text(&mut self, name: &str, value: Option<&str>) {
        let Some(value) = value else { return };
        self.name(name);
        let is_plain = |byte: u8| byte >= b' ' && byte != b'"' && byte != b'\\';
        if value.bytes().all(is_plain) {
            self.0.extend(["\"", value, "\""]);
        } else {
            self.0.push_str(&text(&value));
        }
    }

    /// A number or a flag: whatever JSON writes as it is displayed.
    fn display(&mut self, name: &str, value: Option<impl std::fmt::Display>) {
        let Some(value) = value else { return };
        self.name(name);
        // A `String` takes everything.
        let _ = write!(self.0, "{value}");
    }

    pub(super) fn decimal(&mut self, name: &str, value: Option<Decimal>) {
        self.display(name, value);
    }

    pub(super) fn integer(&mut self, name: &str, value: Option<u64>) {
        self.display(name, value);
    }

    pub(super) fn flag(&mut self, name: &str, value: Option<bool>) {
        self.display(name, value);
    }

    pub(super) fn object(&mut self, name: &str, fields: impl FnOnce(&mut Self)) {
        self.name(name);
        self.0.push('{');
        fields(self);
        self.0.push('}');
    }

    /// A field that is JSON already.
    pub(super) fn json(&mut self, name: &str, value: &str) {
        self.name(name);
        self.0.push_str(value);
    }

    pub(super) fn end(mut self) -> String {
        self.0.push('}');
        self.0
    }

    fn name(&mut self, name: &str) {
        // No value ends with a brace that opens.
        let separator = if self.0.ends_with('{') { "\"" } else { ",\"" };
        self.0.extend([separator, name, "\":"]);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn fields_that_are_none_are_left_out_and_the_others_keep_their_digits() {
        let mut body = Object::new();
        body.text("a", None);
        body.object("o", |_| ());
        body.decimal("d", Some("-12345678901234567890.10".parse().unwrap()));
        body.flag("f", Some(true));
        body.object("p", |inner| {
            inner.integer("i", Some(u64::MAX));
            inner.json("j", "[1]");
        });
        let expected = r#"{"o":{},"d":-12345678901234567890.10,"f":true,"p":{"i":18446744073709551615,"j":[1]}}"#;
        assert_eq!(body.end(), expected);
    }

    proptest! {
        #[test]
        fn whatever_the_texts_are_it_is_json_with_them(first in any::<String>(), second in "[\\PC\"\\\\{\n\u{0}]*") {
            let mut body = Object::new();
            body.text("first", Some(&first));
            body.object("inner", |inner| inner.text("second", Some(&second)));
            let read: Value = serde_json::from_str(&body.end()).unwrap();
            prop_assert_eq!(read, json!({ "first": first, "inner": { "second": second } }));
        }

        #[test]
        fn every_decimal_is_a_json_number_with_its_digits(mantissa in any::<i64>(), scale in 0_u32..=28) {
            let value = Decimal::new(mantissa, scale);
            let mut body = Object::new();
            body.decimal("d", Some(value));
            let body = body.end();
            prop_assert!(serde_json::from_str::<Value>(&body).unwrap()["d"].is_number());
            prop_assert_eq!(&body, &format!(r#"{{"d":{value}}}"#));
        }
    }
}
