//! What an outbox can do: keep calls, hand out the next ones, and record what came of them.
//!
//! The dispatcher knows this trait alone. Calls go in, are claimed and are settled in batches; all decisions are
//! [`decide`](super::decide)'s; all times are the outbox's own, so that only durations cross this border.

use std::{fmt, pin::Pin, sync::Arc, time::Duration};

use rust_decimal::Decimal;

use crate::delivery::{
    call::{CallId, CallKind, NewCall},
    clock::Clock,
    dead::{DeadLetter, DeadReason},
    notice::Notice,
    outcome::End,
    settings::Keeping,
};

/// Where tracked calls are kept until Partnero has them: [`MemoryOutbox`](crate::MemoryOutbox), and with their features
/// `SqliteOutbox` and `PostgresOutbox`.
///
/// Sealed: what an outbox must guarantee is too much to ask of a trait that anybody implements.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no outbox",
    label = "expected `MemoryOutbox`, `SqliteOutbox` or `PostgresOutbox`",
    note = "of a pool of connections, `SqliteOutbox::new(pool)` or `PostgresOutbox::new(pool)` makes one",
    note = "the features `sqlx-sqlite` and `sqlx-postgres` of axum-partnero bring one each"
)]
pub trait Outbox: sealed::IntoStore + Send + 'static {}

pub(crate) mod sealed {
    use std::{fmt, sync::Arc};

    use super::{Opening, Store};

    #[diagnostic::on_unimplemented(
        message = "`{Self}` can't be an outbox: the trait is sealed",
        label = "outboxes are `MemoryOutbox`, `SqliteOutbox` and `PostgresOutbox`"
    )]
    pub trait IntoStore {
        fn into_store(self, opening: Opening) -> Handle;
    }

    pub struct Handle(pub(crate) Arc<dyn Store>);

    impl fmt::Debug for Handle {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            self.0.fmt(f)
        }
    }
}

/// What a store needs to know of the handle that uses it.
#[derive(Clone, Debug)]
pub struct Opening {
    pub(crate) clock: Clock,
    /// The name of the handle: several can share a database.
    #[cfg_attr(
        not(any(feature = "sqlx-sqlite", feature = "sqlx-postgres")),
        expect(dead_code, reason = "of databases")
    )]
    pub(crate) name: String,
}

pub(crate) type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, OutboxError>> + Send + 'a>>;

/// What is wrong with the outbox. It can be asked again; but for `Unanswered`, what was asked of it was not done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OutboxError {
    /// The database can't be reached, is locked, full, read-only or in trouble.
    #[error("the outbox is out of reach: {0}. See that its database runs, can be written and has room")]
    Unreachable(String),
    /// It was asked, and no answer came back: what was asked may have been done or not.
    #[error("the outbox doesn't answer: {0}. What was asked of it may have been done: ask again")]
    Unanswered(String),
    /// The database is there, and the outbox's tables aren't.
    #[error("the database has no table `{table}`: call `create_schema()`, or run the outbox's `SCHEMA` in a migration")]
    #[non_exhaustive]
    NoTable {
        /// The one that is missing.
        table: &'static str,
    },
    /// The database takes other calls, but not this one.
    #[error("the database refuses this call, while it takes others: {0}. See what is odd about its keys and texts")]
    Refused(String),
}

/// The operations of an outbox.
pub(crate) trait Store: Send + Sync + fmt::Debug {
    /// Whether a crash loses what is in it.
    fn is_volatile(&self) -> bool;

    /// How many open calls its end loses.
    fn lost(&self) -> usize {
        0
    }

    /// The database that it is a table of.
    #[cfg(any(feature = "sqlx-sqlite", feature = "sqlx-postgres"))]
    fn dialect(&self) -> Option<super::sql::Dialect>;

    /// Stores calls, all of them or none, in their order, and empties the list, which gives back their places in the
    /// queue. One that is there already is not stored again. On an error, and when the answer isn't awaited any longer,
    /// the list is as it was.
    ///
    /// [`OutboxError::Refused`] says that one of them at least will never be taken: it is looked for by halves. An
    /// answer that got lost on its way is [`OutboxError::Unanswered`].
    fn insert<'a>(&'a self, calls: &'a mut Vec<NewCall>) -> Answer<'a, ()>;

