//! The tag that loads Partnero's script, for your pages.
//!
//! [`Snippet`] is the tag of Partnero's guide, to the byte, with your program's id in it. Make it once, when the
//! application starts, and put it before `</head>` on all pages:
//!
//! ```
//! use axum::{Router, extract::State, response::Html, routing::get};
//! use axum_partnero::Snippet;
//!
//! async fn home(State(snippet): State<Snippet>) -> Html<String> {
//!     Html(format!("<!doctype html><html><head><title>Shop</title>{snippet}</head><body>Hello</body></html>"))
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let snippet = Snippet::new("KHV3KEHI")?;
//! let app: Router = Router::new().route("/", get(home)).with_state(snippet);
//! # let _ = app;
//! # Ok(())
//! # }
//! ```
//!
//! The script keeps the key of a referral link in a cookie, which [`ReferralLayer`](crate::ReferralLayer) reads. There is
//! no mode of it without cookies: leave the tag out until a visitor's consent allows it.
//!
//! With the feature `snippet-inject`, `SnippetLayer` puts it into all pages by itself.
//!
//! # In a template
//!
//! Engines escape what they are given, and a script that is escaped is text on the page. The tag is HTML that is safe as
//! it stands: an id is letters and digits, a nonce has nothing that could end its attribute, and either is refused
//! otherwise. So tell the engine to leave it alone:
//!
//! | engine | with the field or variable `snippet` |
//! |---|---|
//! | askama | `{{ snippet\|safe }}` |
//! | maud | `(maud::PreEscaped(snippet.to_string()))` |
//! | minijinja, Tera | `{{ snippet\|safe }}`, given `snippet.to_string()` |
//!
//! # With a Content-Security-Policy
//!
//! A policy stops inline scripts unless it names them. Make a nonce for each response, 16 random bytes in Base64, and put
//! it into the tag and the policy:
//!
//! ```
//! use axum::response::{Html, IntoResponse};
//! use axum_partnero::{Snippet, snippet::SnippetError};
//!
//! fn page(snippet: &Snippet, nonce: &str) -> Result<impl IntoResponse + use<>, SnippetError> {
//!     let (tag, partnero) = (snippet.clone().nonce(nonce)?, Snippet::CSP_SOURCES);
//!     let policy = format!(
//!         "default-src 'self'; script-src 'self' 'nonce-{nonce}' {partnero}; connect-src 'self' {partnero}; \
//!          img-src 'self' {partnero}"
//!     );
//!     Ok(([("content-security-policy", policy)], Html(format!("<!doctype html><html><head>{tag}</head></html>"))))
//! }
//! # page(&Snippet::new("KHV3KEHI").unwrap(), "3q2+78r+ur7erb7vyv66vg==").unwrap();
//! ```
//!
//! The nonce is for the tag alone: the script that the tag inserts is allowed by its address. With `'strict-dynamic'`
//! browsers ignore addresses, and allow that script because the tag inserted it.

mod error;
#[cfg(feature = "snippet-inject")]
mod inject;
mod tag;

pub use error::SnippetError;
#[cfg(feature = "snippet-inject")]
#[cfg_attr(docsrs, doc(cfg(feature = "snippet-inject")))]
pub use inject::{SnippetBody, SnippetFuture, SnippetLayer, SnippetService};
pub use tag::Snippet;
