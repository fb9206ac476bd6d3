// Its links to pages lead to modules here: of two definitions of a link the first counts.
#![cfg_attr(all(doc, not(doctest)), doc = include_str!("guide/links.md"))]
#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(not(test), warn(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub mod api;
#[cfg(feature = "dashboard")]
#[cfg_attr(docsrs, doc(cfg(feature = "dashboard")))]
pub mod dashboard;
pub mod delivery;
// No part of the API: the pages for tasks, as docs.rs shows them, and their code as tests.
#[cfg(any(doc, doctest))]
pub mod guide;
mod measure;
pub mod model;
pub mod referral;
#[cfg(feature = "sandbox")]
#[cfg_attr(docsrs, doc(cfg(feature = "sandbox")))]
pub mod sandbox;
#[cfg(feature = "snippet")]
#[cfg_attr(docsrs, doc(cfg(feature = "snippet")))]
pub mod snippet;
#[cfg(feature = "webhooks")]
#[cfg_attr(docsrs, doc(cfg(feature = "webhooks")))]
pub mod webhook;

// What handlers, `main` and an observer name. Settings, reports and the client's own types stay in their modules.
pub use api::{ApiClient, ApiError};
#[cfg(feature = "dashboard")]
pub use dashboard::DashboardRouter;
#[cfg(feature = "sqlx-postgres")]
pub use delivery::PostgresOutbox;
#[cfg(feature = "sqlx-sqlite")]
pub use delivery::SqliteOutbox;
pub use delivery::{
    BoxError, BuildError, Clock, DeadLetter, DeliveryError, HoldReason, MemoryOutbox, Observer, Outcome, Partnero,
    RefusedCall, TrackError, Tracked,
};
#[cfg(any(feature = "sqlx-sqlite", feature = "sqlx-postgres"))]
pub use delivery::{InTransactionError, OutboxRow};
pub use model::{
    Amount, AmountError, CustomerKey, KeyError, NewCustomer, NewTransaction, ProgramType, ReferralKey, ReferralKeys,
    TransactionKey,
};
pub use referral::{Attribution, ReferralCookie, ReferralKeyRejection, ReferralLayer, ReferralService};
/// The numbers of [`Amount`], from the crate `rust_decimal`.
#[doc(no_inline)]
pub use rust_decimal::Decimal;
#[cfg(feature = "snippet")]
pub use snippet::Snippet;
#[cfg(feature = "snippet-inject")]
pub use snippet::SnippetLayer;
#[cfg(feature = "webhooks")]
pub use webhook::{
    CustomerData, Event, EventId, LeadData, PartnerData, RewardData, SubscriberData, TransactionData, VerifiedWebhook,
    WebhookEvent, WebhookSecret, Webhooks,
};
