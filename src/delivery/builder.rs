//! The settings of a handle.

use std::{fmt, sync::Arc, time::Duration};

use secrecy::SecretString;
use tokio::runtime::Handle;

use crate::{
    api::{ApiBuildError, ApiClient, ApiClientBuilder},
    delivery::{
        clock::Clock,
        herald,
        limited::Limited,
        memory::MemoryOutbox,
        observer::{AnyObserver, Observer},
        outbox::{Opening, Outbox, Store, sealed},
        partnero::Partnero,
        settings::{FOREVER, Settings},
        shared::Shared,
        start::start,
    },
    model::{ProgramType, is_program_id},
};

/// Why there is no handle.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// `PARTNERO_API_KEY` isn't set.
    #[error("PARTNERO_API_KEY is not set: set it, or use `Partnero::disabled()` where nothing is to be sent")]
    NoApiKey,
    /// The client of Partnero's API can't be built.
    #[error(transparent)]
    Api(#[from] ApiBuildError),
    /// Outside a tokio runtime.
    #[error("no tokio runtime: build the handle in an async function, where its tasks can run")]
    NoRuntime,
    /// `PARTNERO_PROGRAM_TYPE` is neither.
    #[error("PARTNERO_PROGRAM_TYPE must be `affiliate` or `refer_a_friend`")]
    ProgramType,
    /// The lease leaves no time for a call's requests.
    #[error("the lease must be at least four request time-outs: a call may need several requests")]
    LeaseTooShort,
    /// No room, nothing in flight, or no time for the outbox.
    #[error("`capacity` and `max_in_flight` must be at least 1, and `outbox_timeout` above zero")]
    Zero,
    /// The least wait is longer than the longest.
    #[error("`backoff(min, max)` wants min <= max and max above zero")]
    Backoff,
    /// An outbox in memory that nobody empties.
    #[error(
        "`dispatch(false)` wants an outbox that another process can see, not one in memory: give it a `SqliteOutbox` or a \
         `PostgresOutbox`"
    )]
    NothingDispatches,
    /// Not a program id.
    #[error("a program id is 8 letters and digits: copy it from the tag in Partnero's dashboard")]
    ProgramId,
    /// A name without characters, with too many, or with ones that break a log line.
    #[error("`name` must be 1 to 64 characters, without control characters")]
    Name,
}

type Open = Box<dyn FnOnce(Opening) -> sealed::Handle + Send>;

/// Builds a [`Partnero`] handle; see [`Partnero::builder`].
#[must_use = "a builder does nothing until `build` is called"]
pub struct PartneroBuilder {
    api: ApiClientBuilder,
    request_timeout: Duration,
    lease: Option<Duration>,
    open: Open,
    name: String,
    observer: Option<Arc<dyn AnyObserver>>,
    clock: Clock,
    settings: Settings,
    rules: Rules,
    program_id: Option<String>,
}

/// What is reported at all.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Rules {
    pub(crate) program: Option<ProgramType>,
    pub(crate) sign_ups_only: bool,
    pub(crate) referred_only: bool,
}

impl PartneroBuilder {
    pub(crate) fn new(api_key: SecretString) -> Self {
        Self {
            api: ApiClient::builder(api_key),
            request_timeout: Duration::from_secs(10),
            lease: None,
            open: Box::new(|opening| sealed::IntoStore::into_store(MemoryOutbox::new(), opening)),
            name: "partnero".to_owned(),
            observer: None,
            clock: Clock::system(),
            settings: Settings::default(),
            rules: Rules::default(),
            program_id: None,
        }
    }

    /// Where calls are kept until Partnero has them. Default: [`MemoryOutbox`], which a crash empties.
    pub fn outbox(mut self, outbox: impl Outbox) -> Self {
        self.open = Box::new(|opening| sealed::IntoStore::into_store(outbox, opening));
        self
    }

    /// Time for a durable outbox to answer, each time it is asked something. Then it counts as out of reach, and is asked
    /// again. Default: 10 seconds.
    pub fn outbox_timeout(mut self, timeout: Duration) -> Self {
        self.settings.outbox_timeout = timeout;
        self
    }

