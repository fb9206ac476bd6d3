//! What Partnero has stored: the rows, and a snapshot of them to assert on.

use rust_decimal::Decimal;
use serde_json::Value;

/// A partner of an affiliate program.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PartnerRow {
    /// The opaque id that `/partners/{id}` wants.
    pub id: String,
    /// The referral key in links and cookies.
    pub key: String,
    /// The e-mail, unique.
    pub email: String,
    /// First name.
    pub name: Option<String>,
    /// Last name.
    pub surname: Option<String>,
    /// Tags.
    pub tags: Vec<String>,
    /// When it was created.
    pub created_at: String,
}

/// A customer.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CustomerRow {
    /// The id: the private identifier of a refer-a-friend customer, and internal in an affiliate program.
    pub id: String,
    /// The key: your own id for the customer.
    pub key: String,
    /// The e-mail.
    pub email: Option<String>,
    /// First name.
    pub name: Option<String>,
    /// Last name.
    pub surname: Option<String>,
    /// Tags.
    pub tags: Vec<String>,
    /// The key of the partner or of the customer who referred this one.
    pub referrer: Option<String>,
    /// `metadata.date_of_birth`.
    pub date_of_birth: Option<Value>,
    /// What `balance/credit` added: currency and amount.
    pub credits: Vec<(String, Decimal)>,
    /// When it was created.
    pub created_at: String,
    /// When it was last changed.
    pub updated_at: String,
    /// When it was archived, if it is.
    pub archived_at: Option<String>,
    /// When it was deleted, if it was.
    pub deleted_at: Option<String>,
}

/// A transaction. Deleted ones are kept, so that a test can see them.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TransactionRow {
    /// Your key, or a generated one.
    pub key: String,
    /// The buyer's key; `None` if it was recorded for nobody.
    pub customer: Option<String>,
    /// The amount in major units.
    pub amount: Decimal,
    /// The currency.
    pub amount_units: String,
    /// The action, such as `sale`.
    pub action: Option<String>,
    /// `product_id` as it was sent.
    pub product_id: Option<Value>,
    /// `product_type` as it was sent.
    pub product_type: Option<Value>,
    /// The commission it earns while it is live.
    pub reward: Option<RewardRow>,
    /// When the sale was.
    pub created_at: String,
    /// When it was archived, if it is.
    pub archived_at: Option<String>,
    /// When it was deleted, if it was.
    pub deleted_at: Option<String>,
}

impl TransactionRow {
    /// Neither deleted nor archived, so that its commission is owed.
    pub fn is_live(&self) -> bool {
        self.deleted_at.is_none() && self.archived_at.is_none()
    }
}

/// A commission.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RewardRow {
    /// The key of the partner or referring customer who earns it.
    pub to: String,
    /// How much, not rounded.
    pub amount: Decimal,
}

/// A webhook subscription.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct WebhookRow {
    /// Its key.
    pub key: String,
    /// Its name.
    pub name: String,
    /// Where events are sent.
    pub url: String,
    /// Is it on?
    pub is_active: bool,
    /// The signing secret.
    pub signature: String,
    /// The events it is for.
    pub events: Vec<String>,
}

/// What the sandbox had stored when [`Sandbox::ledger`](super::Sandbox::ledger) was called.
///
/// ```
/// # use axum_partnero::sandbox::Sandbox;
/// let sandbox = Sandbox::affiliate().partner("anna").referred_customer("mia", "anna").build();
/// let ledger = sandbox.ledger();
/// assert!(ledger.owed_to("anna").is_zero());
/// assert_eq!(ledger.customer("mia").and_then(|mia| mia.referrer.as_deref()), Some("anna"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ledger {
    pub(super) partners: Vec<PartnerRow>,
    pub(super) customers: Vec<CustomerRow>,
    pub(super) transactions: Vec<TransactionRow>,
    pub(super) webhooks: Vec<WebhookRow>,
}

impl Ledger {
    /// All partners, oldest first.
    pub fn partners(&self) -> &[PartnerRow] {
        &self.partners
    }

    /// All customers, also archived and deleted ones, oldest first.
    pub fn customers(&self) -> &[CustomerRow] {
        &self.customers
    }

    /// All transactions, also archived and deleted ones, in the order they were stored.
    pub fn transactions(&self) -> &[TransactionRow] {
        &self.transactions
    }

    /// All webhooks, oldest first.
    pub fn webhooks(&self) -> &[WebhookRow] {
        &self.webhooks
    }

    /// The partner with this referral key.
    pub fn partner(&self, key: &str) -> Option<&PartnerRow> {
        self.partners.iter().find(|partner| partner.key == key)
    }

    /// The customer with this key that isn't deleted.
    pub fn customer(&self, key: &str) -> Option<&CustomerRow> {
        self.customers.iter().find(|customer| customer.key == key && customer.deleted_at.is_none())
    }

    /// The transactions with this key that earn a commission now. More than one is a sale paid twice.
    pub fn live_transactions(&self, key: &str) -> Vec<&TransactionRow> {
        self.transactions.iter().filter(|row| row.key == key && row.is_live()).collect()
    }

    /// All commissions owed now to a partner, or to a referring customer, by key; whatever their currencies.
    pub fn owed_to(&self, key: &str) -> Decimal {
        self.rewards()
            .filter(|reward| reward.to == key)
            .fold(Decimal::ZERO, |sum, reward| sum.saturating_add(reward.amount))
    }

    /// All commissions owed now, to anybody.
    pub fn owed(&self) -> Decimal {
        self.rewards().fold(Decimal::ZERO, |sum, reward| sum.saturating_add(reward.amount))
    }

    fn rewards(&self) -> impl Iterator<Item = &RewardRow> {
        self.transactions.iter().filter(|row| row.is_live()).filter_map(|row| row.reward.as_ref())
    }
}
