//! The settings of an inbox, and what handles its events.

use std::{fmt, sync::Arc, time::Duration};

use axum::Router;
use tokio::runtime::Handle;

use crate::{
    MemoryOutbox,
    delivery::{Clock, FOREVER, Opening, WAIT_HERE},
    webhook::{
        Inbox, InboxOf, WebhookEvent, WebhookSecret,
        handler::{Handler, Handlers},
        inbox::{IntoInbox as _, Keeping, Limited, Settings, Stored},
    },
};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// Beyond the time that a handler has, for what came of it to be recorded.
const TO_SETTLE: Duration = Duration::from_secs(30);
/// For a database to answer.
const STORE_TIMEOUT: Duration = Duration::from_secs(10);

/// Why there is no inbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WebhooksError {
    /// Outside a tokio runtime.
    #[error("no tokio runtime: build the inbox in an async function, where its tasks can run")]
    NoRuntime,
    /// No room, nothing in progress, no attempts, or no time for handlers.
    #[error("`capacity`, `max_in_progress`, `attempts` and `handler_timeout` must be above zero")]
    Zero,
    /// The lease leaves a handler less than its time.
    #[error("the lease must be half a second longer than `handler_timeout`: else an event is handled twice at once")]
    LeaseTooShort,
    /// The least wait is longer than the longest.
    #[error("`backoff(min, max)` wants min <= max and max above zero")]
    Backoff,
    /// A name without characters, with too many, or with ones that break a log line.
    #[error("`name` must be 1 to 64 characters, without control characters")]
    Name,
    /// A method that takes a handler was called twice: this one.
    #[error("`{0}` is called twice: an event has one handler, so let one function do both")]
    Twice(&'static str),
}

type Open = Box<dyn FnOnce(Opening, usize) -> Stored + Send>;

/// Partnero's webhooks: verified, stored before they are acknowledged, handled in the background until that succeeds.
///
/// ```
/// use axum::{Router, extract::State};
/// use axum_partnero::{Event, EventId, TransactionData, WebhookEvent, WebhookSecret, Webhooks};
///
/// #[derive(Clone)]
/// struct Books; // your database
///
/// async fn credit(State(books): State<Books>, id: EventId, sale: Event<TransactionData>) -> std::io::Result<()> {
///     // Add to the partner's balance, in one transaction with the id: it may come again.
///     # let _ = (books, id, sale);
///     Ok(())
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let webhooks = Webhooks::new(WebhookSecret::new("q7W8e9R0t1Y2u3I4")?)
///     .on_transaction_created(credit)
///     .on_event(async |id: EventId, event: WebhookEvent| {
///         println!("{id}: {}", event.name());
///         std::io::Result::Ok(())
///     })
///     .with_state(Books)
///     .build()?;
/// let app: Router = Router::new().nest("/webhooks/partnero", webhooks.router());
/// # let _ = app;
/// // … serve, and on the way out:
/// webhooks.shutdown(std::time::Duration::from_secs(10)).await;
/// # Ok(())
/// # }
/// ```
///
/// A handler is called **at least once** for each event: again after an error, a panic, or no answer in time, again when
/// its process ended in between, until it succeeds or the event is a dead letter. The event's id tells a repeat, so make
/// the effect idempotent by it. Partnero may also send the same news in different bytes, which is a new id: where that
/// matters, look at the key of what it is about, too. What a handler returns as its error is logged, and stored with the
/// event: let it hold nobody's data.
///
/// Events about one transaction, customer or partner are handled one after the other, in the order in which they came.
/// Behind a dead letter the others about the same wait until it is retried or discarded. All else goes on in parallel.
///
/// Where the inbox is shared, each process needs handlers for the same events. One that lacks a handler doesn't keep such
/// events when they come to it, and those that it finds it puts off as if a handler had failed, so that another process
/// takes them.
#[must_use = "it does nothing until `build` or `into_router` is called"]
pub struct Webhooks<S = ()> {
    secret: WebhookSecret,
    open: Open,
    name: String,
    clock: Clock,
    settings: Settings,
    lease: Option<Duration>,
    pub(crate) handlers: Handlers<S>,
}

