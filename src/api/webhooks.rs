//! Webhooks, as they are registered with Partnero.

use std::fmt::Display;

use crate::{
    api::{ApiClient, ApiError, Call, List, Webhook, fields::Fields},
    model::CustomerKey,
};

/// The webhooks of the program: see [`ApiClient::webhooks`].
#[derive(Clone, Copy, Debug)]
pub struct Webhooks<'a> {
    client: &'a ApiClient,
}

impl ApiClient {
    /// The webhooks of the program.
    pub fn webhooks(&self) -> Webhooks<'_> {
        Webhooks { client: self }
    }
}

impl Webhooks<'_> {
    /// Registers a webhook. The answer has its secret.
    ///
    /// # Errors
    /// When it fails: see [`ApiError`]. Events that the program doesn't have are refused.
    pub async fn create(&self, webhook: &NewWebhook) -> Result<Webhook, ApiError> {
        self.client.fetch(Call::post("/webhooks").json(&webhook.fields.0)).await
    }

    /// One webhook.
    ///
    /// # Errors
    /// When it fails: see [`ApiError`].
    pub async fn get(&self, key: impl Display) -> Result<Webhook, ApiError> {
        self.client.fetch(at(Call::get("/webhooks/{key}"), key)?).await
    }

    /// Webhooks, page after page.
    pub fn list(&self) -> List<Webhook> {
        List::new(self.client, Ok(Call::get("/webhooks")))
    }

    /// Changes what is set in the update.
    ///
    /// # Errors
    /// When it fails: see [`ApiError`].
    pub async fn update(&self, key: impl Display, update: &WebhookUpdate) -> Result<Webhook, ApiError> {
        self.client.fetch(at(Call::put("/webhooks/{key}"), key)?.json(&update.fields.0)).await
    }

    /// Deletes a webhook.
    ///
    /// # Errors
    /// When it fails: see [`ApiError`].
    pub async fn delete(&self, key: impl Display) -> Result<(), ApiError> {
        self.client.done(at(Call::delete("/webhooks/{key}"), key)?).await
    }
}

/// A webhook's key has to be no less fit for a path than a customer's.
fn at(call: Call<'_>, key: impl Display) -> Result<Call<'_>, ApiError> {
    Ok(call.key(CustomerKey::new(key)?.as_str()))
}

/// A webhook to register.
#[derive(Clone, Debug)]
#[must_use = "a webhook does nothing until it is given to `create`"]
pub struct NewWebhook {
    fields: Fields,
}

impl NewWebhook {
    /// A webhook with a name, the URL to call, and the events to call it for (`transaction.created`, …).
    pub fn new<E: Into<String>>(
        name: impl Into<String>,
        url: impl Into<String>,
        events: impl IntoIterator<Item = E>,
    ) -> Self {
        let mut fields = Fields::default();
        fields.set("name", name.into());
        fields.set("url", url.into());
        fields.set("events", events.into_iter().map(Into::into).collect::<Vec<String>>());
        Self { fields }
    }

    /// The key. Left out, Partnero makes one.
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.fields.set("key", key.into());
        self
    }

    /// Whether it is called at all. Partnero's default: yes.
    pub fn is_active(mut self, active: bool) -> Self {
        self.fields.set("is_active", active);
        self
    }
}

/// What to change of a webhook. What isn't set stays as it is.
#[derive(Clone, Debug, Default)]
#[must_use = "an update does nothing until it is given to `update`"]
pub struct WebhookUpdate {
    fields: Fields,
}

impl WebhookUpdate {
    /// Changes nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The name.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.fields.set("name", name.into());
        self
    }

    /// The URL to call.
    pub fn url(mut self, url: impl Into<String>) -> Self {
        self.fields.set("url", url.into());
        self
    }

    /// The events to call it for, in place of those there are.
    pub fn events<E: Into<String>>(mut self, events: impl IntoIterator<Item = E>) -> Self {
        self.fields.set("events", events.into_iter().map(Into::into).collect::<Vec<String>>());
        self
    }

    /// Whether it is called at all.
    pub fn is_active(mut self, active: bool) -> Self {
        self.fields.set("is_active", active);
        self
    }
}
