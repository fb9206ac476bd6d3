//! Transactions.

use std::fmt::Display;

use serde_json::Value;

use crate::{
    api::{
        ApiClient, ApiError, Call, List, Transaction, TransactionFilter, batch, call,
        response::{FromJson as _, transaction_of},
    },
    model::{NewTransaction, TransactionKey},
};

/// The transactions of the program: see [`ApiClient::transactions`].
#[derive(Clone, Copy, Debug)]
pub struct Transactions<'a> {
    client: &'a ApiClient,
}

impl ApiClient {
    /// The transactions of the program.
    pub fn transactions(&self) -> Transactions<'_> {
        Transactions { client: self }
    }
}

impl Transactions<'_> {
    /// Creates a transaction. **Sent twice, it pays twice**: after [`ApiError::Uncertain`], ask with
    /// [`get`](Self::get) before you repeat it. `track_sale` does all that, without waiting.
    ///
    /// # Errors
    /// When it fails: see [`ApiError`].
    pub async fn create(&self, transaction: &NewTransaction) -> Result<Transaction, ApiError> {
        check(transaction)?;
        let body = transaction.to_json(self.client.program_type());
        self.client.fetch(Call::create_transaction(&body)).await
    }

    /// Creates several transactions of one customer in one call. The answer isn't documented: it is what is in `data`.
    /// As with [`create`](Self::create), a repeat pays again.
    ///
    /// # Errors
    /// When there are none, when they aren't of one and the same customer, or when it fails: see [`ApiError`].
    pub async fn create_batch(&self, transactions: &[NewTransaction]) -> Result<Value, ApiError> {
        transactions.iter().try_for_each(check)?;
        let body = batch::body(transactions, self.client.program_type())?;
        self.client.data(Call::create_transaction(&body)).await
    }

    /// One transaction. A missing one is an error that [is not found](ApiError::is_not_found). A key of other characters
    /// than `A-Za-z0-9_-` is looked for among the first hundred that Partnero lists for it, live before deleted.
    ///
    /// # Errors
    /// When it fails: see [`ApiError`].
    pub async fn get(&self, key: impl Display) -> Result<Transaction, ApiError> {
        let key = TransactionKey::new(key)?;
        let (status, answer) = self.client.enveloped(Call::find_transaction(key.as_str())).await?;
        let answer = answer.ok_or(ApiError::Unreadable { status })?;
        if call::is_plain(key.as_str()) {
            answer.get("data").and_then(Transaction::from_json).ok_or(ApiError::Unreadable { status })
        } else {
            transaction_of(&answer, key.as_str()).ok_or(ApiError::NoMatch)
        }
    }

    /// Transactions, page after page.
    pub fn list(&self, filter: TransactionFilter) -> List<Transaction> {
        List::new(self.client, Ok(filter.on(Call::get("/transactions"))))
    }

    /// Deletes a transaction for good, which takes back the commission. A missing one is an error that
    /// [is not found](ApiError::is_not_found).
    ///
    /// # Errors
    /// When it fails: see [`ApiError`].
    pub async fn delete(&self, key: impl Display) -> Result<(), ApiError> {
        let key = TransactionKey::new(key)?;
        self.client.done(Call::delete_transaction(key.as_str())).await
    }

    /// Archives a transaction (affiliate programs).
    ///
    /// # Errors
    /// When it fails: see [`ApiError`]. One that is archived already is refused (400).
    pub async fn archive(&self, key: impl Display) -> Result<(), ApiError> {
        let key = TransactionKey::new(key)?;
        self.client.done(Call::post("/transactions/{key}/archive").key(key.as_str())).await
    }

    /// Brings a transaction back from the archive (affiliate programs).
    ///
    /// # Errors
    /// When it fails: see [`ApiError`]. One that isn't archived is refused (400).
    pub async fn restore(&self, key: impl Display) -> Result<(), ApiError> {
        let key = TransactionKey::new(key)?;
        self.client.done(Call::post("/transactions/{key}/revoke-archive").key(key.as_str())).await
    }
}

/// What no transaction can be.
fn check(transaction: &NewTransaction) -> Result<(), ApiError> {
    transaction.key()?;
    transaction.customer_key().transpose()?;
    let negative = [transaction.amount(), transaction.reward()]
        .into_iter()
        .flatten()
        .any(|amount| amount.value().is_sign_negative() && !amount.value().is_zero());
    if negative {
        return Err(ApiError::Request("an amount can't be negative: to take a sale back, delete its transaction"));
    }
    Ok(())
}
