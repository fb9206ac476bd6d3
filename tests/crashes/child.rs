//! An application that tracks what it is told to: this program, executed again.

use std::{
    io::{self, BufRead as _, Write as _},
    path::PathBuf,
    pin::Pin,
    time::Duration,
};

use axum_partnero::{
    CustomerKey, Observer, Partnero, PostgresOutbox, SqliteOutbox, TransactionKey,
    api::{Customer, Transaction},
    delivery::{BoxError, DeadLetter, DeliveryError, Outcome, PartneroBuilder, TrackError, Tracked},
};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use crate::{
    plan::{self, Call},
    support::{hasty, ms, secs},
};

/// The variable that holds the job.
pub(crate) const JOB: &str = "PARTNERO_CRASH_JOB";

/// What an application is made of.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Job {
    pub(crate) outbox: Database,
    /// Partnero's address and key.
    pub(crate) url: String,
    pub(crate) api_key: String,
    /// Of an older release, or of a newer one: up to which version it reads.
    pub(crate) reads_up_to: Option<u64>,
    pub(crate) dispatch: bool,
    pub(crate) observer: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Database {
    Sqlite(PathBuf),
    Postgres(String),
}

/// A line of its input. Calls are numbered by whoever orders them.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Order {
    Track(u64, Call),
    Deliver(u64, Call),
    Flush,
    /// Fills its disk with this file.
    Fill(PathBuf),
    Remove(PathBuf),
    /// Ends in good order.
    ShutDown,
}

/// A line of its output, after [`MARK`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum News {
    /// It is up, and its outbox is open.
    Up,
    /// `stored()` resolved.
    Stored(u64),
    /// `delivered()` resolved.
    Delivered(u64, String),
    Failed(u64, String),
    /// The observer was told.
    Told(String),
    /// Nothing is open any more: how many dead letters there are, and parked calls.
    Flushed(usize, usize),
    /// The disk is.
    Full,
    /// How many were left, and lost.
    Down(usize, usize),
}

/// Other lines are the test harness's.
pub(crate) const MARK: char = '>';

fn say(news: &News) {
    let line = serde_json::to_string(news).unwrap();
    let mut out = io::stdout().lock();
    // Nobody listens any more: then nobody is to be told.
    let _ = writeln!(out, "{MARK}{line}").and_then(|()| out.flush());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn process() {
    let Ok(job) = std::env::var(JOB) else { return };
    if std::env::var_os("PARTNERO_CRASH_LOG").is_some() {
        let _ = tracing_subscriber::fmt().with_env_filter("axum_partnero=debug").with_writer(io::stderr).try_init();
    }
    println!();
    let partnero = builder(serde_json::from_str(&job).unwrap()).await.build().unwrap();
    say(&News::Up);
    let mut orders = orders();
    while let Some(order) = orders.recv().await {
        obey(&partnero, order).await;
    }
    // Whoever started it is gone.
    std::process::exit(0);
}

/// Its input. Read by a thread of its own: it ends when the input does, and keeps no runtime waiting.
fn orders() -> mpsc::UnboundedReceiver<Order> {
    let (sender, receiver) = mpsc::unbounded_channel();
    std::thread::spawn(move || {
        for line in io::stdin().lock().lines().map_while(Result::ok) {
            if sender.send(serde_json::from_str(&line).unwrap()).is_err() {
                return;
            }
        }
    });
    receiver
}

/// For a handle of this job, in whichever process.
pub(crate) async fn builder(job: Job) -> PartneroBuilder {
    let builder = hasty(Partnero::builder(job.api_key)).base_url(job.url).dispatch(job.dispatch);
    let builder = if job.observer { builder.observer(Teller) } else { builder };
    match job.outbox {
        Database::Sqlite(path) => {
            let outbox = SqliteOutbox::open(path).await.unwrap();
            builder.outbox(match job.reads_up_to {
                Some(version) => outbox.reading_up_to(version),
                None => outbox,
            })
        }
        Database::Postgres(url) => {
            let outbox = PostgresOutbox::connect(&url).await.unwrap();
            outbox.create_schema().await.unwrap();
            builder.outbox(match job.reads_up_to {
                Some(version) => outbox.reading_up_to(version),
                None => outbox,
            })
        }
    }
}

async fn obey(partnero: &Partnero, order: Order) {
    match order {
        Order::Track(number, call) => {
            let stored = track(partnero, call);
            tokio::spawn(async move {
                say(&match stored.await {
                    Ok(()) => News::Stored(number),
                    Err(error) => News::Failed(number, error.to_string()),
                });
            });
        }
        Order::Deliver(number, call) => {
            let delivered = deliver(partnero, call);
            tokio::spawn(async move {
                say(&match delivered.await {
                    Ok(end) => News::Delivered(number, end),
                    Err(error) => News::Failed(number, error.to_string()),
                });
            });
        }
        Order::Flush => {
            let partnero = partnero.clone();
            tokio::spawn(async move {
                partnero.flush(secs(3_600)).await.unwrap();
                let status = partnero.status().await.unwrap();
                say(&News::Flushed(status.dead, status.parked));
            });
        }
        Order::Fill(path) => {
            let mut ballast = std::fs::File::create(path).unwrap();
            for size in [65_536, 4_096, 1] {
                while ballast.write_all(&vec![0; size]).is_ok() {}
            }
            say(&News::Full);
        }
        Order::Remove(path) => std::fs::remove_file(path).unwrap(),
        Order::ShutDown => {
            let report = partnero.shutdown(secs(10)).await;
            say(&News::Down(report.left.unwrap(), report.lost));
            std::process::exit(0);
        }
    }
}

/// Tracks it now. What it gives waits until it is stored.
pub(crate) fn track(partnero: &Partnero, call: Call) -> Pin<Box<dyn Future<Output = Result<(), TrackError>> + Send>> {
    fn stored<T: 'static>(mut tracked: Tracked<T>) -> Pin<Box<dyn Future<Output = Result<(), TrackError>> + Send>> {
        Box::pin(async move { tracked.stored().await })
    }
    match call {
        Call::SignUp { customer } => stored(partnero.track_sign_up(plan::customer(&customer))),
        Call::Sale { customer, key, cents } => stored(partnero.track_sale(plan::transaction(&customer, &key, cents))),
        Call::Refund { key } => stored(partnero.track_refund(key)),
        Call::Adjustment { customer, key, cents } => {
            stored(partnero.track_adjustment(plan::transaction(&customer, &key, cents)))
        }
    }
}