impl<S: Send + Sync + 'static> Webhooks<S> {
    /// With the secret that Partnero signs with: `WebhookSecret::from_env()`, or the one that it shows.
    pub fn new(secret: WebhookSecret) -> Self {
        Self {
            secret,
            open: Box::new(|opening, capacity| MemoryOutbox::new().into_inbox(opening, capacity)),
            name: "partnero".to_owned(),
            clock: Clock::system(),
            settings: Settings {
                capacity: 10_000,
                max_in_progress: 16,
                handler_timeout: Duration::from_secs(30),
                lease: Duration::ZERO,
                attempts: 50,
                backoff: (Duration::from_secs(1), Duration::from_secs(60 * 60)),
                max_age: None,
                keeping: Keeping { settled: 30 * DAY, dead: 90 * DAY, max_dead: 100_000 },
            },
            lease: None,
            handlers: Handlers::default(),
        }
    }

    /// Where events are kept until they are handled: with the calls of an outbox, which takes one file and one pool of
    /// connections for both. Default: [`MemoryOutbox`], which a crash empties, although Partnero was told that the
    /// events have arrived.
    ///
    /// ```
    /// # #[cfg(feature = "sqlx-sqlite")]
    /// # async fn example(secret: axum_partnero::WebhookSecret) -> Result<(), Box<dyn std::error::Error>> {
    /// use axum_partnero::{Partnero, SqliteOutbox, Webhooks};
    ///
    /// let outbox = SqliteOutbox::open("partnero.db").await?;
    /// let partnero = Partnero::builder("key").outbox(outbox.clone()).build()?;
    /// let webhooks: Webhooks = Webhooks::new(secret).inbox(outbox);
    /// # Ok(())
    /// # }
    /// ```
    pub fn inbox(mut self, outbox: impl InboxOf) -> Self {
        self.open = Box::new(|opening, capacity| outbox.into_inbox(opening, capacity));
        self
    }

    /// Handles every event that no other handler is for, also those that this crate doesn't know and bodies that are no
    /// event: see [`Handler`]. Default: such events are acknowledged, logged, and not kept.
    pub fn on_event<H, A>(mut self, handler: H) -> Self
    where
        H: Handler<S, WebhookEvent, A>,
    {
        self.handlers.rest(handler);
        self
    }

    /// What handlers get as [`State`](axum::extract::State), or parts of it.
    pub fn with_state(self, state: S) -> Webhooks {
        let Self { secret, open, name, clock, settings, lease, handlers } = self;
        Webhooks { secret, open, name, clock, settings, lease, handlers: handlers.with_state(state) }
    }

    /// The name under which a database keeps the events: 1 to 64 characters, without control characters. Default:
    /// `partnero`. Inboxes of different names share a database, and none sees the events of another; those of one name
    /// handle each other's, so two programs need two names.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Where time comes from. Default: the system.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Events that an inbox in memory holds, dead letters among them. Default: 10,000, and 64 MiB together. Beyond that
    /// the oldest dead letters are discarded; where there are none, Partnero is told to send its events again.
    pub fn capacity(mut self, events: usize) -> Self {
        self.settings.capacity = events;
        self
    }

    /// Handlers that this process runs at the same time. Default: 16.
    pub fn max_in_progress(mut self, events: usize) -> Self {
        self.settings.max_in_progress = events;
        self
    }

    /// Time for a handler. Then it is dropped where it waits, which counts as an error. Default: 30 seconds.
    ///
    /// Only what waits can be dropped: one that blocks its thread goes on, and the event may be handled again beside it.
    pub fn handler_timeout(mut self, timeout: Duration) -> Self {
        self.settings.handler_timeout = timeout;
        self
    }

    /// How long an event belongs to the process that claimed it: when that ends or hangs, the event is handled again
    /// after this time. Default: 30 seconds more than a handler has; at least half a second more.
    pub fn lease(mut self, lease: Duration) -> Self {
        self.lease = Some(lease);
        self
    }

    /// How often a handler is called in vain before the event is a dead letter. Default: 50, which takes about 20 hours.
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.settings.attempts = attempts;
        self
    }

    /// The shortest and the longest wait between two attempts; in between it doubles with each, with full jitter.
    /// Default: 1 second and 1 hour.
    pub fn backoff(mut self, min: Duration, max: Duration) -> Self {
        self.settings.backoff = (min, max);
        self
    }

    /// Events older than that are logged and dropped unhandled: by the time that they name, or if they name none that can
    /// be read, since they came. Read are ISO 8601 times with `Z` or an offset; any other is logged as a warning. Dropped
    /// are also those that waited for so long, for another attempt or behind a dead letter, and dead letters that are
    /// retried later than that. Default: no event is too old.
    ///
    /// Signatures have no time, so whoever gets hold of a webhook can send it again. For 30 days it is recognised
    /// ([`keep_settled`](Self::keep_settled)). An age of up to 30 days takes care of the rest, but for events whose time
    /// can't be read.
    pub fn max_age(mut self, age: Duration) -> Self {
        self.settings.max_age = Some(age);
        self
    }

    /// How long repeats of an event that is over are recognised. Default: 30 days; in memory, 100,000 events at most.
    pub fn keep_settled(mut self, time: Duration) -> Self {
        self.settings.keeping.settled = time;
        self
    }

    /// How long dead letters are kept. Default: 90 days.
    pub fn keep_dead_letters(mut self, time: Duration) -> Self {
        self.settings.keeping.dead = time;
        self
    }

    /// How many dead letters are kept. Default: 100,000. Beyond that, the oldest are discarded.
    pub fn max_dead_letters(mut self, letters: usize) -> Self {
        self.settings.keeping.max_dead = letters;
        self
    }
}

