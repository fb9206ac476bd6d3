//! A sandbox, a stand-in for a database, and handles to both.

use std::{
    io::Write,
    sync::{Arc, Mutex, Once},
    time::Duration,
};

use axum_partnero::sandbox::{Sandbox, SandboxBuilder};
use rust_decimal::Decimal;
use tracing::subscriber::DefaultGuard;

use crate::{
    BoxError, HoldReason, NewCustomer, NewTransaction, Observer, Partnero, ProgramType, ReferralKey, RefusedCall,
    delivery::PartneroBuilder,
};

use super::base::Base;

/// No test waits longer than this for what must come.
const DEADLINE: Duration = Duration::from_secs(300);
/// What the stand-in has to answer, where a test lets it hang.
pub(super) const SHORT: Duration = Duration::from_millis(150);

pub(super) fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// What `future` gives, or a panic when it never does.
pub(super) async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(DEADLINE, future).await.expect("it never came to an end")
}

/// Waits until it is so.
pub(super) async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let looked = async {
        while !is_so().await {
            tokio::time::sleep(ms(2)).await;
        }
    };
    assert!(tokio::time::timeout(DEADLINE, looked).await.is_ok(), "never: {what}");
}

pub(super) struct World {
    pub(super) sandbox: Sandbox,
    pub(super) base: Base,
}

impl World {
    /// The partner `anna`, and the customer `7` whom she referred.
    pub(super) async fn new() -> Self {
        Self::of(Sandbox::affiliate().partner("anna").referred_customer("7", "anna")).await
    }

    pub(super) async fn of(sandbox: SandboxBuilder) -> Self {
        Self { sandbox: sandbox.seed(7).spawn().await.unwrap(), base: Base::new() }
    }

    pub(super) fn builder(&self) -> PartneroBuilder {
        Self::builder_to(&self.sandbox).outbox(self.base.clone())
    }

    pub(super) fn builder_to(sandbox: &Sandbox) -> PartneroBuilder {
        Partnero::builder(sandbox.api_key())
            .base_url(sandbox.url())
            .program_type(ProgramType::Affiliate)
            .backoff(ms(5), ms(20))
    }

    pub(super) fn open(&self) -> Partnero {
        self.builder().build().unwrap()
    }

    pub(super) fn requests(&self) -> Vec<String> {
        requests(&self.sandbox)
    }

    /// The same without probes.
    pub(super) fn calls(&self) -> Vec<String> {
        self.requests().into_iter().filter(|line| line != "GET /test").collect()
    }
}

pub(super) fn requests(sandbox: &Sandbox) -> Vec<String> {
    let line = |path: &str, method: &str| format!("{method} {}", path.strip_prefix("/v1").unwrap_or(path));
    sandbox.requests().iter().map(|request| line(&request.path, request.method.as_ref())).collect()
}

/// A sale to customer 7.
pub(super) fn sale(key: impl std::fmt::Display) -> NewTransaction {
    NewTransaction::new(key, Decimal::TEN).customer("7")
}

/// A customer whom anna referred.
pub(super) fn referred(key: &str) -> NewCustomer {
    NewCustomer::new(key).referred_by(ReferralKey::new("anna").unwrap())
}

/// Keeps what this process's observer is told.
#[derive(Clone, Default)]
pub(super) struct Watcher(Arc<Mutex<Vec<String>>>);

impl Watcher {
    pub(super) fn told(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    fn note(&self, what: String) {
        self.0.lock().unwrap().push(what);
    }
}

impl Observer for Watcher {
    async fn refused(&self, call: &RefusedCall) -> Result<(), BoxError> {
        let key = call.transaction.as_ref().map(ToString::to_string).unwrap_or_default();
        self.note(format!("refused {key}: {}", call.error));
        Ok(())
    }

    async fn held(&self, reason: HoldReason) -> Result<(), BoxError> {
        self.note(format!("held {reason:?}"));
        Ok(())
    }

    async fn resumed(&self) -> Result<(), BoxError> {
        self.note("resumed".to_owned());
        Ok(())
    }
}

/// Everything that this thread logs.
#[derive(Clone, Default)]
pub(super) struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    pub(super) fn start() -> (Self, DefaultGuard) {
        // With one subscriber at a time, tracing asks whichever thread comes first whether a line is wanted, and
        // remembers the answer for all. Here is one that every thread has, and that wants everything.
        static FOR_ALL_THREADS: Once = Once::new();
        FOR_ALL_THREADS.call_once(|| {
            let _ = tracing::subscriber::set_global_default(tracing_subscriber::registry());
        });
        let log = Self::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_env_filter("debug,axum_partnero::sandbox=off")
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .finish();
        (log, tracing::subscriber::set_default(subscriber))
    }

    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }

    pub(super) fn count(&self, part: &str) -> usize {
        self.text().lines().filter(|line| line.contains(part)).count()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
