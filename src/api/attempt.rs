//! What came of one HTTP request to Partnero, before anything is made of it.

use std::{fmt, time::Duration};

use http::StatusCode;
use serde_json::Value;

use crate::model::hidden;

/// What came of one request.
#[derive(Debug)]
pub(crate) enum Attempt {
    /// Nothing of it can have reached Partnero: no connection was made. The text is fit for a log.
    NotSent(String),
    /// It may or may not have been carried out: timed out, or the connection was lost, before a whole answer came.
    Uncertain(String),
    /// A whole answer came.
    Answered(Answer),
}

/// An answer as it came.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    /// The header `Retry-After`, in seconds or as a date, unclamped.
    pub(crate) retry_after: Option<Duration>,
    /// The body, if it is JSON within the size limit.
    pub(crate) json: Option<Value>,
}

/// Without the body, which may hold personal data.
impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer")
            .field("status", &self.status)
            .field("retry_after", &self.retry_after)
            .field("json", &hidden(self.json.as_ref()))
            .finish()
    }
}
