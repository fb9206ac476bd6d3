//! What nobody knows for sure about Partnero's webhooks: more of [`Switches`](super::Switches).

/// The fields around an event's `data`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum WebhookEnvelope {
    /// `event`, `url`, `webhook_key`, `created_at`, `data`: the newer documentation.
    Current,
    /// `event`, `data`, `timestamp`: the older documentation, and the guide.
    Old,
}

/// The header that a webhook's signature is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignatureHeader {
    /// `Signature`.
    Signature,
    /// `x-partnero-signature`, as the older documentation has it.
    XPartneroSignature,
}

impl SignatureHeader {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Signature => "signature",
            Self::XPartneroSignature => "x-partnero-signature",
        }
    }
}

/// What a webhook says of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum WebhookTransaction {
    /// The transaction as the API answers it, with its `rewards`.
    Whole,
    /// `id`, `amount` and `customer: {"key"}`, as the guide's example has it.
    Guide,
}

/// What is sent when a webhook is sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum WebhookRepeat {
    /// The same bytes.
    SameBytes,
    /// The same event with the time of this attempt, and so with another signature.
    FreshTime,
}
