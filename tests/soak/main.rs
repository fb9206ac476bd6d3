//! A soak: an application in a process of its own, visitors, and a Partnero that has a bad day all day long. In the end
//! everything tracked is there once, and nothing has grown that shouldn't.
//!
//! `PARTNERO_SOAK` is how many seconds it lasts (3). Below two minutes nothing has had time to grow, and only the books
//! are looked at: `ci/soak` runs it for ten minutes.
#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

#[path = "../shared/sign.rs"]
mod sign;
#[path = "../shared/user.rs"]
mod user;
#[path = "../shared/wait.rs"]
mod wait;

mod app;
mod books;
mod growth;
mod process;
mod visitors;
mod weather;

use std::time::Duration;

use axum_partnero::sandbox::Sandbox;

use crate::{
    app::Job,
    growth::Growth,
    process::Process,
    visitors::Visitors,
    wait::{secs, setting, until, within},
};

/// From here on, what a minute leaves behind is gone again in the same half.
const LONG_ENOUGH: Duration = secs(120);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bad_day_is_recorded_once_and_leaves_nothing_behind() {
    let time = secs(setting("PARTNERO_SOAK", 3));
    let folder = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::refer_a_friend().customer("anna").keep_requests(100).webhook_capacity(100_000);
    let sandbox = sandbox.spawn().await.unwrap();
    let job = Job { base_url: sandbox.url(), api_key: sandbox.api_key(), folder: folder.path().to_owned() };
    let mut process = Process::up(&job).await;

    let mut growth = Growth::new(folder.path());
    weather::rains(&sandbox);
    let visitors = Visitors::start(&process.url);
    tokio::select! {
        () = weather::changes(&sandbox, time) => {}
        () = growth.watch(&process, time) => {}
    }
    let (books, visits) = visitors.leave().await;
    // It goes on raining, and all comes to its end.
    weather::calms(&sandbox).await;
    until("all is delivered", async || process.vitals().await.waiting == 0).await;
    within(sandbox.webhooks_settled()).await;
    until("all events are handled", async || process.vitals().await.events == 0).await;
    let vitals = process.vitals().await;
    let (handled, report) = process.end().await;

    println!("{visits}");
    println!("{report}");
    println!("{growth}");
    books.audit(&sandbox.ledger());
    books::audit_events(&sandbox.ledger(), &handled);
    assert_eq!((vitals.refused, vitals.parked, vitals.dead_events), (0, 0, 0));
    assert!(vitals.dead <= app::MAX_DEAD, "{} dead letters", vitals.dead);
    if time >= LONG_ENOUGH {
        growth.is_bounded();
    }
}
