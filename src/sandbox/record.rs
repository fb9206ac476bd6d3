//! What came in, and what became of it.

use std::collections::VecDeque;

use bytes::Bytes;
use http::{HeaderMap, header, request::Parts};
use serde_json::Value;

use crate::sandbox::{clock, fault::Fault};

/// A request that arrived, from [`Sandbox::requests`](super::Sandbox::requests).
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RecordedRequest {
    /// When it came, such as `2026-03-04T05:06:07.000000Z`.
    pub received_at: String,
    /// The method, such as `POST`.
    pub method: String,
    /// The path as it was sent, with `/v1`.
    pub path: String,
    /// The query as it was sent, without the question mark.
    pub query: Option<String>,
    /// The headers, but for `Authorization`.
    pub headers: HeaderMap,
    /// Was it sent with the API key that held when it came?
    pub authorized: bool,
    /// The body.
    pub body: Bytes,
    /// The fault it met, if any.
    pub fault: Option<Fault>,
    /// The status it was answered; `None` while it isn't, and if it never was.
    pub status: Option<u16>,
    /// The status of Partnero's own answer, also where the client got another one or none; `None` if the request was
    /// not processed (yet).
    pub processed: Option<u16>,
}

impl RecordedRequest {
    /// The body as JSON, if it is.
    pub fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    pub(super) fn new(parts: &Parts, body: Bytes, authorized: bool, fault: Option<Fault>) -> Self {
        let mut headers = parts.headers.clone();
        headers.remove(header::AUTHORIZATION);
        Self {
            received_at: clock::now(),
            method: parts.method.to_string(),
            path: parts.uri.path().to_owned(),
            query: parts.uri.query().map(str::to_owned),
            headers,
            authorized,
            body,
            fault,
            status: None,
            processed: None,
        }
    }
}

/// The last records, in the order they were made.
#[derive(Debug)]
pub(super) struct Log<T> {
    records: VecDeque<T>,
    capacity: usize,
    /// The number of the first record.
    first: u64,
}

impl<T: Clone> Log<T> {
    pub(super) fn new(capacity: usize) -> Self {
        Self { records: VecDeque::new(), capacity, first: 0 }
    }

    /// Keeps a record, and returns its number.
    pub(super) fn push(&mut self, record: T) -> u64 {
        self.records.push_back(record);
        while self.records.len() > self.capacity {
            self.records.pop_front();
            self.first += 1;
        }
        self.first + self.records.len() as u64 - 1
    }

    pub(super) fn get_mut(&mut self, number: u64) -> Option<&mut T> {
        self.records.get_mut(usize::try_from(number.checked_sub(self.first)?).ok()?)
    }

    pub(super) fn all(&self) -> Vec<T> {
        self.records.iter().cloned().collect()
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.records.len()
    }

    /// With their numbers, the last one first.
    pub(super) fn newest(&self) -> impl Iterator<Item = (u64, &T)> {
        self.records.iter().enumerate().rev().map(|(at, record)| (self.first + at as u64, record))
    }

    pub(super) fn clear(&mut self) {
        self.first += self.records.len() as u64;
        self.records.clear();
    }
}
