//! The secrets that webhooks are signed with.

use std::{fmt, sync::Arc};

use hmac::{Hmac, KeyInit as _};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;

use super::seldom::Seldom;

/// The secret that Partnero signs its webhooks with, or several of them while one is replaced by another.
///
/// Partnero shows it in the dashboard, and the API gives it as the webhook's `signature`. Cheap to clone; keep it in
/// your router's state. It can't be read back, and `Debug` hides it.
///
/// ```
/// use axum_partnero::WebhookSecret;
///
/// # fn main() -> Result<(), axum_partnero::webhook::WebhookSecretError> {
/// let new = WebhookSecret::new("q7W8e9R0t1Y2u3I4")?;
/// let old = WebhookSecret::new("aB3dE6gH9jK2lM5n")?;
/// let either = new.or(old); // until the last webhook that was signed with the old one has arrived
/// # let _ = either;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct WebhookSecret(Arc<Secrets>);

#[derive(Clone)]
pub(super) struct Secrets {
    /// With the key already worked in: a verification only clones it.
    pub(super) keyed: Vec<Hmac<Sha256>>,
    pub(super) old_header: bool,
    /// What is said of forgeries.
    pub(super) refused: Arc<Seldom>,
}

/// Why there is no secret to verify with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WebhookSecretError {
    /// Nothing but white space. Anybody could sign with that.
    #[error("the webhook secret is empty: copy the webhook's signing secret from Partnero's dashboard")]
    Empty,
    /// `PARTNERO_WEBHOOK_SECRET` isn't set, or isn't UTF-8.
    #[error("PARTNERO_WEBHOOK_SECRET isn't set: set it to the webhook's signing secret from Partnero's dashboard")]
    NotSet,
}

impl WebhookSecret {
    /// A secret as Partnero shows it, without surrounding white space (the line break at the end of a file).
    ///
    /// # Errors
    /// When it is empty.
    pub fn new(secret: impl Into<SecretString>) -> Result<Self, WebhookSecretError> {
        let secret = secret.into();
        Self::of_key(secret.expose_secret().trim().as_bytes())
    }

    pub(super) fn of_key(key: &[u8]) -> Result<Self, WebhookSecretError> {
        if key.is_empty() {
            return Err(WebhookSecretError::Empty);
        }
        // HMAC takes keys of any length: this never fails.
        let keyed = Hmac::new_from_slice(key).map_err(|_| WebhookSecretError::Empty)?;
        Ok(Self(Arc::new(Secrets { keyed: vec![keyed], old_header: false, refused: Arc::default() })))
    }

    /// From the environment: `PARTNERO_WEBHOOK_SECRET`, one secret or, while it is replaced, several with commas between
    /// them.
    ///
    /// # Errors
    /// When it isn't set, or holds no secret.
    pub fn from_env() -> Result<Self, WebhookSecretError> {
        let value = std::env::var("PARTNERO_WEBHOOK_SECRET").map_err(|_| WebhookSecretError::NotSet)?;
        Self::from_list(value)
    }

    /// Several with commas between them. Empty ones are left out: they must never count as secrets.
    fn from_list(list: impl Into<SecretString>) -> Result<Self, WebhookSecretError> {
        let list = list.into();
        let secrets = list.expose_secret().split(',').filter(|secret| !secret.trim().is_empty());
        secrets.map(Self::new).reduce(|all, next| Ok(all?.or(next?))).unwrap_or(Err(WebhookSecretError::Empty))
    }

    /// This one, or the other: what either signed is genuine. Each further secret costs a forged webhook one more look
    /// at its body.
    ///
    /// If one of the two accepts the old header, both together do.
    #[must_use = "it gives back both, and changes neither"]
    pub fn or(mut self, other: Self) -> Self {
        let (all, other) = (Arc::make_mut(&mut self.0), Arc::unwrap_or_clone(other.0));
        all.keyed.extend(other.keyed);
        all.old_header |= other.old_header;
        self
    }

    /// Also takes the signature from `x-partnero-signature`, where there is no valid one in `Signature`. Default: no.
    ///
    /// Older documentation of Partnero's names that header. The signature must be over the body as it came: those that
    /// were made over JSON written anew are refused.
    #[must_use = "it gives back the secret that does"]
    pub fn accept_old_header(mut self) -> Self {
        Arc::make_mut(&mut self.0).old_header = true;
        self
    }

    pub(super) fn secrets(&self) -> &Secrets {
        &self.0
    }
}

/// Without the secrets.
impl fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookSecret")
            .field("secrets", &self.0.keyed.len())
            .field("old_header", &self.0.old_header)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(secret: Result<WebhookSecret, WebhookSecretError>) -> Result<usize, WebhookSecretError> {
        secret.map(|secret| secret.secrets().keyed.len())
    }

    #[test]
    fn what_is_blank_is_no_secret() {
        for blank in ["", " ", "\n", "\r\n\t ", "\u{a0}", "\u{2003}"] {
            assert_eq!(count(WebhookSecret::new(blank)), Err(WebhookSecretError::Empty), "{blank:?}");
        }
        for list in ["", ",", " , ,\n"] {
            assert_eq!(count(WebhookSecret::from_list(list)), Err(WebhookSecretError::Empty), "{list:?}");
        }
    }

    #[test]
    fn a_list_has_as_many_secrets_as_are_not_blank() {
        for (list, secrets) in [("a", 1), ("a,b", 2), (" a , b \n", 2), (",a,,b,", 2), ("a,b,c", 3)] {
            assert_eq!(count(WebhookSecret::from_list(list)), Ok(secrets), "{list:?}");
        }
    }

    #[test]
    fn settings_of_either_hold_for_both_and_leave_other_clones_alone() {
        let one = WebhookSecret::new("one").unwrap();
        let two = WebhookSecret::new("two").unwrap().accept_old_header();
        for both in [one.clone().or(two.clone()), two.or(one.clone())] {
            assert!(both.secrets().old_header && both.secrets().keyed.len() == 2);
        }
        assert!(!one.secrets().old_header && one.secrets().keyed.len() == 1);
    }

    #[test]
    fn debug_hides_the_secret() {
        let secret = WebhookSecret::new("q7W8e9R0t1Y2u3I4").unwrap();
        assert_eq!(format!("{secret:?}"), "WebhookSecret { secrets: 1, old_header: false, .. }");
    }
}
