//! How fast calls are stored durably, beside what an application would write instead: one INSERT per call, each in a
//! transaction of its own, with the same settings.
//!
//! ```text
//! cargo bench --bench store
//! ```
//!
//! Each caller tracks a sale and awaits `stored()`, over and over, as handlers do that must not lose it. SQLite syncs to
//! a real disk (WAL, `synchronous=FULL`); so does PostgreSQL, a server of this bench's own. The floor is a file to which
//! as many bytes are appended and synced as one batch of 64 calls would need: no store of 64 callers can be faster than
//! that. Rounds take turns; the figures are their medians.

mod shared;

#[path = "../tests/shared/postgres.rs"]
mod postgres;

use std::{
    io::Write as _,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use axum_partnero::{Partnero, PostgresOutbox, SqliteOutbox};
use sqlx::{
    PgPool, SqlitePool,
    postgres::PgPoolOptions,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use shared::{
    figures::{is_measured, median},
    sales,
};

const CALLERS: usize = 64;
const TABLE: &str = "CREATE TABLE IF NOT EXISTS conversions (id TEXT PRIMARY KEY, customer TEXT NOT NULL, \
     state TEXT NOT NULL, body TEXT NOT NULL)";

/// What an application would write.
#[derive(Clone)]
enum Single {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

impl Single {
    async fn insert(&self, number: u64) {
        const INSERT: &str = "INSERT INTO conversions (id, customer, state, body) VALUES ($1, $2, 'pending', $3)";
        let (id, customer, body) =
            (format!("order-{number}"), (1_000_000 + number).to_string(), sales::body(number).to_string());
        match self {
            Self::Sqlite(pool) => {
                sqlx::query(INSERT).bind(id).bind(customer).bind(body).execute(pool).await.expect("it is stored");
            }
            Self::Postgres(pool) => {
                sqlx::query(INSERT).bind(id).bind(customer).bind(body).execute(pool).await.expect("it is stored");
            }
        }
    }
}

/// Calls a second, by so many callers.
async fn rate<F>(
    callers: usize,
    numbers: std::ops::Range<u64>,
    store: impl Fn(u64) -> F + Clone + Send + 'static,
) -> f64
where
    F: Future<Output = ()> + Send,
{
    let (start, calls) = (Instant::now(), numbers.end - numbers.start);
    let next = Arc::new(AtomicU64::new(numbers.start));
    let callers: Vec<_> = (0..callers)
        .map(|_| {
            let (store, next, end) = (store.clone(), Arc::clone(&next), numbers.end);
            tokio::spawn(async move {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= end {
                        return;
                    }
                    store(number).await;
                }
            })
        })
        .collect();
    for caller in callers {
        caller.await.expect("it ends");
    }
    calls as f64 / start.elapsed().as_secs_f64()
}

async fn ours(partnero: Partnero, number: u64) {
    partnero.track_sale(sales::ours(number)).stored().await.expect("it is stored");
}

/// 64 callers, ours and theirs, in turns. The median rates and their ratio.
async fn many(partnero: &Partnero, single: &Single, rounds: u64, calls: (u64, u64)) -> [f64; 3] {
    let (mut mine, mut theirs, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..=rounds {
        let numbers = |calls| (1 + round) * 1_000_000..(1 + round) * 1_000_000 + calls;
        let handle = partnero.clone();
        let ours = rate(CALLERS, numbers(calls.0), move |number| ours(handle.clone(), number)).await;
        let pool = single.clone();
        let insert = move |number| {
            let pool = pool.clone();
            async move { pool.insert(number).await }
        };
        let single = rate(CALLERS, numbers(calls.1), insert).await;
        // The first round warms up.
        if round > 0 {
            mine.push(ours);
            theirs.push(single);
            ratios.push(ours / single);
        }
    }
    [median(&mut mine), median(&mut theirs), median(&mut ratios)]
}

/// One caller: the median time of a call, ours and theirs, in microseconds.
async fn one(partnero: &Partnero, single: &Single, calls: u64) -> [f64; 2] {
    let (mut mine, mut theirs) = (Vec::new(), Vec::new());
    for number in 100_000_000..100_000_000 + calls {
        let start = Instant::now();
        ours(partnero.clone(), number).await;
        mine.push(start.elapsed().as_secs_f64() * 1e6);
        let start = Instant::now();
        single.insert(number).await;
        theirs.push(start.elapsed().as_secs_f64() * 1e6);
    }
    [median(&mut mine), median(&mut theirs)]
}

/// The rate at which 64 calls could be stored, if that took one append and one `fdatasync` for all of them.
fn floor(folder: &Path, times: usize) -> f64 {
    let mut file = std::fs::File::create(folder.join("floor")).expect("a file");
    let block = vec![7_u8; 32 * 1024];
    let mut taken: Vec<_> = (0..times)
        .map(|_| {
            let start = Instant::now();
            file.write_all(&block).expect("it is written");
            file.sync_data().expect("it is synced");
            start.elapsed().as_secs_f64()
        })
        .collect();
    CALLERS as f64 / median(&mut taken)
}

fn verdict(met: bool) -> &'static str {
    if met { "met" } else { "MISSED" }
}

fn handle(outbox: impl axum_partnero::delivery::Outbox) -> Partnero {
    // Nothing is sent: only storing is measured.
    let builder = Partnero::builder(sales::API_KEY).base_url("http://127.0.0.1:9/v1/").dispatch(false);
    builder.outbox(outbox).capacity(100_000).build().expect("a handle")
}

async fn sqlite(rounds: u64, calls: (u64, u64)) {
    // The temporary folder may be in memory: this is about a disk.
    let folder = tempfile::tempdir_in("target").expect("a folder");
    let partnero = handle(SqliteOutbox::open(folder.path().join("ours.db")).await.expect("an outbox"));
    let options = SqliteConnectOptions::new()
        .filename(folder.path().join("single.db"))
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(Duration::from_secs(30));
    // One connection: with more, writers get in each other's way.
    let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await.expect("a database");
    sqlx::query(TABLE).execute(&pool).await.expect("a table");
    let single = Single::Sqlite(pool);
    let [mine, theirs, ratio] = many(&partnero, &single, rounds, calls).await;
    let floor = floor(folder.path(), 200);
    println!(
        "SQLite, {CALLERS} callers    {mine:>10.0}/s   an INSERT per call {theirs:>8.0}/s   {ratio:>6.1} times   15 wanted: {}",
        verdict(ratio >= 15.0)
    );
    println!(
        "   one fdatasync for 64    {floor:>10.0}/s   {:>6.2} of it   0.5 wanted: {}",
        mine / floor,
        verdict(mine / floor >= 0.5)
    );
    let [mine, theirs] = one(&partnero, &single, calls.1).await;
    println!(
        "SQLite, one caller      {mine:>10.0} µs   a bare INSERT      {theirs:>8.0} µs   {:>6.2} times   1.5 wanted: {}",
        mine / theirs,
        verdict(mine / theirs <= 1.5)
    );
    partnero.shutdown(Duration::from_secs(10)).await;
}

async fn postgres(rounds: u64, calls: (u64, u64)) {
    let Some(server) = postgres::Postgres::durable() else { return };
    let url = server.database().await;
    let outbox = PostgresOutbox::connect(&url).await.expect("an outbox");
    outbox.create_schema().await.expect("tables");
    let partnero = handle(outbox);
    let pool = PgPoolOptions::new().max_connections(10).connect(&url).await.expect("a pool");
    sqlx::query(TABLE).execute(&pool).await.expect("a table");
    let single = Single::Postgres(pool);
    let [mine, theirs, ratio] = many(&partnero, &single, rounds, calls).await;
    println!(
        "PostgreSQL, {CALLERS} callers{mine:>10.0}/s   an INSERT per call {theirs:>8.0}/s   {ratio:>6.1} times   2.5 wanted: {}",
        verdict(ratio >= 2.5)
    );
    let [mine, theirs] = one(&partnero, &single, calls.1).await;
    println!(
        "PostgreSQL, one caller  {mine:>10.0} µs   a bare INSERT      {theirs:>8.0} µs   {:>6.2} times",
        mine / theirs
    );
    partnero.shutdown(Duration::from_secs(10)).await;
}

fn main() {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let (rounds, calls) = if is_measured() { (9, (20_000, 2_000)) } else { (1, (100, 50)) };
    runtime.block_on(sqlite(rounds, calls));
    runtime.block_on(postgres(rounds, calls));
}
