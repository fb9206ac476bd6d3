//! What reporting a sale takes of a handler's time, beside the usual way: a spawned task that posts it with reqwest.
//!
//! ```text
//! cargo bench --bench track
//! ```
//!
//! Each call is timed by itself, from a task of a multi-thread runtime of two threads, as a handler's is: in bursts of a
//! hundred, and one at a time while everything else sleeps. Before a single call the handler does what handlers do: it
//! reads and writes some JSON, or else the time would be that of a processor that wakes up. All sales are delivered to
//! the same server in another process before the next burst, or call, is made. Candidates take turns. What a call
//! allocates is counted by `--bench pending`: an allocator that counts has no place here.

#![allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "figures")]

mod shared;

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use axum_partnero::Partnero;
use shared::{
    figures::{at_most, is_measured, median, quantile},
    sales,
    server::{self, Answers, Server},
};
use tokio::task::JoinHandle;

const BURST: u64 = 100;
/// Nanoseconds.
const MEDIAN: f64 = 500.0;
const P99: f64 = 10_000.0;

#[derive(Clone, Copy, PartialEq)]
enum Candidate {
    /// `track_sale` and the building of the sale.
    Ours,
    /// `track_sale` alone.
    OursBuilt,
    /// The handler builds the request, and spawns its sending.
    Spawn,
    /// The handler builds the body alone, and the task the request.
    SpawnAll,
}

const CANDIDATES: [(Candidate, &str); 4] = [
    (Candidate::Ours, "track_sale(NewTransaction::new(…)…)"),
    (Candidate::OursBuilt, "  the sale already built"),
    (Candidate::Spawn, "spawn(client.post(…).json(…).send())"),
    (Candidate::SpawnAll, "spawn(async move { client.post(…)… })"),
];

struct Bench {
    partnero: Partnero,
    client: reqwest::Client,
    url: String,
    number: u64,
    posts: Vec<JoinHandle<bool>>,
}

impl Bench {
    /// The nanoseconds of one call.
    fn call(&mut self, candidate: Candidate) -> f64 {
        self.number += 1;
        let number = self.number;
        match candidate {
            Candidate::Ours => timed(|| drop(self.partnero.track_sale(sales::ours(number)))),
            Candidate::OursBuilt => {
                let sale = sales::ours(number);
                timed(|| drop(self.partnero.track_sale(sale)))
            }
            Candidate::Spawn => timed(|| {
                let body = sales::body(number);
                let request = self.client.post(&self.url).bearer_auth(sales::API_KEY).json(&body);
                self.posts.push(tokio::spawn(sales::answered(request)));
            }),
            Candidate::SpawnAll => timed(|| {
                let (client, url, body) = (self.client.clone(), self.url.clone(), sales::body(number));
                self.posts.push(tokio::spawn(sales::post(client, url, body)));
            }),
        }
    }

    /// Waits until all is delivered.
    async fn deliver(&mut self) {
        self.partnero.flush(Duration::from_secs(60)).await.expect("all is delivered");
        for post in self.posts.drain(..) {
            assert!(post.await.expect("it ends"), "it is delivered");
        }
        // From the end of the queue, as after I/O, and not as the last of a chain of tasks that woke each other.
        tokio::task::yield_now().await;
    }

    /// The nanoseconds of many calls of each candidate.
    async fn pattern(&mut self, burst: u64, rounds: usize, alone: bool) -> Vec<Vec<f64>> {
        let mut times = vec![Vec::new(); CANDIDATES.len()];
        for round in 0..rounds + rounds / 10 {
            for (place, (candidate, _)) in CANDIDATES.iter().enumerate() {
                if alone {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                    work();
                }
                for _ in 0..burst {
                    let took = self.call(*candidate);
                    // A tenth of the rounds warm up.
                    if round >= rounds / 10 {
                        times[place].push(took);
                    }
                }
                self.deliver().await;
            }
        }
        times
    }
}

/// What a handler may have done before.
fn work() {
    for number in 0..10 {
        let text = serde_json::json!({ "basket": [sales::body(number), sales::body(number + 1)] }).to_string();
        black_box(serde_json::from_str::<serde_json::Value>(&text).expect("JSON"));
    }
}

fn timed(call: impl FnOnce()) -> f64 {
    let start = Instant::now();
    call();
    start.elapsed().as_nanos() as f64
}

async fn run(url: String, measured: bool) {
    let partnero = sales::partnero(&url, 10_000, 8);
    let url = format!("{url}transactions");
    let mut bench = Bench { partnero, client: sales::client(), url, number: 0, posts: Vec::with_capacity(1_000) };
    let (bursts, singles) = if measured { (300, 2_000) } else { (1, 10) };

    let mut clock: Vec<_> = (0..10_001).map(|_| timed(|| black_box(()))).collect();
    println!("\nReading the clock takes {:.0} ns of each figure.", median(&mut clock));
    let times = bench.pattern(BURST, bursts, false).await;
    print("bursts of 100 calls", &times);
    let times = bench.pattern(1, singles, true).await;
    print("one call at a time, everything else asleep", &times);

    bench.partnero.shutdown(Duration::from_secs(10)).await;
}

fn print(title: &str, times: &[Vec<f64>]) {
    let mut times = times.to_vec();
    let rows: Vec<_> = times.iter_mut().map(|times| (median(times), quantile(times, 0.99))).collect();
    println!("\n{title:44}{:>12}{:>12}{:>22}", "median ns", "p99 ns", "beside ours");
    for (place, (candidate, name)) in CANDIDATES.iter().enumerate() {
        let (median, p99) = rows[place];
        let peer = matches!(candidate, Candidate::Spawn | Candidate::SpawnAll);
        let ratio = if peer { format!("{:.1}x, {:.1}x", median / rows[0].0, p99 / rows[0].1) } else { String::new() };
        println!("{name:44}{median:>12.0}{p99:>12.0}{ratio:>22}");
    }
    let (median, p99) = rows[0];
    println!(
        "of at most {MEDIAN} ns in the median: {}; {P99} ns in 99 of 100: {}",
        at_most(median, MEDIAN),
        at_most(p99, P99)
    );
}

fn main() {
    if server::was_server() {
        return;
    }
    let server = Server::start(Answers::AtOnce);
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let handler = runtime.spawn(run(server.url().to_owned(), is_measured()));
    runtime.block_on(handler).expect("it ends");
}
