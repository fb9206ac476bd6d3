//! A sale as it is reported.

use std::{
    fmt,
    time::{SystemTime, UNIX_EPOCH},
};

use rust_decimal::Decimal;
use serde::Serialize;

use crate::model::{
    Amount, CustomerKey, KeyError, NewCustomer, ProgramType, TransactionKey,
    json::{self, Number},
    redact::hidden,
};

/// A sale to report: your order's or invoice's id, the amount in major units, and the customer.
///
/// ```
/// use axum_partnero::NewTransaction;
/// use rust_decimal::Decimal;
///
/// let sale = NewTransaction::new("order-1", Decimal::new(4990, 2)).customer(4711).product_id("plan-pro");
/// ```
///
/// A key that can't be one doesn't panic here: the call that is given this sale reports it.
#[derive(Clone)]
#[must_use = "a transaction does nothing until it is given to `track_sale` or the API client"]
pub struct NewTransaction {
    key: Result<TransactionKey, KeyError>,
    amount: Option<Amount>,
    reward: Option<Amount>,
    customer: Buyer,
    customer_email: Option<String>,
    customer_id: Option<String>,
    action: Option<String>,
    product_id: Option<String>,
    product_type: Option<String>,
    rewarded: Option<bool>,
    rewardable: Option<bool>,
    created_at: Option<u64>,
    gross_amount: Option<Decimal>,
    discount_amount: Option<Decimal>,
    discount_code: Option<String>,
    referral_url: Option<String>,
}

#[derive(Clone)]
enum Buyer {
    None,
    Known(Result<CustomerKey, KeyError>),
    New(Box<NewCustomer>),
}

impl NewTransaction {
    /// A sale by your own id of it, and its amount in major units (49.90, not 4990).
    pub fn new(key: impl fmt::Display, amount: impl Into<Amount>) -> Self {
        Self::empty(key, Some(amount.into()), None)
    }

    /// A transaction that states the commission itself, instead of an amount to compute it from.
    pub fn with_reward(key: impl fmt::Display, reward: impl Into<Amount>) -> Self {
        Self::empty(key, None, Some(reward.into()))
    }

    fn empty(key: impl fmt::Display, amount: Option<Amount>, reward: Option<Amount>) -> Self {
        Self {
            key: TransactionKey::new(key),
            amount,
            reward,
            customer: Buyer::None,
            customer_email: None,
            customer_id: None,
            action: None,
            product_id: None,
            product_type: None,
            rewarded: None,
            rewardable: None,
            created_at: None,
            gross_amount: None,
            discount_amount: None,
            discount_code: None,
            referral_url: None,
        }
    }

    /// Who bought: the key that was given at sign-up.
    pub fn customer(mut self, key: impl fmt::Display) -> Self {
        self.customer = Buyer::Known(CustomerKey::new(key));
        self
    }

    /// Who bought, without a sign-up before (a guest's checkout): Partnero creates the customer together with the
    /// transaction, attributed to the customer's referrer (`options.create_customer`).
    pub fn create_customer(mut self, customer: NewCustomer) -> Self {
        self.customer = Buyer::New(Box::new(customer));
        self
    }

    /// The buyer by e-mail address. `track_sale` wants the key too, for that is what keeps a customer's calls in order.
    pub fn customer_email(mut self, email: impl Into<String>) -> Self {
        self.customer_email = Some(email.into());
        self
    }

    /// The buyer by Partnero's id. `track_sale` wants the key too.
    pub fn customer_id(mut self, id: impl Into<String>) -> Self {
        self.customer_id = Some(id.into());
        self
    }

    /// What happened: free text, `sale` by default.
    pub fn action(mut self, action: impl Into<String>) -> Self {
        self.action = Some(action.into());
        self
    }

    /// The product, for commission rules.
    pub fn product_id(mut self, id: impl Into<String>) -> Self {
        self.product_id = Some(id.into());
        self
    }

    /// The product's type, for commission rules.
    pub fn product_type(mut self, kind: impl Into<String>) -> Self {
        self.product_type = Some(kind.into());
        self
    }

    /// Whether the partner was rewarded already. Partnero's default: no.
    pub fn rewarded(mut self, rewarded: bool) -> Self {
        self.rewarded = Some(rewarded);
        self
    }

    /// Whether the partner is to be rewarded. Partnero's default: yes.
    pub fn rewardable(mut self, rewardable: bool) -> Self {
        self.rewardable = Some(rewardable);
        self
    }

