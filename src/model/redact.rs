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

/// Of a word that is cut, so many characters more are looked at: the first part of an address is never longer.
const REST: usize = 320;

/// A message from outside, fit for a log: one line, cut, its e-mail-like words masked.
pub(crate) fn mask(message: &str) -> String {
    let is_blank = |c: char| c.is_whitespace() || c.is_control();
    // Characters are bounded before words are looked at, so that a megabyte costs no more than a line.
    let end = message.char_indices().nth(MESSAGE_CHARACTERS).map_or(message.len(), |(at, _)| at);
    let (cut, rest) = message.split_at(end);
    let rest: String = rest.chars().take_while(|c| !is_blank(*c)).take(REST).collect();
    let mut words = String::new();
    let mut pieces = cut.split(is_blank).peekable();
    while let Some(word) = pieces.next() {
        // The last one may be half an address.
        let whole = if pieces.peek().is_none() { &format!("{word}{rest}") } else { word };
        if word.is_empty() {
            continue;
        }
        if !words.is_empty() {
            words.push(' ');
        }
        if whole.contains('@') || whole.contains("%40") {
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

    #[test]
    fn half_an_e_mail_is_masked_as_well() {
        for mail in ["kochanski@mail.test", "kochanski%40mail.test", "kochanski+€uro@mail.test is taken"] {
            for before in 170..=201 {
                let text = mask(&format!("{} {mail}", "x".repeat(before)));
                assert!(!text.replace("[masked]", "").contains('k'), "{before}: {text}");
            }
        }
        assert!(mask(&format!("{} kochanski is @home", "x".repeat(195))).ends_with(" koch…"));
    }
}
