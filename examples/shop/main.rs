//! A small shop that reports its sign-ups, sales and refunds to a local Partnero: `cargo run --example shop`.
//!
//! It walks three visitors through the shop over real HTTP, shows what Partnero makes of each step, and stays open for
//! you to click. The part to copy is in `app.rs`; `observer.rs` is told what became of the calls.

#![expect(unreachable_pub, missing_debug_implementations, reason = "lints for a library's users")]

mod app;
mod books;
mod error;
mod html;
mod observer;
mod pages;
mod print;
mod process;
mod session;
mod store;
mod token;
mod visitor;
mod walk;

use std::{env, error::Error, pin::pin, process::ExitCode, time::Duration};

use axum_partnero::{Partnero, sandbox::Sandbox};
use tokio::{sync::oneshot, time::timeout};

use crate::{
    app::AppState,
    books::{COMMISSION, PARTNER},
    print::Printer,
    store::Shop,
    walk::Walk,
};

const USAGE: &str = "\
usage: shop [--once]

Starts a local Partnero and a shop that reports to it, walks three visitors through the shop, and serves until Ctrl-C.

  --once   end after the walk: status 0 if everything was as it must be, else 1
  --help   this text

The ports are 3000 and 3001, or free ones if those are taken. RUST_LOG sets what is logged.";

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = env::args_os().skip(1).map(|it| it.to_string_lossy().into_owned()).collect();
    let once = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => false,
        ["--once"] => true,
        ["--help" | "-h"] => {
            println!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match run(once).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("the shop can't start: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Whether everything was as it must be.
async fn run(once: bool) -> Result<bool, Box<dyn Error>> {
    let talk = process::log();
    let mut asked_to_end = pin!(process::asked_to_end()?);

    let sandbox = Sandbox::affiliate()
        .partner(PARTNER)
        .commission(COMMISSION)
        .api_key("sandbox-key")
        .program_id(html::PROGRAM_ID)
        .serve(process::listen(3001).await?)
        .await?;
    // In production: `Partnero::builder(std::env::var("PARTNERO_API_KEY")?)`, and an outbox that survives a crash.
    let partnero = Partnero::builder(sandbox.api_key())
        .base_url(sandbox.url())
        .program_id(html::PROGRAM_ID)
        .observer(observer::Log)
        .build()?;
    partnero.check().await?;

    let app = app::router(AppState { partnero: partnero.clone(), shop: Shop::default() });
    let listener = process::listen(3000).await?;
    let url = format!("http://{}", listener.local_addr()?);
    let (stop, stopped) = oneshot::channel::<()>();
    let server = axum::serve(listener, app).with_graceful_shutdown(async { drop(stopped.await) });
    let mut server = tokio::spawn(server.into_future());

    let print = Printer::new();
    let walk = Walk::new(&url, &partnero, &sandbox, &print).go();
    let walked = tokio::select! {
        walked = walk => Some(walked.inspect_err(|off| print.off(off)).is_ok()),
        () = &mut asked_to_end => None,
    };
    if walked.is_some() && !once {
        print.open(&url, &sandbox);
        talk()?;
        asked_to_end.await;
    }

    // The way out: no more requests first (browsers keep connections without one), then what is left to report.
    drop(stop);
    if timeout(Duration::from_secs(2), &mut server).await.is_err() {
        server.abort();
    }
    let report = partnero.shutdown(Duration::from_secs(10)).await;
    print.report(&report, sandbox.ledger().owed_to(PARTNER));
    sandbox.shutdown().await;
    // To be ended during the walk is no failure, unless the walk was all that was asked for.
    Ok(walked.unwrap_or(!once) && report.dead == 0 && report.lost == 0 && report.refused == 0)
}
