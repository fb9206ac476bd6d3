//! The referral keys of one visitor, at most one of each kind.

use serde::{Deserialize, Serialize};

use crate::model::{ProgramType, ReferralKey};

/// What a visitor brought along: an affiliate key, a refer-a-friend key, or both.
///
/// A site that runs both kinds of program extracts this instead of [`ReferralKey`] and gives it to both handles: each
/// takes the key of its own kind.
///
/// A header's key is of unknown kind, and so is a link's: both handles would take it. State its kind with
/// [`ReferralKey::with_program_type`] where two programs share a site.
///
/// Serde keeps them as the list of their keys, for a session or an OAuth state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "Vec<ReferralKey>", from = "Vec<ReferralKey>")]
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

    /// Adds the keys of which there is no one of their kind.
    pub(crate) fn add_all(&mut self, others: Self) {
        let places = [&mut self.affiliate, &mut self.refer_a_friend, &mut self.unknown];
        for (place, other) in places.into_iter().zip([others.affiliate, others.refer_a_friend, others.unknown]) {
            if place.is_none() {
                *place = other;
            }
        }
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

impl From<Vec<ReferralKey>> for ReferralKeys {
    fn from(keys: Vec<ReferralKey>) -> Self {
        keys.into_iter().collect()
    }
}

impl From<ReferralKeys> for Vec<ReferralKey> {
    fn from(keys: ReferralKeys) -> Self {
        [keys.unknown, keys.affiliate, keys.refer_a_friend].into_iter().flatten().collect()
    }
}

impl FromIterator<ReferralKey> for ReferralKeys {
    fn from_iter<I: IntoIterator<Item = ReferralKey>>(keys: I) -> Self {
        let mut all = Self::default();
        keys.into_iter().for_each(|key| all.add(key));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_in_a_session_comes_back_with_its_kinds() {
        let key = |text: &str| ReferralKey::new(text).unwrap();
        let keys: ReferralKeys = [
            key("anna").with_program_type(ProgramType::Affiliate),
            key("k77").with_program_type(ProgramType::ReferAFriend),
        ]
        .into_iter()
        .collect();
        let kept = serde_json::to_string(&keys).unwrap();
        assert_eq!(serde_json::from_str::<ReferralKeys>(&kept).unwrap(), keys);
        assert_eq!(serde_json::to_string(&ReferralKeys::default()).unwrap(), "[]");
        assert!(serde_json::from_str::<ReferralKeys>(r#"[""]"#).is_err());
    }

    #[test]
    fn the_first_of_each_kind_wins_and_one_of_unknown_kind_serves_both() {
        let key = |text: &str| ReferralKey::new(text).unwrap();
        let anna = key("anna").with_program_type(ProgramType::Affiliate);
        let keys: ReferralKeys =
            [anna.clone(), key("late").with_program_type(ProgramType::Affiliate)].into_iter().collect();
        assert_eq!((keys.get(ProgramType::Affiliate), keys.get(ProgramType::ReferAFriend)), (Some(&anna), None));
        let keys: ReferralKeys = [anna, key("sent")].into_iter().collect();
        assert_eq!(keys.get(ProgramType::Affiliate), Some(&key("sent")));
        assert_eq!(keys.get(ProgramType::ReferAFriend), Some(&key("sent")));
        assert!(ReferralKeys::default().is_empty());
    }
}
