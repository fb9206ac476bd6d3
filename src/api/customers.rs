//! Customers.

use std::fmt::Display;

use serde_json::{Value, json};

use crate::{
    api::{
        ApiClient, ApiError, Balance, Call, Credit, Customer, CustomerFilter, CustomerUpdate, Invitation, List,
        ReferralLink, Stats, Transaction, envelope, response::several,
    },
    model::{CustomerKey, NewCustomer},
};

/// The customers of the program: see [`ApiClient::customers`].
///
/// Where a `key` is asked for, Partnero also takes its own id of the customer, or the e-mail address.
#[derive(Clone, Copy, Debug)]
pub struct Customers<'a> {
    client: &'a ApiClient,
}

/// By what to look for a customer.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub enum CustomerSearch<'a> {
    /// By e-mail address.
    Email(&'a str),
    /// By key (refer-a-friend programs only).
    Key(&'a str),
    /// By Partnero's id.
    Id(&'a str),
}

impl ApiClient {
    /// The customers of the program.
    pub fn customers(&self) -> Customers<'_> {
        Customers { client: self }
    }
}

impl Customers<'_> {
    /// Creates a customer. `track_sign_up` does it without waiting, and repeats it where it failed.
    ///
    /// # Errors
    /// When it fails: see [`ApiError`]. A program of partners refuses a customer without a known partner (400, 422), as
    /// it does one that exists (422).
    pub async fn create(&self, customer: &NewCustomer) -> Result<Customer, ApiError> {
        customer.key()?;
        let body = customer.to_json(self.client.program_type());
        self.client.fetch(Call::create_customer(&body)).await
    }

    /// One customer. A missing one is an error that [is not found](ApiError::is_not_found).
    ///
    /// # Errors
    /// When it fails: see [`ApiError`].
    pub async fn get(&self, key: impl Display) -> Result<Customer, ApiError> {
        let key = CustomerKey::new(key)?;
        self.client.fetch(Call::get_customer(key.as_str())).await
    }

    /// Changes what is set in the update.
    ///
    /// # Errors
    /// When it fails: see [`ApiError`].
    pub async fn update(&self, key: impl Display, update: &CustomerUpdate) -> Result<Customer, ApiError> {
        let body = json!({ "update": update.fields.0 });
        self.client.fetch(at(Call::put("/customers/{key}"), key)?.json(&body)).await
    }

    /// Deletes a customer **with all transactions**, which takes back the commissions. [`archive`](Self::archive) can
    /// be undone.
    ///
    /// # Errors
    /// When it fails: see [`ApiError`].
    pub async fn delete(&self, key: impl Display) -> Result<(), ApiError> {
        self.client.done(at(Call::delete("/customers/{key}"), key)?).await
    }

    /// Archives a customer.
    ///
    /// # Errors
    /// When it fails: see [`ApiError`]. One that is archived already is refused (400).
    pub async fn archive(&self, key: impl Display) -> Result<(), ApiError> {
        self.client.done(at(Call::post("/customers/{key}/archive"), key)?).await
    }

    /// Brings a customer back from the archive.
    ///
    /// # Errors
    /// When it fails: see [`ApiError`]. One that isn't archived is refused (400).
    pub async fn restore(&self, key: impl Display) -> Result<(), ApiError> {
        self.client.done(at(Call::post("/customers/{key}/revoke-archive"), key)?).await
    }

    /// Customers, page after page.
    pub fn list(&self, filter: CustomerFilter) -> List<Customer> {
        List::new(self.client, Ok(filter.on(Call::get("/customers"))))
    }

    /// Looks for customers; nobody is an empty list.
    ///
    /// # Errors
    /// When it fails: see [`ApiError`].
    pub async fn search(&self, by: CustomerSearch<'_>) -> Result<Vec<Customer>, ApiError> {
        let (name, value) = match by {
            CustomerSearch::Email(email) => ("email", email),
            CustomerSearch::Key(key) => ("key", key),
            CustomerSearch::Id(id) => ("id", id),
        };
        match self.client.enveloped(Call::get("/customers:search").query(name, value)).await {
            Ok((_, answer)) => Ok(answer.as_ref().and_then(envelope::data).map(several).unwrap_or_default()),
            Err(error) if error.is_not_found() => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    /// The transactions of a customer, page after page.
    pub fn transactions(&self, key: impl Display) -> List<Transaction> {
        List::new(self.client, at(Call::get("/customers/{key}/transactions"), key))
    }

    /// How a customer's referring goes (refer-a-friend programs).
    ///
    /// # Errors
    /// When it fails: see [`ApiError`].
    pub async fn stats(&self, key: impl Display) -> Result<Stats, ApiError> {
        self.client.fetch(at(Call::get("/customers/{key}/stats"), key)?).await
    }

    /// What a customer earned (refer-a-friend programs).
    ///
    /// # Errors
    /// When it fails: see [`ApiError`].
    pub async fn balance(&self, key: impl Display) -> Result<Balance, ApiError> {
        self.client.fetch(at(Call::get("/customers/{key}/balance"), key)?).await
    }

    /// The customers whom a customer referred (refer-a-friend programs).
    pub fn referrals(&self, key: impl Display) -> List<Customer> {
        List::of_fixed_pages(self.client, at(Call::get("/customers/{key}/referrals"), key))
    }

    /// Credits a customer's balance (refer-a-friend programs). Sent twice, it credits twice. The answer isn't
    /// documented: it is what is in `data`.
    ///
    /// # Errors
    /// When it fails: see [`ApiError`].
    pub async fn credit(&self, key: impl Display, credit: impl Into<Credit>) -> Result<Value, ApiError> {
        let credit = credit.into();
        self.client.data(at(Call::post("/customers/{key}/balance/credit"), key)?.json(&credit)).await
    }

    /// Invites someone (refer-a-friend programs). The answer isn't documented: it is what is in `data`.
    ///
    /// # Errors
    /// When it fails: see [`ApiError`].
    pub async fn invite(&self, invitation: &Invitation) -> Result<Value, ApiError> {
        self.client.data(Call::post("/customers:invite").json(&invitation.fields.0)).await
    }

    /// The links with which a customer refers others (refer-a-friend programs).
    pub fn referral_links(&self, key: impl Display) -> List<ReferralLink> {
        List::of_fixed_pages(self.client, at(Call::get("/customers/{key}/referral_links"), key))
    }
}

fn at(call: Call<'_>, key: impl Display) -> Result<Call<'_>, ApiError> {
    Ok(call.key(CustomerKey::new(key)?.as_str()))
}

/// By what, not by whom.
impl std::fmt::Debug for CustomerSearch<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Email(_) => "Email",
            Self::Key(_) => "Key",
            Self::Id(_) => "Id",
        })
    }
}
