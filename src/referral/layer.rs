//! The layer's builder.

use std::{fmt, panic::Location};

use http::HeaderName;
use tower_layer::Layer;

use crate::{
    model::ProgramType,
    referral::{
        mode::{Mode, Reading},
        service::ReferralService,
    },
};

/// Reads the referral keys of each request, for the extractors [`ReferralKey`] and [`ReferralKeys`].
///
/// As it is made by [`new`](Self::new), it only reads: responses pass untouched, nothing is boxed, and a request without one of Partnero's cookies costs a
/// search through its `Cookie` lines and no allocation; a key of up to 23 bytes costs its place in the request's extensions
/// and no more. It needs no other layer, and works for any request and response body, in a router and in plain tower.
///
/// ```
/// use axum::{Router, body::Body, http::Request, routing::get};
/// use axum_partnero::{ReferralKey, ReferralLayer};
/// use tower::ServiceExt;
///
/// async fn who(referral: Option<ReferralKey>) -> String {
///     referral.map_or("nobody".into(), |key| key.to_string())
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let app = Router::new().route("/", get(who)).layer(ReferralLayer::new());
///
/// let request = Request::get("/").header("cookie", "theme=dark; partnero_partner=anna").body(Body::empty())?;
/// let response = app.oneshot(request).await?;
/// assert_eq!(axum::body::to_bytes(response.into_body(), 100).await?, "anna");
/// # Ok(())
/// # }
/// ```
///
/// # Where to put it
///
/// `Router::layer` covers the routes added before it, and the fallback; `route_layer` covers the routes only. Axum boxes
/// each layer given to a router; around the finished router there is no box:
///
/// ```
/// use axum::{Router, ServiceExt, extract::Request};
/// use axum_partnero::ReferralLayer;
/// use tower::Layer;
///
/// let app = ReferralLayer::new().layer(Router::new());
/// let serve = ServiceExt::<Request>::into_make_service(app); // for `axum::serve(listener, serve)`
/// ```
///
/// # Capturing
///
/// With [`capture_query`](Self::capture_query), [`capture_path`](Self::capture_path), [`set_cookie`](Self::set_cookie),
/// [`attribution`](Self::attribution) or [`consent`](Self::consent) it is a `ReferralLayer<`[`Capturing`]`>`, which looks at
/// responses, too: see [the module](crate::referral#what-is-captured). Its response body needs a `Default`, for redirects.
///
/// # What it leaves
///
/// A [`ReferralKeys`] in the request's extensions, where there is anything to say; always, where it captures. It stands: neither the extractors nor
/// a second layer further in look at the cookies again. An application that finds out by its own means who
/// referred a visitor can put one there first.
///
/// [`ReferralKey`]: crate::ReferralKey
/// [`ReferralKeys`]: crate::ReferralKeys
/// [`Capturing`]: crate::referral::Capturing
#[derive(Clone, Debug)]
#[must_use = "a layer does nothing until it is given to a router or a service"]
pub struct ReferralLayer<M = Reading> {
    pub(super) mode: M,
}

impl ReferralLayer {
    /// A layer that reads the cookies of both kinds of program.
    pub fn new() -> Self {
        Self { mode: Reading::default() }
    }
}

/// As [`new()`](Self::new).
impl Default for ReferralLayer {
    fn default() -> Self {
        Self::new()
    }
}

impl<M: Mode> ReferralLayer<M> {
    /// Reads the cookie of this kind of program only. Default: both.
    ///
    /// For a site that changed from one kind to the other, and whose visitors still carry the old cookie.
    ///
    /// ```
    /// use axum_partnero::{ProgramType, ReferralLayer};
    ///
    /// let layer = ReferralLayer::new().program_type(ProgramType::Affiliate);
    /// ```
    pub fn program_type(mut self, program: ProgramType) -> Self {
        self.mode.sources().program = Some(program);
        self
    }

    /// Also reads a header, in which a mobile app sends the key of the link it was opened with. Default: none.
    ///
    /// The header comes before the cookies, and its key is of unknown kind: it takes that of the handle it is given to.
    /// Its value is the key itself, in UTF-8, not percent-encoded. Of several lines the first valid one counts. Called
    /// again, the last name counts.
    ///
    /// Anyone can send a header: this says who wants the credit, as a cookie does, and proves nothing.
    ///
    /// ```
    /// use axum_partnero::ReferralLayer;
    ///
    /// let layer = ReferralLayer::new().header("x-referral-key");
    /// ```
    ///
    /// A text that can't be a header's name never panics: it is logged as an error, with the place of this call, and
    /// changes nothing (no client could send such a header). Let the compiler check a name with a constant:
    ///
    /// ```
    /// # use axum_partnero::ReferralLayer;
    /// use http::HeaderName;
    ///
    /// const REFERRAL_KEY: HeaderName = HeaderName::from_static("x-referral-key");
    /// let layer = ReferralLayer::new().header(REFERRAL_KEY);
    /// ```
    #[track_caller]
    pub fn header<N>(mut self, name: N) -> Self
    where
        N: TryInto<HeaderName>,
        N::Error: fmt::Display,
    {
        let caller = Location::caller();
        match name.try_into() {
            Ok(name) => self.mode.sources().header = Some(name),
            Err(error) => tracing::error!(
                "the name given to `ReferralLayer::header` at {caller} can't be a header's ({error}): no header of \
                 that name is read"
            ),
        }
        self
    }
}

impl<S, M: Clone> Layer<S> for ReferralLayer<M> {
    type Service = ReferralService<S, M>;

    fn layer(&self, inner: S) -> Self::Service {
        ReferralService { inner, mode: self.mode.clone() }
    }
}
