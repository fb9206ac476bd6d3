//! A rolling deploy: for a while, processes of two releases share one file.

use axum_partnero::sandbox::Sandbox;
use fastrand::Rng;

use crate::{
    books::Books,
    child::{Job, News, Order},
    kills::{finish, report},
    plan::{self, Call},
    process::Process,
    support::{Place, let_it_rain, ms, partnero, seed, until},
};

/// The keys of the sales that were sent, in their order.
fn sold(sandbox: &Sandbox) -> Vec<String> {
    let requests = sandbox.requests();
    let posts = requests.iter().filter(|request| request.method == "POST" && request.path == "/v1/transactions");
    posts.map(|request| request.json().unwrap()["key"].as_str().unwrap().to_owned()).collect()
}

/// The newest that it can read is older than what this release writes.
fn older(job: &Job) -> Job {
    Job { reads_up_to: Some(0), ..job.clone() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_older_process_leaves_what_it_cannot_read_to_a_newer_one() {
    let (place, sandbox) = (Place::sqlite(), partnero(7).await);
    let job = Job::new(place.database.clone(), &sandbox);
    let mut old = Process::up(&older(&job)).await;
    old.order(Order::Track(0, Call::sign_up("mia")));
    old.order(Order::Track(1, Call::sale("mia", "order-1", 100)));
    old.wait_for(&News::Stored(1)).await;
    // More than a poll.
    tokio::time::sleep(ms(1_500)).await;
    assert_eq!(place.count("SELECT COUNT(*) FROM partnero_calls WHERE state = 'pending'").await, 2);
    assert_eq!((sold(&sandbox).len(), sandbox.ledger().customers().len()), (0, 0));

    let new = Process::up(&job).await;
    new.order(Order::Flush);
    finish(new, &place).await;
    assert_eq!(sandbox.ledger().live_transactions("order-1").len(), 1);
    old.shut_down().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_two_releases_track_in_turns_all_is_delivered_once_by_the_one_that_can_read_it() {
    let seed = seed("two releases");
    let (place, sandbox, mut dice) = (Place::sqlite(), partnero(seed).await, Rng::with_seed(seed));
    let_it_rain(&sandbox, 0.2);
    let job = Job::new(place.database.clone(), &sandbox);
    let mut both = [Process::up(&older(&job)).await, Process::up(&job).await];
    let mut books = Books::default();
    let mut customers: Vec<_> = (0..60).map(|i| format!("c{i}")).collect();
    for customer in &customers {
        books.open(customer, plan::of(customer, &mut dice));
    }
    // Each handler waits for `stored()`: so the next call of the customer may come to the other process.
    let mut served = 0;
    while !customers.is_empty() {
        let at = dice.usize(0..customers.len());
        let Some(call) = books.unconfirmed(&customers[at]) else {
            customers.swap_remove(at);
            continue;
        };
        let process = dice.usize(0..2);
        served += 1;
        // A number of its own for each, so that the books take them for one after the other.
        both[process].order(books.say(served, &customers[at], call));
        let news = both[process].hear().await.unwrap();
        books.note(&[news]);
    }
    let [old, new] = both;
    new.order(Order::Flush);
    finish(new, &place).await;
    old.shut_down().await;
    books.audit(&sandbox);
    report("two releases", "one file", &books, &sandbox);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_newer_release_stored_waits_for_one_and_holds_back_what_comes_after_it() {
    let (place, sandbox) = (Place::sqlite(), partnero(7).await);
    let job = Job::new(place.database.clone(), &sandbox);
    let front = Process::up(&Job { dispatch: false, ..job.clone() }).await;
    newer_rows(&place, front).await;

    let mut this = Process::up(&job).await;
    this.order(Order::Track(0, Call::sale("mia", "order-2", 200)));
    // Of a kind that this release has never heard of: it may have been anything.
    this.order(Order::Track(1, Call::sale("zoe", "renewed", 300)));
    this.order(Order::Track(2, Call::sign_up("yan")));
    this.order(Order::Track(3, Call::sale("yan", "order-3", 400)));
    this.wait_for(&News::Stored(3)).await;
    until("yan's order is there", async || sold(&sandbox) == ["order-3"]).await;
    tokio::time::sleep(ms(1_500)).await;
    assert_eq!(sold(&sandbox), ["order-3"], "neither what is too new, nor what comes after it");

    let newer = Process::up(&Job { reads_up_to: Some(2), ..job.clone() }).await;
    until("the rest", async || sold(&sandbox).len() == 3).await;
    assert_eq!(sold(&sandbox), ["order-3", "order-1", "order-2"]);
    newer.leave(2).await;
    this.leave(2).await;
}

/// Mia's first order as a newer release stores it, and something of zoe's that only such a one knows.
async fn newer_rows(place: &Place, mut front: Process) {
    front.order(Order::Track(0, Call::sign_up("mia")));
    front.order(Order::Track(1, Call::sale("mia", "order-1", 100)));
    front.order(Order::Track(2, Call::sign_up("zoe")));
    front.order(Order::Track(3, Call::Refund { key: "renewed".to_owned() }));
    front.wait_for(&News::Stored(3)).await;
    front.leave(4).await;
    let newer = "UPDATE partnero_calls SET version = 2 WHERE transaction_key = 'order-1'";
    let renewal = "UPDATE partnero_calls SET version = 3, kind = 'renewal' WHERE transaction_key = 'renewed'";
    assert_eq!((place.meddle(newer).await, place.meddle(renewal).await), (1, 1));
}
