//! Keeps personal data and control characters out of logs, errors and `Debug`.

use std::{
    fmt,
    hash::{DefaultHasher, Hash, Hasher},
};

/// A key as it may be logged: escaped, and as a short hash where it looks like an e-mail address.
pub(crate) struct Loggable<'a>(pub(crate) &'a str);

impl fmt::Debug for Loggable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.contains('@') {
            // Tells two customers apart in a log, and stays the same from one run to the next.
            let mut hasher = DefaultHasher::new();
            self.0.hash(&mut hasher);
            return write!(f, "\"#{:08x}\"", hasher.finish() >> 32);
        }
        fmt::Debug::fmt(self.0, f)
    }
}

impl fmt::Display for Loggable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// The most characters of a message of Partnero's that are kept.
const MESSAGE_CHARACTERS: usize = 200;

/// A message from outside, fit for a log: one line, cut, its e-mail-like words masked.
pub(crate) fn mask(message: &str) -> String {
    let mut words = String::new();
    // Characters are bounded before words are looked at, so that a megabyte costs no more than a line.
    let cut: String = message.chars().take(MESSAGE_CHARACTERS).collect();
    for word in cut.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()) {
        if !words.is_empty() {
            words.push(' ');
        }
        if word.contains('@') || word.contains("%40") {
            words.push_str("[masked]");
        } else {
            words.extend(word.escape_debug());
        }
    }
    if message.len() > cut.len() {
        words.push('…');
    }
    words
}

/// Shows that a field is set without showing it.
pub(crate) struct Hidden;

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[hidden]")
    }
}

/// `Some([hidden])` or `None`.
pub(crate) fn hidden<T>(value: Option<&T>) -> Option<Hidden> {
    value.map(|_| Hidden)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_lose_e_mails_line_breaks_and_length() {
        assert_eq!(mask("The mail mia@x.test\nis \u{1b}[31mtaken"), "The mail [masked] is [31mtaken");
        let long = mask(&"é".repeat(5000));
        assert_eq!(long.chars().count(), 201);
        assert!(long.ends_with('…'));
        assert_eq!(mask("plain"), "plain");
    }
}
