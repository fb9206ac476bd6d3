//! Partners of an affiliate program.

use std::{fmt, time::Duration};

use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

use crate::{
    api::{ApiClient, ApiError, Call, List, Partner, SignInUrl, envelope, fields::Fields, response::several},
    model::CustomerKey,
};

/// The partners of the program: see [`ApiClient::partners`].
#[derive(Clone, Copy, Debug)]
pub struct Partners<'a> {
    client: &'a ApiClient,
}

/// By what a partner is named.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub enum PartnerBy<'a> {
    /// By referral key, the readable one in links and cookies.
    Key(&'a str),
    /// By e-mail address.
    Email(&'a str),
}

impl ApiClient {
    /// The partners of the program (affiliate programs).
    pub fn partners(&self) -> Partners<'_> {
        Partners { client: self }
    }
}

impl Partners<'_> {
    /// Creates a partner.
    ///
    /// # Errors
    /// When it fails: see [`ApiError`].
    pub async fn create(&self, partner: &NewPartner) -> Result<Partner, ApiError> {
        self.client.fetch(Call::post("/partners").json(&partner.fields.0)).await
    }

    /// One partner, by Partnero's **id**. For the referral key, see [`find`](Self::find).
    ///
    /// # Errors
    /// When it fails: see [`ApiError`].
    pub async fn get(&self, id: impl fmt::Display) -> Result<Partner, ApiError> {
        // An id has to be no less fit for a path than a key.
        let id = CustomerKey::new(id)?;
        self.client.fetch(Call::get("/partners/{key}").key(id.as_str())).await
    }

    /// The partner of a referral key or of an e-mail address; nobody is `None`.
    ///
    /// # Errors
    /// When it fails: see [`ApiError`].
    pub async fn find(&self, by: PartnerBy<'_>) -> Result<Option<Partner>, ApiError> {
        let (name, value) = by.field();
        match self.client.enveloped(Call::get("/partner").query(name, value)).await {
            Ok((_, answer)) => {
                Ok(answer.as_ref().and_then(envelope::data).and_then(|data| several(data).into_iter().next()))
            }
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Partners, page after page.
    pub fn list(&self) -> List<Partner> {
        List::new(self.client, Ok(Call::get("/partners")))
    }

    /// A link that signs the partner in to the partner portal, once, within 30 to 900 seconds.
    ///
    /// # Errors
    /// When `expires_in` is out of those bounds, or when it fails: see [`ApiError`].
    pub async fn sign_in_url(&self, by: PartnerBy<'_>, expires_in: Duration) -> Result<SignInUrl, ApiError> {
        let seconds = expires_in.as_secs();
        if !(30..=900).contains(&seconds) {
            return Err(ApiError::Request("a sign-in link lives 30 to 900 seconds"));
        }
        let (name, value) = by.field();
        let body = json!({ name: value, "expires_in": seconds });
        self.client.fetch(Call::post("/partners:sign-in-url").json(&body)).await
    }
}

impl<'a> PartnerBy<'a> {
    fn field(self) -> (&'static str, &'a str) {
        match self {
            Self::Key(key) => ("key", key),
            Self::Email(email) => ("email", email),
        }
    }
}

/// By what, not by whom.
impl fmt::Debug for PartnerBy<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Key(_) => "Key",
            Self::Email(_) => "Email",
        })
    }
}

/// A partner to create.
#[derive(Clone, Debug)]
#[must_use = "a partner does nothing until it is given to `create`"]
pub struct NewPartner {
    fields: Fields,
}

impl NewPartner {
    /// A partner with this e-mail address, which no other has.
    pub fn new(email: impl Into<String>) -> Self {
        let mut fields = Fields::default();
        fields.set("email", email.into());
        Self { fields }
    }

    /// The first name.
    pub fn name(self, name: impl Into<String>) -> Self {
        self.with("name", name)
    }

    /// The last name.
    pub fn surname(self, surname: impl Into<String>) -> Self {
        self.with("surname", surname)
    }

    /// The password: 8 characters at least, among them a small letter, a capital and a digit. Left out, Partnero makes
    /// one.
    pub fn password(self, password: impl Into<SecretString>) -> Self {
        let password = password.into();
        self.with("password", password.expose_secret())
    }

    /// The id. Left out, Partnero makes one.
    pub fn id(self, id: impl Into<String>) -> Self {
        self.with("id", id)
    }

    /// The referral key. Left out, Partnero makes one.
    pub fn key(self, key: impl Into<String>) -> Self {
        self.with("key", key)
    }

    /// Adds a tag.
    pub fn tag(mut self, tag: impl Into<String>) -> Self {
        self.fields.push("tags", tag.into());
        self
    }

    /// The partner who brought this one, by referral key.
    pub fn referring_partner_key(self, key: impl Into<String>) -> Self {
        self.referred_by("key", key)
    }

    /// The partner who brought this one, by Partnero's id.
    pub fn referring_partner_id(self, id: impl Into<String>) -> Self {
        self.referred_by("id", id)
    }

    /// The partner who brought this one, by e-mail address.
    pub fn referring_partner_email(self, email: impl Into<String>) -> Self {
        self.referred_by("email", email)
    }

    fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.fields.set(name, value.into());
        self
    }

    fn referred_by(mut self, name: &str, value: impl Into<String>) -> Self {
        self.fields.set_in("referring_partner", name, value.into());
        self
    }
}
