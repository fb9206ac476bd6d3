//! What to change of a customer, and whom to invite.

use crate::api::fields::Fields;

/// What to change of a customer. What isn't set stays as it is.
///
/// ```
/// use axum_partnero::api::CustomerUpdate;
///
/// let update = CustomerUpdate::new().name("Mia").tags(["vip"]);
/// ```
#[derive(Clone, Debug, Default)]
#[must_use = "an update does nothing until it is given to `update`"]
pub struct CustomerUpdate {
    pub(super) fields: Fields,
}

impl CustomerUpdate {
    /// Changes nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The e-mail address.
    pub fn email(mut self, email: impl Into<String>) -> Self {
        self.fields.set("email", email.into());
        self
    }

    /// The first name.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.fields.set("name", name.into());
        self
    }

    /// The last name.
    pub fn surname(mut self, surname: impl Into<String>) -> Self {
        self.fields.set("surname", surname.into());
        self
    }

    /// Another key, that no other customer has.
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.fields.set("key", key.into());
        self
    }

    /// These tags in place of those there are.
    pub fn tags<T: Into<String>>(mut self, tags: impl IntoIterator<Item = T>) -> Self {
        self.fields.set("tags", tags.into_iter().map(Into::into).collect::<Vec<String>>());
        self
    }

    /// No tags any more.
    pub fn clear_tags(self) -> Self {
        self.tags::<String>([])
    }
}

/// Someone to be invited to a refer-a-friend program.
#[derive(Clone, Debug)]
#[must_use = "an invitation does nothing until it is given to `invite`"]
pub struct Invitation {
    pub(super) fields: Fields,
}

impl Invitation {
    /// An invitation to this e-mail address.
    pub fn new(email: impl Into<String>) -> Self {
        let mut fields = Fields::default();
        fields.set("email", email.into());
        Self { fields }
    }

    /// The first name.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.fields.set("name", name.into());
        self
    }

    /// The last name.
    pub fn surname(mut self, surname: impl Into<String>) -> Self {
        self.fields.set("surname", surname.into());
        self
    }

    /// A value for the text of the invitation.
    pub fn personalization(mut self, name: &str, value: impl Into<String>) -> Self {
        self.fields.set_in("personalization", name, value.into());
        self
    }
}
