//! A typed client of Partnero's REST API: [`ApiClient`].
//!
//! To look something up, or for what `track_*` doesn't do:
//!
//! ```
//! use axum_partnero::{NewCustomer, ReferralKey, api::CustomerUpdate, sandbox::Sandbox};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let sandbox = Sandbox::affiliate().partner("anna").spawn().await?;
//! let partnero = sandbox.partnero()?; // or an `ApiClient` by itself: ApiClient::new(api_key)
//! let customers = partnero.api().customers();
//!
//! customers.create(&NewCustomer::new(4711).referred_by(ReferralKey::new("anna")?)).await?;
//! customers.update(4711, &CustomerUpdate::new().name("Mia")).await?;
//! assert_eq!(customers.get(4711).await?.name.as_deref(), Some("Mia"));
//! assert!(customers.get(4712).await.unwrap_err().is_not_found());
//! # Ok(())
//! # }
//! ```
//!
//! Every method waits for Partnero and sends once. Answers are read leniently: a field that is missing or of an odd
//! type is `None`, and the JSON is kept as it came (`raw()`).

pub(crate) mod attempt;
mod base_url;
mod batch;
mod builder;
mod call;
mod client;
mod credit;
mod customer_update;
mod customers;
mod echo;
pub(crate) mod envelope;
mod error;
mod fields;
mod filter;
mod list;
mod other;
mod outcome;
mod partners;
pub(crate) mod response;
mod send;
mod span;
mod transactions;
mod webhooks;

pub use builder::{ApiBuildError, ApiClientBuilder};
pub use client::ApiClient;
pub use credit::Credit;
pub use customer_update::{CustomerUpdate, Invitation};
pub use customers::{CustomerSearch, Customers};
pub use error::ApiError;
pub use filter::{CustomerFilter, ReferStatus, Sort, TransactionFilter};
pub use list::List;
pub use partners::{NewPartner, PartnerBy, Partners};
pub use response::{
    Balance, BalanceAmount, Commissions, Customer, Money, Partner, PartnerReferrals, Program, ReferralLink, Reward,
    SignInUrl, Stats, Transaction, Webhook,
};
pub use transactions::Transactions;
pub use webhooks::{NewWebhook, WebhookUpdate, Webhooks};

pub(crate) use call::Call;
