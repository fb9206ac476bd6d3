//! The referral keys of one visitor, at most one of each kind.

use crate::model::{ProgramType, ReferralKey};

/// What a visitor brought along: an affiliate key, a refer-a-friend key, or both.
///
/// A site that runs both kinds of program extracts this instead of [`ReferralKey`] and gives it to both handles: each
/// takes the key of its own kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReferralKeys {
    affiliate: Option<ReferralKey>,
    refer_a_friend: Option<ReferralKey>,
    unknown: Option<ReferralKey>,
}

impl ReferralKeys {
    /// The key for a program of this kind: one that is known to be of it, else one of unknown kind.
    ///
    /// One of unknown kind was sent with this very request (in a header, say), so it comes before the cookies.
    pub fn get(&self, program: ProgramType) -> Option<&ReferralKey> {
        let known = match program {
            ProgramType::Affiliate => &self.affiliate,
            ProgramType::ReferAFriend => &self.refer_a_friend,
        };
        self.unknown.as_ref().or(known.as_ref())
    }

    /// The first there is: of unknown kind, affiliate, refer-a-friend.
    pub fn first(&self) -> Option<&ReferralKey> {
        self.unknown.as_ref().or(self.affiliate.as_ref()).or(self.refer_a_friend.as_ref())
    }

    /// Whether the visitor was referred by nobody.
    pub fn is_empty(&self) -> bool {
        self.first().is_none()
    }

    /// Drops the key that is known to be for the other kind of program.
    pub(crate) fn keep(&mut self, program: ProgramType) {
        match program {
            ProgramType::Affiliate => self.refer_a_friend = None,
            ProgramType::ReferAFriend => self.affiliate = None,
        }
    }

    /// Adds a key, unless there is one of its kind: the first wins.
    pub(crate) fn add(&mut self, key: ReferralKey) {
        let place = match key.program_type() {
            Some(ProgramType::Affiliate) => &mut self.affiliate,
            Some(ProgramType::ReferAFriend) => &mut self.refer_a_friend,
            None => &mut self.unknown,
        };
        place.get_or_insert(key);
    }
}

impl From<ReferralKey> for ReferralKeys {
    fn from(key: ReferralKey) -> Self {
        let mut keys = Self::default();
        keys.add(key);
        keys
    }
}

impl From<Option<ReferralKey>> for ReferralKeys {
    fn from(key: Option<ReferralKey>) -> Self {
        key.map(Self::from).unwrap_or_default()
    }
}

impl From<Option<ReferralKeys>> for ReferralKeys {
    fn from(keys: Option<ReferralKeys>) -> Self {
        keys.unwrap_or_default()
    }
}

impl FromIterator<ReferralKey> for ReferralKeys {
    fn from_iter<I: IntoIterator<Item = ReferralKey>>(keys: I) -> Self {
        let mut all = Self::default();
        keys.into_iter().for_each(|key| all.add(key));
        all
    }
}