    /// When the sale was made, to the second. Partnero's default: when it receives the call.
    pub fn created_at(mut self, time: SystemTime) -> Self {
        self.created_at = time.duration_since(UNIX_EPOCH).ok().map(|since| since.as_secs());
        self
    }

    /// The amount before discounts, in major units.
    pub fn gross_amount(mut self, amount: Decimal) -> Self {
        self.gross_amount = Some(amount);
        self
    }

    /// The discount, in major units, and the code that gave it, if one did.
    pub fn discount(mut self, amount: Decimal, code: Option<String>) -> Self {
        self.discount_amount = Some(amount);
        self.discount_code = code;
        self
    }

    /// The referral link that this sale is attributed to (`options.referral_url`).
    pub fn referral_url(mut self, url: impl Into<String>) -> Self {
        self.referral_url = Some(url.into());
        self
    }

    pub(crate) fn key(&self) -> Result<&TransactionKey, KeyError> {
        self.key.as_ref().map_err(|error| *error)
    }

    /// The buyer's key, if one was given.
    pub(crate) fn customer_key(&self) -> Option<Result<&CustomerKey, KeyError>> {
        match &self.customer {
            Buyer::None => None,
            Buyer::Known(key) => Some(key.as_ref().map_err(|error| *error)),
            Buyer::New(customer) => Some(customer.key()),
        }
    }

    pub(crate) fn amount(&self) -> Option<&Amount> {
        self.amount.as_ref()
    }

    pub(crate) fn reward(&self) -> Option<&Amount> {
        self.reward.as_ref()
    }

    fn values(&self) -> impl Iterator<Item = Decimal> + '_ {
        [&self.amount, &self.reward].into_iter().flatten().map(Amount::value)
    }

    /// Nothing was paid, and no commission is stated.
    pub(crate) fn is_zero(&self) -> bool {
        self.values().all(|value| value.is_zero())
    }

    pub(crate) fn is_negative(&self) -> bool {
        self.values().any(|value| value.is_sign_negative() && !value.is_zero())
    }

    /// Whether it is to create its own customer, and names who referred them.
    pub(crate) fn is_referred(&self, program: Option<ProgramType>) -> bool {
        matches!(&self.customer, Buyer::New(customer) if customer.is_referred(program))
    }

    /// How many bytes the body takes at most.
    pub(crate) fn most_bytes(&self) -> usize {
        let texts = [&self.customer_email, &self.customer_id, &self.action, &self.product_id, &self.product_type];
        let texts = texts.into_iter().chain([&self.discount_code, &self.referral_url]).map(Option::as_deref);
        let key = self.key.as_ref().ok().map(TransactionKey::as_str);
        let customer = match &self.customer {
            Buyer::Known(Ok(key)) => json::most_bytes([Some(key.as_str())]),
            Buyer::New(customer) => customer.most_bytes(),
            _ => 0,
        };
        json::most_bytes(texts.chain([key])) + customer
    }

    /// The body of `POST /transactions`.
    pub(crate) fn to_json(&self, program: Option<ProgramType>) -> String {
        let ids = |key| Ids { key, email: self.customer_email.as_deref(), id: self.customer_id.as_deref() };
        let (customer, link) = match &self.customer {
            Buyer::New(customer) => (Customer::New(customer.nested(program)), customer.link()),
            Buyer::Known(key) => (Customer::Known(ids(key.as_ref().ok().map(CustomerKey::as_str))), None),
            Buyer::None => (Customer::Known(ids(None)), None),
        };
        let create_customer = matches!(customer, Customer::New(_)).then_some(true);
        let referral_url = self.referral_url.as_deref().or(link);
        json::text(&Body {
            key: self.key.as_ref().map_or("", TransactionKey::as_str),
            amount: self.amount.map(|amount| Number(amount.value())),
            reward: self.reward.map(|reward| Number(reward.value())),
            amount_units: self.amount.as_ref().or(self.reward.as_ref()).and_then(Amount::currency),
            action: self.action.as_deref().unwrap_or("sale"),
            product_id: self.product_id.as_deref(),
            product_type: self.product_type.as_deref(),
            rewarded: self.rewarded,
            rewardable: self.rewardable,
            created_at: self.created_at,
            gross_amount: self.gross_amount.map(Number),
            discount_amount: self.discount_amount.map(Number),
            discount_code: self.discount_code.as_deref(),
            customer,
            options: (create_customer.is_some() || referral_url.is_some())
                .then_some(Options { create_customer, referral_url }),
        })
    }
}

