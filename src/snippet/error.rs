//! Why there is no tag.

/// Why a text can't be in the tag.
///
/// It doesn't repeat that text, which may be an API key in the wrong place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SnippetError {
    /// Not 8 letters or digits.
    #[error(
        "a program's id is 8 letters or digits: copy it from the tag in Partnero's dashboard, where it stands after \
         `po('program',`"
    )]
    ProgramId,
    /// Not what a policy takes for a nonce, or more than 256 characters of it.
    #[error(
        "a nonce is 1 to 256 characters of Base64 (`A-Z a-z 0-9 + / - _`, and up to two `=` at its end): encode 16 \
         random bytes, anew for each response"
    )]
    Nonce,
}
