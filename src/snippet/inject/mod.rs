//! The layer that puts the tag into pages.

mod body;
mod future;
mod layer;
mod needle;
mod page;
mod policy;
mod search;
mod service;
mod settings;

pub use body::SnippetBody;
pub use future::SnippetFuture;
pub use layer::SnippetLayer;
pub use service::SnippetService;
