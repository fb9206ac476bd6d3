//! `delivered()` where another process delivers, and an answer for everybody who waits.

use std::time::Duration;

use axum_partnero::sandbox::{Answer, Fault};
use rust_decimal::Decimal;

use crate::{
    DeliveryError, NewTransaction, Outcome, Partnero,
    delivery::{DeadReason, tracked::Tracked},
};

use super::{
    base::Mood,
    support::{World, ms, referred, sale, until, within},
};

/// A process that only stores, and one that only sends what it finds.
fn two(world: &World) -> (Partnero, Partnero) {
    (world.builder().dispatch(false).build().unwrap(), world.open())
}

fn waiting(partnero: &Partnero) -> usize {
    partnero.as_live().unwrap().shared.waiting.len()
}

#[tokio::test]
async fn what_another_process_delivers_is_told_here_with_what_partnero_has() {
    let world = World::new().await;
    let (web, _worker) = two(&world);
    let signed_up = web.track_sign_up(referred("8"));
    let sold = web.track_sale(sale("o1"));
    let odd_key = web.track_sale(sale("o 2/é"));
    let existed = web.track_sign_up(referred("7"));
    let (signed_up, sold, odd_key, existed) = within(async {
        tokio::join!(signed_up.delivered(), sold.delivered(), odd_key.delivered(), existed.delivered())
    })
    .await;
    let Ok(Outcome::Recorded(customer)) = signed_up else { panic!("{signed_up:?}") };
    assert_eq!(customer.key.as_ref().map(ToString::to_string).as_deref(), Some("8"));
    for (sold, key) in [(sold, "o1"), (odd_key, "o 2/é")] {
        let Ok(Outcome::Recorded(sold)) = sold else { panic!("{sold:?}") };
        assert_eq!(sold.key.as_ref().map(ToString::to_string).as_deref(), Some(key));
    }
    assert_eq!(existed, Ok(Outcome::Existed));

    let again = web.track_sale(sale("o1")).delivered();
    let adjusted = NewTransaction::new("o1", Decimal::ONE).customer("7");
    let (again, adjusted) = within(async { tokio::join!(again, web.track_adjustment(adjusted).delivered()) }).await;
    assert_eq!((again, adjusted), (Ok(Outcome::Duplicate), Ok(Outcome::Adjusted)));
    assert_eq!(within(web.track_refund("o1").delivered()).await, Ok(Outcome::Refunded));

    world.sandbox.fault(Answer::status(400)).on("POST", "/transactions");
    let dead = within(web.track_sale(sale("o3")).delivered()).await.unwrap_err();
    assert!(matches!(dead, DeliveryError::Dead { reason: DeadReason::Rejected, .. }), "{dead:?}");
}

#[tokio::test]
async fn where_partnero_doesn_t_say_what_it_recorded_it_has_it_all_the_same() {
    let world = World::new().await;
    let (web, _worker) = two(&world);
    world.sandbox.fault(Answer::status(500)).on("GET", "/transactions/*");
    assert_eq!(within(web.track_sale(sale("o1")).delivered()).await, Ok(Outcome::Existed));
}

#[tokio::test]
async fn who_doesn_t_wait_for_the_end_costs_neither_a_request_nor_memory() {
    let world = World::new().await;
    let (web, _worker) = two(&world);
    let mut kept: Vec<_> = (0..50).map(|i| web.track_sale(sale(format!("o{i}")))).collect();
    for tracked in &mut kept {
        within(tracked.stored()).await.unwrap();
    }
    for i in 50..100 {
        within(web.track_sale(sale(format!("o{i}"))).stored()).await.unwrap();
    }
    within(web.flush(Duration::from_secs(30))).await.unwrap();
    until("only those that are kept are left", async || waiting(&web) == 50).await;
    tokio::time::sleep(ms(1_500)).await;
    assert_eq!(world.base.asked("fates"), 0);
    assert!(world.calls().iter().all(|line| line == "POST /transactions"), "{:?}", world.calls());

    // Even so, who begins to wait late is told.
    assert!(matches!(within(kept.pop().unwrap().delivered()).await, Ok(Outcome::Recorded(_))));
    drop(kept);
    until("nobody is left", async || waiting(&web) == 0).await;
}

