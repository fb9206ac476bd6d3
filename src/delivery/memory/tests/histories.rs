//! Thousands of random histories, each driven until nothing more happens.

use std::sync::Arc;

use proptest::prelude::*;

use super::{
    oracle,
    steps::{Fate, Step, steps},
    world::{LEASE, World},
};

/// No history of two keys and two customers needs more.
const MOST_ROUNDS: usize = 2_000;

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_history_ends_with_each_sale_there_once(steps in steps(), roomy in prop::bool::weighted(0.8)) {
        run(steps, if roomy { 100 } else { 1 });
    }
}

fn run(steps: Vec<Step>, max_dead: usize) {
    let mut world = World::new(max_dead);
    for step in steps {
        world.step(step);
    }
    come_to_rest(&mut world);
    // Retried letters keep their places; those that wait for others may take several rounds.
    for _ in 0..world.table.rows.len() {
        if world.table.dead.is_empty() {
            break;
        }
        for letter in world.table.dead.clone() {
            world.table.retry(letter, world.now);
        }
        come_to_rest(&mut world);
    }
    oracle::assert_no_letter_is_in_vain(&world);
    assert!(world.table.parked.is_empty());
    oracle::assert_each_sale_once(&world);
    assert_eq!(Arc::strong_count(&world.room), 1, "not every place was given back");
}

/// Partnero answers everything from now on, until nothing more is handed out.
pub(super) fn come_to_rest(world: &mut World) {
    for _ in 0..MOST_ROUNDS {
        let next = world.claim(3);
        let in_flight = world.in_flight();
        world.table.assert_true(world.now);
        for _ in 0..in_flight {
            world.answer(0, Fate::GOOD);
        }
        match next {
            _ if in_flight > 0 => {}
            Some(next) => world.pass(next),
            None => {
                // Whatever Partnero has held back is over by now.
                world.pass(2 * LEASE);
                oracle::assert_nothing_is_stuck(world);
                return;
            }
        }
    }
    panic!("it never comes to rest");
}
