//! JSON read field by field, from the text itself: a field of an odd type spoils no other, and numbers keep their digits.

use std::{borrow::Cow, fmt};

use rust_decimal::Decimal;
use serde::{
    Deserialize,
    de::{Deserializer, MapAccess, SeqAccess, Visitor},
};
use serde_json::value::RawValue;

/// The text of one JSON value.
#[derive(Clone, Copy)]
pub(super) struct Json<'a>(&'a str);

/// What is read from an object. Of fields with the same name, the last counts.
pub(super) trait FromFields<'a>: Default {
    fn set(&mut self, name: &str, value: Json<'a>);
}

impl<'a> Json<'a> {
    /// A whole body. `None` if it is no JSON object.
    pub(super) fn document<T: FromFields<'a>>(text: &'a str) -> Option<T> {
        let mut it = T::default();
        each_field(text, |name, value| it.set(name, value)).then_some(it)
    }

    /// A part of a document that was read.
    pub(super) fn part(text: &'a str) -> Self {
        Self(text)
    }

    pub(super) fn as_str(self) -> &'a str {
        self.0
    }

    pub(super) fn is_null(self) -> bool {
        self.0 == "null"
    }

    /// The fields of an object. `None` if it is none.
    pub(super) fn object<T: FromFields<'a>>(self) -> Option<T> {
        self.0.starts_with('{').then(|| {
            let mut it = T::default();
            // Stops early only at a name that is no Unicode. What came before it stands.
            each_field(self.0, |name, value| it.set(name, value));
            it
        })
    }

    /// Objects of a list.
    pub(super) fn list<T: FromFields<'a>>(self) -> Vec<T> {
        let mut all = Vec::new();
        each_element(self.0, |element| all.extend(element.object()));
        all
    }

    /// A text, or a number as one. An empty text is none.
    pub(super) fn text(self) -> Option<String> {
        self.as_text().map(Cow::into_owned)
    }

    fn as_text(self) -> Option<Cow<'a, str>> {
        match self.0.as_bytes().first()? {
            b'"' => self.unquoted().filter(|text| !text.is_empty()),
            b'-' | b'0'..=b'9' => Some(Cow::Borrowed(self.0)),
            _ => None,
        }
    }

    fn unquoted(self) -> Option<Cow<'a, str>> {
        let inside = self.0.strip_prefix('"')?.strip_suffix('"')?;
        if memchr::memchr(b'\\', inside.as_bytes()).is_none() {
            return Some(Cow::Borrowed(inside));
        }
        // Fails for half a surrogate pair.
        serde_json::from_str(self.0).ok().map(Cow::Owned)
    }

    /// The key, or else the id, of what is named by it alone or stands there as an object.
    pub(super) fn key(self) -> Option<String> {
        self.text().or_else(|| {
            let Named { key, id } = self.object()?;
            key.or(id)
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
        match self.0 {
            "true" | "1" | "1.0" | "\"1\"" | "\"true\"" => Some(true),
            "false" | "0" | "0.0" | "\"0\"" | "\"false\"" => Some(false),
            _ => None,
        }
    }

    /// Texts: as such, or as objects with a `value` (tags).
    pub(super) fn texts(self) -> Vec<String> {
        let mut all = Vec::new();
        let is_list = each_element(self.0, |element| {
            all.extend(element.text().or_else(|| element.object::<Tag>().and_then(|tag| tag.value)));
        });
        if is_list { all } else { self.text().into_iter().collect() }
    }
}

/// What is named by its key, or by Partnero's id.
#[derive(Default)]
struct Named {
    key: Option<String>,
    id: Option<String>,
}

#[derive(Default)]
struct Tag {
    value: Option<String>,
}

/// Which field is read how: `fields!(Type { field: reader, … })`.
macro_rules! fields {
    ($type:ident { $($field:ident: $reader:ident),* $(,)? }) => {
        impl crate::webhook::event::json::FromFields<'_> for $type {
            fn set(&mut self, name: &str, value: crate::webhook::event::json::Json<'_>) {
                match name {
                    $(stringify!($field) => self.$field = value.$reader(),)*
                    _ => {}
                }
            }
        }
    };
}
pub(super) use fields;

fields!(Named { key: text, id: text });
fields!(Tag { value: text });

/// Whether all of it was a JSON object.
fn each_field<'a>(text: &'a str, each: impl FnMut(&str, Json<'a>)) -> bool {
    let mut json = serde_json::Deserializer::from_str(text);
    json.deserialize_map(Parts(each)).is_ok() && json.end().is_ok()
}

/// Whether all of it was a JSON array.
fn each_element<'a>(text: &'a str, mut each: impl FnMut(Json<'a>)) -> bool {
    let mut json = serde_json::Deserializer::from_str(text);
    json.deserialize_seq(Parts(|_: &str, element| each(element))).is_ok() && json.end().is_ok()
}

/// Hands on what an object or an array consists of.
struct Parts<F>(F);

impl<'de, F: FnMut(&str, Json<'de>)> Visitor<'de> for Parts<F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object or an array")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some((Name(name), value)) = map.next_entry::<Name<'_>, &RawValue>()? {
            (self.0)(&name, Json(value.get()));
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<(), A::Error> {
        while let Some(element) = list.next_element::<&RawValue>()? {
            (self.0)("", Json(element.get()));
        }
        Ok(())
    }
}

/// The name of a field, where it lies if it can be.
#[derive(Deserialize)]
#[serde(transparent)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);
