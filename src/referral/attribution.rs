//! Which referral counts when a visitor came by several.

use crate::model::{ReferralKey, ReferralKeys};

/// Who gets the credit when a visitor came by several links.
///
/// Partnero's programs have such a setting, too. Give both the same one: `PartneroJS` follows Partnero's.
///
/// ```
/// use axum_partnero::{Attribution, ReferralLayer};
///
/// let layer = ReferralLayer::new().capture_query(["aff"]).attribution(Attribution::FirstClick);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Attribution {
    /// Whoever came first: a valid cookie wins over what this request brings. Without a cookie it is as below.
    FirstClick,
    /// Whoever came last: the header, then the link, then the cookies. The default.
    #[default]
    LastClick,
}

impl Attribution {
    /// The keys that count, of those that came with this very request (earlier ones first) and those of the cookies.
    pub(super) fn verdict(
        self,
        sent: impl IntoIterator<Item = ReferralKey>,
        mut cookies: ReferralKeys,
    ) -> ReferralKeys {
        let sent = sent.into_iter();
        match self {
            Self::LastClick => {
                let mut keys: ReferralKeys = sent.collect();
                keys.add_all(cookies);
                keys
            }
            Self::FirstClick => {
                for key in sent {
                    // A key of unknown kind could be of any: every cookie was there before it.
                    let was_there = match key.program_type() {
                        Some(program) => cookies.get(program).is_some(),
                        None => !cookies.is_empty(),
                    };
                    if !was_there {
                        cookies.add(key);
                    }
                }
                cookies
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ProgramType::{Affiliate, ReferAFriend};

    /// `anna` is of unknown kind, `a:anna` of an affiliate program, `r:anna` of a refer-a-friend program.
    fn keys(texts: &[&str]) -> Vec<ReferralKey> {
        let key = |text: &str| ReferralKey::new(text).unwrap();
        let of = |text: &&str| match text.split_once(':') {
            Some(("a", text)) => key(text).with_program_type(Affiliate),
            Some((_, text)) => key(text).with_program_type(ReferAFriend),
            None => key(text),
        };
        texts.iter().map(of).collect()
    }

    #[test]
    fn who_wins() {
        use Attribution::{FirstClick, LastClick};
        let nothing: &[&str] = &[];
        for (attribution, sent, cookies, expected) in [
            (LastClick, nothing, nothing, nothing),
            (LastClick, &["header", "link"], &["cookie"], &["header"]),
            (LastClick, &["link"], &["cookie"], &["link"]),
            (LastClick, nothing, &["cookie"], &["cookie"]),
            (LastClick, &["link"], &["a:cookie"], &["link", "a:cookie"]),
            (LastClick, &["a:link"], &["a:cookie"], &["a:link"]),
            (LastClick, &["a:link"], &["r:cookie"], &["a:link", "r:cookie"]),
            (LastClick, &["header", "a:link"], &["a:cookie", "own"], &["header", "a:link"]),
            (FirstClick, nothing, nothing, nothing),
            (FirstClick, &["header", "link"], &["cookie"], &["cookie"]),
            (FirstClick, &["header", "link"], nothing, &["header"]),
            (FirstClick, &["link"], nothing, &["link"]),
            (FirstClick, &["link"], &["a:cookie"], &["a:cookie"]),
            (FirstClick, &["a:link"], &["a:cookie"], &["a:cookie"]),
            (FirstClick, &["a:link"], &["own"], &["own"]),
            (FirstClick, &["a:link"], &["r:cookie"], &["a:link", "r:cookie"]),
            (FirstClick, &["header", "a:link"], nothing, &["header"]),
        ] {
            let verdict = attribution.verdict(keys(sent), keys(cookies).into());
            assert_eq!(verdict, keys(expected).into(), "{attribution:?}, {sent:?}, {cookies:?}");
        }
    }
}
