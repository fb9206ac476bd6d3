//! What a backlog costs: claims with a thousand calls waiting and with a million, opening an outbox with a million, and
//! pruning some of a million settled ones.
//!
//! ```text
//! cargo bench --bench backlog
//! cargo bench --bench backlog -- sqlite claims      one database, one part: claims or prune
//! ```
//!
//! SQLite syncs to a real disk, and so does PostgreSQL, a server of this bench's own. The claims of the three backlogs
//! take turns, SQLite's with its files in the system's cache: what it costs to read as many pages as a claim of eight
//! among a million needs is shown by itself. One of them has a customer who owns 100,000 calls, tracked before all others: these are looked at once,
//! in passing, which is timed by itself.

mod shared;

#[path = "../tests/shared/postgres.rs"]
mod postgres;

use std::{
    io::{Read as _, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use axum_partnero::{NewTransaction, PostgresOutbox, SqliteOutbox, delivery::Probe};
use rust_decimal::Decimal;
use sqlx::{Executor as _, Row as _};

use shared::figures::{is_measured, median};

const AT_ONCE: usize = 8;
const PAGES: usize = 2 * AT_ONCE;
const IDLE: Duration = Duration::from_secs(5);
const FOREVER: Duration = Duration::from_secs(1 << 32);

/// How much there is of everything.
struct Sizes {
    few: u64,
    many: u64,
    whale: u64,
    claims: usize,
    batches: usize,
}

/// Whether this is to be measured: everything is, unless something is named.
fn is_wanted(what: &str) -> bool {
    let named: Vec<_> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let group = [&["sqlite", "postgres"][..], &["claims", "prune"]].into_iter().find(|group| group.contains(&what));
    let mut rivals = group.into_iter().flatten().filter(|name| named.iter().any(|it| it == *name)).peekable();
    rivals.peek().is_none() || rivals.any(|name| *name == what)
}

fn sale(number: u64, customer: u64) -> NewTransaction {
    NewTransaction::new(format_args!("order-{number}"), Decimal::new(4_990, 2)).customer(customer)
}

async fn fill(probe: &Probe, numbers: std::ops::Range<u64>, customer: impl Fn(u64) -> u64) {
    let mut from = numbers.start;
    while from < numbers.end {
        let to = numbers.end.min(from + 1_000);
        probe.insert((from..to).map(|number| sale(number, customer(number)))).await.expect("they are stored");
        from = to;
    }
}

/// The time of one claim, in microseconds; what it gave is settled.
async fn claim(probe: &Probe) -> f64 {
    let start = Instant::now();
    let (claimed, _) = probe.claim(AT_ONCE).await.expect("a claim");
    let taken = start.elapsed().as_secs_f64() * 1e6;
    assert_eq!(claimed.len(), AT_ONCE, "there is more than enough");
    probe.settle(claimed).await.expect("it is settled");
    taken
}

async fn claims(title: &str, few: &Probe, many: &Probe, whale: &Probe, sizes: &Sizes, files: &[PathBuf]) {
    fill(few, 0..sizes.few, |number| number).await;
    fill(many, 0..sizes.many, |number| number).await;
    fill(whale, 0..sizes.whale, |_| 0).await;
    fill(whale, sizes.whale..sizes.whale + sizes.few, |number| number).await;

    let (start, mut looks) = (Instant::now(), 0);
    while looks == 0 || whale.claim(1).await.expect("a claim").0.is_empty() {
        looks += 1;
        if looks == 1 {
            let (first, _) = whale.claim(1).await.expect("a claim");
            assert_eq!(first.len(), 1, "the first of the customer's calls");
        }
    }
    println!("{title}: {} calls of one customer are passed in {:.0?}, {looks} claims", sizes.whale, start.elapsed());

    for file in files {
        let mut file = std::fs::File::open(file).expect("a file");
        std::io::copy(&mut file, &mut std::io::sink()).expect("it is read");
    }
    let mut taken = [Vec::new(), Vec::new(), Vec::new()];
    for _ in 0..sizes.claims {
        for (probe, taken) in [few, many, whale].into_iter().zip(&mut taken) {
            taken.push(claim(probe).await);
        }
    }
    let [few, many, whale] = taken.map(|mut taken| median(&mut taken));
    println!("{title}: a claim of {AT_ONCE}, in µs, and as a ratio to the first");
    println!("   {:>9} calls wait           {few:>8.0}", sizes.few);
    for (what, taken) in
        [(format!("{:>9} calls wait", sizes.many), many), (format!("{:>9} of one customer", sizes.whale), whale)]
    {
        let verdict = if taken / few <= 1.2 { "met" } else { "MISSED" };
        println!("   {what:<30}{taken:>8.0}   {:.2}   1.2 wanted: {verdict}", taken / few);
    }
}

/// The median time of reading as many pages of a file as a claim does: of each call, the two where its keys are.
fn pages(path: &Path, times: usize) -> f64 {
    let mut file = std::fs::File::open(path).expect("a file");
    let count = file.metadata().expect("its size").len() / 4096;
    let (mut page, mut place, mut taken) = ([0; 4096], 1, Vec::new());
    for _ in 0..times {
        let start = Instant::now();
        for _ in 0..PAGES {
            place = place * 1_103_515_245 % 2_147_483_647;
            file.seek(SeekFrom::Start(place % count * 4096)).expect("a place");
            file.read_exact(&mut page).expect("a page");
        }
        taken.push(start.elapsed().as_secs_f64() * 1e6);
    }
    median(&mut taken)
}

/// The longest that an append to a file and its `fdatasync` took, time and again.
fn longest_sync(done: &AtomicBool) -> Duration {
    let mut file = tempfile::tempfile_in("target").expect("a file");
    let mut longest = Duration::ZERO;
    while !done.load(Ordering::Relaxed) {
        let start = Instant::now();
        file.write_all(&[7; 4096]).expect("it is written");
        file.sync_data().expect("it is synced");
        longest = longest.max(start.elapsed());
        std::thread::sleep(Duration::from_millis(5));
    }
    longest
}

/// Prunes so many batches of a million rows, while calls are stored: the longest that one of these had to wait.
async fn prune(title: &str, old: Probe, rows: u64, most: usize) {
    // What a disk does by itself, right before.
    let idle = Arc::new(AtomicBool::new(false));
    let syncing = std::thread::spawn({
        let idle = Arc::clone(&idle);
        move || longest_sync(&idle)
    });
    tokio::time::sleep(IDLE).await;
    idle.store(true, Ordering::Relaxed);
    let idle = syncing.join().expect("it ends");

    let done = Arc::new(AtomicBool::new(false));
    let old = Arc::new(old);
    let storing = tokio::spawn({
        let (done, old) = (Arc::clone(&done), Arc::clone(&old));
        async move {
            let (mut longest, mut number) = (Duration::ZERO, 0);
            while !done.load(Ordering::Relaxed) {
                let start = Instant::now();
                old.insert([sale(1 << 40 | number, number)]).await.expect("it is stored");
                longest = longest.max(start.elapsed());
                number += 1;
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            longest
        }
    });
    // A disk has pauses of its own: as long as these, no pruning can be blamed.
    let syncing = std::thread::spawn({
        let done = Arc::clone(&done);
        move || longest_sync(&done)
    });
    let (start, mut longest, mut batches) = (Instant::now(), Duration::ZERO, 0);
    loop {
        let batch = Instant::now();
        let more = old.prune().await.expect("it is pruned");
        longest = longest.max(batch.elapsed());
        batches += 1;
        if !more || batches == most {
            break;
        }
        // As the dispatcher does: deliveries come in between.
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let taken = start.elapsed();
    done.store(true, Ordering::Relaxed);
    let stored = storing.await.expect("it ends");
    let bare = syncing.join().expect("it ends");
    let verdict = if longest.max(stored) <= Duration::from_millis(50) { "met" } else { "MISSED" };
    println!(
        "{title}: of {rows} settled rows, {batches} batches pruned in {taken:.1?}, the longest in {longest:.1?}; the longest \
         that a call waited to be stored {stored:.1?}, a bare fdatasync beside it {bare:.1?}, and before it {idle:.1?}   \
         50 ms wanted: {verdict}"
    );
}

fn opened(title: &str, rows: u64, taken: Duration) {
    let verdict = if taken <= Duration::from_secs(1) { "met" } else { "MISSED" };
    println!(
        "{title}: opened with {rows} calls waiting, and the first ones claimed, in {taken:.1?}   1 s wanted: {verdict}"
    );
}

const SETTLED: &str = "INSERT INTO partnero_calls (call_id, name, kind, version, customer_key, transaction_key, amount, \
     state, outcome, open, due, over_at, payload) \
     SELECT 'old-' || i, 'old', 'sale', 1, 'customer-' || i, 'order-' || i, '49.90', 'done', 'recorded', 0, NULL, 1, '' FROM ";

async fn sqlite(sizes: &Sizes) {
    // The temporary folder may be in memory: this is about a disk.
    let folder = tempfile::tempdir_in("target").expect("a folder");
    let open = async |name: &str| {
        let outbox = SqliteOutbox::open(folder.path().join(format!("{name}.db"))).await.expect("an outbox");
        Probe::open(outbox, name, FOREVER)
    };
    if is_wanted("claims") {
        let (few, many, whale) = (open("few").await, open("many").await, open("whale").await);
        let files = ["few", "many", "whale"].map(|name| folder.path().join(format!("{name}.db")));
        claims("SQLite", &few, &many, &whale, sizes, &files).await;
        println!("SQLite: {PAGES} pages read at random, in µs: {:.0}", pages(&files[1], sizes.claims));
        drop(many);
        let start = Instant::now();
        claim(&open("many").await).await;
        opened("SQLite", sizes.many, start.elapsed());
    }
    if !is_wanted("prune") {
        return;
    }
    let path = folder.path().join("old.db");
    let old = SqliteOutbox::open(&path).await.expect("an outbox");
    let pool = sqlx::SqlitePool::connect(&format!("sqlite:{}", path.display())).await.expect("a pool");
    let rows = format!(
        "{SETTLED}(WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {}) SELECT i FROM n)",
        sizes.many
    );
    pool.execute(sqlx::AssertSqlSafe(rows)).await.expect("they are there");
    pool.close().await;
    prune("SQLite", Probe::open(old, "old", Duration::from_secs(60)), sizes.many, sizes.batches).await;
}

async fn postgres(sizes: &Sizes) {
    let Some(server) = postgres::Postgres::durable() else { return };
    let open = async |url: &str, name: &str, keep| {
        let outbox = PostgresOutbox::connect(url).await.expect("an outbox");
        outbox.create_schema().await.expect("tables");
        Probe::open(outbox, name, keep)
    };
    if is_wanted("claims") {
        let urls = [server.database().await, server.database().await, server.database().await];
        let (few, many, whale) = (
            open(&urls[0], "few", FOREVER).await,
            open(&urls[1], "many", FOREVER).await,
            open(&urls[2], "whale", FOREVER).await,
        );
        claims("PostgreSQL", &few, &many, &whale, sizes, &[]).await;
        let start = Instant::now();
        claim(&open(&urls[1], "many", FOREVER).await).await;
        opened("PostgreSQL", sizes.many, start.elapsed());
    }
    if !is_wanted("prune") {
        return;
    }
    let url = server.database().await;
    let old = open(&url, "old", Duration::from_secs(60)).await;
    let pool = sqlx::PgPool::connect(&url).await.expect("a pool");
    pool.execute(sqlx::AssertSqlSafe(format!("{SETTLED} generate_series(1, {}) AS i", sizes.many)))
        .await
        .expect("rows");
    let count = pool.fetch_one("SELECT COUNT(*) FROM partnero_calls WHERE name = 'old'").await.expect("a count");
    assert_eq!(count.get::<i64, _>(0).cast_unsigned(), sizes.many);
    prune("PostgreSQL", old, sizes.many, sizes.batches).await;
}

fn main() {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let sizes = if is_measured() {
        Sizes { few: 1_000, many: 1_000_000, whale: 100_000, claims: 110, batches: 2_000 }
    } else {
        Sizes { few: 100, many: 2_000, whale: 500, claims: 5, batches: 50 }
    };
    runtime.block_on(async {
        if is_wanted("sqlite") {
            sqlite(&sizes).await;
        }
        if is_wanted("postgres") {
            postgres(&sizes).await;
        }
    });
}
