//! The words of Partnero: keys, amounts, customers, transactions. No axum, no I/O.

mod amount;
mod currency;
mod customer;
mod json;
mod key;
mod link;
mod program;
mod redact;
mod referral_key;
mod referral_keys;
mod text;
mod transaction;

pub use amount::{Amount, AmountError};
pub use customer::NewCustomer;
pub use key::{CustomerKey, KeyError, TransactionKey};
pub use program::ProgramType;
pub use referral_key::ReferralKey;
pub use referral_keys::ReferralKeys;
pub use transaction::NewTransaction;

pub(crate) use amount::same_amount;
#[cfg(feature = "dashboard")]
pub(crate) use currency::decimals_of as decimals;
pub(crate) use key::MAX_CHARACTERS;
#[cfg(feature = "webhooks")]
pub(crate) use key::check_text;
pub(crate) use program::is_program_id;
pub(crate) use redact::{Loggable, hidden, mask};
