//! `kill -9` at any moment.

use std::{collections::VecDeque, time::Duration};

use axum_partnero::sandbox::Sandbox;
use fastrand::Rng;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use crate::{
    books::Books,
    child::{Job, News, Order},
    plan,
    process::Process,
    support::{DEADLINE, Place, let_it_rain, ms, partnero, secs, seed, setting},
};

/// New customers of a round.
const CUSTOMERS: usize = 6;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_moment_a_process_is_killed_at_sqlite_loses_nothing_and_nothing_is_paid_twice() {
    kill_again_and_again("sqlite", Place::sqlite()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_moment_a_process_is_killed_at_postgres_loses_nothing_and_nothing_is_paid_twice() {
    if let Some(place) = Place::postgres().await {
        kill_again_and_again("postgres", place).await;
    }
}

async fn kill_again_and_again(test: &str, place: Place) {
    let (seed, rounds) = (seed(test), setting("PARTNERO_CRASH_ROUNDS", 100));
    let mut dice = Rng::with_seed(seed);
    let sandbox = partnero(seed).await;
    let_it_rain(&sandbox, 0.25);
    let job = Job::new(place.database.clone(), &sandbox);
    let mut books = Books::default();
    let mut again = Vec::new();
    for round in 0..rounds {
        let waiting = place.count("SELECT COUNT(*) FROM partnero_calls WHERE state NOT IN ('done', 'gone')");
        // The more there is to do, the longer they live: else it would only ever be more.
        let most = if round > 20 && waiting.await > 200 { 1_500 } else { 450 };
        again = live_and_die(round, ms(dice.u64(0..most)), &job, again, &mut books, &mut dice).await;
    }
    let last = Process::up(&job).await;
    last.order(Order::Flush);
    finish(last, &place).await;
    books.audit(&sandbox);
    report(test, &format!("{rounds} rounds"), &books, &sandbox);
}

/// A process is told of some customers, those of `again` among them, and killed. Who is to be told of once more: as a
/// payment provider does that got no answer.
async fn live_and_die(
    round: u64,
    life: Duration,
    job: &Job,
    again: Vec<String>,
    books: &mut Books,
    dice: &mut Rng,
) -> Vec<String> {
    let mut customers = again;
    for i in 0..CUSTOMERS {
        let customer = format!("c{round}-{i}");
        books.open(&customer, plan::of(&customer, dice));
        customers.push(customer);
    }
    let rest = |customer: &String| {
        let from = books.unconfirmed(customer)?;
        Some((customer.clone(), (from..books.customers[customer].plan.len()).collect::<VecDeque<_>>()))
    };
    let mut to_say: Vec<_> = customers.iter().filter_map(rest).collect();

    let mut process = Process::start(job);
    let mut end = Instant::now() + ms(dice.u64(0..80));
    if dice.u8(0..100) < 85 {
        // Not while it starts.
        process.wait_for(&News::Up).await;
        end = Instant::now() + life;
    }
    while !to_say.is_empty() {
        let pause = ms(dice.u64(0..8));
        if Instant::now() + pause > end {
            break;
        }
        sleep(pause).await;
        let at = dice.usize(0..to_say.len());
        let (customer, calls) = &mut to_say[at];
        let Some(call) = calls.pop_front() else {
            to_say.swap_remove(at);
            continue;
        };
        process.order(books.say(round, customer, call));
    }
    sleep_until(end).await;
    books.note(&process.kill().await);
    customers.retain(|customer| books.unconfirmed(customer).is_some() && dice.bool());
    customers
}

/// Waits until all is delivered, and no call has become a dead letter.
///
/// A call that met with kills and faults again and again waits for minutes, which proves nothing more: it is looked at
/// earlier, as soon as nothing of it can be under way.
pub(crate) async fn finish(mut process: Process, place: &Place) {
    let (mut end, mut left) = (Instant::now() + DEADLINE, usize::MAX);
    loop {
        match timeout(secs(2), process.hear()).await {
            Ok(Some(News::Flushed(0, 0))) => break,
            Ok(Some(News::Flushed(..)) | None) => panic!("it didn't end well: {:#?}", place.open().await),
            Ok(Some(_)) => {}
            Err(_) => place.hurry().await,
        }
        if Instant::now() >= end {
            // A machine that is busy makes time-outs of most requests: it takes as long as it takes, while it goes on.
            let open = place.open().await;
            assert!(open.len() < left, "no more is delivered: {open:#?}");
            (end, left) = (Instant::now() + DEADLINE, open.len());
        }
    }
    process.shut_down().await;
}

pub(crate) fn report(test: &str, what: &str, books: &Books, sandbox: &Sandbox) {
    let requests = sandbox.requests();
    println!(
        "{test}: {what}, {} calls said, {} confirmed, {} requests, {} faults, {} transactions live",
        books.said(),
        books.confirmed,
        requests.len(),
        requests.iter().filter(|request| request.fault.is_some()).count(),
        sandbox.ledger().transactions().iter().filter(|row| row.is_live()).count(),
    );
}
