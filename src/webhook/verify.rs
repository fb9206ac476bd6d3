//! Whether a webhook is Partnero's.

use bytes::Bytes;
use hmac::{Mac as _, digest::CtOutput};
use http::HeaderMap;

use crate::webhook::{
    secret::WebhookSecret,
    signature::{Candidates, lookalikes},
    verified::Verified,
};

/// Why a webhook isn't taken for Partnero's.
///
/// For your logs, and not for the answer: whoever forges webhooks should get the same 401 for each of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// There is no signature.
    #[error(
        "no header `Signature`: not Partnero's, or something on the way drops it (one named `x-partnero-signature` counts \
         with `accept_old_header`)"
    )]
    Missing,
    /// What is there as a signature can't be one.
    #[error("the header `Signature` isn't 64 hexadecimal digits: not Partnero's, or something on the way changes it")]
    Malformed,
    /// It is another body's or another secret's.
    #[error(
        "the signature doesn't fit: forged, or the secret isn't this webhook's, or something on the way changes the body"
    )]
    Wrong,
}

impl WebhookSecret {
    /// Whether Partnero signed this: HMAC-SHA256 over the body exactly as it came, compared in constant time. Needs no
    /// axum.
    ///
    /// The signature is 64 hexadecimal digits, upper or lower case, without a prefix, in the header `Signature`. If there
    /// are several, in lines of their own or with commas between them, one that fits is enough; those of another form are
    /// skipped, and no more than four of this form are tried.
    ///
    /// A signature has no time in it: Partnero, or anybody who saw one, can send the same webhook again. Its
    /// [`id`](Verified::id) tells.
    ///
    /// ```
    /// use axum_partnero::{WebhookSecret, webhook::VerifyError};
    /// use http::{HeaderMap, HeaderValue};
    ///
    /// # fn main() -> Result<(), axum_partnero::webhook::WebhookSecretError> {
    /// let secret = WebhookSecret::new("Jefe")?;
    /// let mut headers = HeaderMap::new();
    /// headers.insert(
    ///     "Signature",
    ///     HeaderValue::from_static("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
    /// );
    /// let verified = secret.verify(&headers, "what do ya want for nothing?");
    /// assert_eq!(verified.unwrap().raw(), "what do ya want for nothing?");
    /// let forged = secret.verify(&headers, "what do you want for nothing?");
    /// assert_eq!(forged.unwrap_err(), VerifyError::Wrong);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// When it isn't Partnero's. That is logged, with the names of the headers that look like a signature's, and never a
    /// value.
    pub fn verify(&self, headers: &HeaderMap, raw: impl Into<Bytes>) -> Result<Verified, VerifyError> {
        let candidates = self.candidates(headers)?;
        let raw = raw.into();
        if self.fits(&candidates, &raw) { Ok(Verified::new(raw)) } else { Err(refused(headers, VerifyError::Wrong)) }
    }

    /// What there is to compare with, without a look at the body.
    pub(super) fn candidates(&self, headers: &HeaderMap) -> Result<Candidates, VerifyError> {
        Candidates::read(headers, self.secrets().old_header).map_err(|error| refused(headers, error))
    }

    fn fits(&self, candidates: &Candidates, raw: &[u8]) -> bool {
        self.secrets().keyed.iter().any(|keyed| {
            let computed = keyed.clone().chain_update(raw).finalize();
            // `CtOutput` compares in constant time. Which of several fits is no secret.
            candidates.all().iter().any(|candidate| computed == CtOutput::new((*candidate).into()))
        })
    }
}

fn refused(headers: &HeaderMap, error: VerifyError) -> VerifyError {
    tracing::warn!(reason = %error, seen = ?lookalikes(headers), "a webhook was refused");
    error
}
