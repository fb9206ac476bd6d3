//! What became of a call.

use serde::{Deserialize, Serialize};

/// How a call ended well.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome<T> {
    /// Partnero recorded it.
    Recorded(T),
    /// The customer was there already.
    Existed,
    /// Nobody is owed anything by it: the customer was never registered, the partner is unknown, or the amount is zero.
    ///
    /// Also of what this handle doesn't send: a sign-up without a referrer if it is
    /// [`referred_only`](crate::delivery::PartneroBuilder::referred_only), and every call if it is
    /// [`disabled`](crate::Partnero::disabled).
    Ignored,
    /// The same sale, sign-up or refund was tracked before: nothing was sent.
    Duplicate,
    /// Given up: a refund overtook the sale before it left, a later adjustment made this one obsolete, or the call was a
    /// dead letter that somebody discarded.
    Cancelled,
    /// The transaction is gone. Of a sale: it was refunded before, and was not sent.
    Refunded,
    /// The transaction now has the amount that remains.
    Adjusted,
}

/// An [`Outcome`] without what Partnero answered: what an outbox keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum End {
    Recorded,
    Existed,
    Ignored,
    Duplicate,
    Cancelled,
    Refunded,
    Adjusted,
    /// A dead letter that the operator discarded.
    Discarded,
}

impl End {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Recorded => "recorded",
            Self::Existed => "existed",
            Self::Ignored => "ignored",
            Self::Duplicate => "duplicate",
            Self::Cancelled => "cancelled",
            Self::Refunded => "refunded",
            Self::Adjusted => "adjusted",
            Self::Discarded => "discarded",
        }
    }

    /// The end of this name.
    #[cfg(any(feature = "sqlx-sqlite", feature = "sqlx-postgres"))]
    pub(crate) fn parse(name: &str) -> Option<Self> {
        const ALL: [End; 8] = [
            End::Recorded,
            End::Existed,
            End::Ignored,
            End::Duplicate,
            End::Cancelled,
            End::Refunded,
            End::Adjusted,
            End::Discarded,
        ];
        ALL.into_iter().find(|end| end.as_str() == name)
    }
}