#[tokio::test]
async fn giving_up_waiting_is_noticed_without_a_dispatcher_too() {
    let world = World::new().await;
    let web = world.builder().dispatch(false).build().unwrap();
    let waits: Vec<_> = (0..20).map(|i| tokio::spawn(web.track_sale(sale(i)).delivered())).collect();
    until("it is looked for", async || world.base.asked("fates") > 1).await;
    assert_eq!(waiting(&web), 20);
    waits.iter().for_each(tokio::task::JoinHandle::abort);
    until("nobody is left", async || waiting(&web) == 0).await;
}

#[tokio::test]
async fn what_this_process_delivers_it_tells_itself_without_asking_again() {
    let world = World::new().await;
    // Between what is recorded and what is told, the follower looks.
    world.base.set_for(Mood::Slow(ms(70)), &["settle"]);
    let partnero = world.open();
    let sold: Vec<_> = (0..45).map(|i| tokio::spawn(partnero.track_sale(sale(i)).delivered())).collect();
    for sold in sold {
        assert!(matches!(within(sold).await.unwrap(), Ok(Outcome::Recorded(_))));
    }
    assert!(world.base.asked("fates") > 1, "it was looked for in the meantime");
    assert!(world.calls().iter().all(|line| line == "POST /transactions"));
}

#[tokio::test]
async fn an_outbox_that_is_away_for_a_while_is_asked_again() {
    let world = World::new().await;
    let (web, _worker) = two(&world);
    world.base.set_for(Mood::Fails(crate::delivery::OutboxError::Unreachable(String::new())), &["fates"]);
    let sold = tokio::spawn(web.track_sale(sale("o1")).delivered());
    until("it is asked", async || world.base.asked("fates") > 1).await;
    world.base.set(Mood::Well);
    assert!(matches!(within(sold).await.unwrap(), Ok(Outcome::Recorded(_))));
}

async fn is_left<T: std::fmt::Debug>(delivered: impl Future<Output = Result<Outcome<T>, DeliveryError>>) {
    assert_eq!(within(delivered).await.map(drop), Err(DeliveryError::ShutDown));
}

#[tokio::test]
async fn at_a_shutdown_everybody_gets_an_answer_from_a_handle_that_only_stores_too() {
    let world = World::new().await;
    for mood in [Mood::Well, Mood::Hangs] {
        let web = world.builder().dispatch(false).build().unwrap();
        let mut stored = web.track_sale(sale("o1"));
        within(stored.stored()).await.unwrap();
        let waits = tokio::spawn(stored.delivered());
        tokio::task::yield_now().await;
        world.base.set_for(mood, &["fates", "counts"]);
        let report = within(web.shutdown(ms(1_200))).await;
        assert_eq!((report.lost, report.unknown), (0, 0));
        is_left(async { waits.await.unwrap() }).await;
        world.base.set(Mood::Well);
    }
}

#[tokio::test]
async fn when_all_handles_are_dropped_nobody_waits_for_what_others_may_deliver() {
    let world = World::new().await;
    let web = world.builder().dispatch(false).build().unwrap();
    let left = web.track_sale(sale("o1")).delivered();
    drop(web);
    is_left(left).await;
    assert_eq!(world.base.stored(), 1, "it is stored before");
}

#[test]
fn when_the_runtime_ends_nobody_waits_either() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let first = runtime();
    let (_world, _web, left) = first.block_on(async {
        let world = World::new().await;
        let web = world.builder().dispatch(false).build().unwrap();
        let mut left: Tracked<_> = web.track_sale(sale("o1"));
        within(left.stored()).await.unwrap();
        (world, web, left)
    });
    drop(first);
    runtime().block_on(is_left(left.delivered()));
}

#[tokio::test]
async fn at_a_shutdown_an_answer_that_is_still_being_fetched_isn_t_waited_for() {
    let world = World::new().await;
    let (web, _worker) = two(&world);
    world.sandbox.fault(Fault::Hang).on("GET", "/transactions/*");
    let waits = tokio::spawn(web.track_sale(sale("o1")).delivered());
    until("it is asked for", async || world.requests().iter().any(|line| line == "GET /transactions/o1")).await;
    within(web.shutdown(Duration::from_secs(1))).await;
    assert_eq!(within(waits).await.unwrap(), Ok(Outcome::Existed), "it is recorded, whatever it is");
}
