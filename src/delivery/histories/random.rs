//! Random histories, each driven until nothing more happens.

use std::sync::Arc;

use proptest::prelude::*;
use tokio::runtime::Runtime;

use crate::delivery::{clock::Clock, memory::MemoryStore};

use super::{
    oracle,
    steps::{Fate, Step, steps},
    subject::Subject,
    world::{LEASE, World},
};

/// No history of two keys and two customers needs more.
const MOST_ROUNDS: usize = 2_000;

#[test]
fn in_memory_every_history_ends_with_each_sale_there_once() {
    run(&runtime(), 2_000, |clock| async { MemoryStore::subject(clock) });
}

#[cfg(feature = "sqlx-sqlite")]
#[test]
fn in_sqlite_every_history_ends_with_each_sale_there_once() {
    run(&runtime(), 300, super::databases::sqlite);
}

#[cfg(feature = "sqlx-postgres")]
#[test]
fn in_postgres_every_history_ends_with_each_sale_there_once() {
    let runtime = runtime();
    let Some(outbox) = runtime.block_on(super::databases::postgres()) else { return };
    run(&runtime, 60, |clock| std::future::ready(super::databases::named(&outbox, &clock)));
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// Puts that many histories through outboxes made like this.
fn run<F: Future<Output = Arc<dyn Subject>>>(runtime: &Runtime, cases: u32, outbox: impl Fn(Clock) -> F) {
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    proptest!(config, |(steps in steps(), roomy in prop::bool::weighted(0.8))| {
        runtime.block_on(async {
            let clock = Clock::manual();
            let outbox = outbox(clock.clone()).await;
            play(steps, World::new(if roomy { 100 } else { 1 }, outbox, clock).await).await;
        });
    });
}

async fn play(steps: Vec<Step>, mut world: World) {
    for step in steps {
        world.step(step).await;
    }
    come_to_rest(&mut world).await;
    // Retried letters keep their places; those that wait for others may take several rounds.
    for _ in 0..world.rows().await.len() {
        let dead = world.dead().await;
        if dead.is_empty() {
            break;
        }
        for letter in dead {
            world.store.retry(letter).await.unwrap();
        }
        come_to_rest(&mut world).await;
    }
    oracle::assert_no_letter_is_in_vain(&world).await;
    assert_eq!(world.store.counts().await.unwrap().parked, 0);
    oracle::assert_each_sale_once(&world).await;
    assert_eq!(Arc::strong_count(&world.room), 1, "not every place was given back");
}

/// Partnero answers everything from now on, until nothing more is handed out.
pub(super) async fn come_to_rest(world: &mut World) {
    for _ in 0..MOST_ROUNDS {
        let next = world.claim(3).await;
        let in_flight = world.in_flight();
        world.check().await;
        for _ in 0..in_flight {
            world.answer(0, Fate::GOOD).await;
        }
        match next {
            _ if in_flight > 0 => {}
            Some(next) => world.pass(next),
            None => {
                // Whatever Partnero has held back is over by now.
                world.pass(2 * LEASE);
                oracle::assert_nothing_is_stuck(world).await;
                return;
            }
        }
    }
    panic!("it never comes to rest");
}