/// Keys as they may be logged, and the amount. Never an e-mail address or a name.
impl fmt::Debug for NewTransaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewTransaction")
            .field("key", &self.key)
            .field("amount", &self.amount)
            .field("reward", &self.reward)
            .field("customer", &self.customer_key())
            .field("customer_email", &hidden(self.customer_email.as_ref()))
            .finish_non_exhaustive()
    }
}

#[derive(Serialize)]
struct Body<'a, C: Serialize> {
    key: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    amount: Option<Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reward: Option<Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    amount_units: Option<&'a str>,
    action: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    product_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    product_type: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rewarded: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rewardable: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_at: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gross_amount: Option<Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    discount_amount: Option<Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    discount_code: Option<&'a str>,
    customer: Customer<'a, C>,
    #[serde(skip_serializing_if = "Option::is_none")]
    options: Option<Options<'a>>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Customer<'a, C: Serialize> {
    Known(Ids<'a>),
    New(C),
}

#[derive(Serialize)]
struct Ids<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
}

#[derive(Serialize)]
struct Options<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    create_customer: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    referral_url: Option<&'a str>,
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::ReferralKey;

    #[test]
    fn the_least_sale_has_the_fields_of_the_guide() {
        let sale = NewTransaction::new("ord-9", Decimal::new(9990, 2)).customer(7);
        assert_eq!(sale.to_json(None), r#"{"key":"ord-9","amount":99.90,"action":"sale","customer":{"key":"7"}}"#);
    }

    #[test]
    fn every_digit_of_an_amount_is_sent() {
        let amount: Decimal = "12345678901234567890.123456789".parse().unwrap();
        let body = NewTransaction::new(1, Amount::new(amount, "eur").unwrap()).to_json(None);
        assert!(body.contains(r#""amount":12345678901234567890.12345678"#), "{body}");
        assert!(body.contains(r#""amount_units":"EUR""#), "{body}");
    }

    #[test]
    fn a_guest_is_created_with_the_sale_and_attributed_by_the_program() {
        let guest = || {
            let key = ReferralKey::new("anna").unwrap();
            NewCustomer::new("g1").email("g@x.test").referred_by(key).referral_url("https://x.test?aff=anna")
        };
        let sale = NewTransaction::new("ord-9", Decimal::ONE).create_customer(guest());
        assert_eq!(
            sale.to_json(None),
            r#"{"key":"ord-9","amount":1,"action":"sale","customer":{"partner":{"key":"anna"},"key":"g1","email":"g@x.test"},"options":{"create_customer":true,"referral_url":"https://x.test?aff=anna"}}"#
        );
        let body = sale.to_json(Some(ProgramType::ReferAFriend));
        assert!(body.contains(r#""customer":{"referring_customer":{"key":"anna"},"key":"g1""#), "{body}");
    }

    #[test]
    fn every_documented_field_is_sent_under_its_name() {
        let sale = NewTransaction::with_reward("ord-9", Decimal::TWO)
            .customer("c")
            .customer_email("c@x.test")
            .customer_id("i")
            .action("renewal")
            .product_id("p")
            .product_type("t")
            .rewarded(false)
            .rewardable(true)
            .created_at(UNIX_EPOCH + Duration::from_millis(5_900))
            .gross_amount(Decimal::TEN)
            .discount(Decimal::ONE, Some("TEN".into()));
        assert_eq!(
            sale.to_json(None),
            r#"{"key":"ord-9","reward":2,"action":"renewal","product_id":"p","product_type":"t","rewarded":false,"rewardable":true,"created_at":5,"gross_amount":10,"discount_amount":1,"discount_code":"TEN","customer":{"key":"c","email":"c@x.test","id":"i"}}"#
        );
    }

    #[test]
    fn debug_shows_no_e_mail_and_no_name() {
        let guest = NewCustomer::new("mia@x.test").email("mia@x.test").name("Mia Koch");
        let sale =
            NewTransaction::new("ord-9", Decimal::ONE).create_customer(guest.clone()).customer_email("mia@x.test");
        for text in [format!("{guest:?}"), format!("{sale:?}")] {
            assert!(!text.contains('@') && !text.contains("Mia") && !text.contains("mia"), "{text}");
        }
    }
}
