//! A text looked for in bytes that come in pieces.

use memchr::memmem;

/// What makes a script the one that the tag loads, or the tag itself.
const NEEDLE: &[u8] = b"partnero.com/js/universal.js";

/// A search through one script.
#[derive(Debug, Default)]
pub(super) struct Needle {
    /// The end of what came, in which the text may have begun.
    tail: Vec<u8>,
}

impl Needle {
    /// Whether the text ends in this piece.
    pub(super) fn is_found_by(&mut self, piece: &[u8]) -> bool {
        let most = NEEDLE.len() - 1;
        let before = self.tail.len();
        self.tail.extend_from_slice(&piece[..piece.len().min(most)]);
        if memmem::find(&self.tail, NEEDLE).is_some() || memmem::find(piece, NEEDLE).is_some() {
            return true;
        }
        if piece.len() > most {
            self.tail.clear();
            self.tail.extend_from_slice(&piece[piece.len() - most..]);
        } else {
            let over = (before + piece.len()).saturating_sub(most);
            self.tail.drain(..over);
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_found(pieces: &[&[u8]]) -> bool {
        let mut needle = Needle::default();
        pieces.iter().any(|piece| needle.is_found_by(piece))
    }

    #[test]
    fn it_is_found_wherever_it_is_cut() {
        let script = b"<script src=\"https://app.partnero.com/js/universal.js?v1\">";
        for first in 0..=script.len() {
            for second in first..=script.len() {
                assert!(is_found(&[&script[..first], &script[first..second], &script[second..]]), "{first} {second}");
            }
        }
        let bytes: Vec<&[u8]> = script.chunks(1).collect();
        assert!(is_found(&bytes));
    }

    #[test]
    fn it_is_not_put_together_from_what_is_apart() {
        assert!(!is_found(&[b"partnero.com/js/", b" ", b"universal.js"]));
        assert!(!is_found(&[b"universal.js", b"partnero.com/js/"]));
        assert!(!is_found(&[b"partnero.com/js/universal", b"", b"_js"]));
        assert!(!is_found(&[b""]));
    }

    #[test]
    fn it_keeps_less_than_its_length() {
        let mut needle = Needle::default();
        for piece in [&b"a"[..], &[b'b'; 10_000], b"c", &[b'd'; 27], &[b'e'; 28]] {
            needle.is_found_by(piece);
            assert!(needle.tail.len() < NEEDLE.len());
        }
    }
}