    /// Who is told what became of calls. Default: nobody.
    pub fn observer(mut self, observer: impl Observer) -> Self {
        self.observer = Some(Arc::new(observer));
        self
    }

    /// The kind of the API key's program. Default: that of each referral key where known, else affiliate.
    ///
    /// State it for a refer-a-friend program, and wherever two handles serve two programs.
    pub fn program_type(mut self, program: ProgramType) -> Self {
        self.rules.program = Some(program);
        self.api = self.api.program_type(program);
        self
    }

    /// The program's public id, 8 letters and digits: [`check`](Partnero::check) compares it with the API key's, and so
    /// does each probe, the first of which goes before the first call. Nothing is sent with the key of another program.
    ///
    /// A durable outbox remembers the first program that it sent calls to, and holds them when it is opened with the key
    /// of another one; with this, the first is the right one.
    pub fn program_id(mut self, id: impl Into<String>) -> Self {
        self.program_id = Some(id.into());
        self
    }

    /// The name of this handle: 1 to 64 characters, without control characters. Default: `partnero`.
    ///
    /// Logs show it, and a durable outbox keeps each call under it: handles of different names share a database, and
    /// none sees the calls of another. So give each program its own name, and don't change one while calls wait under
    /// it: under the new one they are not found, and what was sent before is not known.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Only sign-ups are reported: sales, refunds and adjustments are refused, and the first of them is logged.
    ///
    /// For programs to which Stripe, Paddle or another processor is connected: it reports the sales itself, and a
    /// second report pays a second commission.
    pub fn sign_ups_only(mut self) -> Self {
        self.rules.sign_ups_only = true;
        self
    }

    /// Sign-ups without a referrer end as ignored, without a request. Default: all are sent, as Partnero's guide says.
    ///
    /// Sales are sent all the same: whether their customer was referred, perhaps years ago, is Partnero's to know.
    pub fn referred_only(mut self) -> Self {
        self.rules.referred_only = true;
        self
    }

    /// Whether this process sends what the outbox holds. Default: `true`. With `false` it only stores.
    pub fn dispatch(mut self, dispatch: bool) -> Self {
        self.settings.dispatch = dispatch;
        self
    }

