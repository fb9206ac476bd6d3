//! Calls that were claimed ahead, where the outbox answers late or with an error.

use std::time::Duration;

use axum_partnero::sandbox::Fault;

use crate::delivery::{Clock, OutboxError};

use super::{
    base::Mood,
    support::{World, ms, sale, until, within},
};

#[tokio::test]
async fn what_a_last_claim_gave_goes_back_although_time_is_up() {
    // There is a moment for that. On a busy machine it may pass, or not have come: not twenty times.
    for _ in 0..20 {
        let world = World::new().await;
        let partnero = world.open();
        within(partnero.track_sale(sale("o1")).delivered()).await.unwrap();
        world.base.set_for(Mood::Slow(ms(20)), &["claim"]);
        drop(partnero.track_sale(sale("o2")));
        until("it is claimed", async || world.base.claimed().await.0 == 2).await;
        within(partnero.shutdown(Duration::ZERO)).await;
        if world.calls().len() == 1 && world.base.claimed().await.1 == 0 {
            return;
        }
    }
    panic!("it stays claimed, and nobody sends it");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_claim_that_failed_there_is_nothing_to_do_until_something_comes_back() {
    let world = World::new().await;
    let clock = Clock::manual();
    world.sandbox.fault(Fault::Hang).on("POST", "/transactions").mentioning("\"o2\"");
    let partnero = world.builder().clock(clock.clone()).max_in_flight(1).build().unwrap();
    within(partnero.track_sale(sale("o1")).delivered()).await.unwrap();
    drop(partnero.track_sale(sale("o2")));
    until("it is on its way", async || world.calls().len() == 2).await;
    world.base.set_for(Mood::Fails(OutboxError::Unreachable("locked".to_owned())), &["claim"]);
    let claims = world.base.asked("claim");
    drop(partnero.track_sale(sale("o3")));
    until("one is to be claimed ahead", async || world.base.asked("claim") > claims).await;
    // By now, nothing would be claimed ahead any more.
    clock.advance(ms(1_000));
    tokio::time::sleep(ms(50)).await;
    let rounds = world.base.rounds();
    tokio::time::sleep(ms(100)).await;
    let rounds = world.base.rounds() - rounds;
    assert!(rounds < 500, "it goes round and round: {rounds}");
}
