//! A small shop that reports its sign-ups, sales and refunds to a local Partnero: `cargo run --example shop`.
//!
//! It walks three visitors through the shop over real HTTP, shows what Partnero makes of each step, kills the shop in
//! the middle of a report and starts it again, and stays open for you to click.
//!
//! The parts to copy are `app.rs`, the wiring, and `serve.rs`, the process around it; `observer.rs` is told what became
//! of the calls, and `commissions.rs` of what
//! Partnero's webhooks say. The shop is a process of its own, so that it can be killed: this program, started again by
//! `child.rs`. The rest is the stage: Partnero, the visitors, and what is printed.

#![expect(unreachable_pub, missing_debug_implementations, reason = "lints for a library's users")]

mod app;
mod books;
mod child;
mod commissions;
mod error;
mod html;
mod kill;
mod observer;
mod outbox;
mod pages;
mod print;
mod process;
mod serve;
mod session;
mod stage;
mod store;
mod token;
mod visitor;
mod walk;

use std::{env, process::ExitCode};

const USAGE: &str = "\
usage: shop [--once] [--postgres URL]

Starts a local Partnero and a shop that reports to it, walks three visitors through the shop, kills the shop in the
middle of a report and starts it again, and serves until Ctrl-C.

  --once           end after the walk: status 0 if everything was as it must be, else 1
  --postgres URL   keep the shop's outbox in this database, where it makes tables `partnero_*`, instead of in an SQLite
                   file; it has a name of its own there, and its rows stay
  --help           this text

The ports are 3000 and 3001, or free ones if those are taken. The SQLite file is in target/shop, and made anew at each
start; with --once it is in a temporary folder. RUST_LOG sets what is logged.";

#[tokio::main]
async fn main() -> ExitCode {
    let (mut once, mut postgres) = (false, None);
    let mut arguments = env::args_os().skip(1).map(|it| it.to_string_lossy().into_owned());
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--once" if !once => once = true,
            "--postgres" if postgres.is_none() => match arguments.next().filter(|url| outbox::is_postgres(url)) {
                Some(url) => postgres = Some(url),
                None => return wrong_usage(),
            },
            "--help" | "-h" => {
                println!("{USAGE}");
                return ExitCode::SUCCESS;
            }
            // Not for you: the shop itself, as `child.rs` starts it.
            child::ARGUMENT => return ended(serve::run().await),
            _ => return wrong_usage(),
        }
    }
    ended(stage::run(once, postgres).await)
}

fn wrong_usage() -> ExitCode {
    eprintln!("{USAGE}");
    ExitCode::from(2)
}

/// `Ok(true)` if everything was as it must be.
fn ended(result: Result<bool, Box<dyn std::error::Error>>) -> ExitCode {
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("the shop can't start: {error}");
            ExitCode::FAILURE
        }
    }
}
