//! Finds the referral keys in `Cookie` lines.
//!
//! This runs on every request, over bytes that anyone may send. So it looks for the names themselves and never parses
//! the cookies of others; it takes linear time whatever the bytes are; and a long key is all that it allocates.

#[cfg(test)]
mod tests;

use std::sync::LazyLock;

use http::{HeaderMap, HeaderValue, header};
use memchr::{memmem::Finder, memrchr};
use percent_encoding::percent_decode;

use crate::model::{MAX_CHARACTERS, ProgramType, ReferralKey, ReferralKeys};

/// Bytes that are looked at, over all lines together.
const MAX_BYTES: usize = 16 * 1024;

/// The most bytes that can be a key, once decoded.
const MAX_KEY_BYTES: usize = 4 * MAX_CHARACTERS;

/// What the names of all our cookies begin with.
const PREFIX: &str = "partnero_";

static FINDER: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(PREFIX));

/// The first valid key of each kind in the values of a request's `Cookie` headers.
#[inline]
pub(crate) fn scan<'a>(lines: impl IntoIterator<Item = &'a [u8]>) -> ReferralKeys {
    let finder = &*FINDER;
    let mut keys = ReferralKeys::default();
    for line in limited(lines) {
        scan_line(finder, line, &mut keys);
    }
    keys
}

/// The cookies of another name: the key of each, or `None` where it holds none.
pub(crate) fn named<'a>(
    lines: impl IntoIterator<Item = &'a [u8]>,
    name: &Finder,
) -> impl Iterator<Item = Option<ReferralKey>> {
    let length = name.needle().len();
    limited(lines).flat_map(move |line| {
        name.find_iter(line).filter_map(move |at| {
            let rest = line[at + length..].strip_prefix(b"=")?;
            ends_between_cookies(&line[..at]).then(|| {
                let (value, encoded) = split_value(rest);
                parse(value, encoded)
            })
        })
    })
}

/// The lines, as far as they are looked at.
#[inline]
fn limited<'a>(lines: impl IntoIterator<Item = &'a [u8]>) -> impl Iterator<Item = &'a [u8]> {
    let mut left = MAX_BYTES;
    lines.into_iter().map_while(move |line| {
        if line.len() <= left {
            left -= line.len();
            return Some(line);
        }
        let cut = &line[..left];
        left = 0;
        (!cut.is_empty()).then(|| whole_cookies(cut))
    })
}

/// What of a line that was cut is sure to be whole: all before its last `;`.
fn whole_cookies(cut: &[u8]) -> &[u8] {
    &cut[..memrchr(b';', cut).unwrap_or(0)]
}

#[inline]
fn scan_line(finder: &Finder, line: &[u8], keys: &mut ReferralKeys) {
    let mut from = 0;
    while let Some(found) = finder.find(&line[from..]) {
        let before = &line[..from + found];
        from += found + PREFIX.len();
        let Some((program, rest)) = split_name(&line[from..]) else {
            continue;
        };
        if !ends_between_cookies(before) {
            continue;
        }
        let (value, encoded) = split_value(rest);
        // What looks like a name within the value is part of the value.
        from = line.len() - rest.len() + value.len();
        if keys.get(program).is_none()
            && let Some(key) = parse(value, encoded)
        {
            keys.add(key.with_program_type(program));
        }
    }
}

/// Whether a cookie may begin here: at the line's start or after `;`, and blanks.
fn ends_between_cookies(before: &[u8]) -> bool {
    matches!(trim_end(before), [] | [.., b';'])
}

/// Splits what follows the prefix behind its `=`, if the cookie is one of ours.
fn split_name(cookie: &[u8]) -> Option<(ProgramType, &[u8])> {
    if let Some(rest) = cookie.strip_prefix(b"partner=") {
        Some((ProgramType::Affiliate, rest))
    } else {
        Some((ProgramType::ReferAFriend, cookie.strip_prefix(b"referral=")?))
    }
}

/// What is before the next `;`, and whether any of it is percent-encoded.
fn split_value(rest: &[u8]) -> (&[u8], bool) {
    // Keys are short: a plain loop is done before a vectorised search has begun.
    let mut encoded = false;
    let end = rest.iter().position(|&byte| {
        encoded |= byte == b'%';
        byte == b';'
    });
    (&rest[..end.unwrap_or(rest.len())], encoded)
}

fn parse(value: &[u8], encoded: bool) -> Option<ReferralKey> {
    let value = match trim(value) {
        [b'"', inner @ .., b'"'] => inner,
        value => value,
    };
    if encoded { decode(value) } else { key(value) }
}

/// Percent-decodes once, on the stack: a key that is too long allocates nothing. `%zz` stays as it is.
#[inline(never)] // Its KiB of stack is cleared for the keys that need it only.
fn decode(value: &[u8]) -> Option<ReferralKey> {
    let mut decoded = [0; MAX_KEY_BYTES];
    let mut length = 0;
    for byte in percent_decode(value) {
        *decoded.get_mut(length)? = byte;
        length += 1;
    }
    key(&decoded[..length])
}

/// The values of the `Cookie` headers.
#[inline]
pub(crate) fn lines(headers: &HeaderMap) -> impl Iterator<Item = &[u8]> {
    headers.get_all(header::COOKIE).iter().map(HeaderValue::as_bytes)
}

/// A key that is given literally.
#[inline]
pub(crate) fn key(text: &[u8]) -> Option<ReferralKey> {
    ReferralKey::from_bytes(text)
}

/// Without the blanks around it. Line breaks aren't blanks: they make a key invalid.
pub(crate) fn trim(mut text: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] = text {
        text = rest;
    }
    trim_end(text)
}

fn trim_end(mut text: &[u8]) -> &[u8] {
    while let [rest @ .., b' ' | b'\t'] = text {
        text = rest;
    }
    text
}
