//! Why a call failed, and what can be done about it.

use std::{collections::BTreeMap, time::Duration};

use http::StatusCode;

use crate::model::KeyError;

/// Why a call failed. No variant holds the API key, an e-mail address or a key of yours.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ApiError {
    /// Nothing was sent: no connection was made. To repeat it is safe.
    #[error("Partnero wasn't reached, nothing was sent: {reason}. It is safe to repeat")]
    #[non_exhaustive]
    NotSent {
        /// What went wrong, with its causes.
        reason: String,
    },
    /// It may or may not have been carried out: the time ran out or the connection was lost before a whole answer came.
    #[error("no whole answer came, so it is unknown whether it was carried out: {reason}. Ask before you repeat it")]
    #[non_exhaustive]
    Uncertain {
        /// What went wrong, with its causes.
        reason: String,
    },
    /// Partnero answered that it failed.
    #[error("Partnero answered {status}{}{}. {}", told(message.as_deref()), fields(errors), advice(*status))]
    #[non_exhaustive]
    Answered {
        /// The HTTP status. Of success, if only the `status` in the body says that it failed.
        status: StatusCode,
        /// Partnero's message, cut, with e-mail-like words masked.
        message: Option<String>,
        /// The refused fields (`partner.key`) with the reasons, masked likewise. Reasons without a field are under "".
        errors: BTreeMap<String, Vec<String>>,
        /// How long Partnero wants to be left alone.
        retry_after: Option<Duration>,
    },
    /// An answer came that isn't Partnero's JSON, or too long: a proxy's page, a redirect.
    #[error("the answer ({status}) isn't Partnero's JSON, or too long. {}", unreadable_advice(*status))]
    #[non_exhaustive]
    Unreadable {
        /// The HTTP status.
        status: StatusCode,
    },
    /// Partnero answered with a list that holds nothing of exactly that key.
    #[error("Partnero has nothing of exactly that key: check how it is written, capitals and blanks too")]
    NoMatch,
    /// A key that can't be one.
    #[error("nothing was sent: {0}")]
    Key(#[from] KeyError),
    /// A request that can't be right.
    #[error("nothing was sent: {0}")]
    Request(&'static str),
    /// The link to the next page leads away from the base URL, in a circle, or on without an end.
    #[error("the list was left before its end: {0}")]
    Page(&'static str),
}

impl ApiError {
    /// The HTTP status, if an answer came.
    pub fn status(&self) -> Option<StatusCode> {
        match self {
            Self::Answered { status, .. } | Self::Unreadable { status } => Some(*status),
            _ => None,
        }
    }

    /// Whether Partnero itself said that there is nothing of that key. A 404 that isn't Partnero's is not it.
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::Answered { status: StatusCode::NOT_FOUND, .. } | Self::NoMatch)
    }

    /// Whether it is certain that nothing was carried out, because nothing was sent.
    pub fn is_not_sent(&self) -> bool {
        matches!(self, Self::NotSent { .. } | Self::Key(_) | Self::Request(_))
    }

    /// The refused fields with the reasons, if Partnero named any.
    pub fn errors(&self) -> Option<&BTreeMap<String, Vec<String>>> {
        match self {
            Self::Answered { errors, .. } if !errors.is_empty() => Some(errors),
            _ => None,
        }
    }

    /// How long Partnero wants to be left alone, if it said so.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Answered { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}

fn told(message: Option<&str>) -> String {
    message.map(|message| format!(": {message}")).unwrap_or_default()
}

fn fields(errors: &BTreeMap<String, Vec<String>>) -> String {
    let names: Vec<&str> = errors.keys().map(String::as_str).filter(|name| !name.is_empty()).collect();
    if names.is_empty() { String::new() } else { format!(" (fields: {})", names.join(", ")) }
}

fn advice(status: StatusCode) -> &'static str {
    match status.as_u16() {
        401 | 403 => "Check the API key: that it is whole, of this program, and not revoked",
        404 => "There is nothing of that key",
        409 => "It exists already",
        429 => "Too many requests: wait before the next",
        400 | 422 => "Correct what was sent; to repeat it as it is changes nothing",
        408 | 425 | 500..=599 => "It is unknown whether it was carried out: ask before you repeat it",
        _ => "To repeat it as it is changes nothing",
    }
}

fn unreadable_advice(status: StatusCode) -> &'static str {
    match status.as_u16() {
        401 | 403 => "Check the API key, and whether a proxy or firewall stands in between",
        300..=399 => "It is a redirect, which is never followed: check the base URL",
        404 | 405 => "Check the base URL",
        429 => "Too many requests: wait before the next",
        400..=499 => "Check the base URL, and whether a proxy or firewall stands in between",
        _ => "It is unknown whether it was carried out: ask before you repeat it",
    }
}
