//! Partnero for axum.

#![cfg_attr(not(test), warn(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub mod api;
pub mod delivery;
pub mod model;
pub mod referral;
#[cfg(feature = "sandbox")]
#[cfg_attr(docsrs, doc(cfg(feature = "sandbox")))]
pub mod sandbox;

pub use api::{ApiClient, ApiError};
pub use delivery::{Clock, MemoryOutbox, Observer, Partnero};
pub use model::{
    Amount, AmountError, CustomerKey, KeyError, NewCustomer, NewTransaction, ProgramType, ReferralKey, ReferralKeys,
    TransactionKey,
};
pub use referral::{ReferralKeyRejection, ReferralLayer, ReferralService};
