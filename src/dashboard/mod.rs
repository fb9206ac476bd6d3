//! What a customer of a refer-a-friend program wants to see: the own link, what came of it, and whom it brought.
//!
//! [`Partnero::dashboard`](crate::Partnero::dashboard) reads it, [`DashboardRouter`] shows it as a page, as JSON and as a
//! fragment for a page of yours.
//!
//! ```
//! use axum::{Router, extract::FromRequestParts, http::{StatusCode, request::Parts}};
//! use axum_partnero::{DashboardRouter, Partnero};
//!
//! /// Your own extractor of who is signed in.
//! struct SignedIn {
//!     id: u64,
//! }
//!
//! impl<S: Sync> FromRequestParts<S> for SignedIn {
//!     type Rejection = StatusCode; // yours may redirect to where one signs in
//!
//!     async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, StatusCode> {
//!         let id = parts.extensions.get::<u64>(); // from your session
//!         id.map(|id| Self { id: *id }).ok_or(StatusCode::UNAUTHORIZED)
//!     }
//! }
//!
//! # let partnero = Partnero::disabled();
//! let friends = DashboardRouter::new(partnero, |user: SignedIn| user.id);
//! let app: Router = Router::new().nest("/friends", friends.into_router());
//! # let _ = app;
//! ```
//!
//! The page on [refer-a-friend](crate::guide::refer_a_friend) has what goes before: sign-ups, and the link.
//!
//! # What it takes from Partnero
//!
//! Four GETs in parallel, each done within 2 seconds or given up; friends that come page after page are one of them. What
//! was read serves the customer for a minute, and whoever asks meanwhile waits for the same four. A part that can't be
//! had is [`Part::Unavailable`], or for ten minutes what it was before. These reads have 8 places of their own, and one
//! that Partnero finds too many (429) pauses them alone: deliveries go on.
//!
//! Of friends, the first 100 are read and shown, of each other list the first 20.
//!
//! # What it takes care of
//!
//! - Whose dashboard it is comes from your extractor alone, never from the path, the query or a header.
//! - Partnero also finds customers by e-mail address: who isn't the one that was asked for is shown to nobody, nor is
//!   what comes while neither customer nor balance can be had, which say whose it is.
//! - Friends see each other's names as customers gave them: of surnames only the first letter is shown, of e-mail
//!   addresses the first letters. The JSON has no more either.
//! - Links that aren't http or https are dropped, and all that Partnero says is escaped, cut, and free of control
//!   characters.
//! - Answers are `Cache-Control: private, no-store`; the page has a strict Content-Security-Policy, no script of its own
//!   within, and nothing from other sites.

mod budget;
mod cache;
mod clean;
mod data;
mod html;
mod money;
mod read;
mod router;
mod share;
mod texts;

pub use data::{Dashboard, Friend, Friends, Money, Part};
pub use html::Fragment;
pub use router::DashboardRouter;
pub use share::{Network, ShareLink};
pub use texts::Texts;
