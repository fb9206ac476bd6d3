//! A webhook that Partnero signed.

use std::{fmt, str::FromStr};

use bytes::Bytes;
use sha2::{Digest as _, Sha256};

use crate::webhook::{event::WebhookEvent, signature};

/// A webhook that Partnero signed: its body, exactly as it came.
///
/// From [`WebhookSecret::verify`](crate::WebhookSecret::verify), or from [`VerifiedWebhook`](crate::VerifiedWebhook) in
/// a handler.
#[derive(Clone, PartialEq, Eq)]
pub struct Verified {
    raw: Bytes,
}

impl Verified {
    pub(super) fn new(raw: Bytes) -> Self {
        Self { raw }
    }

    /// The body. It holds personal data.
    pub fn raw(&self) -> &Bytes {
        &self.raw
    }

    /// The body, without the rest.
    pub fn into_raw(self) -> Bytes {
        self.raw
    }

    /// What tells this event from others, computed anew with each call: see [`EventId`].
    pub fn id(&self) -> EventId {
        EventId::of(&self.raw)
    }

    /// Reads the event. What is no JSON, or no event that this crate knows, is [`WebhookEvent::Unknown`].
    pub fn event(&self) -> WebhookEvent {
        WebhookEvent::parse(self.raw.clone())
    }
}

/// Without the body.
impl fmt::Debug for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verified").field("bytes", &self.raw.len()).finish_non_exhaustive()
    }
}

/// What tells one event from another: the SHA-256 of the webhook's body.
///
/// Partnero sends no id with an event. The same bytes are the same event; whether Partnero repeats an event with the
/// same bytes isn't documented. `Display` writes it as 64 hexadecimal digits, and `FromStr` reads them.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EventId([u8; signature::LENGTH]);

/// The text is no [`EventId`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an event's id is 64 hexadecimal digits: pass it as `EventId` writes it")]
#[non_exhaustive]
pub struct EventIdError;

impl EventId {
    pub(crate) fn of(raw: &[u8]) -> Self {
        Self(Sha256::digest(raw).into())
    }

    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl From<[u8; 32]> for EventId {
    fn from(digest: [u8; 32]) -> Self {
        Self(digest)
    }
}

impl FromStr for EventId {
    type Err = EventIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        signature::from_hex(text.as_bytes()).map(Self).ok_or(EventIdError)
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
