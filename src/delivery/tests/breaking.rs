//! What is broken: a dispatcher that panics, rows that can't be read, results that aren't taken.

use std::time::{Duration, SystemTime};

use axum_partnero::sandbox::Answer;
use rust_decimal::Decimal;

use crate::{
    DeadLetter, DeliveryError, HoldReason, NewTransaction, Outcome,
    delivery::{CallKind, DeadReason, OutboxError},
};

use super::{
    base::{Damage, Mood},
    support::{Log, Watcher, World, referred, sale, until, within},
};

#[tokio::test]
async fn a_dispatcher_that_breaks_off_is_started_again_and_says_so() {
    let (log, _guard) = Log::start();
    let world = World::new().await;
    let partnero = world.open();
    within(partnero.track_sale(sale("o1")).delivered()).await.unwrap();
    world.base.set_for(Mood::Panics, &["claim"]);
    let sold = tokio::spawn(partnero.track_sale(sale("o2")).delivered());
    until("it breaks off", async || log.count("a task broke off") > 0).await;
    world.base.set(Mood::Well);
    assert!(matches!(within(sold).await.unwrap(), Ok(Outcome::Recorded(_))));
    let report = within(partnero.shutdown(Duration::from_secs(9))).await;
    assert_eq!((report.delivered, report.left, world.sandbox.ledger().transactions().len()), (2, Some(0), 2));
}

#[tokio::test]
async fn one_that_breaks_off_while_it_is_held_is_held_and_says_that_once() {
    let (log, _guard) = Log::start();
    let world = World::new().await;
    let watcher = Watcher::default();
    let partnero = world.builder().observer(watcher.clone()).build().unwrap();
    within(partnero.track_sale(sale("o1")).delivered()).await.unwrap();
    world.base.set_for(Mood::Panics, &["program"]);
    world.sandbox.fault(Answer::status(401)).on("POST", "/transactions").times(1);
    let sold = tokio::spawn(partnero.track_sale(sale("o2")).delivered());
    until("it breaks off", async || log.count("a task broke off") > 0).await;
    let calls = world.calls().len();
    until("it probes again", async || log.count("a task broke off") > 1).await;
    assert_eq!(world.calls().len(), calls, "nothing is sent before a good probe");
    assert_eq!(partnero.status().await.unwrap().held, Some(HoldReason::NotAllowed));
    world.base.set(Mood::Well);
    within(sold).await.unwrap().unwrap();
    until("both are told", async || watcher.told() == ["held NotAllowed", "resumed"]).await;
}

#[tokio::test]
async fn what_can_t_be_sent_as_it_is_stored_is_a_dead_letter_before_anything_is_sent() {
    let world = World::new().await;
    let partnero = world.open();
    for (key, damage) in [
        ("cut", Damage::Body("{\"key\":\"o1\",")),
        ("list", Damage::Body("[]")),
        ("empty", Damage::Body("")),
        ("unknown", Damage::Kind(CallKind::Unknown)),
        ("keyless", Damage::NoTransaction),
        ("adjusted", Damage::Body("null")),
        ("8", Damage::Body("\"8\"")),
    ] {
        world.base.damage(key, damage);
        let delivered = match key {
            "8" => within(partnero.track_sign_up(referred(key)).delivered()).await.map(drop),
            "adjusted" => {
                let remaining = NewTransaction::new(key, Decimal::ONE).customer("7");
                within(partnero.track_adjustment(remaining).delivered()).await.map(drop)
            }
            _ => within(partnero.track_sale(sale(key)).delivered()).await.map(drop),
        };
        let unreadable = matches!(delivered, Err(DeliveryError::Dead { reason: DeadReason::Unreadable, .. }));
        assert!(unreadable, "{key}: {delivered:?}");
    }
    assert_eq!(world.requests(), ["GET /test"]);
    assert_eq!(partnero.status().await.unwrap().dead, 7);
    // Whole ones are none of theirs.
    within(partnero.track_sale(sale("o1")).delivered()).await.unwrap();
}

#[tokio::test]
async fn what_the_outbox_itself_can_t_read_is_counted_logged_and_told() {
    let (log, _guard) = Log::start();
    let world = World::new().await;
    let partnero = world.open();
    within(partnero.track_sale(sale("o1")).delivered()).await.unwrap();
    world.base.set_for(Mood::Fails(OutboxError::Unreachable(String::new())), &["claim"]);
    let waits = tokio::spawn(partnero.track_sale(sale("o2")).delivered());
    let waiting = &partnero.as_live().unwrap().shared.waiting;
    until("it waits", async || !waiting.wanted().is_empty()).await;
    let letter = DeadLetter {
        id: 2,
        kind: CallKind::Unknown,
        customer: Some("mia@shop.example".to_owned()),
        transaction: Some("o2".to_owned()),
        amount: None,
        reason: DeadReason::Unreadable,
        message: "version 9".to_owned(),
        attempts: 0,
        uncertain: false,
        parked: 0,
        tracked_at: SystemTime::now(),
        died_at: SystemTime::now(),
    };
    world.base.leave_unreadable(waiting.wanted()[0], letter);
    world.base.set(Mood::Well);
    let dead = within(waits).await.unwrap().map(drop);
    let expected = DeliveryError::Dead { reason: DeadReason::Unreadable, message: "version 9".to_owned() };
    assert_eq!(dead, Err(expected));
    assert_eq!(log.count("a dead letter: retry or discard it"), 1);
    assert!(log.text().contains("call=\"unknown\"") && !log.text().contains("mia@"), "{}", log.text());
    assert_eq!(within(partnero.shutdown(Duration::from_secs(9))).await.dead, 1);
}

#[tokio::test]
async fn a_result_that_the_outbox_refuses_holds_up_no_other() {
    let (log, _guard) = Log::start();
    let world = World::new().await;
    world.base.refuse_result_of("o5");
    let partnero = world.builder().max_in_flight(12).build().unwrap();
    world.base.set_for(Mood::Fails(OutboxError::Unreachable("locked".to_owned())), &["settle"]);
    let mut refunded: Vec<_> =
        (0..12).map(|i| tokio::spawn(partnero.track_refund(format!("o{i}")).delivered())).collect();
    until("all have come back", async || world.calls().len() == 24 && world.base.asked("settle") > 3).await;
    world.base.set(Mood::Well);
    let odd = refunded.remove(5);
    for refunded in refunded {
        assert_eq!(within(refunded).await.unwrap(), Ok(Outcome::Refunded));
    }
    assert_eq!(log.count("the outbox refuses a result"), 1);
    assert_eq!(partnero.status().await.unwrap().in_flight, 1, "it stays claimed until its lease is over");
    odd.abort();
}

#[tokio::test]
async fn a_claim_that_the_outbox_refuses_takes_no_result_with_it() {
    let (log, _guard) = Log::start();
    let world = World::new().await;
    let partnero = world.open();
    world.base.set_for(Mood::Fails(OutboxError::Refused("another row".to_owned())), &["turn"]);
    within(partnero.track_sale(sale("o1")).delivered()).await.unwrap();
    assert!(world.base.asked("turn") > 0);
    assert_eq!(log.count("the outbox refuses a result"), 0);
}
