//! How fast sales are delivered, beside as many tasks as are in flight that await reqwest inline.
//!
//! ```text
//! cargo bench --bench deliver
//! ```
//!
//! The server is a process of its own: the sandbox; one that answers after 5 ms, which is what this is for; and one that
//! answers at once and does nothing else, so that the outbox and its dispatcher are all overhead. Both candidates send
//! the same sales with the same client settings and read each answer as JSON. Rounds take turns; the figures are their
//! medians. The processor time is this process's, user and system, a sale.

#![allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "figures")]

mod shared;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use axum_partnero::Partnero;
use shared::{
    figures::{is_measured, median},
    sales,
    server::{self, Answers, Server},
};

/// Of what the inline tasks deliver.
const TARGET: f64 = 0.9;

/// Sales a second, and the processor time of each in microseconds.
async fn rate(calls: u64, delivering: impl Future<Output = ()>) -> (f64, f64) {
    let (start, busy) = (Instant::now(), processor_time());
    delivering.await;
    (calls as f64 / start.elapsed().as_secs_f64(), (processor_time() - busy) * 1e6 / calls as f64)
}

/// Seconds, as Linux says, which counts in hundredths.
fn processor_time() -> f64 {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The fields after the program's name, which ends with the last parenthesis; the 12th and 13th of them.
    let fields = text.rsplit(')').next().unwrap_or_default().split_whitespace().skip(11).take(2);
    fields.filter_map(|field| field.parse::<f64>().ok()).sum::<f64>() / 100.0
}

async fn ours(partnero: &Partnero, numbers: std::ops::Range<u64>) {
    for number in numbers {
        partnero.track_sale(sales::ours(number));
    }
    partnero.flush(Duration::from_secs(60)).await.expect("all is delivered");
}

async fn inline(client: &reqwest::Client, url: &str, in_flight: usize, numbers: std::ops::Range<u64>) {
    let next = Arc::new(AtomicU64::new(numbers.start));
    let tasks: Vec<_> = (0..in_flight)
        .map(|_| {
            let (client, url, next, end) = (client.clone(), url.to_owned(), Arc::clone(&next), numbers.end);
            tokio::spawn(async move {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= end {
                        return;
                    }
                    assert!(sales::post(client.clone(), url.clone(), sales::body(number)).await, "it is delivered");
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("it ends");
    }
}

async fn run(url: String, in_flight: usize, rounds: usize, calls: u64) {
    let partnero = sales::partnero(&url, 100_000, in_flight);
    let client = sales::client();
    let posts = format!("{url}transactions");
    let (mut mine, mut theirs, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    let mut busy = [0.0; 2];
    for round in 0..=rounds {
        let numbers = round as u64 * calls..(round as u64 + 1) * calls;
        let ours = rate(calls, ours(&partnero, numbers.clone())).await;
        let inline = rate(calls, inline(&client, &posts, in_flight, numbers)).await;
        // The first round warms up.
        if round > 0 {
            mine.push(ours.0);
            theirs.push(inline.0);
            ratios.push(ours.0 / inline.0);
            busy = [busy[0] + ours.1 / rounds as f64, busy[1] + inline.1 / rounds as f64];
        }
    }
    let ratio = median(&mut ratios);
    let verdict = if ratio >= TARGET { "met" } else { "MISSED" };
    let (mine, theirs, [ours, inline]) = (median(&mut mine), median(&mut theirs), busy);
    println!("{in_flight:<12}{mine:>12.0}{theirs:>12.0}{ratio:>10.2}{ours:>16.0}{inline:>12.0}   {verdict}");
    partnero.shutdown(Duration::from_secs(10)).await;
}

fn main() {
    if server::was_server() {
        return;
    }
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    for (answers, title, calls) in [
        (Answers::Sandbox, "as the sandbox does", 2_000),
        (Answers::Soon, "after 5 ms", 1_000),
        (Answers::AtOnce, "at once, keeping no ledger", 4_000),
    ] {
        let server = Server::start(answers);
        let (rounds, calls) = if is_measured() { (15, calls) } else { (1, 100) };
        println!("\nThe server answers {title}; rates of at least {TARGET} of inline");
        println!(
            "{:<12}{:>12}{:>12}{:>10}{:>16}{:>12}",
            "in flight", "ours, 1/s", "inline, 1/s", "ratio", "ours, CPU µs", "inline"
        );
        for in_flight in [8, 32] {
            let handler = runtime.spawn(run(server.url().to_owned(), in_flight, rounds, calls));
            runtime.block_on(handler).expect("it ends");
        }
    }
}
