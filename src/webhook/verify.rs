//! Whether a webhook is Partnero's.

use std::time::Instant;

use bytes::Bytes;
use hmac::{Mac as _, digest::CtOutput};
use http::HeaderMap;

use crate::{
    measure,
    webhook::{
        secret::WebhookSecret,
        signature::{Candidates, lookalikes},
        verified::Verified,
    },
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
    /// When it isn't Partnero's. That is logged, once a second at most, with the names of the headers that look like a
    /// signature's, and never a value.
    pub fn verify(&self, headers: &HeaderMap, raw: impl Into<Bytes>) -> Result<Verified, VerifyError> {
        let candidates = self.candidates(headers)?;
        let raw = raw.into();
        if self.fits(&candidates, &raw) {
            Ok(Verified::new(raw))
        } else {
            Err(self.refused(headers, VerifyError::Wrong))
        }
    }

    /// What there is to compare with, without a look at the body.
    pub(super) fn candidates(&self, headers: &HeaderMap) -> Result<Candidates, VerifyError> {
        Candidates::read(headers, self.secrets().old_header).map_err(|error| self.refused(headers, error))
    }

    fn fits(&self, candidates: &Candidates, raw: &[u8]) -> bool {
        self.secrets().keyed.iter().any(|keyed| {
            let computed = keyed.clone().chain_update(raw).finalize();
            // `CtOutput` compares in constant time. Which of several fits is no secret.
            candidates.all().iter().any(|candidate| computed == CtOutput::new((*candidate).into()))
        })
    }

    fn refused(&self, headers: &HeaderMap, error: VerifyError) -> VerifyError {
        // Whoever sends it says which event it is, and isn't believed.
        measure::webhook("unknown", "forged");
        if let Some(more) = self.secrets().refused.say(Instant::now()) {
            tracing::warn!(reason = %error, seen = ?lookalikes(headers), more, "a webhook was refused");
        }
        error
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4231, section 4: key, data, HMAC-SHA256. The fifth is a shortened one.
    const VECTORS: [(&[u8], &[u8], &str); 6] = [
        (&[0x0b; 20], b"Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
        (b"Jefe", b"what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
        (&[0xaa; 20], &[0xdd; 50], "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
        (
            &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25],
            &[0xcd; 50],
            "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b",
        ),
        (
            &[0xaa; 131],
            b"Test Using Larger Than Block-Size Key - Hash Key First",
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
        ),
        (
            &[0xaa; 131],
            b"This is a test using a larger than block-size key and a larger than block-size data. The key needs to be \
              hashed before being used by the HMAC algorithm.",
            "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
        ),
    ];

    fn verdict(key: &[u8], data: &[u8], signature: &str) -> Result<Verified, VerifyError> {
        let mut headers = HeaderMap::new();
        headers.insert("Signature", signature.parse().unwrap());
        WebhookSecret::of_key(key).unwrap().verify(&headers, data.to_vec())
    }

    #[test]
    fn the_vectors_of_rfc_4231_fit_and_no_other_key_or_data_does() {
        for (place, (key, data, signature)) in VECTORS.into_iter().enumerate() {
            assert_eq!(verdict(key, data, signature).unwrap().raw(), data, "{place}");
            for (other, (key, data, _)) in VECTORS.into_iter().enumerate().filter(|(other, _)| *other != place) {
                assert_eq!(verdict(key, data, signature), Err(VerifyError::Wrong), "{place}, {other}");
            }
        }
    }

    #[test]
    fn a_shortened_signature_is_refused() {
        let (key, data) = ([0x0c; 20], b"Test With Truncation");
        // The first 128 bits, as RFC 4231 has them.
        assert_eq!(verdict(&key, data, "a3b6167473100ee06e0c796c2955552b"), Err(VerifyError::Malformed));
    }
}
