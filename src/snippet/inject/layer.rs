//! The layer's builder.

use std::{fmt, sync::Arc};

use http::{Extensions, HeaderMap};
use tower_layer::Layer;

use crate::snippet::{
    Snippet,
    inject::{service::SnippetService, settings::Settings},
};

/// Puts the tag that loads Partnero's script into all pages, before their `</head>`, as they stream by.
///
/// ```
/// use axum::{Router, body::Body, http::Request, response::Html, routing::get};
/// use axum_partnero::{Snippet, SnippetLayer};
/// use tower::ServiceExt;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let snippet = Snippet::new("KHV3KEHI")?;
/// let page = "<!doctype html><html><head><title>Shop</title></head><body>Hello</body></html>";
/// let app = Router::new().route("/", get(async move || Html(page))).layer(SnippetLayer::new(snippet.clone()));
///
/// let response = app.oneshot(Request::get("/").body(Body::empty())?).await?;
/// let sent = axum::body::to_bytes(response.into_body(), 10_000).await?;
/// assert_eq!(sent, page.replace("</head>", &format!("{snippet}</head>")));
/// # Ok(())
/// # }
/// ```
///
/// # Which pages
///
/// Responses of `text/html` with a body to show: those of errors, too. Everything else goes through as it is, to the byte:
/// other types, downloads, redirects, parts (206, `Content-Range`), what is compressed, and encodings that aren't ASCII
/// in their first half (UTF-16, ISO-2022-JP).
///
/// - A page that has the tag in its head already, this one's or another program's, stays as it is. One further down isn't
///   seen: it has not come yet.
/// - The head of a page ends with `</head>` or, as in a browser, before the first element that can't be in it, if the tags
///   around it were left out. A fragment, without doctype, `<html>`, `<head>` and `<body>`, stays as it is.
/// - The search keeps no more than the tag or comment that it is in, 256 KiB at most: beyond, the page stays as it is. It
///   ends with the head; what follows is passed on as it comes.
///
/// # What else it changes
///
/// Of the headers of a page, `Content-Length`, `Accept-Ranges` and digests go, for they say something about other bytes;
/// also where it turns out that the page has the tag already. So a page comes without its length, over HTTP/1.1
/// in chunks. A HEAD request gets the same headers as a GET.
///
/// An `ETag` becomes a weak one. With [`consent`](Self::consent) or a nonce, no two pages may be taken for each other:
/// then `ETag` and `Last-Modified` go, and with them "304 Not Modified" for pages. Other files keep theirs.
///
/// # Where to put it
///
/// Nearer to the handlers than a layer that compresses, and further out than one that sets the
/// Content-Security-Policy. In a router, layers that are added later are further out:
///
/// ```
/// # use axum::{Router, middleware::map_response, response::Response};
/// # use axum_partnero::{Snippet, SnippetLayer};
/// # async fn policy(response: Response) -> Response { response }
/// # async fn compress(response: Response) -> Response { response }
/// # let snippet = Snippet::new("KHV3KEHI").unwrap();
/// # let app: Router =
/// Router::new()
///     .layer(map_response(policy))
///     .layer(SnippetLayer::new(snippet))
///     .layer(map_response(compress)) // tower-http's `CompressionLayer`, for instance
/// # ;
/// ```
#[derive(Clone)]
#[must_use = "a layer does nothing until it is given to a router or a service"]
pub struct SnippetLayer {
    settings: Settings,
}

impl SnippetLayer {
    /// A layer that puts this tag into all pages.
    pub fn new(snippet: Snippet) -> Self {
        Self { settings: Settings::new(snippet) }
    }

    /// Asks of each request whether its visitor may get the tag: the script sets a cookie. Default: everybody may.
    ///
    /// It is asked once a request, and must not wait. It gets the request's headers and extensions: what your consent banner
    /// has set, or what a layer further out has found. Called again, the last one counts.
    ///
    /// Pages then depend on the visitor, and say so with `Vary: Cookie`: a CDN that doesn't heed it must not keep them. If
    /// consent is told by another header than `Cookie`, name that one in `Vary` yourself. A browser that has a page from
    /// before the visitor's consent asks whether it changed: that question is left out of the request (`If-None-Match`,
    /// `If-Modified-Since`), so that the page comes with the tag. A page that a cache may keep without asking (`max-age`)
    /// stays there as it is.
    ///
    /// ```
    /// use axum_partnero::{Snippet, SnippetLayer};
    ///
    /// # fn main() -> Result<(), axum_partnero::snippet::SnippetError> {
    /// let layer = SnippetLayer::new(Snippet::new("KHV3KEHI")?).consent(|headers, _extensions| {
    ///     let cookies = headers.get_all("cookie").iter().filter_map(|line| line.to_str().ok());
    ///     cookies.flat_map(|line| line.split("; ")).any(|cookie| cookie == "consent=marketing")
    /// });
    /// # Ok(())
    /// # }
    /// ```
    pub fn consent(mut self, consents: impl Fn(&HeaderMap, &Extensions) -> bool + Send + Sync + 'static) -> Self {
        self.settings.consent = Some(Arc::new(consents));
        self
    }

    /// Asks for the nonce of a page's Content-Security-Policy. Default: it is read from that header of the response.
    ///
    /// For a policy that is set further out, or in the page itself. The closure is called with the extensions of the
    /// response, where a handler may have left the nonce; if it finds none, what it found in those of the request counts,
    /// where a layer may have left it; and if there was none either, the response's header.
    ///
    /// What can't be a nonce is logged once, and the tag goes without it. Called again, the last one counts.
    ///
    /// ```
    /// use axum_partnero::{Snippet, SnippetLayer};
    ///
    /// #[derive(Clone)]
    /// struct CspNonce(String); // from a layer of your own
    ///
    /// # fn main() -> Result<(), axum_partnero::snippet::SnippetError> {
    /// let layer = SnippetLayer::new(Snippet::new("KHV3KEHI")?)
    ///     .nonce(|extensions| extensions.get::<CspNonce>().map(|nonce| nonce.0.clone()));
    /// # Ok(())
    /// # }
    /// ```
    pub fn nonce(mut self, nonce: impl Fn(&Extensions) -> Option<String> + Send + Sync + 'static) -> Self {
        self.settings.nonce = Some(Arc::new(nonce));
        self
    }
}

impl<S> Layer<S> for SnippetLayer {
    type Service = SnippetService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        SnippetService::new(inner, self.settings.clone())
    }
}

impl fmt::Debug for SnippetLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.settings.fmt(f)
    }
}
