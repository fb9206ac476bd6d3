//! What all events have.

use std::{fmt, str};

use bytes::Bytes;
use serde::de::{DeserializeOwned, MapAccess};

use crate::{
    model::{Loggable, check_text, hidden},
    webhook::{
        event::{
            json::{Field, FromFields, fill},
            scalar::Json,
        },
        verified::EventId,
    },
};

/// What all events have. Of a body that is no JSON object, only the body.
#[derive(Clone)]
pub struct Envelope {
    raw: Bytes,
    data: Option<Bytes>,
    name: String,
    webhook_key: Option<String>,
    created_at: Option<String>,
    url: Option<String>,
}

/// The fields of both envelopes: the current one has `url`, `webhook_key` and `created_at`, the older one `timestamp`.
#[derive(Default)]
struct Fields<'a> {
    event: Option<String>,
    webhook_key: Option<String>,
    created_at: Option<String>,
    timestamp: Option<String>,
    url: Option<String>,
    data: Option<Json<'a>>,
}

impl<'de> FromFields<'de> for Fields<'de> {
    fn set<A: MapAccess<'de>>(&mut self, name: &str, field: Field<'_, A>) -> Result<(), A::Error> {
        match name {
            "event" => self.event = short(field.json()?),
            "webhook_key" => self.webhook_key = short(field.json()?),
            "created_at" => self.created_at = short(field.json()?),
            "timestamp" => self.timestamp = short(field.json()?),
            "url" => self.url = field.text()?,
            "data" => self.data = Some(field.json()?).filter(|data| !data.is_null()),
            _ => field.skip()?,
        }
        Ok(())
    }
}

/// A text that may be stored and logged: one that is long or odd is none.
fn short(value: Json<'_>) -> Option<String> {
    value.text().filter(|text| check_text(text).is_ok())
}

impl Envelope {
    pub(super) fn parse(raw: Bytes) -> Self {
        let text = str::from_utf8(&raw).unwrap_or_default();
        let mut fields = Fields::default();
        if !fill(&mut fields, text) {
            // What is cut off says nothing.
            fields = Fields::default();
        }
        // A part of the body where it lies, not a copy.
        let data = fields.data.map(|data| raw.slice_ref(data.as_str().as_bytes()));
        Self {
            data,
            name: fields.event.unwrap_or_default(),
            webhook_key: fields.webhook_key,
            created_at: fields.created_at.or(fields.timestamp),
            url: fields.url,
            raw,
        }
    }

    /// The event's name, as Partnero writes it (`transaction.created`). Empty if there is none, or none of at most 255
    /// characters without control characters.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The key of the webhook, not of the event: Partnero's older envelope has none.
    pub fn webhook_key(&self) -> Option<&str> {
        self.webhook_key.as_deref()
    }

    /// When it happened, ISO 8601 in UTC as Partnero writes it: `created_at`, or in the older envelope `timestamp`.
    pub fn created_at(&self) -> Option<&str> {
        self.created_at.as_deref()
    }

    /// The URL that the webhook was made for.
    pub fn url(&self) -> Option<&str> {
        self.url.as_deref()
    }

    /// The whole body, as it came. It holds personal data.
    pub fn raw(&self) -> &Bytes {
        &self.raw
    }

    /// The JSON of `data`, as it came. It holds personal data.
    pub fn data_json(&self) -> Option<&str> {
        str::from_utf8(self.data.as_ref()?).ok()
    }

    /// Reads `data` as a type of your own, or as a `serde_json::Value`.
    ///
    /// # Errors
    /// When it doesn't fit, or there is none.
    pub fn data_as<T: DeserializeOwned>(&self) -> serde_json::Result<T> {
        serde_json::from_slice(self.data.as_deref().unwrap_or(b"null"))
    }

    /// What tells this event from others, computed anew with each call: see [`EventId`].
    pub fn id(&self) -> EventId {
        EventId::of(&self.raw)
    }
}

/// Without the data, and without the URL, which may hold a token.
impl fmt::Debug for Envelope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Envelope")
            .field("name", &Loggable(&self.name))
            .field("webhook_key", &self.webhook_key.as_deref().map(Loggable))
            .field("created_at", &self.created_at.as_deref().map(Loggable))
            .field("data", &hidden(self.data.as_ref()))
            .field("bytes", &self.raw.len())
            .finish_non_exhaustive()
    }
}
