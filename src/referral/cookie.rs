//! Finds the referral keys in `Cookie` lines.
//!
//! This runs on every request, over bytes that anyone may send. So it looks for the names themselves and never parses
//! the cookies of others; it takes linear time whatever the bytes are; and a key is all that it allocates.

#[cfg(test)]
mod tests;

use std::{str, sync::LazyLock};

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

const PROGRAMS: [ProgramType; 2] = [ProgramType::Affiliate, ProgramType::ReferAFriend];

/// The first valid key of each kind in the values of a request's `Cookie` headers.
pub(crate) fn scan<'a>(lines: impl IntoIterator<Item = &'a [u8]>) -> ReferralKeys {
    let mut keys = ReferralKeys::default();
    let mut left = MAX_BYTES;
    for line in lines {
        if line.len() > left {
            scan_line(whole_cookies(&line[..left]), &mut keys);
            break;
        }
        left -= line.len();
        scan_line(line, &mut keys);
    }
    keys
}

/// What of a line that was cut is sure to be whole: all before its last `;`.
fn whole_cookies(cut: &[u8]) -> &[u8] {
    &cut[..memrchr(b';', cut).unwrap_or(0)]
}

fn scan_line(line: &[u8], keys: &mut ReferralKeys) {
    let mut from = 0;
    while let Some(found) = FINDER.find(&line[from..]) {
        let (before, cookie) = line.split_at(from + found);
        from += found + PREFIX.len();
        if !ends_between_cookies(before) {
            continue;
        }
        let Some((program, rest)) = split_name(cookie) else {
            continue;
        };
        // Keys are short: a plain loop is done before a vectorised search has begun.
        let value = &rest[..rest.iter().position(|&byte| byte == b';').unwrap_or(rest.len())];
        // What looks like a name within the value is part of the value.
        from = line.len() - rest.len() + value.len();
        if keys.get(program).is_none()
            && let Some(key) = parse(value)
        {
            keys.add(key.with_program_type(program));
        }
    }
}

/// Whether a cookie may begin here: at the line's start or after `;`, and blanks.
fn ends_between_cookies(before: &[u8]) -> bool {
    matches!(trim_end(before), [] | [.., b';'])
}

/// Splits a cookie behind its `=`, if it is one of ours.
fn split_name(cookie: &[u8]) -> Option<(ProgramType, &[u8])> {
    PROGRAMS.into_iter().find_map(|program| {
        let rest = cookie.strip_prefix(program.cookie_name().as_bytes())?;
        Some((program, rest.strip_prefix(b"=")?))
    })
}

fn parse(value: &[u8]) -> Option<ReferralKey> {
    let value = match trim(value) {
        [b'"', inner @ .., b'"'] => inner,
        value => value,
    };
    if value.contains(&b'%') { decode(value) } else { key(value) }
}

/// Percent-decodes once, on the stack: a key that fits is all there is to allocate. `%zz` stays as it is.
fn decode(value: &[u8]) -> Option<ReferralKey> {
    let mut decoded = [0; MAX_KEY_BYTES];
    let mut length = 0;
    for byte in percent_decode(value) {
        *decoded.get_mut(length)? = byte;
        length += 1;
    }
    key(&decoded[..length])
}

/// A key that is given literally.
pub(crate) fn key(text: &[u8]) -> Option<ReferralKey> {
    ReferralKey::new(str::from_utf8(text).ok()?).ok()
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
