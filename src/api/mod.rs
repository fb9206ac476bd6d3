//! A typed client of Partnero's REST API.

pub(crate) mod attempt;
mod base_url;
mod builder;
mod call;
mod client;
mod envelope;
mod send;

pub use builder::{ApiBuildError, ApiClientBuilder};
pub use client::ApiClient;

pub(crate) use call::Call;
