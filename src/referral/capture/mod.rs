//! Keys from links: what a capturing layer makes of a request and of its response.

mod encode;
mod future;
mod keep;
mod path_link;
mod service;
mod settings;

pub use future::ResponseFuture;

pub(super) use settings::{Consent, Settings};
