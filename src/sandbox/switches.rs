//! What nobody knows for sure about Partnero, each a switch with the likeliest answer as its default.

use std::{ops::RangeInclusive, time::Duration};

use crate::sandbox::webhook_switches::{SignatureHeader, WebhookEnvelope, WebhookRepeat, WebhookTransaction};

/// A referrer that Partnero doesn't know, in `partner` or `referring_customer`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum UnknownReferrer {
    /// 400 "invalid partner key".
    Reject400,
    /// 422 with `errors`.
    Reject422,
    /// 200. An affiliate program stores nothing; a refer-a-friend program stores the customer as if not referred.
    Ignore,
}

/// A second customer with the same key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum DuplicateCustomer {
    /// 422 with `errors.key`, as the documentation says.
    Reject422,
    /// 409, as several integrations expect.
    Conflict409,
}

/// A second transaction with the key of a live one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum DuplicateTransaction {
    /// Stored as a second row, with a second commission.
    AcceptAgain,
    /// 409.
    Conflict409,
    /// 422 with `errors.key`.
    Reject422,
    /// 200 with the transaction that is there already.
    Idempotent,
}

/// Which of several transactions with one key is meant by its path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SeveralMatches {
    /// The one stored first.
    Oldest,
    /// The one stored last.
    Newest,
}

/// A transaction of a customer that Partnero doesn't know, or that nobody referred.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum UnrewardedSale {
    /// 422 with `errors.customer`.
    Reject422,
    /// 404.
    NotFound404,
    /// Stored, with no rewards.
    Record,
    /// 200, and nothing is stored.
    Ignore,
}

/// The status of a successful create.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CreatedStatus {
    /// 200, then 201, and so on: nobody says which it is, so a client must take both.
    Alternate,
    /// Always 200.
    Ok200,
    /// Always 201.
    Created201,
}

/// The body of an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorBody {
    /// `{"message", "errors"?, "status": 0}`.
    WithStatus,
    /// `{"message", "errors"?}`.
    WithoutStatus,
    /// Plain text, no JSON at all.
    Text,
}

/// What `data.partner` of a customer, a transaction and a reward holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PartnerField {
    /// The partner's opaque id, as in the examples.
    Id,
    /// The referral key, as one field table says.
    Key,
}

/// How `id` and `key` of a refer-a-friend customer relate when only one was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RafIdentity {
    /// They are the same.
    Same,
    /// The other one is generated: `id` is private, `key` shows in the referral link.
    Separate,
}

/// The body that `PUT /customers/{key}` takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum UpdateBody {
    /// Flat fields, or the same in `update`.
    Either,
    /// `{"update": {…}}` only.
    Wrapped,
    /// Flat fields only.
    Flat,
}

/// The form of a transaction's `created_at`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CreatedAt {
    /// Unix seconds or a date-time.
    Either,
    /// Unix seconds only.
    UnixSeconds,
    /// A date-time such as `2026-03-04T05:06:07Z` only.
    DateTime,
}

/// A `:search` that finds nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SearchMiss {
    /// 200 with an empty list.
    EmptyList,
    /// 404.
    NotFound404,
}

/// Which events a webhook can be created for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum WebhookEvents {
    /// The list that the vendor's own n8n node offers for the program type.
    Subscribable,
    /// That list, `transaction.updated` and `reward.*`.
    Documented,
    /// Any name.
    Any,
}

