//! A text that is cheap to make and to clone.

use std::{num::NonZeroU8, str, sync::Arc};

/// The longest text that is kept in place.
const MAX_SHORT: usize = 23;

/// The bytes that the standard library's check for UTF-8 takes at a time, where they lie at a word's boundary.
const STEP: usize = 16;

/// Up to 23 bytes in place, more behind a shared pointer: 24 bytes either way.
///
/// Most referral keys are short. Kept in place, one costs a request no allocation beside its place in the extensions.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) enum Text {
    Short(Short),
    Long(Arc<str>),
}

/// Blanks follow the text, which comes first so that it lies at a word's boundary. The length is never zero: that is how
/// the other variant is told apart.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[repr(C)]
pub(super) struct Short {
    bytes: [u8; MAX_SHORT],
    length: NonZeroU8,
}

impl Text {
    pub(super) fn new(text: &str) -> Self {
        Short::new(text.as_bytes()).map_or_else(|| Self::Long(Arc::from(text)), Self::Short)
    }

    /// A short text of printable ASCII: such bytes need no check for UTF-8.
    #[inline]
    pub(super) fn plain(bytes: &[u8]) -> Option<Self> {
        Short::new(bytes).filter(Short::is_plain).map(Self::Short)
    }

    #[inline]
    pub(super) fn as_str(&self) -> &str {
        match self {
            Self::Short(short) => short.as_str(),
            Self::Long(text) => text,
        }
    }
}

impl Short {
    /// Of bytes that are UTF-8.
    #[inline]
    fn new(text: &[u8]) -> Option<Self> {
        let mut bytes = [b' '; MAX_SHORT];
        bytes.get_mut(..text.len())?.copy_from_slice(text);
        let length = u8::try_from(text.len()).ok().and_then(NonZeroU8::new)?;
        Some(Self { bytes, length })
    }

    /// With the blanks behind it, for a loop of fixed length without a way out is a few vector instructions.
    #[inline]
    fn is_plain(&self) -> bool {
        self.bytes.iter().fold(true, |plain, byte| plain & matches!(byte, b' '..=b'~'))
    }

    /// The bytes were a `str`, so this never falls back to the empty one. Checked with the blanks behind it, a text of up
    /// to 16 bytes is a single step.
    #[inline]
    fn as_str(&self) -> &str {
        let length = usize::from(self.length.get());
        let padded = if length <= STEP { &self.bytes[..STEP] } else { &self.bytes };
        str::from_utf8(padded).ok().and_then(|text| text.get(..length)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_takes_no_more_room_than_a_short_one() {
        assert_eq!(size_of::<Text>(), size_of::<Short>());
    }

    #[test]
    fn texts_of_every_length_are_read_as_they_were_written() {
        for character in ["a", "\u{7f}", "ü", "€", "🦀"] {
            for count in 0..40 {
                let text = character.repeat(count);
                for padded in [text.clone(), format!("{text} "), format!("x{text}")] {
                    let kept = Text::new(&padded);
                    assert_eq!(kept.as_str(), padded);
                    assert_eq!(matches!(kept, Text::Short(_)), (1..=MAX_SHORT).contains(&padded.len()));
                    assert!(kept == kept.clone() && kept != Text::new(&format!("{padded} ")));
                }
            }
        }
    }

    #[test]
    fn only_printable_ascii_is_plain() {
        for length in 1..=MAX_SHORT {
            for place in 0..length {
                for byte in 0..=u8::MAX {
                    let mut bytes = vec![b'a'; length];
                    bytes[place] = byte;
                    let plain = Text::plain(&bytes);
                    assert_eq!(plain.is_some(), matches!(byte, b' '..=b'~'));
                    assert!(plain.is_none_or(|text| text.as_str().as_bytes() == bytes));
                }
            }
        }
        assert!(Text::plain(b"").is_none());
        assert!(Text::plain(&[b'a'; MAX_SHORT + 1]).is_none());
    }
}