    /// Hands out what can be sent now, at most `limit`.
    fn claim(&self, limit: usize, terms: Terms) -> Answer<'_, Claim>;

    /// Records what came of claimed calls. Which of them: a settlement whose claim has run out changes nothing.
    fn settle<'a>(&'a self, settlements: &'a [Settlement], keeping: Keeping) -> Answer<'a, Vec<bool>>;

    /// Settles, and claims what can be sent then, both or neither. An outbox for which that is no cheaper than one after
    /// the other only settles.
    fn turn<'a>(
        &'a self,
        settlements: &'a [Settlement],
        keeping: Keeping,
        limit: usize,
        terms: Terms,
    ) -> Answer<'a, (Vec<bool>, Option<Claim>)>;

    /// What became of these calls, as far as they are over. For a durable outbox: another process may have sent them.
    fn fates<'a>(&'a self, calls: &'a [CallId]) -> Answer<'a, Vec<Fate>>;

    /// The program that the outbox belongs to: the one recorded in it, or else this one, which is recorded then.
    fn program<'a>(&'a self, found: &'a str) -> Answer<'a, String>;

    /// The same without recording anything: for a look from outside. Durable outboxes must say.
    fn recorded_program(&self) -> Answer<'_, Option<String>> {
        Box::pin(async { Ok(None) })
    }

    /// Hands out what the observer hasn't been told, at most `limit`. What isn't settled by the end of the lease is
    /// handed out again.
    fn notices(&self, limit: usize, lease: Duration) -> Answer<'_, Vec<DueNotice>>;

    /// The observer took this notice, or it is to be told again after that long.
    fn settle_notice(&self, id: u64, again: Option<Duration>) -> Answer<'_, ()>;

    /// What there is, by state.
    fn counts(&self) -> Answer<'_, Counts>;

    /// A mark behind everything stored so far.
    fn mark(&self) -> Answer<'_, u64>;

    /// Whether any call before the mark is neither settled nor parked. Asked each time something is settled.
    fn is_open_before(&self, mark: u64) -> Answer<'_, bool>;

    /// Dead letters with an id greater than `after`, the oldest first.
    fn dead_letters(&self, after: u64, limit: usize) -> Answer<'_, Vec<DeadLetter>>;

    /// Puts a dead letter back in its place. `false` if there is none of that id.
    fn retry(&self, id: u64) -> Answer<'_, bool>;

    /// Gives a dead letter up. `false` if there is none of that id.
    fn discard(&self, id: u64) -> Answer<'_, bool>;

    /// Erases what is known of a customer but the key that open calls need. How many calls it touched.
    fn forget<'a>(&'a self, customer: &'a str) -> Answer<'a, usize>;

    /// Forgets what was settled long ago, a small batch at a time. Whether there is more.
    fn prune(&self, keeping: Keeping) -> Answer<'_, bool>;

    /// At the end: leaves it such that it can be copied. What is kept in a log of its own is written back.
    fn tidy(&self) -> Answer<'_, ()> {
        Box::pin(async { Ok(()) })
    }
}

/// The terms of a claim.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms {
    /// How long the claimant has.
    pub(crate) lease: Duration,
    /// How long after the end of a lease a request may still be under way.
    pub(crate) settle_delay: Duration,
    /// Whether the calls of [`Claim::dead`] leave a notice for an observer.
    #[cfg_attr(
        not(any(feature = "sqlx-sqlite", feature = "sqlx-postgres")),
        expect(dead_code, reason = "of databases")
    )]
    pub(crate) notices: bool,
}

/// What a claim gave.
#[derive(Default)]
pub(crate) struct Claim {
    pub(crate) calls: Vec<ClaimedCall>,
    /// Calls that ended without being sent.
    pub(crate) ended: Vec<Ended>,
    /// Calls that the outbox itself couldn't read, and made dead letters of.
    pub(crate) dead: Vec<(CallId, DeadLetter)>,
    /// When there may be more, if that is known.
    pub(crate) next: Option<Duration>,
}

