//! Single values, of whatever type they came. Numbers keep their digits.

use std::borrow::Cow;

use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::webhook::event::json::{fields, fill, texts};

/// The text of one JSON value, as it came.
#[derive(Clone, Copy, Deserialize)]
#[serde(transparent)]
pub(super) struct Json<'a>(#[serde(borrow)] &'a RawValue);

impl<'a> Json<'a> {
    pub(super) fn as_str(self) -> &'a str {
        self.0.get()
    }

    pub(super) fn is_null(self) -> bool {
        self.as_str() == "null"
    }

    /// A text, or a number as one. An empty text is none.
    pub(super) fn text(self) -> Option<String> {
        self.as_text().map(Cow::into_owned)
    }

    fn as_text(self) -> Option<Cow<'a, str>> {
        match self.as_str().as_bytes().first()? {
            b'"' => self.unquoted().filter(|text| !text.is_empty()),
            b'-' | b'0'..=b'9' => Some(Cow::Borrowed(self.as_str())),
            _ => None,
        }
    }

    fn unquoted(self) -> Option<Cow<'a, str>> {
        let inside = self.as_str().strip_prefix('"')?.strip_suffix('"')?;
        if memchr::memchr(b'\\', inside.as_bytes()).is_none() {
            return Some(Cow::Borrowed(inside));
        }
        // Fails for half a surrogate pair.
        serde_json::from_str(self.as_str()).ok().map(Cow::Owned)
    }

    /// The key, or else the id, of what is named by it alone or stands there as an object.
    pub(super) fn key(self) -> Option<String> {
        self.text().or_else(|| {
            let mut it = Named::default();
            fill(&mut it, self.as_str());
            it.key.or(it.id)
        })
    }

    /// A number, or a text that is one.
    pub(super) fn number(self) -> Option<Decimal> {
        let text = self.as_text()?;
        let text = text.trim();
        text.parse().or_else(|_| Decimal::from_scientific(text)).ok()
    }

    /// A number that counts something.
    pub(super) fn count(self) -> Option<u64> {
        use rust_decimal::prelude::ToPrimitive as _;
        let number = self.number()?;
        (number.is_integer() && !number.is_sign_negative() || number.is_zero()).then(|| number.to_u64()).flatten()
    }

    /// A flag, also as a number or a text.
    pub(super) fn flag(self) -> Option<bool> {
        match self.as_str() {
            "true" | "1" | "1.0" | "\"1\"" | "\"true\"" => Some(true),
            "false" | "0" | "0.0" | "\"0\"" | "\"false\"" => Some(false),
            _ => None,
        }
    }

    /// Texts: as such, or as objects with a `value` (tags).
    pub(super) fn texts(self) -> Vec<String> {
        texts(self.as_str()).unwrap_or_else(|| self.text().into_iter().collect())
    }
}

/// What is named by its key, or by Partnero's id.
#[derive(Default)]
struct Named {
    key: Option<String>,
    id: Option<String>,
}

fields!(Named { key: text, id: text });
