//! A tracked call as an outbox stores it.

use std::{
    fmt,
    hash::{BuildHasher, RandomState},
    sync::{
        Arc, LazyLock,
        atomic::{AtomicU32, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use tracing::field::DisplayValue;

use crate::{
    delivery::{body::Body, room::Slot},
    model::Loggable,
};

/// What a call reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CallKind {
    /// A new customer.
    SignUp,
    /// A sale.
    Sale,
    /// A sale's deletion.
    Refund,
    /// What remains of a sale: its deletion, then the sale anew.
    Adjustment,
    /// Of a call in a durable outbox: written by a newer version of this crate, or damaged. It isn't sent.
    #[serde(other)]
    Unknown,
}

impl CallKind {
    /// The names of those that are tracked.
    #[cfg(feature = "metrics")]
    pub(crate) const NAMES: [&'static str; 4] =
        [Self::SignUp.as_str(), Self::Sale.as_str(), Self::Refund.as_str(), Self::Adjustment.as_str()];

    /// The name in logs, metrics and tables.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SignUp => "sign_up",
            Self::Sale => "sale",
            Self::Refund => "refund",
            Self::Adjustment => "adjustment",
            Self::Unknown => "unknown",
        }
    }

    /// The kind of this name.
    #[cfg(any(feature = "sqlx-sqlite", feature = "sqlx-postgres"))]
    pub(crate) fn parse(name: &str) -> Option<Self> {
        [Self::SignUp, Self::Sale, Self::Refund, Self::Adjustment].into_iter().find(|kind| kind.as_str() == name)
    }
}

/// One call on its way into the outbox.
#[derive(Debug)]
pub(crate) struct NewCall {
    pub(crate) id: CallId,
    pub(crate) kind: CallKind,
    pub(crate) customer: Option<Arc<str>>,
    pub(crate) transaction: Option<Arc<str>>,
    /// The amount of a sale or of what remains of it.
    pub(crate) amount: Option<Decimal>,
    /// Whether a sign-up, or a guest's sale, names a referrer.
    pub(crate) referred: bool,
    /// The body of the request, empty for a refund.
    pub(crate) body: Body,
    /// The place in the queue, given back when the memory that it stands for is.
    pub(crate) slot: Option<Slot>,
    /// That it isn't stored yet: known until it is dropped.
    #[cfg(any(feature = "sqlx-sqlite", feature = "sqlx-postgres"))]
    pub(crate) noted: Option<super::buffered::Noted>,
}

impl NewCall {
    pub(crate) fn new(kind: CallKind) -> Self {
        Self {
            id: CallId::new(),
            kind,
            customer: None,
            transaction: None,
            amount: None,
            referred: false,
            body: Body::Text(String::new()),
            slot: None,
            #[cfg(any(feature = "sqlx-sqlite", feature = "sqlx-postgres"))]
            noted: None,
        }
    }
}

/// The identity of a call: made before it is stored, so that storing it can be repeated.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct CallId(u128);

impl CallId {
    /// A UUID of version 7 without a system call: the time, a counter, and this process's own random bits.
    pub(crate) fn new() -> Self {
        static PROCESS: LazyLock<u64> = LazyLock::new(|| RandomState::new().hash_one(std::process::id()));
        static COUNTER: AtomicU32 = AtomicU32::new(0);

        let millis = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
        let counter = u128::from(COUNTER.fetch_add(1, Ordering::Relaxed));
        let (time, version) = ((millis & 0xffff_ffff_ffff) << 80, 7_u128 << 76);
        // 12 bits of the counter, the variant, 20 more of it, 42 random bits.
        let (high, variant, low) = ((counter & 0xfff) << 64, 2_u128 << 62, (counter >> 12) << 42);
        Self(time | version | high | variant | low | u128::from(*PROCESS >> 22))
    }
}

#[cfg(any(feature = "sqlx-sqlite", feature = "sqlx-postgres"))]
impl CallId {
    /// Reads what `Display` writes.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let hex: String = text.split('-').collect();
        let digits = hex.len() == 32 && text.len() == 36 && hex.bytes().all(|byte| byte.is_ascii_hexdigit());
        digits.then(|| u128::from_str_radix(&hex, 16).ok().map(Self)).flatten()
    }
}

#[cfg(any(feature = "sqlx-sqlite", feature = "sqlx-postgres"))]
impl Serialize for CallId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl fmt::Display for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hex = format!("{:032x}", self.0);
        write!(f, "{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
    }
}

impl fmt::Debug for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A key as a field of a log: left out where there is none.
pub(crate) fn logged(key: Option<&str>) -> Option<DisplayValue<Loggable<'_>>> {
    key.map(|key| tracing::field::display(Loggable(key)))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn call_ids_are_unique_and_look_like_uuids() {
        let ids: HashSet<_> = (0..100_000).map(|_| CallId::new()).collect();
        assert_eq!(ids.len(), 100_000);
        let text = CallId::new().to_string();
        let groups: Vec<_> = text.split('-').map(str::len).collect();
        assert_eq!(groups, [8, 4, 4, 4, 12]);
        assert_eq!(&text[14..15], "7");
        assert!("89ab".contains(&text[19..20]), "{text}");
    }

    #[test]
    fn a_kind_is_read_by_its_name_and_one_of_a_newer_version_is_unknown() {
        use CallKind::{Adjustment, Refund, Sale, SignUp, Unknown};
        for kind in [SignUp, Sale, Refund, Adjustment, Unknown] {
            let name = serde_json::to_value(kind).unwrap();
            assert_eq!(name, kind.as_str());
            assert_eq!(serde_json::from_value::<CallKind>(name).unwrap(), kind);
        }
        assert_eq!(serde_json::from_str::<CallKind>("\"renewal\"").unwrap(), Unknown);
    }
}
