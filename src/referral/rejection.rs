//! The answer to a request that had to have a referral key.

use std::fmt;

use axum_core::response::{IntoResponse, Response};
use http::StatusCode;

const BODY: &str = "This needs a referral: no valid referral key came with the request (in the cookie `partnero_partner` or \
                    `partnero_referral`, or in a link or a header that this site reads)";

/// Why [`ReferralKey`](crate::ReferralKey) as an extractor rejected a request: nobody referred the visitor.
///
/// A handler that also serves visitors whom nobody referred takes `Option<ReferralKey>`, which never rejects; one that
/// answers in its own words takes `Result<ReferralKey, ReferralKeyRejection>`.
///
/// ```
/// use axum::http::StatusCode;
/// use axum_partnero::{ReferralKey, referral::ReferralKeyRejection};
///
/// async fn gift(referral: Result<ReferralKey, ReferralKeyRejection>) -> (StatusCode, String) {
///     match referral {
///         Ok(key) => (StatusCode::OK, format!("your gift from {key}")),
///         Err(rejection) => (rejection.status(), "Please ask a friend for their link.".into()),
///     }
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReferralKeyRejection;

impl ReferralKeyRejection {
    /// The text of the answer.
    pub fn body_text(&self) -> String {
        BODY.to_owned()
    }

    /// The status of the answer: 400.
    pub fn status(&self) -> StatusCode {
        StatusCode::BAD_REQUEST
    }
}

impl fmt::Display for ReferralKeyRejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(BODY)
    }
}

impl std::error::Error for ReferralKeyRejection {}

impl IntoResponse for ReferralKeyRejection {
    fn into_response(self) -> Response {
        // Where axum logs those of its own extractors.
        tracing::trace!(target: "axum::rejection", status = self.status().as_u16(), body = BODY, "rejecting request");
        (self.status(), BODY).into_response()
    }
}