impl Webhooks {
    /// Starts the inbox's tasks on the current runtime.
    ///
    /// # Errors
    /// When a setting can't be right, an event has two handlers, or outside a tokio runtime.
    pub fn build(self) -> Result<Inbox, WebhooksError> {
        let Self { secret, open, name, clock, mut settings, lease, handlers } = self;
        settings.lease = lease.unwrap_or(settings.handler_timeout.saturating_add(TO_SETTLE));
        if settings.capacity == 0
            || settings.max_in_progress == 0
            || settings.attempts == 0
            || settings.handler_timeout.is_zero()
        {
            return Err(WebhooksError::Zero);
        }
        if settings.lease < settings.handler_timeout.saturating_add(WAIT_HERE) {
            return Err(WebhooksError::LeaseTooShort);
        }
        if settings.backoff.0 > settings.backoff.1 || settings.backoff.1.is_zero() {
            return Err(WebhooksError::Backoff);
        }
        if !(1..=64).contains(&name.chars().count()) || name.chars().any(char::is_control) {
            return Err(WebhooksError::Name);
        }
        for duration in [
            &mut settings.handler_timeout,
            &mut settings.lease,
            &mut settings.backoff.0,
            &mut settings.backoff.1,
            &mut settings.keeping.settled,
            &mut settings.keeping.dead,
        ] {
            *duration = FOREVER.min(*duration);
        }
        if let Some(method) = handlers.twice() {
            return Err(WebhooksError::Twice(method));
        }
        let runtime = Handle::try_current().map_err(|_| WebhooksError::NoRuntime)?;
        let Stored(store) = open(Opening { clock: clock.clone(), name: name.clone() }, settings.capacity);
        let store = Limited::around(store, STORE_TIMEOUT);
        Ok(Inbox::start(name, secret, Arc::clone(&store), handlers, clock, settings, &runtime))
    }

    /// The route alone, for applications that leave the end to the runtime: handlers that are at work then are cut off,
    /// and a durable inbox has their events handled again. See [`Inbox::router`].
    ///
    /// # Errors
    /// As [`build`](Self::build).
    pub fn into_router<T: Clone + Send + Sync + 'static>(self) -> Result<Router<T>, WebhooksError> {
        Ok(self.build()?.router())
    }
}

/// Without secrets.
impl<S> fmt::Debug for Webhooks<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Webhooks")
            .field("name", &self.name)
            .field("settings", &self.settings)
            .field("handlers", &self.handlers)
            .finish_non_exhaustive()
    }
}
