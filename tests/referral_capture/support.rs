//! An application that says who referred its visitor.

use axum::{
    Router,
    body::Body,
    extract::Request,
    http::{HeaderMap, StatusCode, header, request::Builder},
    response::Response,
    routing::any,
};
use axum_partnero::{ProgramType, ReferralCookie, ReferralKey, ReferralKeys, ReferralLayer, referral::Capturing};
use http_body_util::BodyExt;
use tower::ServiceExt;

/// Says who referred the visitor, on every path.
pub(crate) fn app() -> Router {
    async fn who(referral: Option<ReferralKey>) -> String {
        referral.map_or("nobody".into(), |key| key.to_string())
    }
    Router::new().route("/", any(who)).fallback(who)
}

/// Says which keys the visitor has, of unknown kind, for an affiliate and for a refer-a-friend program.
pub(crate) fn kinds() -> Router {
    async fn which(keys: ReferralKeys) -> String {
        let unknown = keys.first().filter(|key| key.program_type().is_none());
        let of = |key: Option<&ReferralKey>| key.map_or("-".to_owned(), ToString::to_string);
        let [affiliate, friend] =
            [ProgramType::Affiliate, ProgramType::ReferAFriend].map(|program| of(keys.get(program)));
        format!("{} {affiliate} {friend}", of(unknown))
    }
    Router::new().fallback(which)
}

/// A layer that captures `aff` and `ref`, in the query and in the path.
pub(crate) fn layer() -> ReferralLayer<Capturing> {
    ReferralLayer::new().capture_query(["aff", "ref"]).capture_path(["aff", "ref"])
}

/// A layer that keeps what it captures in a cookie of its own.
pub(crate) fn keeping() -> ReferralLayer<Capturing> {
    layer().set_cookie(ReferralCookie::new())
}

pub(crate) fn get(path: &str) -> Builder {
    Request::get(path)
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    /// The lines that set cookies.
    pub(crate) fn cookies(&self) -> Vec<&str> {
        self.headers.get_all(header::SET_COOKIE).iter().map(|line| line.to_str().unwrap()).collect()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// Whether the layer has left it as it was.
    pub(crate) fn is_untouched(&self) -> bool {
        self.cookies().is_empty() && self.header("cache-control").is_none()
    }
}

/// What an application answers with that layer around it.
pub(crate) async fn ask(app: Router, layer: ReferralLayer<Capturing>, request: Builder) -> Answer {
    let response: Response = app.layer(layer).oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    Answer { status: parts.status, headers: parts.headers, body: String::from_utf8(body.to_vec()).unwrap() }
}

/// Who that is, by a layer.
pub(crate) async fn who(layer: ReferralLayer<Capturing>, request: Builder) -> String {
    ask(app(), layer, request).await.body
}
