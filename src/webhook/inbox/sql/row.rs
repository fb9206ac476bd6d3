//! An event as a database holds it: read without trust, for rows can be damaged or written by hand.

use std::{borrow::Cow, time::SystemTime};

use bytes::Bytes;
use serde_json::{Value as Json, json};

use crate::{
    delivery::{
        Millis,
        sql::{Record, time},
    },
    webhook::EventId,
};

use super::super::{
    course::{Course, LOST, Look, State, Terms},
    store::{Claimed, NewEvent},
};

/// Before a payload that isn't text, in hex.
const IN_HEX: &str = "\\x";
/// What is said of a row that can't be right.
const DAMAGED: &str = "its row in the database is damaged";

/// A row as far as it is needed.
pub(super) struct Row {
    pub(super) id: u64,
    pub(super) course: Course,
    pub(super) resource: Option<String>,
    /// What went wrong now.
    pub(super) message: Option<String>,
    /// Of one that is due: the first of its resource.
    first: Option<u64>,
    arrived_at: Millis,
    content: Option<Bytes>,
}

impl Row {
    /// Reads a row of [`due`](super::statements::Statements::due).
    pub(super) fn due(mut record: Record) -> Self {
        let mut row = Self::read(&mut record);
        row.arrived_at = record.number(6).unwrap_or_default();
        row.content = record.text(7).and_then(body);
        row.first = record.number(8);
        row
    }

    /// Reads a row of [`load`](super::statements::Statements::load).
    pub(super) fn loaded(mut record: Record) -> Self {
        Self::read(&mut record)
    }

    fn read(record: &mut Record) -> Self {
        let id = record.number(0).unwrap_or_default();
        let state = record.text(1).and_then(|state| State::parse(&state)).unwrap_or(State::Dead);
        let due = record.number(2);
        let token = record.number(3).unwrap_or_default();
        let attempts = record.number(4).unwrap_or_default().try_into().unwrap_or(u32::MAX);
        let resource = record.text(5);
        let course = Course { state, due, token, attempts };
        Self { id, course, resource, message: None, first: None, arrived_at: 0, content: None }
    }

    /// A look at one that is due. What can't be read is for a person.
    pub(super) fn look(&mut self, token: u64, terms: Terms, now: Millis) -> Look {
        if self.content.is_none() || matches!(self.course.state, State::Dead | State::Done) {
            (self.course.state, self.course.due) = (State::Dead, None);
            self.message = Some(DAMAGED.to_owned());
            return Look::Died;
        }
        let first = self.first.is_none_or(|first| first == self.id);
        let look = self.course.look(first, token, terms, now);
        if matches!(look, Look::Lost | Look::Died) {
            self.message = Some(LOST.to_owned());
        }
        look
    }

    /// For whoever handles it.
    pub(super) fn claimed(&mut self) -> Option<Claimed> {
        let body = self.content.take()?;
        let (token, attempts) = (self.course.token, self.course.attempts);
        let id = EventId::of(&body);
        let (resource, arrived_at) = (self.resource.take(), time(self.arrived_at));
        Some(Claimed { row: self.id, token, id, resource, body, arrived_at, attempts })
    }

    pub(super) fn to_save(&self) -> Json {
        json!([
            self.id,
            self.course.state.as_str(),
            self.course.due,
            self.course.token,
            self.course.attempts,
            // A database takes every character but this one.
            self.message.as_ref().map(|message| message.replace('\0', " ")),
        ])
    }
}

/// What a database knows an event by: its time, and the first half of its id.
///
/// The time comes first so that what comes together is kept together: keys by chance alone would have each event change
/// another page of a large index. Where an event names no time that can be read, there is only chance.
///
/// Half of a SHA-256 takes 2^64 tries to have two events of one time share it. Partnero alone signs them, and whoever got
/// that far would only have his own second event taken for a repeat.
///
/// It has to stay as it is, and so has how a time is read: another version that got something else from the same bytes
/// would take a repeat for new.
pub(super) fn digest(event: &NewEvent) -> String {
    let time = event.time.and_then(|time| time.duration_since(SystemTime::UNIX_EPOCH).ok());
    // In microseconds, as Partnero's are: in 14 digits for two thousand years.
    let micros = time.map_or(0, |time| time.as_micros()).min((1 << 56) - 1);
    format!("{micros:014x}{}", hex(&event.id.as_bytes()[..16]))
}

/// A body as text: as it is where that is possible.
pub(super) fn payload(body: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(body) {
        Ok(text) if !text.contains('\0') && !text.starts_with(IN_HEX) => text.into(),
        _ => format!("{IN_HEX}{}", hex(body)).into(),
    }
}

/// What [`payload`] wrote.
pub(super) fn body(payload: String) -> Option<Bytes> {
    match payload.strip_prefix(IN_HEX) {
        Some(in_hex) => unhex(in_hex).map(Bytes::from),
        None => Some(Bytes::from(payload)),
    }
}

/// Bytes as text.
fn hex(bytes: &[u8]) -> String {
    let digit = |digit: u8| char::from(b"0123456789abcdef"[usize::from(digit & 0xf)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(*byte)]).collect()
}

/// What [`hex`] wrote.
fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pair = |pair: &[u8]| match pair {
        [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
        _ => None,
    };
    text.as_bytes().chunks(2).map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_body_comes_back_byte_for_byte() {
        let all: Vec<u8> = (0..=255).collect();
        for bytes in [b"".as_slice(), b"{}", b"\\x", b"\\xZZ", b"a\0b", b"\xff\xfe", "\u{10ffff}\u{1}".as_bytes(), &all]
        {
            let text = payload(bytes);
            assert!(!text.contains('\0'), "{text}");
            assert_eq!(body(text.into_owned()).as_deref(), Some(bytes));
        }
        assert_eq!(payload(b"{\"a\":1}"), "{\"a\":1}", "what is text is kept readable");
    }

    #[test]
    fn events_are_known_by_their_time_first_and_by_half_of_their_id() {
        let event = |time: Option<u64>, id: [u8; 32]| NewEvent {
            id: id.into(),
            time: time.map(|micros| SystemTime::UNIX_EPOCH + std::time::Duration::from_micros(micros)),
            event: String::new(),
            webhook_key: None,
            resource: None,
            body: Bytes::new(),
        };
        let mut other = [7; 32];
        other[15] = 8;
        assert_eq!(digest(&event(Some(0x12), [7; 32])), format!("{:014x}{}", 0x12, "07".repeat(16)));
        assert_ne!(digest(&event(Some(0x12), other)), digest(&event(Some(0x12), [7; 32])));
        assert!(digest(&event(Some(1), [9; 32])) < digest(&event(Some(2), [1; 32])), "what comes later is behind");
        for time in [None, Some(0), Some(1 << 56), Some(u64::MAX / 1_000)] {
            assert_eq!(digest(&event(time, [7; 32])).len(), 46, "{time:?}");
        }
    }

    #[test]
    fn a_payload_that_nobody_wrote_is_none() {
        for text in ["\\x0", "\\x0g", "\\x+1", "\\xäö", "\\x "] {
            assert_eq!(body(text.to_owned()), None, "{text}");
        }
    }
}
