//! A request's JSON, read field by field, with every complaint collected as Partnero's 422 lists them.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::de::DeserializeOwned;
use serde_json::{Value, value::RawValue};

use crate::sandbox::envelope::Errors;

/// More than any amount a column for money would take.
const MAX_AMOUNT: i64 = 1_000_000_000_000;

/// A JSON object. `null` and `""` count as missing, as they do in Laravel. Numbers keep their digits.
#[derive(Debug, Default)]
pub(super) struct Input {
    prefix: String,
    max_length: usize,
    fields: BTreeMap<String, Box<RawValue>>,
}

impl Input {
    /// Reads a body; an empty one has no fields. `None` if it isn't a JSON object.
    pub(super) fn parse(body: &[u8], max_length: usize) -> Option<Self> {
        if body.is_empty() {
            return Some(Self { max_length, ..Self::default() });
        }
        let fields = serde_json::from_slice(body).ok()?;
        Some(Self { prefix: String::new(), max_length, fields })
    }

    /// Is there a value?
    pub(super) fn has(&self, name: &str) -> bool {
        self.raw(name).is_some()
    }

    /// The field's full path: `customer.partner.key`.
    pub(super) fn path(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    pub(super) fn complain(&self, name: &str, what: &str, errors: &mut Errors) {
        let path = self.path(name);
        let text = format!("The {path} field {what}.");
        errors.entry(path).or_default().push(text);
    }

    pub(super) fn text(&self, name: &str, errors: &mut Errors) -> Option<String> {
        let text: String = self.typed(name, "must be a string", errors)?;
        if text.chars().count() > self.max_length {
            self.complain(name, &format!("must not be greater than {} characters", self.max_length), errors);
            return None;
        }
        Some(text)
    }

    pub(super) fn required_text(&self, name: &str, errors: &mut Errors) -> Option<String> {
        if !self.has(name) {
            self.complain(name, "is required", errors);
        }
        self.text(name, errors)
    }

    pub(super) fn email(&self, name: &str, errors: &mut Errors) -> Option<String> {
        let email = self.text(name, errors)?;
        let valid = email
            .split_once('@')
            .is_some_and(|(user, host)| !user.is_empty() && !host.is_empty() && !host.contains('@'));
        if !valid || email.contains(char::is_whitespace) {
            self.complain(name, "must be a valid email address", errors);
            return None;
        }
        Some(email)
    }

    pub(super) fn flag(&self, name: &str, errors: &mut Errors) -> Option<bool> {
        self.typed(name, "must be true or false", errors)
    }

    /// A number of 0 or more, exactly as written.
    pub(super) fn amount(&self, name: &str, errors: &mut Errors) -> Option<Decimal> {
        let raw = self.raw(name)?;
        let number = raw.starts_with(|c: char| c == '-' || c.is_ascii_digit());
        let parsed =
            if raw.contains(['e', 'E']) { Decimal::from_scientific(raw) } else { Decimal::from_str_exact(raw) };
        let complaint = match parsed {
            _ if !number => "must be a number",
            Ok(amount) if amount.is_sign_negative() && !amount.is_zero() => "must be at least 0",
            Ok(amount) if amount <= Decimal::from(MAX_AMOUNT) => return Some(amount),
            Ok(_) => "is too large",
            Err(_) => "has too many digits",
        };
        self.complain(name, complaint, errors);
        None
    }

    /// Any value at all.
    pub(super) fn value(&self, name: &str) -> Option<Value> {
        serde_json::from_str(self.raw(name)?).ok()
    }

    pub(super) fn texts(&self, name: &str, errors: &mut Errors) -> Option<Vec<String>> {
        self.typed(name, "must be an array of strings", errors)
    }

    pub(super) fn object(&self, name: &str, errors: &mut Errors) -> Option<Self> {
        let fields = self.typed(name, "must be an object", errors)?;
        Some(Self { prefix: format!("{}.", self.path(name)), max_length: self.max_length, fields })
    }

    pub(super) fn objects(&self, name: &str, errors: &mut Errors) -> Option<Vec<Self>> {
        let list: Vec<BTreeMap<String, Box<RawValue>>> = self.typed(name, "must be an array of objects", errors)?;
        let numbered = list.into_iter().enumerate().map(|(index, fields)| Self {
            prefix: format!("{}.{index}.", self.path(name)),
            max_length: self.max_length,
            fields,
        });
        Some(numbered.collect())
    }

    fn typed<T: DeserializeOwned>(&self, name: &str, complaint: &str, errors: &mut Errors) -> Option<T> {
        let value = serde_json::from_str(self.raw(name)?).ok();
        if value.is_none() {
            self.complain(name, complaint, errors);
        }
        value
    }

    fn raw(&self, name: &str) -> Option<&str> {
        self.fields.get(name).map(|raw| raw.get()).filter(|raw| !matches!(*raw, "null" | "\"\""))
    }
}