/// The open questions about Partnero's behaviour. Change them with
/// [`SandboxBuilder::switch`](super::SandboxBuilder::switch) or, at run time, [`Sandbox::switch`](super::Sandbox::switch).
///
/// ```
/// use axum_partnero::sandbox::{DuplicateTransaction, Sandbox};
///
/// let sandbox = Sandbox::affiliate()
///     .switch(|switches| switches.duplicate_transaction = DuplicateTransaction::Conflict409)
///     .build();
/// # drop(sandbox);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
#[expect(clippy::struct_excessive_bools, reason = "each is an independent yes-or-no question")]
pub struct Switches {
    /// A customer with a partner that isn't there: [`UnknownReferrer::Reject400`]. With `Ignore`, a missing partner is
    /// ignored as well; otherwise that is 422.
    pub unknown_partner: UnknownReferrer,
    /// A refer-a-friend customer with a referring customer that isn't there: [`UnknownReferrer::Reject422`].
    pub unknown_referring_customer: UnknownReferrer,
    /// A customer key that is taken: [`DuplicateCustomer::Reject422`].
    pub duplicate_customer: DuplicateCustomer,
    /// Is an e-mail that another customer has refused with 422? `true`.
    pub unique_emails: bool,
    /// A transaction key that is taken: [`DuplicateTransaction::AcceptAgain`].
    pub duplicate_transaction: DuplicateTransaction,
    /// Which of several transactions with one key `GET`, `DELETE` and archive mean: [`SeveralMatches::Oldest`].
    pub several_matches: SeveralMatches,
    /// A sale to a customer that isn't there: [`UnrewardedSale::Reject422`].
    pub unknown_customer: UnrewardedSale,
    /// A sale to a customer that nobody referred: [`UnrewardedSale::Record`].
    pub unreferred_customer: UnrewardedSale,
    /// The status of a create: [`CreatedStatus::Alternate`].
    pub created_status: CreatedStatus,
    /// The body of an error: [`ErrorBody::WithStatus`].
    pub error_body: ErrorBody,
    /// The content of `data.partner`: [`PartnerField::Id`].
    pub partner_field: PartnerField,
    /// Does a refer-a-friend customer's answer have a `key`? `false`.
    pub raf_shows_key: bool,
    /// Are `id` and `key` of a refer-a-friend customer the same? [`RafIdentity::Same`].
    pub raf_identity: RafIdentity,
    /// Must a refer-a-friend customer have an e-mail? `false`.
    pub raf_email_required: bool,
    /// The body of `PUT /customers`: [`UpdateBody::Either`].
    pub update_body: UpdateBody,
    /// Are a customer's fields at the top of the answer, not under `data`? `false`.
    pub flat_customer: bool,
    /// The `limit` a list accepts: 1 to 250, of which 15 (or the nearest) is the default. Others are 422.
    pub page_limit: RangeInclusive<usize>,
    /// Does `links.next` repeat the other query parameters? `true`.
    pub next_keeps_query: bool,
    /// The form of a transaction's `created_at`: [`CreatedAt::Either`].
    pub created_at: CreatedAt,
    /// Must a transaction have an `action`? `false`.
    pub action_required: bool,
    /// Must a new partner have a `password`? `false`.
    pub password_required: bool,
    /// Does `DELETE /transactions/{key}` work? `true`; else it is 404, and only the form with a JSON body works.
    pub delete_by_path: bool,
    /// Does a key with `%2F` in a path work? `true`; else it is 404.
    pub encoded_slash: bool,
    /// A search that finds nobody: [`SearchMiss::EmptyList`].
    pub search_miss: SearchMiss,
    /// Are the rows of `GET /customers/{id}/referrals` at `data.data`, not `data`? `false`.
    pub nested_referrals: bool,
    /// The events a webhook may name: [`WebhookEvents::Subscribable`].
    pub webhook_events: WebhookEvents,
    /// The fields around an event: [`WebhookEnvelope::Current`].
    pub webhook_envelope: WebhookEnvelope,
    /// The header of a webhook's signature: [`SignatureHeader::Signature`].
    pub signature_header: SignatureHeader,
    /// What the events of a transaction hold: [`WebhookTransaction::Whole`].
    pub webhook_transaction: WebhookTransaction,
    /// Are the times of events in whole seconds, `.000000Z`, as in Partnero's examples? `false`: then no two that follow
    /// each other have the same.
    pub webhook_whole_seconds: bool,
    /// How long a webhook waits for a 2xx: 5 seconds.
    pub webhook_timeout: Duration,
    /// How often an event is sent at most to a webhook that doesn't answer 2xx: 8 times.
    pub webhook_tries: u32,
    /// The wait before the second try, which doubles with each one after it, and the longest: 1 second to 1 hour.
    pub webhook_backoff: RangeInclusive<Duration>,
    /// What is sent when a webhook is sent again: [`WebhookRepeat::SameBytes`].
    pub webhook_repeat: WebhookRepeat,
    /// The query parameter of referral links: `aff` (affiliate) or `ref` (refer-a-friend).
    pub link_parameter: String,
    /// The longest string accepted, in characters: 255. Longer is 422.
    pub max_length: usize,
}

impl Switches {
    pub(super) fn new(link_parameter: &str) -> Self {
        Self {
            unknown_partner: UnknownReferrer::Reject400,
            unknown_referring_customer: UnknownReferrer::Reject422,
            duplicate_customer: DuplicateCustomer::Reject422,
            unique_emails: true,
            duplicate_transaction: DuplicateTransaction::AcceptAgain,
            several_matches: SeveralMatches::Oldest,
            unknown_customer: UnrewardedSale::Reject422,
            unreferred_customer: UnrewardedSale::Record,
            created_status: CreatedStatus::Alternate,
            error_body: ErrorBody::WithStatus,
            partner_field: PartnerField::Id,
            raf_shows_key: false,
            raf_identity: RafIdentity::Same,
            raf_email_required: false,
            update_body: UpdateBody::Either,
            flat_customer: false,
            page_limit: 1..=250,
            next_keeps_query: true,
            created_at: CreatedAt::Either,
            action_required: false,
            password_required: false,
            delete_by_path: true,
            encoded_slash: true,
            search_miss: SearchMiss::EmptyList,
            nested_referrals: false,
            webhook_events: WebhookEvents::Subscribable,
            webhook_envelope: WebhookEnvelope::Current,
            signature_header: SignatureHeader::Signature,
            webhook_transaction: WebhookTransaction::Whole,
            webhook_whole_seconds: false,
            webhook_timeout: Duration::from_secs(5),
            webhook_tries: 8,
            webhook_backoff: Duration::from_secs(1)..=Duration::from_secs(3600),
            webhook_repeat: WebhookRepeat::SameBytes,
            link_parameter: link_parameter.to_owned(),
            max_length: 255,
        }
    }
}
