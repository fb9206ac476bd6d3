//! The extractor.

use axum_core::{
    extract::{DefaultBodyLimit, FromRef, FromRequest, Request},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http::StatusCode;

use crate::webhook::{secret::WebhookSecret, verified::Verified, verify::VerifyError};

/// The largest body that is read: Partnero's are about a kilobyte.
pub(crate) const MOST_BYTES: usize = 256 * 1024;

/// A webhook that Partnero signed, as the last argument of a handler.
///
/// It needs a [`WebhookSecret`] in the router's state, takes the body as it comes, and rejects what Partnero didn't sign:
/// see [`WebhookRejection`].
///
/// ```
/// use axum::{Router, routing::post};
/// use axum_partnero::{VerifiedWebhook, WebhookEvent, WebhookSecret};
///
/// async fn partnero(VerifiedWebhook(webhook): VerifiedWebhook) {
///     if let WebhookEvent::TransactionCreated(sale) = webhook.event() {
///         println!("event {}: a sale of {:?}", webhook.id(), sale.data.amount);
///     }
/// }
///
/// # fn main() -> Result<(), axum_partnero::webhook::WebhookSecretError> {
/// let secret = WebhookSecret::new("q7W8e9R0t1Y2u3I4")?;
/// let app: Router = Router::new().route("/webhooks/partnero", post(partnero)).with_state(secret);
/// # let _ = app;
/// # Ok(())
/// # }
/// ```
///
/// It reads up to 256 KiB, whatever the application's `DefaultBodyLimit`, and nothing at all of a body that comes without
/// a signature. It has no time-out of its own, so put a layer with one around it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedWebhook(pub Verified);

/// Why [`VerifiedWebhook`] rejected a request.
///
/// The answer says no more than its status does: not whether a signature was missing, malformed or wrong.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WebhookRejection {
    /// Partnero didn't sign it: 401.
    #[error("{0}")]
    NotVerified(#[from] VerifyError),
    /// The body is larger than 256 KiB: 413.
    #[error("the webhook's body is larger than 256 KiB: Partnero's are about a kilobyte")]
    TooLarge,
    /// The body didn't come within the time that a layer gives it ([`Webhooks`](crate::Webhooks): three seconds), ended
    /// too soon, or was read by something else before: 400.
    #[error(
        "the webhook's body couldn't be read: most likely it didn't come in time; or the connection broke, or something \
         else has read it before"
    )]
    Unreadable,
}

impl WebhookRejection {
    /// The status of the answer.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::NotVerified(_) => StatusCode::UNAUTHORIZED,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Unreadable => StatusCode::BAD_REQUEST,
        }
    }

    /// The text of the answer.
    pub fn body_text(&self) -> String {
        self.body().to_owned()
    }

    fn body(&self) -> &'static str {
        match self {
            Self::NotVerified(_) => "Not signed by Partnero",
            Self::TooLarge => "Too large",
            Self::Unreadable => "Unreadable",
        }
    }
}

impl IntoResponse for WebhookRejection {
    fn into_response(self) -> Response {
        // Where axum logs those of its own extractors.
        tracing::trace!(target: "axum::rejection", status = self.status().as_u16(), body = self.body(), "rejecting request");
        (self.status(), self.body()).into_response()
    }
}

/// Rejects what Partnero didn't sign.
impl<S> FromRequest<S> for VerifiedWebhook
where
    S: Send + Sync,
    WebhookSecret: FromRef<S>,
{
    type Rejection = WebhookRejection;

    async fn from_request(request: Request, state: &S) -> Result<Self, Self::Rejection> {
        let secret = WebhookSecret::from_ref(state);
        let (parts, body) = request.into_parts();
        // Whoever can't even show the form of a signature gets nothing read.
        secret.candidates(&parts.headers)?;
        let mut request = Request::new(body);
        DefaultBodyLimit::max(MOST_BYTES).apply(&mut request);
        let raw = Bytes::from_request(request, state).await.map_err(|rejection| {
            if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
                WebhookRejection::TooLarge
            } else {
                WebhookRejection::Unreadable
            }
        })?;
        Ok(Self(secret.verify(&parts.headers, raw)?))
    }
}
