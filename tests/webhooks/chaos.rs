//! Ten thousand webhooks while processes are killed: each genuine one has its effect once, in its turn, and no other has
//! any.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use fastrand::Rng;
use tokio::task::JoinSet;

use crate::{
    child::Job,
    effects::Effect,
    lanes::{Front, Lane, Tally},
    postgres::Postgres,
    process::Process,
    support::{ms, setting, until},
};

const LANES: usize = 64;
/// However fast the rest of it goes.
const KILLS: u64 = 10;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_sqlite_each_genuine_event_has_its_effect_once_although_the_process_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let job = Job::Sqlite { inbox: folder.path().join("partnero.db"), effects: folder.path().join("effects.db") };
    storm("sqlite", &job, 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_postgres_each_genuine_event_has_its_effect_once_although_the_process_is_killed() {
    let Some(postgres) = Postgres::shared() else { return };
    storm("postgres", &Job::Postgres { url: postgres.database().await }, 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_processes_on_one_postgres_that_are_killed_have_each_effect_once() {
    let Some(postgres) = Postgres::shared() else { return };
    storm("three processes, postgres", &Job::Postgres { url: postgres.database().await }, 3).await;
}

async fn storm(test: &str, job: &Job, processes: usize) {
    let seed = setting("PARTNERO_WEBHOOKS_SEED", fastrand::u64(..1_000_000_000));
    println!("{test}: PARTNERO_WEBHOOKS_SEED={seed}");
    let deliveries = usize::try_from(setting("PARTNERO_WEBHOOKS", 10_000)).unwrap();
    let mut dice = Rng::with_seed(seed);
    let mut running = Vec::new();
    for _ in 0..processes {
        running.push(Process::up(job).await);
    }
    let front = Arc::new(Front::new(KILLS, &running));
    let client = reqwest::Client::new();
    let mut lanes = JoinSet::new();
    for number in 0..LANES {
        lanes.spawn(Lane::new(number, seed, client.clone(), Arc::clone(&front)).run(deliveries.div_ceil(LANES)));
    }

    let (mut tally, mut killed, all_sent) = (Tally::default(), 0, AtomicBool::new(false));
    let sending = async {
        while let Some(lane) = lanes.join_next().await {
            tally.add(lane.unwrap());
        }
        all_sent.store(true, Relaxed);
    };
    let killing = async {
        while !all_sent.load(Relaxed) {
            tokio::time::sleep(ms(dice.u64(200..700))).await;
            let unlucky = dice.usize(0..running.len());
            running.swap_remove(unlucky).kill().await;
            running.push(Process::up(job).await);
            front.killed(&running);
            killed += 1;
        }
    };
    tokio::join!(sending, killing);

    let effects = job.effects().await;
    let expected = i64::try_from(tally.genuine.len()).unwrap();
    until("all is handled", async || effects.count().await >= expected).await;
    audit(&tally.genuine, &effects.all().await);
    assert_eq!(effects.sum().await, expected, "each counted once");
    // A handler may fail after its effect: each event has to be over for the inbox, too, and none given up.
    let events = job.events().await;
    until("no event waits or is being handled", async || events.open().await == 0).await;
    assert_eq!((events.dead().await, events.over().await), (0, expected));
    println!(
        "{test}: {} deliveries, {} genuine events, {} repeats, {} forged, {} truncated, {} unanswered, {killed} kills",
        tally.deliveries, expected, tally.repeats, tally.forged, tally.truncated, tally.unanswered
    );
}

/// Those effects and no others, and of each resource in order.
fn audit(genuine: &BTreeMap<String, (String, i64)>, effects: &[Effect]) {
    let mut had = BTreeMap::new();
    let mut last: BTreeMap<&str, i64> = BTreeMap::new();
    for Effect { id, resource, n } in effects {
        had.insert(id.clone(), (resource.clone(), *n));
        if !resource.is_empty() {
            let before = last.insert(resource, *n);
            assert!(before.is_none_or(|before| before < *n), "{resource}: {n} came after {before:?}");
        }
    }
    assert!(had.keys().all(|id| genuine.contains_key(id)), "something was handled that nobody signed");
    assert_eq!(had.len(), genuine.len());
    assert_eq!(had, *genuine);
}
