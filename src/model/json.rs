//! Amounts as JSON numbers with exactly the digits they have.

use rust_decimal::Decimal;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

/// A decimal as a JSON number. `f64` would turn 29.997 into its nearest binary fraction, and serde_json's
/// `arbitrary_precision` would change every number of the whole application.
#[derive(Clone, Copy)]
pub(super) struct Number(pub(super) Decimal);

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RawValue::from_string(self.0.to_string()).map_err(serde::ser::Error::custom)?.serialize(serializer)
    }
}

/// The names, the numbers and the punctuation of the largest body.
const FRAME: usize = 1024;

/// How many bytes a body with these texts takes at most: a byte may be escaped to six.
pub(super) fn most_bytes<'a>(texts: impl IntoIterator<Item = Option<&'a str>>) -> usize {
    texts.into_iter().flatten().fold(FRAME, |sum, text| sum.saturating_add(text.len().saturating_mul(6)))
}

/// Serialises one of our own request bodies.
pub(super) fn text(body: &impl Serialize) -> String {
    // Strings, flags and numbers serialise without fail: there is no map with odd keys and no `Serialize` of a user's.
    serde_json::to_string(body).unwrap_or_default()
}
