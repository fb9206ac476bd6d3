//! Removes the cookies of a referral.

use std::convert::Infallible;

use axum_core::response::{IntoResponse, IntoResponseParts, Response, ResponseParts};
use http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{CACHE_CONTROL, SET_COOKIE},
};

use crate::model::ReferralKey;

/// Those of `PartneroJS`, on the host that answers. A layer that keeps a cookie adds its own.
const REMOVED: [&str; 2] = ["partnero_partner=; Path=/; Max-Age=0", "partnero_referral=; Path=/; Max-Age=0"];

/// What no cache may give to anybody else.
pub(super) const PRIVATE: HeaderValue = HeaderValue::from_static("private, no-store");

/// A part of a response that removes the referral's cookies: [`ReferralKey::clear_cookies`].
#[derive(Clone, Copy, Debug)]
#[must_use = "it does nothing until it is a part of a response"]
#[non_exhaustive]
pub struct ClearCookies;

/// Tells a layer further out that the cookies of this response's visitor are to go.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cleared;

impl ReferralKey {
    /// A part of a response that removes the cookies with referral keys, for a key that is spent once: at sign-up, say.
    ///
    /// ```
    /// use axum::response::{IntoResponse, Redirect};
    /// use axum_partnero::ReferralKey;
    ///
    /// async fn sign_up(referral: Option<ReferralKey>) -> impl IntoResponse {
    ///     // … create the user and `track_sign_up`, then:
    ///     (ReferralKey::clear_cookies(), Redirect::to("/welcome"))
    /// }
    /// ```
    ///
    /// It removes `partnero_partner` and `partnero_referral` of the host that answers. Where a
    /// [`ReferralLayer`](crate::ReferralLayer) with `set_cookie` is around the handler, that removes its own cookie, too, and
    /// everything of these names that has its domain; and it keeps no key that came with this request. The response says
    /// `Cache-Control: private, no-store`.
    ///
    /// What it can't remove: a cookie of another host (`PartneroJS`'s on `www.example.com`, from `app.example.com`: it isn't
    /// sent there either), and one with another path than `/`.
    ///
    /// Nothing needs it for a sign-up to count once: a second one of the same customer is a duplicate. It is for computers
    /// that several people sign up on.
    pub fn clear_cookies() -> ClearCookies {
        ClearCookies
    }
}

impl IntoResponseParts for ClearCookies {
    type Error = Infallible;

    fn into_response_parts(self, mut parts: ResponseParts) -> Result<ResponseParts, Infallible> {
        for line in REMOVED {
            parts.headers_mut().append(SET_COOKIE, HeaderValue::from_static(line));
        }
        keep_private(parts.headers_mut());
        parts.extensions_mut().insert(Cleared);
        Ok(parts)
    }
}

impl IntoResponse for ClearCookies {
    fn into_response(self) -> Response {
        (self, ()).into_response()
    }
}

/// Keeps a response that sets a cookie out of caches, also of those that heed a header of their own: that of all CDNs, or
/// of one (RFC 9213), and the older ones of Varnish, Fastly and nginx.
pub(super) fn keep_private(headers: &mut HeaderMap) {
    headers.insert(CACHE_CONTROL, PRIVATE);
    let is_of_some = |name: &&HeaderName| {
        let name = name.as_str();
        name.ends_with("-cache-control") || matches!(name, "surrogate-control" | "x-accel-expires")
    };
    let of_some: Vec<_> = headers.keys().filter(is_of_some).cloned().collect();
    for name in of_some {
        headers.remove(name);
    }
}
