//! What one process tracks and another delivers: whoever waits for it is told, and so is the observer, after a kill too.

use std::collections::BTreeSet;

use axum_partnero::sandbox::{Answer, Sandbox};
use fastrand::Rng;

use crate::{
    child::{Job, News, Order},
    plan::{self, Call},
    process::Process,
    support::{Place, ms, partnero, seed},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_sqlite_whoever_waits_for_the_end_of_a_call_hears_of_it_wherever_it_was_delivered() {
    hears_of_it(Place::sqlite()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_postgres_whoever_waits_for_the_end_of_a_call_hears_of_it_wherever_it_was_delivered() {
    if let Some(place) = Place::postgres().await {
        hears_of_it(place).await;
    }
}

/// Each call, and what becomes of it.
fn calls() -> Vec<(Call, &'static str)> {
    let refund = |key: &str| Call::Refund { key: key.to_owned() };
    let adjustment = |key: &str, cents| Call::Adjustment { customer: "mia".to_owned(), key: key.to_owned(), cents };
    vec![
        (Call::sign_up("mia"), "recorded"),
        (Call::sign_up("mia"), "duplicate"),
        (Call::sale("mia", "order-1", 100), "recorded"),
        (Call::sale("mia", "order-1", 100), "duplicate"),
        (Call::sale("mia", "refused", 100), "it is a dead letter (rejected)"),
        (Call::sale("mia", "order-2", 100), "recorded"),
        (adjustment("order-2", 60), "adjusted"),
        (Call::sale("mia", "order-3", 100), "cancelled"),
        (refund("order-3"), "cancelled"),
        (Call::sale("mia", "order-3", 100), "refunded"),
    ]
}

async fn hears_of_it(place: Place) {
    let sandbox = partnero(7).await;
    sandbox.fault(Answer::status(400)).on("POST", "/transactions").mentioning("refused");
    let job = Job::new(place.database.clone(), &sandbox);
    let mut front = Process::up(&Job { dispatch: false, ..job.clone() }).await;
    let calls = calls();
    for (number, (call, _)) in (0..).zip(&calls) {
        front.order(Order::Track(100 + number, Call::sign_up(&format!("other-{number}"))));
        front.order(Order::Deliver(number, call.clone()));
    }
    front.wait_for(&News::Stored(100 + calls.len() as u64 - 1)).await;
    let back = Process::up(&job).await;
    let mut heard = BTreeSet::new();
    while heard.len() < calls.len() {
        match front.hear().await.expect("it lives") {
            News::Delivered(number, end) => heard.insert((number, end)),
            News::Failed(number, error) => heard.insert((number, error)),
            _ => false,
        };
    }
    for ((number, end), (call, expected)) in heard.iter().zip(&calls) {
        assert!(end.starts_with(expected), "{number}: {call:?}: {end}");
    }
    front.shut_down().await;
    back.shut_down().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_sqlite_the_observer_is_told_of_everything_although_it_is_killed_in_between() {
    told_in_the_end("observer, sqlite", Place::sqlite()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_postgres_the_observer_is_told_of_everything_although_it_is_killed_in_between() {
    if let Some(place) = Place::postgres().await {
        told_in_the_end("observer, postgres", place).await;
    }
}

async fn told_in_the_end(test: &str, place: Place) {
    let seed = seed(test);
    let (mut dice, sandbox) = (Rng::with_seed(seed), partnero(seed).await);
    sandbox.fault(Answer::status(400)).on("POST", "/transactions").mentioning("refused");
    let job = Job { observer: true, ..Job::new(place.database.clone(), &sandbox) };
    let mut told = Vec::new();
    for round in 0..12 {
        let process = Process::up(&job).await;
        for customer in 0..5 {
            let customer = format!("c{round}-{customer}");
            for call in plan::of(&customer, &mut dice) {
                process.order(Order::Track(0, call));
            }
        }
        process.order(Order::Track(0, Call::sale(&format!("c{round}-0"), &format!("refused-{round}"), 100)));
        tokio::time::sleep(ms(dice.u64(30..250))).await;
        told.extend(process.kill().await);
    }
    let mut last = Process::up(&job).await;
    last.order(Order::Flush);
    loop {
        let news = last.hear().await.expect("it lives");
        let flushed = matches!(news, News::Flushed(..));
        told.push(news);
        if flushed {
            break;
        }
    }
    let before = told.iter().filter(|news| matches!(news, News::Told(_))).count();
    // Half a minute and more goes by: then what was told to the killed is told to others.
    place.meddle("UPDATE partnero_notices SET due = due - 60000").await;
    told.extend(all_told(last, &place).await);
    let told: BTreeSet<_> =
        told.into_iter().filter_map(|news| if let News::Told(it) = news { Some(it) } else { None }).collect();
    let owed = owed(&place, &sandbox).await;
    println!("{test}: {} things to tell, told {before} times before a lease ended", owed.len());
    let missing: Vec<_> = owed.difference(&told).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

/// Everything that it still tells.
async fn all_told(mut process: Process, place: &Place) -> Vec<News> {
    let mut told = Vec::new();
    crate::support::until("all is told", async || {
        told.extend(process.heard());
        place.count("SELECT COUNT(*) FROM partnero_notices").await == 0
    })
    .await;
    told.extend(process.shut_down().await);
    told
}

/// What an observer must have been told of.
async fn owed(place: &Place, sandbox: &Sandbox) -> BTreeSet<String> {
    let mut owed: BTreeSet<_> =
        sandbox.ledger().customers().iter().map(|row| format!("signed up {}", row.key)).collect();
    let done = |kind, outcome| {
        format!("SELECT transaction_key FROM partnero_calls WHERE kind = '{kind}' AND outcome = '{outcome}'")
    };
    owed.extend(place.texts(&done("sale", "recorded")).await.iter().map(|key| format!("sold {key}")));
    owed.extend(place.texts(&done("refund", "refunded")).await.iter().map(|key| format!("refunded {key}")));
    let dead = "SELECT transaction_key FROM partnero_calls WHERE state = 'dead'";
    owed.extend(place.texts(dead).await.iter().map(|key| format!("failed {key}")));
    owed
}
