//! The subscription at Partnero: created, or brought to what is asked for.

use std::collections::BTreeSet;

use secrecy::ExposeSecret as _;
use sha2::{Digest as _, Sha256};

use crate::{
    Partnero,
    api::{ApiClient, ApiError, NewWebhook, Webhook, WebhookUpdate},
    model::Loggable,
    webhook::WebhookSecret,
};

/// Its name in Partnero's dashboard.
const NAME: &str = "axum-partnero";

/// Why a webhook isn't set up.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EnsureWebhookError {
    /// Not a URL that Partnero could call.
    #[error("a webhook's URL is a whole one, such as `https://shop.example/webhooks/partnero`")]
    Url,
    /// No event is named.
    #[error("name the events that the webhook is for, such as `transaction.created`")]
    NoEvents,
    /// The handle is [`Partnero::disabled`].
    #[error("this handle is disabled and asks Partnero for nothing: use a `WebhookSecret` of your own")]
    Disabled,
    /// Partnero wasn't reached, or refused.
    #[error("the webhook isn't set up: {0}")]
    Api(#[from] ApiError),
    /// Partnero has the webhook, and doesn't say by which secret or key.
    #[error(
        "Partnero answers without the webhook's `{0}`: copy its signing secret from Partnero's dashboard to \
         PARTNERO_WEBHOOK_SECRET, and use `WebhookSecret::from_env`"
    )]
    Missing(&'static str),
}

impl Partnero {
    /// Sees to it that Partnero sends exactly these events to this URL, and returns the secret that it signs them with.
    ///
    /// A webhook of exactly this URL is looked for in all that the program has. If there is one, its events become those
    /// named here and it is turned on; its name and its secret stay. If there is none, it is created. So this can be
    /// called at each start, also by several instances at once: the webhook's key is made from its URL, and where
    /// Partnero already has that key, the webhook that has it is taken. If there are several of the URL all the same,
    /// the one that Partnero lists first is used; the others still send, are logged as a warning, and are for you to
    /// delete: what they sign has another secret.
    ///
    /// It waits for Partnero, with the handle's time-outs, and repeats nothing. To start without Partnero, keep the
    /// secret in your configuration, and call this in a deploy step. Instances that name different events for one URL
    /// undo each other's: the last one wins.
    ///
    /// In a rolling deploy, subscribe to a new event once the old instances are gone. Behind the same URL they have no
    /// handler for it: they answer 200 and drop it, and Partnero doesn't send it again.
    ///
    /// ```no_run
    /// # async fn f(partnero: axum_partnero::Partnero) -> Result<(), Box<dyn std::error::Error>> {
    /// let events = ["transaction.created", "transaction.deleted"];
    /// let secret = partnero.ensure_webhook("https://shop.example/webhooks/partnero", events).await?;
    /// # let _ = secret;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// When the URL or the events can't be right, the handle is disabled, Partnero can't be reached or refuses (an event
    /// that the program doesn't have), or keeps the secret to itself. It is safe to call it again.
    pub async fn ensure_webhook<E: Into<String>>(
        &self,
        url: impl Into<String>,
        events: impl IntoIterator<Item = E>,
    ) -> Result<WebhookSecret, EnsureWebhookError> {
        let wanted = Wanted::new(url.into(), events.into_iter().map(Into::into).collect())?;
        if self.as_live().is_none() {
            return Err(EnsureWebhookError::Disabled);
        }
        let api = self.api();
        let mut found = wanted.find(api).await?.into_iter();
        let webhook = match found.next() {
            Some(first) => {
                for other in found {
                    let key = other.key.as_deref().map(Loggable);
                    tracing::warn!(webhook = ?key, "another webhook of the same URL sends, too: delete it");
                }
                wanted.mend(api, first).await?
            }
            None => wanted.create(api).await?,
        };
        secret_of(api, &webhook).await
    }
}

/// A webhook as it is to be.
struct Wanted {
    url: String,
    events: BTreeSet<String>,
    /// The key to create it with: of one URL always the same.
    key: String,
}

