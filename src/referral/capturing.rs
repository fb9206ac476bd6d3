//! The settings of the layer's builder that make it capture.

use std::{panic::Location, sync::Arc};

use http::{Extensions, HeaderMap};

use crate::referral::{
    attribution::Attribution,
    capture::{Consent, Settings},
    layer::ReferralLayer,
    mode::{Capturing, Mode},
    referral_cookie::ReferralCookie,
};

impl<M: Mode> ReferralLayer<M> {
    /// Takes the key from the link that the visitor came by, from the first of these parameters of its query that holds a
    /// valid one. Default: none.
    ///
    /// Partnero's links have `aff` (affiliate) or `ref` (refer-a-friend), or what the program was told to take. The handler
    /// of that very request gets the key, whatever its method. [`set_cookie`](Self::set_cookie) keeps it.
    ///
    /// Any text in them is taken for a key. So name none that links to your site use for something else: a
    /// `?ref=newsletter` would take the credit from whoever had it.
    ///
    /// The key is of unknown kind, unless the cookie it is kept in says its kind. Called again, the last names count. An
    /// empty name is logged as an error, with the place of this call, and left out.
    ///
    /// ```
    /// use axum_partnero::ReferralLayer;
    ///
    /// let layer = ReferralLayer::new().capture_query(["aff", "ref", "via"]);
    /// ```
    #[track_caller]
    pub fn capture_query<N: Into<String>>(self, names: impl IntoIterator<Item = N>) -> ReferralLayer<Capturing> {
        let names = checked(names, "capture_query", |name| !name.is_empty());
        self.set(|settings| settings.parameters = names)
    }

    /// Takes the key from links of the form `/aff/KEY`, by these names of their first segment. Default: none.
    ///
    /// The visitor is redirected to the page without the two: from `/aff/anna` to `/`, from `/aff/anna/shoes?size=9` to
    /// `/shoes?size=9`, always on this site. The cookie of [`set_cookie`](Self::set_cookie) takes the key along. Where no
    /// cookie does (none is set, or the visitor didn't consent), the key stays in the address: `/shoes?aff=anna&size=9`. So
    /// give the same names to [`capture_query`](Self::capture_query). On a page without the key in its address, Partnero's
    /// script sees no link: the referral is kept, and Partnero's figures miss a click.
    ///
    /// Only `GET` and `HEAD` are redirected. What has no valid key in that place is no link, and goes to your routes; what is
    /// a link never does, so name no segment that they begin with. The layer must see the path that the browser asked for:
    /// put it around the whole router by `layer`, neither into a nested one nor by `route_layer`.
    ///
    /// Called again, the last names count. A name of anything but letters, digits, `-`, `_` and `.` is logged as an error,
    /// with the place of this call, and left out.
    ///
    /// ```
    /// use axum_partnero::ReferralLayer;
    ///
    /// let layer = ReferralLayer::new().capture_path(["aff"]).capture_query(["aff"]);
    /// ```
    #[track_caller]
    pub fn capture_path<N: Into<String>>(self, names: impl IntoIterator<Item = N>) -> ReferralLayer<Capturing> {
        let is_good = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        let names =
            checked(names, "capture_path", |name| !matches!(name, "" | "." | "..") && name.bytes().all(is_good));
        self.set(|settings| settings.segments = names)
    }

    /// Keeps a key from a link in a cookie. Default: it counts for its own request alone.
    ///
    /// The cookie is written only
    ///
    /// - into the answer to a `GET` on the way to a page: its `Sec-Fetch-Dest` is `document` or absent, so no image, frame
    ///   or script of another site plants one;
    /// - with a status of 2xx or 3xx, but not 304;
    /// - when it doesn't hold that key already, and the key counts, see [`attribution`](Self::attribution);
    /// - where the application hasn't set a cookie of that name itself.
    ///
    /// That answer gets `Cache-Control: private, no-store`, and loses what would tell a CDN or a proxy otherwise
    /// (`CDN-Cache-Control` and the like, `Surrogate-Control`, `X-Accel-Expires`). All others pass untouched. A link's page
    /// that a cache in front of the application keeps is never seen here: its key is the script's alone.
    ///
    /// Called again, the last cookie counts.
    ///
    /// ```
    /// use axum_partnero::{ReferralCookie, ReferralLayer};
    ///
    /// let cookie = ReferralCookie::new().domain("example.com");
    /// let layer = ReferralLayer::new().capture_query(["aff", "ref", "via"]).set_cookie(cookie);
    /// ```
    pub fn set_cookie(self, cookie: ReferralCookie) -> ReferralLayer<Capturing> {
        self.set(|settings| settings.keep_in(cookie))
    }

    /// Who gets the credit when a visitor came by several links. Default: [`Attribution::LastClick`].
    ///
    /// Among cookies, that of [`set_cookie`](Self::set_cookie) comes before those of `PartneroJS`.
    pub fn attribution(self, attribution: Attribution) -> ReferralLayer<Capturing> {
        self.set(|settings| settings.attribution = attribution)
    }

    /// Asks whether the visitor agreed to be tracked. Default: everyone did.
    ///
    /// It is asked once for each request, before anything is read. Where it answers `false`, no key is read, captured or
    /// kept, and the extractors find nothing. A path link leads on to its page all the same, with the key in the address.
    ///
    /// It gets the request's headers and extensions: what your consent banner has set, or what a layer further out has
    /// found. It must not wait. Called again, the last one counts.
    ///
    /// It speaks for the routes that the layer is around, those added before it: elsewhere the extractors read the
    /// cookies unasked. A layer without consent further out does so, too.
    ///
    /// ```
    /// use axum_partnero::ReferralLayer;
    ///
    /// // This visitor's browser says no to all tracking.
    /// let layer = ReferralLayer::new().consent(|headers, _| headers.get("sec-gpc").is_none_or(|value| value != "1"));
    /// ```
    pub fn consent<F>(self, consent: F) -> ReferralLayer<Capturing>
    where
        F: Fn(&HeaderMap, &Extensions) -> bool + Send + Sync + 'static,
    {
        self.set(|settings| settings.consent = Some(Consent(Arc::new(consent))))
    }

    fn set(self, change: impl FnOnce(&mut Settings)) -> ReferralLayer<Capturing> {
        let mut mode = self.mode.capturing();
        change(Arc::make_mut(&mut mode.0));
        ReferralLayer { mode }
    }
}

/// The names that can be one. The others are logged.
#[track_caller]
fn checked<N: Into<String>>(
    names: impl IntoIterator<Item = N>,
    method: &str,
    is_good: impl Fn(&str) -> bool,
) -> Vec<String> {
    let (good, bad): (Vec<_>, Vec<_>) = names.into_iter().map(Into::into).partition(|name| is_good(name));
    if !bad.is_empty() {
        tracing::error!(
            "of the names given to `ReferralLayer::{method}` at {}, {} can't be in a link: {bad:?}",
            Location::caller(),
            bad.len()
        );
    }
    good
}
