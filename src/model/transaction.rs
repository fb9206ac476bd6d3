//! A sale as it is reported.

use std::{
    fmt,
    time::{SystemTime, UNIX_EPOCH},
};

use rust_decimal::Decimal;

use crate::model::{
    Amount, CustomerKey, KeyError, NewCustomer, ProgramType, TransactionKey,
    json::{self, Object},
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

    /// The body of `POST /transactions`.
    pub(crate) fn to_json(&self, program: Option<ProgramType>) -> String {
        let mut body = Object::new();
        body.text("key", Some(self.key.as_ref().map_or("", TransactionKey::as_str)));
        body.decimal("amount", self.amount.map(|amount| amount.value()));
        body.decimal("reward", self.reward.map(|reward| reward.value()));
        body.text("amount_units", self.amount.as_ref().or(self.reward.as_ref()).and_then(Amount::currency));
        body.text("action", Some(self.action.as_deref().unwrap_or("sale")));
        body.text("product_id", self.product_id.as_deref());
        body.text("product_type", self.product_type.as_deref());
        body.flag("rewarded", self.rewarded);
        body.flag("rewardable", self.rewardable);
        body.integer("created_at", self.created_at);
        body.decimal("gross_amount", self.gross_amount);
        body.decimal("discount_amount", self.discount_amount);
        body.text("discount_code", self.discount_code.as_deref());
        let guest = match &self.customer {
            Buyer::New(guest) => Some(guest),
            Buyer::Known(_) | Buyer::None => None,
        };
        match guest {
            Some(guest) => body.json("customer", &json::text(&guest.nested(program))),
            None => body.object("customer", |ids| {
                ids.text("key", self.customer_key().and_then(Result::ok).map(CustomerKey::as_str));
                ids.text("email", self.customer_email.as_deref());
                ids.text("id", self.customer_id.as_deref());
            }),
        }
        let referral_url = self.referral_url.as_deref().or(guest.and_then(|guest| guest.link()));
        if guest.is_some() || referral_url.is_some() {
            body.object("options", |options| {
                options.flag("create_customer", guest.map(|_| true));
                options.text("referral_url", referral_url);
            });
        }
        body.end()
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
