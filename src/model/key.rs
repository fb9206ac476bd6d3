//! The keys under which Partnero knows your customers and your sales: your own ids.

use std::{fmt, sync::Arc};

use crate::model::redact::Loggable;

/// The longest key, in characters.
pub(crate) const MAX_CHARACTERS: usize = 255;

/// Why a text can't be a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// Nothing but white space.
    #[error("the key is empty: pass the id under which your own database knows it")]
    Empty,
    /// More than 255 characters.
    #[error("the key is longer than 255 characters: pass an id, not a document")]
    TooLong,
    /// A control character (a line break, a NUL, …).
    #[error("the key has a control character in it: pass the plain id")]
    ControlCharacter,
    /// `.` or `..`, which no URL can carry as a path segment.
    #[error("`.` and `..` can't be keys: they would change the path of the request")]
    Dots,
}

/// What every key must be: 1 to 255 characters, none of them a control character.
pub(crate) fn check_text(text: &str) -> Result<(), KeyError> {
    if text.is_empty() {
        return Err(KeyError::Empty);
    }
    // A character is one to four bytes: most keys need no counting.
    if text.len() > MAX_CHARACTERS && text.chars().count() > MAX_CHARACTERS {
        return Err(KeyError::TooLong);
    }
    // Most keys are plain ASCII: no character of theirs needs decoding.
    let plain = text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    if !plain && text.chars().any(char::is_control) {
        return Err(KeyError::ControlCharacter);
    }
    Ok(())
}

fn check_id(text: &str) -> Result<Arc<str>, KeyError> {
    // Partnero probably trims the strings that it is sent, as its framework does by default. Either way a key that
    // differs by blanks alone must not become two.
    let text = text.trim();
    check_text(text)?;
    if matches!(text, "." | "..") {
        return Err(KeyError::Dots);
    }
    Ok(Arc::from(text))
}

macro_rules! key {
    ($(#[$docs:meta])* $name:ident) => {
        $(#[$docs])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Takes any id that can be displayed (`Uuid`, `i64`, `String`, …), without surrounding white space.
            ///
            /// # Errors
            /// When it isn't 1 to 255 characters, has a control character, or is `.` or `..`.
            pub fn new(key: impl fmt::Display) -> Result<Self, KeyError> {
                use fmt::Write as _;
                // Most ids are short: one growth at most.
                let mut text = String::with_capacity(40);
                // A `Display` that fails, or that goes on for ever, must not take the handler with it.
                let mut writer = Capped { text: &mut text, most: 4 * MAX_CHARACTERS + 64 };
                if write!(writer, "{key}").is_err() {
                    return Err(if text.is_empty() { KeyError::Empty } else { KeyError::TooLong });
                }
                check_id(&text).map(Self)
            }

            /// The key as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            pub(crate) fn shared(&self) -> Arc<str> {
                Arc::clone(&self.0)
            }
        }

        /// The key itself. It may be an e-mail address: log it with `{:?}`, which hides those.
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        /// Escaped, and a short hash in place of anything that looks like an e-mail address.
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_tuple(stringify!($name)).field(&Loggable(&self.0)).finish()
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }
    };
}

key! {
    /// Your id of a customer: the same at sign-up and at every sale, for that is how Partnero links them.
    CustomerKey
}
key! {
    /// Your id of a sale (the order's or the invoice's): a refund deletes the transaction of this key.
    TransactionKey
}

/// Collects what a `Display` writes, up to a number of bytes.
struct Capped<'a> {
    text: &'a mut String,
    most: usize,
}

impl fmt::Write for Capped<'_> {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        if self.text.len() + part.len() > self.most {
            // What is kept makes the error say "too long" rather than "empty".
            self.text.push('…');
            return Err(fmt::Error);
        }
        self.text.push_str(part);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_every_usual_kind_are_keys() {
        assert_eq!(CustomerKey::new(42_i64).unwrap().as_str(), "42");
        assert_eq!(CustomerKey::new("a+b@shop.example").unwrap().as_str(), "a+b@shop.example");
        assert_eq!(TransactionKey::new(String::from("ord/9 ü")).unwrap().to_string(), "ord/9 ü");
        assert_eq!(TransactionKey::new("ü".repeat(255)).unwrap().as_str().chars().count(), 255);
        assert_eq!(TransactionKey::new("...").unwrap().as_str(), "...");
    }

    #[test]
    fn surrounding_white_space_is_not_part_of_a_key() {
        assert_eq!(CustomerKey::new(" 42\n").unwrap(), CustomerKey::new("42").unwrap());
    }

    #[test]
    fn what_can_be_no_key_is_refused_with_the_reason() {
        assert_eq!(CustomerKey::new(""), Err(KeyError::Empty));
        assert_eq!(CustomerKey::new(" \t "), Err(KeyError::Empty));
        assert_eq!(CustomerKey::new("x".repeat(256)), Err(KeyError::TooLong));
        assert_eq!(CustomerKey::new("x".repeat(1 << 20)), Err(KeyError::TooLong));
        assert_eq!(TransactionKey::new("a\u{0}b"), Err(KeyError::ControlCharacter));
        assert_eq!(TransactionKey::new("a\nb"), Err(KeyError::ControlCharacter));
        assert_eq!(TransactionKey::new("a\u{85}b"), Err(KeyError::ControlCharacter));
        assert_eq!(TransactionKey::new("."), Err(KeyError::Dots));
        assert_eq!(TransactionKey::new(" .. "), Err(KeyError::Dots));
    }

    #[test]
    fn a_display_that_fails_is_an_error_and_no_panic() {
        struct Broken;
        impl fmt::Display for Broken {
            fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
                Err(fmt::Error)
            }
        }
        assert_eq!(CustomerKey::new(Broken), Err(KeyError::Empty));
    }

    #[test]
    fn debug_hides_e_mail_addresses_and_escapes_the_rest() {
        let email = format!("{:?}", CustomerKey::new("mia@shop.example").unwrap());
        assert!(!email.contains("mia") && !email.contains('@'), "{email}");
        assert_eq!(format!("{:?}", CustomerKey::new("a\u{202e}b").unwrap()), r#"CustomerKey("a\u{202e}b")"#);
    }
}