/// Tracks it now. What it gives waits for the end of it.
fn deliver(partnero: &Partnero, call: Call) -> Pin<Box<dyn Future<Output = Result<String, DeliveryError>> + Send>> {
    match call {
        Call::SignUp { customer } => {
            let tracked = partnero.track_sign_up(plan::customer(&customer));
            Box::pin(async { tracked.delivered().await.map(|end| name(&end)) })
        }
        Call::Refund { key } => {
            let tracked = partnero.track_refund(key);
            Box::pin(async { tracked.delivered().await.map(|end| name(&end)) })
        }
        Call::Sale { customer, key, cents } => {
            let tracked = partnero.track_sale(plan::transaction(&customer, &key, cents));
            Box::pin(async { tracked.delivered().await.map(|end| name(&end)) })
        }
        Call::Adjustment { customer, key, cents } => {
            let tracked = partnero.track_adjustment(plan::transaction(&customer, &key, cents));
            Box::pin(async { tracked.delivered().await.map(|end| name(&end)) })
        }
    }
}

/// The outcome, without what came with it.
fn name<T>(outcome: &Outcome<T>) -> String {
    match outcome {
        Outcome::Recorded(_) => "recorded",
        Outcome::Existed => "existed",
        Outcome::Ignored => "ignored",
        Outcome::Duplicate => "duplicate",
        Outcome::Cancelled => "cancelled",
        Outcome::Refunded => "refunded",
        Outcome::Adjusted => "adjusted",
        _ => "?",
    }
    .to_owned()
}

/// Says what it is told, and takes its time, so that it may well be killed in between.
struct Teller;

impl Teller {
    async fn told(what: String) -> Result<(), BoxError> {
        tokio::time::sleep(ms(2)).await;
        say(&News::Told(what));
        tokio::time::sleep(Duration::from_millis(2)).await;
        Ok(())
    }
}

impl Observer for Teller {
    async fn signed_up(&self, key: &CustomerKey, _: &Customer) -> Result<(), BoxError> {
        Self::told(format!("signed up {key}")).await
    }

    async fn sold(&self, key: &TransactionKey, _: &Transaction) -> Result<(), BoxError> {
        Self::told(format!("sold {key}")).await
    }

    async fn adjusted(&self, key: &TransactionKey, _: &Transaction) -> Result<(), BoxError> {
        Self::told(format!("adjusted {key}")).await
    }

    async fn refunded(&self, key: &TransactionKey) -> Result<(), BoxError> {
        Self::told(format!("refunded {key}")).await
    }

    async fn failed(&self, letter: &DeadLetter) -> Result<(), BoxError> {
        Self::told(format!("failed {}", letter.transaction.as_deref().unwrap_or_default())).await
    }
}
