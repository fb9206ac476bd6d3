//! How many webhooks a second are acknowledged over HTTP, stored in SQLite first: against a handler that reads the body
//! and does nothing, and against one INSERT for each event, which isn't handled or is.
//!
//! ```text
//! cargo bench --bench inbox
//! ```
//!
//! The server is a process of its own; 64 connections send 1 KB each, one request after the other. SQLite syncs to a real
//! disk (WAL, `synchronous=FULL`) before an event is acknowledged. With the inbox, each event is also handled meanwhile,
//! by a handler that does nothing, and that is recorded. So it is in the last row, by an UPDATE for each. Rounds take
//! turns, five of them or `ROUNDS`; the figures are their medians.

#[path = "inbox/client.rs"]
mod client;
#[path = "shared/figures.rs"]
#[allow(dead_code, reason = "it uses a part")]
mod figures;
#[path = "inbox/server.rs"]
mod server;

use std::time::Duration;

use figures::{is_measured, median};
use server::{Answers, Server};

const CONNECTIONS: usize = 64;
/// Of the rate of an INSERT for each event.
const TARGET: f64 = 10.0;

fn main() {
    if server::was_server() {
        return;
    }
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    let rounds = std::env::var("ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(5);
    let (rounds, time) = if is_measured() { (rounds, Duration::from_secs(3)) } else { (1, Duration::from_millis(100)) };
    runtime.block_on(run(rounds, time));
}

async fn run(rounds: u32, time: Duration) {
    // The temporary folder may be in memory: this is about a disk.
    let folder = tempfile::tempdir_in("target").expect("a folder");
    let servers = Answers::ALL.map(|answers| Server::start(answers, folder.path()));
    let mut rates = Answers::ALL.map(|_| Vec::new());
    for round in 0..=rounds {
        for (server, rates) in servers.iter().zip(&mut rates) {
            let rate = client::rate(&server.address, CONNECTIONS, time, u64::from(round)).await;
            // The first round warms up.
            if round > 0 {
                rates.push(rate);
            }
        }
    }
    let [bare, verified, inbox, each, handled] = rates.map(|mut rates| median(&mut rates));
    let verdict = if inbox / each >= TARGET { "met" } else { "MISSED" };
    println!("nothing but an answer      {bare:>8.0}/s");
    println!("verified                   {verified:>8.0}/s   {:.2} of that", verified / bare);
    println!("verified and stored        {inbox:>8.0}/s   {:.2} of that", inbox / bare);
    println!("an INSERT for each event   {each:>8.0}/s");
    println!("and an UPDATE to handle it {handled:>8.0}/s");
    println!("stored together            {:>8.1} times the INSERTs alone, {TARGET} wanted: {verdict}", inbox / each);
    println!("                           {:>8.1} times what handles its events, too", inbox / handled);
}