/// A call to send.
#[derive(Clone)]
pub(crate) struct ClaimedCall {
    pub(crate) row: u64,
    /// Fences off a process whose lease has run out.
    pub(crate) token: u64,
    pub(crate) id: CallId,
    pub(crate) kind: CallKind,
    /// An adjustment whose deletion is done.
    pub(crate) deleted: bool,
    /// Ask first whether it is there.
    pub(crate) check_first: bool,
    /// Partnero refused it before for the key or the address, while other calls were taken.
    pub(crate) suspect: bool,
    pub(crate) customer: Option<Arc<str>>,
    pub(crate) transaction: Option<Arc<str>>,
    pub(crate) amount: Option<Decimal>,
    pub(crate) referred: bool,
    pub(crate) payload: Arc<str>,
    /// Failed attempts so far.
    pub(crate) attempts: u32,
    /// How long it has waited between its own attempts: its age.
    pub(crate) waited: Duration,
}

/// A call that ended without being sent.
#[derive(Debug, Clone)]
pub(crate) struct Ended {
    pub(crate) id: CallId,
    pub(crate) kind: CallKind,
    pub(crate) end: End,
    pub(crate) customer: Option<Arc<str>>,
    pub(crate) transaction: Option<Arc<str>>,
    /// A duplicate of a sale with another amount.
    pub(crate) differs: bool,
}

/// What came of one claimed call.
#[derive(Debug, Clone)]
pub(crate) struct Settlement {
    pub(crate) row: u64,
    pub(crate) token: u64,
    #[cfg_attr(
        not(any(feature = "sqlx-sqlite", feature = "sqlx-postgres")),
        expect(dead_code, reason = "of databases")
    )]
    pub(crate) call: Claimed,
    pub(crate) to: Transition,
}

/// What a database needn't be asked of a call that it gave.
#[derive(Debug, Clone)]
#[cfg_attr(not(any(feature = "sqlx-sqlite", feature = "sqlx-postgres")), expect(dead_code, reason = "of databases"))]
pub(crate) struct Claimed {
    pub(crate) kind: CallKind,
    pub(crate) customer: Option<Arc<str>>,
    pub(crate) transaction: Option<Arc<str>>,
}

impl Settlement {
    pub(crate) fn of(call: &ClaimedCall, to: Transition) -> Self {
        let ClaimedCall { row, token, kind, customer, transaction, .. } = call;
        let call = Claimed { kind: *kind, customer: customer.clone(), transaction: transaction.clone() };
        Self { row: *row, token: *token, call, to }
    }
}

/// Where a claimed call goes.
#[derive(Debug, Clone)]
pub(crate) enum Transition {
    /// It is settled.
    End { end: End, notice: Option<Notice> },
    /// An adjustment's deletion is done: next comes the post.
    Deleted,
    /// It was not sent, for reasons that aren't its own: it goes back as it was, for that long.
    Release { after: Duration, suspect: bool },
    /// It wasn't begun: it goes back to its place, which is before what came later.
    Back,
    /// It certainly was not carried out: it is sent again after that long.
    Again { after: Duration },
    /// It may have been carried out: it is looked at again after that long. Until `quiet`, it may still be under way.
    Uncertain { after: Duration, quiet: Duration },
    /// It is a dead letter. Until `quiet`, an attempt at it may still be under way.
    Dead { reason: DeadReason, message: String, uncertain: bool, quiet: Duration, notice: bool },
}

/// What became of a call that is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fate {
    pub(crate) id: CallId,
    pub(crate) kind: CallKind,
    pub(crate) customer: Option<String>,
    pub(crate) transaction: Option<String>,
    pub(crate) over: Over,
}

/// How a call is over.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(not(any(feature = "sqlx-sqlite", feature = "sqlx-postgres")), expect(dead_code, reason = "of databases"))]
pub(crate) enum Over {
    Ended(End),
    Dead(DeadReason, String),
}

/// Something that the observer hasn't been told.
#[derive(Debug)]
pub(crate) struct DueNotice {
    pub(crate) id: u64,
    pub(crate) notice: Notice,
    /// How often it was told in vain.
    pub(crate) failures: u32,
}

/// Calls by state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) pending: usize,
    pub(crate) in_flight: usize,
    pub(crate) uncertain: usize,
    pub(crate) parked: usize,
    pub(crate) dead: usize,
    pub(crate) notices: usize,
    pub(crate) oldest: Option<Duration>,
}

impl Counts {
    /// Calls that are neither settled nor dead letters.
    pub(crate) fn open(&self) -> usize {
        self.pending + self.in_flight + self.uncertain + self.parked
    }
}
