//! A handle to a sandbox whose time flies: back-offs, probes and settle delays take milliseconds, while requests keep
//! their real time-outs.

use std::time::Duration;

use axum_partnero::{
    Clock, NewCustomer, NewTransaction, Partnero, ReferralKey,
    delivery::{DeadLetter, Outcome, PartneroBuilder},
    sandbox::{RecordedRequest, Sandbox, SandboxBuilder},
};
use rust_decimal::Decimal;
use tokio::task::AbortHandle;

pub(crate) use crate::{
    log::Log,
    wait::{DEADLINE, ms, secs, until, within},
};

/// Proves something of each, all at the same time.
pub(crate) async fn each<T>(all: impl IntoIterator<Item = T>, prove: impl AsyncFn(T)) {
    futures_util::future::join_all(all.into_iter().map(|one| prove(one))).await;
}

/// Turns a manual clock by a second every real millisecond, until it is dropped.
pub(crate) struct Turning(AbortHandle);

impl Turning {
    pub(crate) fn start(clock: &Clock) -> Self {
        let clock = clock.clone();
        let task = tokio::spawn(async move {
            loop {
                tokio::time::sleep(ms(1)).await;
                clock.advance(secs(1));
            }
        });
        Self(task.abort_handle())
    }
}

impl Drop for Turning {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Partnero, and a handle to it.
pub(crate) struct World {
    pub(crate) sandbox: Sandbox,
    pub(crate) partnero: Partnero,
    pub(crate) clock: Clock,
    turning: Option<Turning>,
}

/// The partner `anna`, and the customer `7` whom she referred.
pub(crate) fn shop() -> SandboxBuilder {
    Sandbox::affiliate().partner("anna").referred_customer("7", "anna")
}

/// A settle delay that outlasts, in flying time, what the sandbox holds back in real time.
pub(crate) const LONG_SETTLE: Duration = Duration::from_secs(200);

/// What a request has where the sandbox hangs.
pub(crate) const SHORT_TIMEOUT: Duration = Duration::from_millis(250);

/// Settings for flying time.
pub(crate) fn flying(builder: PartneroBuilder, clock: &Clock) -> PartneroBuilder {
    builder.clock(clock.clone()).lease(secs(1_000_000)).settle_delay(secs(30)).backoff(secs(1), secs(4))
}

impl World {
    /// Time flies. Requests have plenty of it.
    pub(crate) async fn open(sandbox: SandboxBuilder) -> Self {
        Self::open_with(sandbox, |builder| builder).await
    }

    pub(crate) async fn open_with(
        sandbox: SandboxBuilder,
        set: impl FnOnce(PartneroBuilder) -> PartneroBuilder,
    ) -> Self {
        let mut world = Self::still(sandbox, set).await;
        world.turn();
        world
    }

    /// Requests have little time, and Partnero may take long to be done with them.
    pub(crate) async fn open_to_hangs(sandbox: SandboxBuilder) -> Self {
        Self::open_with(sandbox, |builder| builder.request_timeout(SHORT_TIMEOUT).settle_delay(LONG_SETTLE)).await
    }

    /// Time stands still until it is turned.
    pub(crate) async fn still(sandbox: SandboxBuilder, set: impl FnOnce(PartneroBuilder) -> PartneroBuilder) -> Self {
        Self::of(sandbox.seed(7).spawn().await.unwrap(), set)
    }

    /// The same of a sandbox that is there.
    pub(crate) fn of(sandbox: Sandbox, set: impl FnOnce(PartneroBuilder) -> PartneroBuilder) -> Self {
        let clock = Clock::manual();
        let partnero = set(flying(sandbox.partnero_builder(), &clock)).build().unwrap();
        Self { sandbox, partnero, clock, turning: None }
    }

    pub(crate) fn turn(&mut self) {
        self.turning.get_or_insert_with(|| Turning::start(&self.clock));
    }

    pub(crate) async fn flush(&self) {
        within(self.partnero.flush(DEADLINE)).await.unwrap();
    }

    /// Gives the handle every opportunity to do what it shouldn't: several requests' worth of time.
    pub(crate) async fn give_it_a_chance(&self) {
        for _ in 0..5 {
            within(self.partnero.api().program()).await.unwrap();
        }
    }

    /// The same where every answer is an error.
    pub(crate) async fn give_it_a_chance_in_vain(&self) {
        for _ in 0..5 {
            within(self.partnero.api().program()).await.unwrap_err();
        }
    }

    /// `POST /transactions` and the like, in the order of arrival.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.sandbox.requests().iter().map(line).collect()
    }

    /// The same without probes, nor what `give_it_a_chance` sends.
    pub(crate) fn requests_but_probes(&self) -> Vec<String> {
        self.requests().into_iter().filter(|line| !["GET /test", "GET /program"].contains(&line.as_str())).collect()
    }

    pub(crate) fn count(&self, line: &str) -> usize {
        self.requests().iter().filter(|other| *other == line).count()
    }

    /// Waits until a request has come in this often.
    pub(crate) async fn seen(&self, line: &str, times: usize) {
        until(&format!("{times} x {line}"), async || self.count(line) >= times).await;
    }

    pub(crate) async fn letters(&self) -> Vec<DeadLetter> {
        self.partnero.dead_letters().page(0, 10_000).await.unwrap()
    }

    /// The live amounts of a transaction key.
    pub(crate) fn live(&self, key: &str) -> Vec<Decimal> {
        self.sandbox.ledger().live_transactions(key).iter().map(|row| row.amount).collect()
    }

    /// How many rows a transaction key ever had, deleted ones among them.
    pub(crate) fn rows(&self, key: &str) -> usize {
        self.sandbox.ledger().transactions().iter().filter(|row| row.key == key).count()
    }
}

fn line(request: &RecordedRequest) -> String {
    let path = request.path.strip_prefix("/v1").unwrap_or(&request.path);
    format!("{} {path}", request.method)
}

/// Amounts in whole dollars.
pub(crate) fn dollars(amount: i64) -> Decimal {
    Decimal::from(amount)
}

/// A sale to customer 7.
pub(crate) fn sale(key: &str, amount: i64) -> NewTransaction {
    NewTransaction::new(key, dollars(amount)).customer("7")
}

/// A customer whom anna referred.
pub(crate) fn referred(key: impl std::fmt::Display) -> NewCustomer {
    NewCustomer::new(key).referred_by(ReferralKey::new("anna").unwrap())
}

/// The name of an outcome, or of the reason why there is none.
pub(crate) fn name<T>(outcome: Result<Outcome<T>, axum_partnero::delivery::DeliveryError>) -> String {
    match outcome {
        Ok(Outcome::Recorded(_)) => "recorded".to_owned(),
        Ok(Outcome::Existed) => "existed".to_owned(),
        Ok(Outcome::Ignored) => "ignored".to_owned(),
        Ok(Outcome::Duplicate) => "duplicate".to_owned(),
        Ok(Outcome::Cancelled) => "cancelled".to_owned(),
        Ok(Outcome::Refunded) => "refunded".to_owned(),
        Ok(Outcome::Adjusted) => "adjusted".to_owned(),
        Ok(_) => "?".to_owned(),
        Err(axum_partnero::delivery::DeliveryError::Dead { reason, .. }) => format!("dead: {}", reason.as_str()),
        Err(axum_partnero::delivery::DeliveryError::ShutDown) => "shut down".to_owned(),
        Err(error) => error.to_string(),
    }
}
