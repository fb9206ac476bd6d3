//! What is read of a request: the same code for the layer and for the extractors without one.

use http::{HeaderMap, HeaderName};

use crate::{
    model::{ProgramType, ReferralKey, ReferralKeys},
    referral::cookie,
};

/// Where a layer looks for keys. The default is where the extractors look when there was no layer.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    pub(super) program: Option<ProgramType>,
    pub(super) header: Option<HeaderName>,
}

impl Sources {
    /// The verdict on a request, or `None` if there is nothing to be said of it.
    ///
    /// A verdict can be empty: there is one wherever the default would find a key, so that an extractor further in
    /// doesn't find what this one was told to leave alone.
    pub(super) fn read(&self, headers: &HeaderMap) -> Option<ReferralKeys> {
        let mut keys = cookie::scan(cookie::lines(headers));
        let header = self.header(headers);
        if keys.is_empty() && header.is_none() {
            return None;
        }
        if let Some(program) = self.program {
            keys.keep(program);
        }
        if let Some(key) = header {
            keys.add(key);
        }
        Some(keys)
    }

    /// The keys in the cookies of `PartneroJS`.
    pub(super) fn cookies(&self, headers: &HeaderMap) -> ReferralKeys {
        let mut keys = cookie::scan(cookie::lines(headers));
        if let Some(program) = self.program {
            keys.keep(program);
        }
        keys
    }

    /// The key in the header.
    #[inline]
    pub(super) fn header(&self, headers: &HeaderMap) -> Option<ReferralKey> {
        let name = self.header.as_ref()?;
        headers.get_all(name).iter().find_map(|line| cookie::key(cookie::trim(line.as_bytes())))
    }
}