    /// Partnero's address. Default: `https://api.partnero.com/v1/`. It must be https, or loopback.
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.api = self.api.base_url(url);
        self
    }

    /// Allows a base URL that is neither https nor loopback: the API key then travels readably.
    pub fn allow_plain_http(mut self) -> Self {
        self.api = self.api.allow_plain_http();
        self
    }

    /// Your own HTTP client settings: a proxy, further roots. Redirects, retries and time-outs stay ours.
    pub fn http_client(mut self, client: reqwest::ClientBuilder) -> Self {
        self.api = self.api.http_client(client);
        self
    }

    /// Where time comes from. Default: the system.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Calls that may wait in this process's memory: with [`MemoryOutbox`] all that are neither settled nor dead
    /// letters, with a durable outbox those not yet stored. At least 1. Default: 10,000. A full queue refuses the newest.
    pub fn capacity(mut self, calls: usize) -> Self {
        self.settings.capacity = calls;
        self
    }

    /// How many bytes a call may take, most of them its texts. Default: 16 KiB. A larger one is refused.
    pub fn max_call_bytes(mut self, bytes: usize) -> Self {
        self.settings.max_call_bytes = bytes;
        self
    }

    /// Calls that this process sends at the same time, at least 1. Default: 8.
    pub fn max_in_flight(mut self, calls: usize) -> Self {
        self.settings.max_in_flight = calls;
        self
    }

    /// Time to connect, TLS included. Default: 3 seconds.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.api = self.api.connect_timeout(timeout);
        self
    }

    /// Time for a whole request. Default: 10 seconds.
    pub fn request_timeout(mut self, timeout: Duration) -> Self {
        self.request_timeout = timeout;
        self.api = self.api.request_timeout(timeout);
        self
    }

    /// How many bytes of an answer are read. Default: 1 MiB. A longer one counts as unreadable.
    pub fn max_response_bytes(mut self, bytes: usize) -> Self {
        self.api = self.api.max_response_bytes(bytes);
        self
    }

    /// How long a call belongs to whoever claimed it. Default: 60 seconds, or four request time-outs if
    /// that is longer; at least that.
    pub fn lease(mut self, lease: Duration) -> Self {
        self.lease = Some(lease);
        self
    }

    /// How long after an attempt of unknown outcome Partnero may still be at work on it. Only then is it asked whether
    /// the sale is there. Default: 30 seconds; never less than the request time-out.
    pub fn settle_delay(mut self, delay: Duration) -> Self {
        self.settings.settle_delay = delay;
        self
    }

    /// How long a call may wait between its own attempts before it becomes a dead letter. Default: 7 days. Time during
    /// which nothing at all is sent doesn't count.
    pub fn max_age(mut self, age: Duration) -> Self {
        self.settings.max_age = age;
        self
    }

    /// The shortest and the longest wait between two attempts of a call; in between it doubles with each, with full jitter.
    /// Default: 1 second and 1 hour.
    pub fn backoff(mut self, min: Duration, max: Duration) -> Self {
        self.settings.backoff = (min, max);
        self
    }

    /// Time for an observer to answer, each time it is told something. Default: 30 seconds.
    pub fn observer_timeout(mut self, timeout: Duration) -> Self {
        self.settings.observer_timeout = timeout;
        self
    }

    /// How long settled keys are remembered, to recognise repeats. Default: 400 days.
    pub fn keep_settled(mut self, time: Duration) -> Self {
        self.settings.keeping.settled = time;
        self
    }

    /// How long dead letters are kept. Default: 90 days.
    pub fn keep_dead_letters(mut self, time: Duration) -> Self {
        self.settings.keeping.dead = time;
        self
    }

    /// How many dead letters are kept. Default: 100,000. Beyond that, the oldest is discarded.
    pub fn max_dead_letters(mut self, letters: usize) -> Self {
        self.settings.keeping.max_dead = letters;
        self
    }

    /// Builds the handle and starts its tasks on the current runtime.
    ///
    /// # Errors
    /// When the API key, the base URL or a setting can't be right, when there are no CA certificates, or outside a
    /// tokio runtime. Nothing is sent: see [`Partnero::check`].
    pub fn build(self) -> Result<Partnero, BuildError> {
        let four_requests = self.request_timeout.saturating_mul(4);
        let mut settings = self.settings;
        settings.lease = self.lease.unwrap_or(settings.lease.max(four_requests));
        let mut settings = settings.within_reason();
        settings.settle_delay = settings.settle_delay.max(self.request_timeout).min(FOREVER);
        settings.keeping.notices = self.observer.is_some();
        if settings.capacity == 0 || settings.max_in_flight == 0 || settings.outbox_timeout.is_zero() {
            return Err(BuildError::Zero);
        }
        if settings.backoff.0 > settings.backoff.1 || settings.backoff.1.is_zero() {
            return Err(BuildError::Backoff);
        }
        if settings.lease < four_requests {
            return Err(BuildError::LeaseTooShort);
        }
        if !(1..=64).contains(&self.name.chars().count()) || self.name.chars().any(char::is_control) {
            return Err(BuildError::Name);
        }
        if self.program_id.as_ref().is_some_and(|id| !is_program_id(id)) {
            return Err(BuildError::ProgramId);
        }
        let api = self.api.build()?;
        let runtime = Handle::try_current().map_err(|_| BuildError::NoRuntime)?;
        let sealed::Handle(store) = (self.open)(Opening { clock: self.clock.clone(), name: self.name.clone() });
        if !settings.dispatch && store.is_volatile() {
            return Err(BuildError::NothingDispatches);
        }

        let store: Arc<dyn Store> =
            if store.is_volatile() { store } else { Arc::new(Limited::new(store, settings.outbox_timeout)) };
        let (observer, name, clock) = (self.observer, self.name, self.clock);
        let herald = observer.clone().map(|observer| herald::start(observer, settings.observer_timeout));
        let shared = Shared::new(name, api, store, clock, settings, self.program_id, herald);
        Ok(Partnero::live(start(shared, self.rules, observer, &runtime)))
    }
}

/// Without secrets.
impl fmt::Debug for PartneroBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PartneroBuilder")
            .field("name", &self.name)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
