//! Who referred a visitor: the layer that reads the cookies that Partnero's script has set, and the extractors.
//!
//! Add [`ReferralLayer`] once, and take `Option<`[`ReferralKey`]`>` in the handler that signs users up:
//!
//! ```
//! use axum::{Router, routing::post};
//! use axum_partnero::{ReferralKey, ReferralLayer};
//!
//! async fn sign_up(referral: Option<ReferralKey>) -> String {
//!     match referral {
//!         Some(key) => format!("welcome, friend of {} letters", key.as_str().len()),
//!         None => "welcome".into(),
//!     }
//! }
//!
//! let app: Router = Router::new().route("/signup", post(sign_up)).layer(ReferralLayer::new());
//! ```
//!
//! | extractor | when nobody referred the visitor |
//! |---|---|
//! | `Option<ReferralKey>` | `None`: what nearly every handler wants |
//! | [`ReferralKey`] | answers 400, see [`ReferralKeyRejection`] |
//! | [`ReferralKeys`] | empty: for sites that run an affiliate and a refer-a-friend program |
//! | `Option<ReferralKeys>` | `None` |
//!
//! They read only the request's head, so they stand before a `Form` or `Json` in a handler's arguments. Without a layer
//! they read the cookies themselves; once a layer has left its verdict, that stands.
//!
//! # What is read
//!
//! The cookies `partnero_partner` and `partnero_referral`, in all `Cookie` lines, up to 16 KiB. Values are input from
//! outside: quotes are stripped, they are percent-decoded once, and must then be UTF-8 of 1 to 255 characters without
//! control characters. The first valid one of each name counts; an invalid one is skipped. No cookie fails a request,
//! and other cookies are neither parsed nor copied.
//!
//! [`ReferralKey`]: crate::ReferralKey
//! [`ReferralKeys`]: crate::ReferralKeys

mod attribution;
mod capture;
mod capturing;
mod clear;
mod cookie;
mod extract;
mod layer;
mod mode;
mod referral_cookie;
mod rejection;
mod service;
mod sources;

pub use attribution::Attribution;
pub use capture::ResponseFuture;
pub use clear::ClearCookies;
pub use layer::ReferralLayer;
pub use mode::{Capturing, Mode, Reading};
pub use referral_cookie::ReferralCookie;
pub use rejection::ReferralKeyRejection;
pub use service::ReferralService;
