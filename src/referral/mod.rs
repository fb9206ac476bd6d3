//! Who referred a visitor: the layer that reads the cookies that Partnero's script has set, captures the keys in links, and
//! the extractors.
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
//! # What is captured
//!
//! Nothing, unless the layer is told to. Ad blockers stop Partnero's script, browsers forget cookies that scripts set, the
//! script's cookie stays on one host, and the way to an OAuth provider and back loses the query. So a layer can take the key
//! from the link itself, and keep it in a cookie of the whole domain:
//!
//! ```
//! use axum::{Router, body::Body, http::Request, routing::get};
//! use axum_partnero::{ReferralCookie, ReferralKey, ReferralLayer};
//! use tower::ServiceExt;
//!
//! async fn page(referral: Option<ReferralKey>) -> String {
//!     referral.map_or("nobody".into(), |key| key.to_string())
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let layer = ReferralLayer::new()
//!     .capture_query(["aff", "ref", "via"])                      // /pricing?aff=anna
//!     .capture_path(["aff", "ref"])                              // /aff/anna/pricing
//!     .set_cookie(ReferralCookie::new().domain("example.com"))   // for www. and app.
//!     .consent(|headers, _| headers.get("sec-gpc").is_none_or(|value| value != "1"));
//! let app = Router::new().route("/pricing", get(page)).layer(layer);
//!
//! let response = app.clone().oneshot(Request::get("/pricing?aff=anna").body(Body::empty())?).await?;
//! assert!(response.headers()["set-cookie"].to_str()?.starts_with("referral_key=; "));    // one of this host alone, if any
//! assert_eq!(axum::body::to_bytes(response.into_body(), 100).await?, "anna");             // on that very request
//!
//! let response = app.oneshot(Request::get("/aff/anna/pricing").body(Body::empty())?).await?;
//! assert_eq!((response.status().as_u16(), &response.headers()["location"]), (302, &"/pricing".parse()?));
//! # Ok(())
//! # }
//! ```
//!
//! | setting | |
//! |---|---|
//! | [`capture_query`](ReferralLayer::capture_query), [`capture_path`](ReferralLayer::capture_path) | the links that bring a key |
//! | [`set_cookie`](ReferralLayer::set_cookie) | where it is kept: [`ReferralCookie`] says how long, for which hosts, and under which name |
//! | [`attribution`](ReferralLayer::attribution) | whether the first or the last link counts |
//! | [`consent`](ReferralLayer::consent) | whether anything is read, captured or kept |
//! | [`ReferralKey::clear_cookies`] | ends it, once a key is spent |
//!
//! With one of these the layer is a `ReferralLayer<`[`Capturing`]`>`. It always leaves its verdict, also an empty one: the
//! extractors find nothing else then.
//!
//! Anyone can write a link, as anyone can set a cookie: a key says who wants the credit, and proves nothing. Partnero
//! doesn't count a click that only the server saw. Load the tag as well, for the figures of your partners.
//!
//! Pages: [referral links and the tag](crate::guide::links), [consent and erasure](crate::guide::consent_and_erasure),
//! [two programs](crate::guide::two_programs).
//!
//! [`ReferralKey`]: crate::ReferralKey
//! [`ReferralKey::clear_cookies`]: crate::ReferralKey::clear_cookies
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
