//! Amounts as JSON numbers with exactly the digits they have.

use std::fmt::{self, Write as _};

use rust_decimal::Decimal;
use serde::{Serialize, Serializer, ser::Error as _};
use serde_json::value::RawValue;

/// A decimal as a JSON number. `f64` would turn 29.997 into its nearest binary fraction, and serde_json's
/// `arbitrary_precision` would change every number of the whole application.
#[derive(Clone, Copy)]
pub(super) struct Number(pub(super) Decimal);

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut digits = Digits { bytes: [0; 40], length: 0 };
        write!(digits, "{}", self.0).map_err(S::Error::custom)?;
        serde_json::from_slice::<&RawValue>(&digits.bytes[..digits.length])
            .map_err(S::Error::custom)?
            .serialize(serializer)
    }
}

/// The text of a decimal, which has 29 digits at most, a sign, a zero and a point.
struct Digits {
    bytes: [u8; 40],
    length: usize,
}

impl fmt::Write for Digits {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        let end = self.length + part.len();
        self.bytes.get_mut(self.length..end).ok_or(fmt::Error)?.copy_from_slice(part.as_bytes());
        self.length = end;
        Ok(())
    }
}

/// Serialises one of our own request bodies.
pub(super) fn text(body: &impl Serialize) -> String {
    // Strings, flags and numbers serialise without fail: there is no map with odd keys and no `Serialize` of a user's.
    serde_json::to_string(body).unwrap_or_default()
}