impl Wanted {
    fn new(url: String, events: BTreeSet<String>) -> Result<Self, EnsureWebhookError> {
        let parsed = reqwest::Url::parse(&url).map_err(|_| EnsureWebhookError::Url)?;
        if !matches!(parsed.scheme(), "http" | "https") || !parsed.has_host() {
            return Err(EnsureWebhookError::Url);
        }
        if events.is_empty() {
            return Err(EnsureWebhookError::NoEvents);
        }
        Ok(Self { key: key_of(&url), url, events })
    }

    /// All of this URL. If there is none, the one with our key is ours: its URL was changed since, or is written in another
    /// way.
    async fn find(&self, api: &ApiClient) -> Result<Vec<Webhook>, ApiError> {
        let mut all = api.webhooks().list().collect().await?;
        all.retain(|it| self.is_of_url(it) || it.key.as_ref() == Some(&self.key));
        if all.iter().any(|it| self.is_of_url(it)) {
            // Whoever gave ours another URL, made or took this one instead: to change ours back would make two.
            all.retain(|it| self.is_of_url(it));
        }
        Ok(all)
    }

    fn is_of_url(&self, webhook: &Webhook) -> bool {
        webhook.url.as_ref() == Some(&self.url)
    }

    async fn mend(&self, api: &ApiClient, webhook: Webhook) -> Result<Webhook, EnsureWebhookError> {
        let same_events = webhook.events.iter().collect::<BTreeSet<_>>() == self.events.iter().collect();
        if self.is_of_url(&webhook) && same_events && webhook.is_active != Some(false) {
            return Ok(webhook);
        }
        let key = webhook.key.as_deref().ok_or(EnsureWebhookError::Missing("key"))?;
        let update = WebhookUpdate::new().url(&self.url).events(&self.events).is_active(true);
        let updated = api.webhooks().update(key, &update).await?;
        tracing::info!(webhook = %Loggable(key), "the webhook was brought to what is asked for");
        // What the answer leaves out has not changed.
        Ok(if updated.secret.is_some() { updated } else { webhook })
    }

    async fn create(&self, api: &ApiClient) -> Result<Webhook, EnsureWebhookError> {
        let new = || NewWebhook::new(NAME, &self.url, &self.events);
        let made = match api.webhooks().create(&new().key(&self.key)).await {
            Err(refused) if may_be_taken(&refused) => match self.find(api).await?.into_iter().next() {
                Some(of_another_instance) => return self.mend(api, of_another_instance).await,
                // The key belongs to one that we can't see, such as a deleted one.
                None => api.webhooks().create(&new()).await?,
            },
            made => made?,
        };
        tracing::info!(webhook = ?made.key.as_deref().map(Loggable), "a webhook was created");
        // If the key can't tell instances apart, the list can: the first one stays.
        let first = self.find(api).await?.into_iter().next();
        match (first, &made.key) {
            (Some(first), Some(ours)) if first.key.as_ref().is_some_and(|key| key != ours) => {
                api.webhooks().delete(ours).await?;
                tracing::info!(webhook = %Loggable(ours), "and deleted: another instance was faster");
                self.mend(api, first).await
            }
            _ => Ok(made),
        }
    }
}

/// 12 letters and digits, as Partnero's own.
fn key_of(url: &str) -> String {
    const CHARACTERS: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
    let digest = Sha256::digest(url);
    digest.iter().take(12).map(|byte| char::from(CHARACTERS[usize::from(*byte) % CHARACTERS.len()])).collect()
}

/// Was it perhaps refused because of its key? Nobody says how Partnero refuses that.
fn may_be_taken(error: &ApiError) -> bool {
    let refused = error.status().is_some_and(|status| matches!(status.as_u16(), 400 | 409 | 422));
    refused && error.errors().is_none_or(|fields| fields.keys().any(|field| field.is_empty() || field == "key"))
}

async fn secret_of(api: &ApiClient, webhook: &Webhook) -> Result<WebhookSecret, EnsureWebhookError> {
    let read = |webhook: &Webhook| WebhookSecret::new(webhook.secret.as_ref()?.expose_secret()).ok();
    if let Some(secret) = read(webhook) {
        return Ok(secret);
    }
    let key = webhook.key.as_deref().ok_or(EnsureWebhookError::Missing("signature"))?;
    read(&api.webhooks().get(key).await?).ok_or(EnsureWebhookError::Missing("signature"))
}
