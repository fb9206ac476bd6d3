//! The signatures that came with a request.

use http::{HeaderMap, HeaderName};

use crate::webhook::verify::VerifyError;

/// SHA-256 gives as many bytes.
pub(super) const LENGTH: usize = 32;
/// Partnero sends one signature. More than these are not looked at.
const MOST: usize = 4;

const CURRENT: HeaderName = HeaderName::from_static("signature");
const OLD: HeaderName = HeaderName::from_static("x-partnero-signature");

/// What may be the signature: everything in the header's lines, and between the commas of a line, that is 64
/// hexadecimal digits.
///
/// Something on the way may join lines or add its own (`Signature` is also a header of RFC 9421), and that must not
/// hide Partnero's. Whoever makes a single one that is right has the secret.
#[derive(Debug, Default)]
pub(super) struct Candidates {
    found: [[u8; LENGTH]; MOST],
    count: usize,
}

impl Candidates {
    pub(super) fn read(headers: &HeaderMap, old_header: bool) -> Result<Self, VerifyError> {
        let mut candidates = Self::default();
        let mut any = candidates.add(headers, &CURRENT);
        if old_header {
            any |= candidates.add(headers, &OLD);
        }
        match (any, candidates.count) {
            (false, _) => Err(VerifyError::Missing),
            (true, 0) => Err(VerifyError::Malformed),
            (true, _) => Ok(candidates),
        }
    }

    /// Whether there is such a header at all.
    fn add(&mut self, headers: &HeaderMap, name: &HeaderName) -> bool {
        let mut any = false;
        for line in headers.get_all(name) {
            any = true;
            for digest in line.as_bytes().split(|byte| *byte == b',').filter_map(|part| from_hex(part.trim_ascii())) {
                let Some(free) = self.found.get_mut(self.count) else { return any };
                *free = digest;
                self.count += 1;
            }
        }
        any
    }

    pub(super) fn all(&self) -> &[[u8; LENGTH]] {
        self.found.get(..self.count).unwrap_or_default()
    }
}

/// 64 hexadecimal digits, upper or lower case.
pub(super) fn from_hex(digits: &[u8]) -> Option<[u8; LENGTH]> {
    let mut bytes = [0; LENGTH];
    if digits.len() != 2 * LENGTH {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let &[high, low] = pair else { return None };
        *byte = digit(high)? << 4 | digit(low)?;
    }
    Some(bytes)
}

fn digit(character: u8) -> Option<u8> {
    match character {
        b'0'..=b'9' => Some(character - b'0'),
        b'a'..=b'f' => Some(character - b'a' + 10),
        b'A'..=b'F' => Some(character - b'A' + 10),
        _ => None,
    }
}

/// The most headers that a log line names, and the most bytes of each.
const MOST_NAMED: usize = 8;
const MOST_BYTES: usize = 64;

/// The names of the headers that look as if they held a signature, for the log: what an operator needs to see when
/// Partnero, or something on the way, names it differently. Never a value.
pub(super) fn lookalikes(headers: &HeaderMap) -> Vec<&str> {
    let names = headers.keys().map(HeaderName::as_str);
    // A header's name is ASCII and has no control characters.
    names
        .filter(|name| name.contains("signature"))
        .filter_map(|name| name.get(..name.len().min(MOST_BYTES)))
        .take(MOST_NAMED)
        .collect()
}
