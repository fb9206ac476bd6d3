//! How fast sales get from `track_sale` into the sandbox's ledger, with an outbox in memory, in SQLite and in PostgreSQL.
//!
//! ```text
//! cargo bench --bench durable
//! ```
//!
//! The sandbox is a process of its own, and so is a server that takes 5 ms for an answer, as one that isn't on this
//! machine does at least; 32 requests are in flight in each process that dispatches. SQLite syncs to a real
//! disk (WAL, `synchronous=FULL`), and so does PostgreSQL, a server of this bench's own, which shares the machine's
//! processors with everything else here. With more than one dispatching process, the sales are tracked by another that
//! doesn't dispatch. Rounds take turns; the figures are their medians.

mod shared;

#[path = "../tests/shared/postgres.rs"]
mod postgres;

use std::{
    env,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use axum_partnero::{Partnero, PostgresOutbox, SqliteOutbox, delivery::Outbox};

use shared::{
    figures::{is_measured, median},
    sales,
    server::{self, Answers, Server},
};

const IN_FLIGHT: usize = 32;
/// Of the memory outbox's rate.
const TARGET: f64 = 0.5;
const DISPATCHER: &str = "BENCH_DISPATCHER";

fn handle(url: &str, outbox: Option<impl Outbox>, dispatch: bool) -> Partnero {
    let builder = Partnero::builder(sales::API_KEY).base_url(url).capacity(100_000).max_in_flight(IN_FLIGHT);
    let builder = builder.dispatch(dispatch);
    match outbox {
        Some(outbox) => builder.outbox(outbox),
        None => builder,
    }
    .build()
    .expect("a handle")
}

/// Sales a second, from the first that is tracked until the last is recorded.
async fn rate(partnero: &Partnero, numbers: std::ops::Range<u64>) -> f64 {
    let (start, calls) = (Instant::now(), numbers.end - numbers.start);
    for number in numbers {
        partnero.track_sale(sales::ours(number));
    }
    partnero.flush(Duration::from_secs(120)).await.expect("all is delivered");
    calls as f64 / start.elapsed().as_secs_f64()
}

async fn median_rate(partnero: &Partnero, rounds: u64, calls: u64, first: u64) -> f64 {
    let mut rates = Vec::new();
    for round in 0..=rounds {
        let from = first + round * calls;
        let rate = rate(partnero, from..from + calls).await;
        // The first round warms up.
        if round > 0 {
            rates.push(rate);
        }
    }
    median(&mut rates)
}

/// A process that dispatches. It ends with this value.
struct Dispatcher(Child);

impl Dispatcher {
    fn start(database: &str, url: &str) -> Self {
        let mut program = Command::new(env::current_exe().expect("this program"));
        let program = program.env(DISPATCHER, format!("{database} {url}")).stdin(Stdio::piped());
        Self(program.spawn().expect("another process"))
    }
}

impl Drop for Dispatcher {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Whether this process is a dispatcher: then it was one until now.
fn was_dispatcher(runtime: &tokio::runtime::Runtime) -> bool {
    let Ok(what) = env::var(DISPATCHER) else { return false };
    let (database, url) = what.split_once(' ').expect("a database and a server");
    runtime.block_on(async {
        let outbox = PostgresOutbox::connect(database).await.expect("an outbox");
        let _partnero = handle(url, Some(outbox), true);
        // The other process is gone when there is nothing more to read from it.
        let _ = tokio::task::spawn_blocking(|| std::io::stdin().read_line(&mut String::new())).await;
    });
    true
}

/// The memory outbox and SQLite in turns. The rate in memory.
async fn pair(title: &str, server: &Server, rounds: u64, calls: u64) -> f64 {
    let memory = handle(server.url(), None::<SqliteOutbox>, true);
    // The temporary folder may be in memory: this is about a disk.
    let folder = tempfile::tempdir_in("target").expect("a folder");
    let outbox = SqliteOutbox::open(folder.path().join("partnero.db")).await.expect("an outbox");
    let sqlite = handle(server.url(), Some(outbox), true);
    let (mut of_memory, mut of_sqlite, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..=rounds {
        let from = round * calls;
        let in_memory = rate(&memory, from..from + calls).await;
        let in_sqlite = rate(&sqlite, (1 << 40) + from..(1 << 40) + from + calls).await;
        if round > 0 {
            of_memory.push(in_memory);
            of_sqlite.push(in_sqlite);
            ratios.push(in_sqlite / in_memory);
        }
    }
    let (in_memory, in_sqlite, ratio) = (median(&mut of_memory), median(&mut of_sqlite), median(&mut ratios));
    let verdict = if ratio >= TARGET { "met" } else { "MISSED" };
    println!("{title}");
    println!("memory                              {in_memory:>8.0}/s");
    println!(
        "SQLite                              {in_sqlite:>8.0}/s   {ratio:.2} of memory, {TARGET} wanted: {verdict}"
    );
    sqlite.shutdown(Duration::from_secs(10)).await;
    memory.shutdown(Duration::from_secs(10)).await;
    in_memory
}

async fn run(rounds: u64, calls: u64) {
    pair("a server that answers after 5 ms", &Server::start(Answers::Soon), rounds, calls).await;
    let server = Server::start(Answers::Sandbox);
    let in_memory = pair("the sandbox, which answers at once", &server, rounds, calls).await;
    let Some(postgres) = postgres::Postgres::durable() else { return };
    for processes in [0, 1, 2, 4] {
        let database = postgres.database().await;
        let outbox = PostgresOutbox::connect(&database).await.expect("an outbox");
        outbox.create_schema().await.expect("tables");
        // Four connections of this process, and as many of each that dispatches.
        let partnero = handle(server.url(), Some(outbox), processes == 0);
        let dispatchers: Vec<_> = (0..processes).map(|_| Dispatcher::start(&database, server.url())).collect();
        // Who dispatches beside it looks once a second whether there is something: that is little of so many.
        let (rounds, calls) = if processes == 0 { (rounds, calls) } else { (rounds.min(3), calls * 2) };
        let rate = median_rate(&partnero, rounds, calls, (2 + processes) << 40).await;
        match processes {
            0 => println!("PostgreSQL, in this process         {rate:>8.0}/s   {:.2} of memory", rate / in_memory),
            _ => println!("PostgreSQL, {processes} dispatching beside it   {rate:>8.0}/s"),
        }
        drop(dispatchers);
        partnero.shutdown(Duration::from_secs(10)).await;
    }
}

fn main() {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    if server::was_server() || was_dispatcher(&runtime) {
        return;
    }
    let (rounds, calls) = if is_measured() { (5, 10_000) } else { (1, 50) };
    let running = runtime.spawn(run(rounds, calls));
    runtime.block_on(running).expect("it ends");
}
