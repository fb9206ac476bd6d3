//! The words of Partnero: keys, amounts, customers, transactions. No axum, no I/O.
//!
//! ```
//! use axum_partnero::{Amount, NewCustomer, NewTransaction, ReferralKey};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let anna = ReferralKey::new("anna")?;                               // from a cookie, a link, a form
//! let mia = NewCustomer::new(4711).email("mia@shop.example").referred_by(anna);
//! let sale = NewTransaction::new("order-1", Amount::from_minor(4990, "usd")?).customer(4711);
//! assert!(!format!("{mia:?} {sale:?}").contains("mia@shop.example")); // no `Debug` shows a person
//! # Ok(())
//! # }
//! ```
//!
//! Keys are your own ids, 1 to 255 characters. Amounts are in major units, 49.90 and not 4990, and have exactly the digits
//! that you give.

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
