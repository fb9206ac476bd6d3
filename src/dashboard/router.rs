//! The routes: a page, the same as JSON, the same as a fragment, and what they load.

use std::{fmt, marker::PhantomData, sync::Arc};

use axum::{
    Json, Router,
    extract::{FromRequestParts, OriginalUri},
    middleware::map_response,
    response::{IntoResponse as _, Response},
    routing::get,
};
use http::{
    HeaderValue, StatusCode,
    header::{
        CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    },
};

use crate::{
    Partnero,
    dashboard::{
        Texts,
        html::{self, SCRIPT, STYLE},
    },
};

/// Nothing but our own style and script. The application may frame the page, nobody else.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; base-uri 'none'; \
                      form-action 'none'; frame-ancestors 'self'";
/// A day, and another version is another URL.
const FOR_A_DAY: &str = "public, max-age=86400";

/// Shows the signed-in customer's dashboard: nest it where you like.
///
/// | path | |
/// |---|---|
/// | `/` | a page of its own |
/// | `/data` | the [`Dashboard`](crate::dashboard::Dashboard) as JSON |
/// | `/fragment` | the same as HTML for a page of yours, which may fetch it |
/// | `/dashboard.css`, `/dashboard.js` | what these load, for everybody |
///
/// Whoever isn't signed in gets your extractor's rejection. See [the module](crate::dashboard) for an example.
#[must_use = "it does nothing until `into_router` is called"]
pub struct DashboardRouter<E, F> {
    partnero: Partnero,
    customer: F,
    texts: Arc<Texts>,
    extractor: PhantomData<fn(E)>,
}

impl<E, F, K> DashboardRouter<E, F>
where
    F: Fn(E) -> K + Clone + Send + Sync + 'static,
    K: fmt::Display + Send,
{
    /// For the program of this handle. `customer` takes your own extractor of who is signed in, and gives the key under
    /// which you told Partnero of them: `|user: SignedIn| user.id`.
    pub fn new(partnero: Partnero, customer: F) -> Self {
        Self { partnero, customer, texts: Arc::new(Texts::english()), extractor: PhantomData }
    }

    /// The wording. Default: [`Texts::english`].
    pub fn texts(mut self, texts: Texts) -> Self {
        self.texts = Arc::new(texts);
        self
    }

    /// The routes, for an application with the state that your extractor needs.
    pub fn into_router<S>(self) -> Router<S>
    where
        E: FromRequestParts<S> + Send + 'static,
        S: Clone + Send + Sync + 'static,
    {
        let Self { partnero, customer, texts, .. } = self;
        let data = {
            let (partnero, customer) = (partnero.clone(), customer.clone());
            async move |signed_in: E| Json(partnero.dashboard(customer(signed_in)).await)
        };
        let fragment = {
            let (partnero, customer, texts) = (partnero.clone(), customer.clone(), Arc::clone(&texts));
            async move |signed_in: E, OriginalUri(uri): OriginalUri| {
                let dashboard = partnero.dashboard(customer(signed_in)).await;
                html(Ok(dashboard.fragment(&site_path(uri.path()), &texts).to_string()))
            }
        };
        let page = async move |signed_in: E, OriginalUri(uri): OriginalUri| {
            let dashboard = partnero.dashboard(customer(signed_in)).await;
            html(html::page(&dashboard, &texts, &beneath(uri.path())))
        };
        Router::new()
            .route("/", get(page))
            .route("/data", get(data))
            .route("/fragment", get(fragment))
            .layer(map_response(private))
            .route("/dashboard.css", get(async || asset("text/css; charset=utf-8", STYLE)))
            .route("/dashboard.js", get(async || asset("text/javascript; charset=utf-8", SCRIPT)))
    }
}

/// From where the page is to what it loads. Relative, so that it holds behind a proxy that cuts paths; and `./` first,
/// so that no segment is taken for a scheme or a host.
fn beneath(path: &str) -> String {
    match path.rsplit('/').next() {
        Some("") | None => "./".to_owned(),
        Some(last) => format!("./{last}/"),
    }
}

/// The router's path on the site: the fragment may stand in a page anywhere.
fn site_path(fragment: &str) -> String {
    let path = fragment.strip_suffix("fragment").unwrap_or(fragment).trim_matches(['/', '\\']);
    // Two slashes at the beginning would be a host, and a backslash is one to browsers.
    if path.is_empty() { String::new() } else { format!("/{path}") }
}

fn html(text: askama::Result<String>) -> Response {
    let Ok(text) = text else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    let headers = [(CONTENT_TYPE, "text/html; charset=utf-8"), (CONTENT_SECURITY_POLICY, POLICY)];
    (headers, text).into_response()
}

/// For this visitor's eyes alone: also what the extractor answers, in another's name.
async fn private(mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in [
        (CACHE_CONTROL, "private, no-store"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

fn asset(kind: &'static str, text: &'static str) -> Response {
    ([(CONTENT_TYPE, kind), (CACHE_CONTROL, FOR_A_DAY), (X_CONTENT_TYPE_OPTIONS, "nosniff")], text).into_response()
}

impl<E, F: Clone> Clone for DashboardRouter<E, F> {
    fn clone(&self) -> Self {
        Self {
            partnero: self.partnero.clone(),
            customer: self.customer.clone(),
            texts: Arc::clone(&self.texts),
            extractor: PhantomData,
        }
    }
}

impl<E, F> fmt::Debug for DashboardRouter<E, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DashboardRouter").field("partnero", &self.partnero).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_page_loads_is_found_below_any_path() {
        for (path, base) in [
            ("/", "./"),
            ("/friends", "./friends/"),
            ("/friends/", "./"),
            ("/account/my%20friends", "./my%20friends/"),
            ("//evil.test", "./evil.test/"),
            ("/javascript:alert(1)", "./javascript:alert(1)/"),
        ] {
            assert_eq!(beneath(path), base);
        }
        for (path, base) in [
            ("/fragment", ""),
            ("/friends/fragment", "/friends"),
            ("/a/fragment/fragment", "/a/fragment"),
            ("//evil.test/fragment", "/evil.test"),
            ("/\\evil.test/fragment", "/evil.test"),
            ("\\/evil.test/fragment", "/evil.test"),
        ] {
            assert_eq!(site_path(path), base);
        }
    }
}
