//! How keys are written into cookies and links.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC};

/// What JavaScript's `encodeURIComponent` encodes: everything but letters, digits and these.
pub(super) const COMPONENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'!')
    .remove(b'~')
    .remove(b'*')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')');
