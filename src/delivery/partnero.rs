//! The handle that handlers use.

use std::{
    fmt::{self, Display},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use secrecy::SecretString;
use tokio_util::sync::CancellationToken;

use crate::{
    ProgramType,
    api::ApiClient,
    delivery::{
        builder::{BuildError, PartneroBuilder, Rules},
        intake::Intake,
        letters::DeadLetters,
        outbox::OutboxError,
        shared::Shared,
        shutdown::{self, ShutdownReport, Tasks},
        status::Status,
        stop::stop_when_done,
    },
};

/// A Partnero program, as your handlers use it: tell it what happened, and go on.
///
/// Cheap to clone; keep it in your router's state.
///
/// ```no_run
/// use axum::{Router, extract::{FromRef, State}, response::Redirect, routing::post};
/// use axum_partnero::{NewCustomer, Partnero, ReferralKey, ReferralLayer};
///
/// #[derive(Clone, FromRef)]
/// struct AppState {
///     partnero: Partnero,
/// }
///
/// async fn sign_up(State(partnero): State<Partnero>, referral: Option<ReferralKey>) -> Redirect {
///     partnero.track_sign_up(NewCustomer::new(4711).email("mia@shop.example").referred_by(referral));
///     Redirect::to("/welcome")
/// }
///
/// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let partnero = Partnero::builder(std::env::var("PARTNERO_API_KEY")?).build()?;
/// let app: Router = Router::new()
///     .route("/signup", post(sign_up))
///     .layer(ReferralLayer::new())
///     .with_state(AppState { partnero: partnero.clone() });
/// # let _ = app;
/// // … serve, and on the way out:
/// partnero.shutdown(std::time::Duration::from_secs(10)).await;
/// # Ok(())
/// # }
/// ```
///
/// When the last clone is dropped without [`shutdown`](Self::shutdown), its tasks go on until what is in a memory
/// outbox is delivered, for as long as the runtime lives. What that end loses is logged.
#[derive(Clone)]
pub struct Partnero {
    inner: Arc<Inner>,
}

#[expect(clippy::large_enum_variant, reason = "one per program, behind an `Arc`")]
enum Inner {
    Live(Live),
    Disabled(ApiClient),
}

/// A handle that sends.
pub(crate) struct Live {
    pub(crate) shared: Arc<Shared>,
    pub(crate) intake: Intake,
    pub(crate) close: CancellationToken,
    pub(crate) tasks: Tasks,
    pub(crate) rules: Rules,
    #[cfg(feature = "dashboard")]
    pub(crate) companion: std::sync::OnceLock<Arc<dyn super::companion::Companion>>,
    /// What a transaction of the application's may have to wait for.
    #[cfg(any(feature = "sqlx-sqlite", feature = "sqlx-postgres"))]
    pub(crate) buffered: Option<super::buffered::Buffered>,
    /// That sales are refused is logged once.
    pub(crate) said_sign_ups_only: AtomicBool,
}

impl Partnero {
    /// The settings of a handle for the program that this API key belongs to. It reads nothing from the environment.
    pub fn builder(api_key: impl Into<SecretString>) -> PartneroBuilder {
        PartneroBuilder::new(api_key.into())
    }

    /// A handle with default settings from the environment: `PARTNERO_API_KEY`, and if set, `PARTNERO_PROGRAM_TYPE`
    /// (`affiliate` or `refer_a_friend`), `PARTNERO_PROGRAM_ID` and `PARTNERO_BASE_URL`.
    ///
    /// # Errors
    /// When `PARTNERO_API_KEY` isn't set, `PARTNERO_PROGRAM_TYPE` is something else, and as [`PartneroBuilder::build`].
    pub fn from_env() -> Result<Self, BuildError> {
        let read = |name| std::env::var(name).ok().filter(|value| !value.trim().is_empty());
        let mut builder = Self::builder(read("PARTNERO_API_KEY").ok_or(BuildError::NoApiKey)?);
        if let Some(url) = read("PARTNERO_BASE_URL") {
            builder = builder.base_url(url);
        }
        if let Some(id) = read("PARTNERO_PROGRAM_ID") {
            builder = builder.program_id(id);
        }
        builder = match read("PARTNERO_PROGRAM_TYPE").as_deref() {
            None => builder,
            Some("affiliate") => builder.program_type(ProgramType::Affiliate),
            Some("refer_a_friend") => builder.program_type(ProgramType::ReferAFriend),
            Some(_) => return Err(BuildError::ProgramType),
        };
        builder.build()
    }

    /// A handle that logs what it is told and sends nothing: for development without an API key.
    ///
    /// Each call ends as [`Outcome::Ignored`](crate::delivery::Outcome::Ignored); one that can't be taken is an error as
    /// ever.
    pub fn disabled() -> Self {
        Self { inner: Arc::new(Inner::Disabled(ApiClient::disabled())) }
    }

    pub(crate) fn live(live: Live) -> Self {
        Self { inner: Arc::new(Inner::Live(live)) }
    }

    pub(crate) fn as_live(&self) -> Option<&Live> {
        match &*self.inner {
            Inner::Live(live) => Some(live),
            Inner::Disabled(_) => None,
        }
    }

    pub(crate) fn rules(&self) -> Rules {
        self.as_live().map(|live| live.rules).unwrap_or_default()
    }

    /// The typed client of Partnero's API. What it does waits for Partnero, and isn't repeated.
    pub fn api(&self) -> &ApiClient {
        match &*self.inner {
            Inner::Live(live) => &live.shared.api,
            Inner::Disabled(api) => api,
        }
    }

    /// How this handle is doing.
    ///
    /// # Errors
    /// When the outbox is out of reach.
    pub async fn status(&self) -> Result<Status, OutboxError> {
        let Some(live) = self.as_live() else { return Ok(Status::default()) };
        let (shared, counts) = (&live.shared, live.shared.store.counts().await?);
        Ok(Status {
            held: shared.hold(),
            buffered: shared.tally.buffered(),
            pending: counts.pending,
            in_flight: counts.in_flight,
            uncertain: counts.uncertain,
            parked: counts.parked,
            dead: counts.dead,
            untold: counts.notices,
            oldest: counts.oldest,
            delivered: shared.tally.delivered.load(Ordering::Relaxed),
            refused: shared.tally.refused.load(Ordering::Relaxed),
        })
    }

    /// The calls that Partnero refused for good, or never took.
    pub fn dead_letters(&self) -> DeadLetters {
        DeadLetters::new(self.as_live().map(|live| Arc::clone(&live.shared)))
    }

    /// Erases what the outbox knows of a customer: e-mail address, name and tags in calls that wait, and the key in
    /// those that are settled. What waits is still delivered, under the key alone, so that nobody loses a commission.
    /// How many calls it touched.
    ///
    /// The dashboard that this process keeps of them is dropped, too.
    ///
    /// What an inbox of webhooks holds isn't touched: an event's body goes once it is handled, and a dead letter's when
    /// it is discarded, or with its age.
    ///
    /// Partnero keeps what it has: `api().customers().delete(..)` is for that, and takes the commissions with it.
    ///
    /// # Errors
    /// When the outbox is out of reach.
    pub async fn forget(&self, customer: impl Display) -> Result<usize, OutboxError> {
        let (Some(live), Ok(key)) = (self.as_live(), crate::CustomerKey::new(customer)) else { return Ok(0) };
        #[cfg(feature = "dashboard")]
        if let Some(companion) = live.companion.get() {
            Arc::clone(companion).forget(key.clone()).await;
        }
        live.shared.store.forget(key.as_str()).await
    }

    /// Takes no more calls, stores and sends what it can in that time, and ends the tasks.
    ///
    /// A memory outbox is emptied as far as Partnero takes it; a durable one only finishes what is under way, and may
    /// take half a second more to say what it has. It returns early when nothing can be done before the time is up. Call
    /// it after the server has stopped. Called again, the shorter time counts, and the report is the same.
    pub async fn shutdown(&self, timeout: Duration) -> ShutdownReport {
        match self.as_live() {
            Some(live) => shutdown::shutdown(live, timeout).await,
            None => ShutdownReport::default(),
        }
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        stop_when_done(&self.shared.stop);
    }
}

/// Without secrets.
impl fmt::Debug for Partnero {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Partnero");
        match &*self.inner {
            Inner::Live(live) => debug.field("name", &live.shared.name).field("held", &live.shared.hold()),
            Inner::Disabled(_) => debug.field("disabled", &true),
        };
        debug.finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{NewCustomer, NewTransaction};

    fn spawnable<T: Send>(_: T) {}

    #[test]
    fn a_handler_can_await_each_of_the_futures() {
        let partnero = Partnero::disabled();
        spawnable(partnero.check());
        spawnable(partnero.flush(Duration::ZERO));
        spawnable(partnero.status());
        spawnable(partnero.forget("7"));
        spawnable(partnero.shutdown(Duration::ZERO));
        spawnable(partnero.track_sign_up(NewCustomer::new(7)).stored());
        spawnable(partnero.track_sale(NewTransaction::new(1, rust_decimal::Decimal::ONE)).delivered());
    }
}
