//! What Partnero answers. Fields that are unknown, missing or of an odd type never fail: they are `None` or empty, and
//! the JSON is kept as it came.

use serde_json::Value;

mod balance;
mod customer;
mod field;
mod partner;
mod program;
mod referral_link;
mod sign_in;
mod stats;
mod transaction;
mod webhook;

pub use balance::{Balance, BalanceAmount};
pub use customer::Customer;
pub use partner::{Commissions, Money, Partner, PartnerReferrals};
pub use program::Program;
pub use referral_link::ReferralLink;
pub use sign_in::SignInUrl;
pub use stats::Stats;
pub use transaction::{Reward, Transaction};

pub(crate) use transaction::transaction_of;
pub use webhook::Webhook;

/// What can be read from the `data` of an answer.
pub(crate) trait FromJson: Sized {
    /// Reads what is there. `None` if it isn't an object at all.
    fn from_json(data: &Value) -> Option<Self>;
}

/// Several of them, however they are wrapped: a list, a page within `data`, or a single one. What is no object is left
/// out.
pub(super) fn several<T: FromJson>(data: &Value) -> Vec<T> {
    match data {
        Value::Array(all) => all.iter().filter_map(T::from_json).collect(),
        Value::Object(object) => match object.get("data") {
            Some(inner @ Value::Array(_)) => several(inner),
            // A list that lost an element is written as an object with numbers for names.
            _ if object.keys().all(|name| name.bytes().all(|byte| byte.is_ascii_digit())) => {
                object.values().filter_map(T::from_json).collect()
            }
            _ => T::from_json(data).into_iter().collect(),
        },
        _ => Vec::new(),
    }
}
