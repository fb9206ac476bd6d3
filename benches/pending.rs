//! What sales take of memory while Partnero doesn't answer, beside spawned tasks that wait for their answers.
//!
//! ```text
//! cargo bench --bench pending
//! ```
//!
//! Each measurement has a process of its own. The bytes are counted twice: those that are allocated and not freed, by an
//! allocator that counts, and the growth of the resident memory, which has the allocator's own overhead and what it
//! keeps for later. All sales are of different customers and have different keys. Then, what reporting a sale allocates in
//! the handler's thread.

#![allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "figures")]

mod shared;

use std::{env, process::Command, time::Duration};

use allocation_counter::measure;
use shared::{
    figures::{at_most, is_measured},
    sales,
    server::{self, Answers, Server},
};

/// Set in a process that measures: the candidate, the number of calls and the server's URL.
const TASK: &str = "BENCH_PENDING_TASK";
/// Bytes a call.
const TARGET: f64 = 600.0;

/// Bytes a call: allocated, and resident.
struct Bytes {
    live: f64,
    resident: f64,
}

fn task(candidate: &str, calls: u64, url: &str) -> Bytes {
    let output = Command::new(env::current_exe().expect("this program"))
        .env(TASK, format!("{candidate} {calls} {url}"))
        .output()
        .expect("a second process");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut figures = text.split_whitespace().map(|figure| figure.parse().expect("a number"));
    let mut next = || figures.next().unwrap_or_else(|| panic!("no figure: {output:?}"));
    Bytes { live: next(), resident: next() }
}

fn run(task: &str) {
    let parts: Vec<_> = task.split(' ').collect();
    let (calls, url) = (parts[1].parse().expect("a number"), parts[2]);
    // Everything in one thread, for that is how the allocator counts.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let mut resident = 0;
    let counted = if parts[0] == "ours" {
        let partnero = runtime.block_on(async { sales::partnero(url, 200_000, 8) });
        measure(|| {
            let before = resident_bytes();
            runtime.block_on(async {
                for number in 0..calls {
                    partnero.track_sale(sales::ours(number));
                    // Handlers run among other tasks.
                    if number % 10 == 0 {
                        tokio::task::yield_now().await;
                    }
                }
                tokio::time::sleep(Duration::from_millis(500)).await;
            });
            resident = resident_bytes() - before;
            let status = runtime.block_on(partnero.status()).expect("an outbox");
            assert_eq!(
                (status.pending + status.in_flight, status.buffered),
                (usize::try_from(calls).expect("a number"), 0)
            );
        })
    } else {
        let (client, url) = (sales::client(), format!("{url}transactions"));
        measure(|| {
            let before = resident_bytes();
            runtime.block_on(async {
                for number in 0..calls {
                    tokio::spawn(sales::post(client.clone(), url.clone(), sales::body(number)));
                    if number % 10 == 0 {
                        tokio::task::yield_now().await;
                    }
                }
                tokio::time::sleep(Duration::from_secs(1)).await;
            });
            resident = resident_bytes() - before;
        })
    };
    println!("{} {}", counted.bytes_current as f64 / calls as f64, resident as f64 / calls as f64);
}

/// What is allocated by the handler itself.
fn allocations(url: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let _entered = runtime.enter();
    let (partnero, client, url) = (sales::partnero(url, 10_000, 8), sales::client(), format!("{url}transactions"));
    let print = |name: &str, call: &dyn Fn(u64)| {
        // Some calls allocate the queue's next block: this is the mean of many.
        let counted = measure(|| (0..1_000).for_each(call));
        let (times, bytes) = (counted.count_total as f64 / 1_000.0, counted.bytes_total as f64 / 1_000.0);
        println!("{name:44}{times:>16.1}{bytes:>16.0}");
    };
    println!("\n{:44}{:>16}{:>16}", "a call allocates", "times", "bytes");
    print("the sale itself", &|number| drop(sales::ours(number)));
    print("the sale and track_sale", &|number| drop(partnero.track_sale(sales::ours(number))));
    print("spawn(client.post(…).json(…).send())", &|number| {
        let request = client.post(&url).bearer_auth(sales::API_KEY).json(&sales::body(number));
        tokio::spawn(sales::answered(request));
    });
    print("spawn(async move { client.post(…)… })", &|number| {
        tokio::spawn(sales::post(client.clone(), url.clone(), sales::body(number)));
    });
}

/// As Linux says.
fn resident_bytes() -> i64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: i64 = text.split(' ').nth(1).and_then(|pages| pages.parse().ok()).unwrap_or_default();
    pages * 4096
}

fn main() {
    if let Ok(task) = env::var(TASK) {
        return run(&task);
    }
    if server::was_server() {
        return;
    }
    let server = Server::start(Answers::Never);
    allocations(server.url());
    let (ours, peers) = if is_measured() { (100_000, 1_000) } else { (1_000, 10) };
    println!("\n{:44}{:>16}{:>16}   bytes a call", "Partnero doesn't answer", "allocated", "resident");
    let mine = task("ours", ours, server.url());
    let spawned = task("spawn", peers, server.url());
    for (name, bytes) in
        [(format!("{ours} calls of track_sale"), &mine), (format!("{peers} spawned posts, a socket each"), &spawned)]
    {
        println!("{name:44}{:>16.0}{:>16.0}", bytes.live, bytes.resident);
    }
    println!("{:44}{:>15.0}x{:>15.0}x", "spawn, to ours", spawned.live / mine.live, spawned.resident / mine.resident);
    for (name, bytes) in [("allocated", mine.live), ("resident", mine.resident)] {
        println!("of at most {TARGET} bytes a call, {name}: {}", at_most(bytes, TARGET));
    }
}
