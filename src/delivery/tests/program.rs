//! An outbox and a key that belong together, and ones that don't.

use std::time::Duration;

use axum_partnero::sandbox::{Answer, Sandbox};
use serde_json::json;

use crate::{
    Clock, HoldReason, Partnero,
    delivery::{CheckError, OutboxError},
};

use super::{
    base::Mood,
    support::{Log, Watcher, World, ms, requests, sale, until, within},
};

const OURS: &str = "aaaa1111";
const THEIRS: &str = "bbbb2222";

async fn world(program: &str) -> World {
    World::of(Sandbox::affiliate().program_id(program).partner("anna").referred_customer("7", "anna")).await
}

async fn held(partnero: &Partnero, reason: HoldReason) {
    until("it is held", async || partnero.status().await.unwrap().held == Some(reason)).await;
}

async fn sold(partnero: &Partnero, key: &str) {
    within(partnero.track_sale(sale(key)).delivered()).await.unwrap();
}

#[tokio::test]
async fn a_durable_outbox_is_asked_about_once_before_the_first_call_and_all_being_well_nothing_is_said() {
    let (log, _guard) = Log::start();
    let world = world(OURS).await;
    let watcher = Watcher::default();
    let partnero = world.builder().observer(watcher.clone()).build().unwrap();
    for i in 0..3 {
        sold(&partnero, &format!("o{i}")).await;
    }
    assert_eq!(world.requests()[..2], ["GET /test", "POST /transactions"]);
    assert_eq!((world.requests().len(), world.base.program().as_deref()), (4, Some(OURS)));
    assert_eq!((partnero.status().await.unwrap().held, watcher.told()), (None, vec![]));
    for unsaid in ["Partnero takes calls again", "ERROR", "WARN"] {
        assert_eq!(log.count(unsaid), 0, "{}", log.text());
    }
    // The next process finds it as it should be.
    sold(&world.open(), "o3").await;
}

#[tokio::test]
async fn with_another_program_s_key_everything_is_held_and_nothing_is_sent() {
    let (log, _guard) = Log::start();
    let production = world(OURS).await;
    sold(&production.open(), "o0").await;
    let test = Sandbox::affiliate().program_id(THEIRS).partner("anna").referred_customer("7", "anna").spawn().await;
    let test = test.unwrap();
    let (watcher, clock) = (Watcher::default(), Clock::manual());
    let builder = World::builder_to(&test).outbox(production.base.clone()).observer(watcher.clone());
    let copy = builder.clock(clock.clone()).build().unwrap();
    copy.track_sale(sale("o1")).stored().await.unwrap();
    held(&copy, HoldReason::AnotherProgram).await;
    until("it probes on", async || {
        clock.advance(Duration::from_secs(60));
        requests(&test).len() > 3
    })
    .await;
    assert!(requests(&test).iter().all(|line| line == "GET /test"), "{:?}", requests(&test));
    assert_eq!(copy.status().await.unwrap().held, Some(HoldReason::AnotherProgram));
    assert_eq!(watcher.told(), ["held AnotherProgram"]);
    assert_eq!(log.count("the API key belongs to another program"), 1);
    assert!(log.text().contains(&format!("expected=\"{OURS}\" found=\"{THEIRS}\"")), "{}", log.text());
    let expected = CheckError::AnotherProgram { expected: OURS.to_owned(), found: THEIRS.to_owned() };
    assert_eq!(copy.check().await, Err(expected));

    // What was held is the right program's: with its key, it is sent.
    within(copy.shutdown(Duration::ZERO)).await;
    sold(&production.open(), "o2").await;
    until("it is sent", async || production.sandbox.ledger().live_transactions("o1").len() == 1).await;
}

#[tokio::test]
async fn a_program_that_isn_t_the_configured_one_is_held_and_not_recorded() {
    let world = world(THEIRS).await;
    let partnero = world.builder().program_id(OURS).build().unwrap();
    partnero.track_sale(sale("o1"));
    held(&partnero, HoldReason::AnotherProgram).await;
    assert!(world.calls().is_empty());
    assert_eq!(world.base.program(), None);
}

#[tokio::test]
async fn a_check_compares_and_records_nothing() {
    let world = world(OURS).await;
    let partnero = world.builder().dispatch(false).build().unwrap();
    partnero.check().await.unwrap();
    assert_eq!(world.base.program(), None);
    *world.base.recorded() = Some(THEIRS.to_owned());
    let expected = CheckError::AnotherProgram { expected: THEIRS.to_owned(), found: OURS.to_owned() };
    assert_eq!(partnero.check().await, Err(expected));
}

#[tokio::test]
async fn where_partnero_doesn_t_name_the_program_calls_are_sent() {
    let (log, _guard) = Log::start();
    let world = world(OURS).await;
    *world.base.recorded() = Some(OURS.to_owned());
    world.sandbox.fault(Answer::json(200, &json!({"status": 1, "data": {}}))).on("GET", "/test");
    sold(&world.builder().program_id(OURS).build().unwrap(), "o1").await;
    assert_eq!(log.count("Partnero doesn't say of which program the API key is"), 1);
    assert_eq!(log.count("WARN"), 0);
}

#[tokio::test]
async fn while_partnero_is_away_at_the_start_it_is_held_as_in_any_outage() {
    for (answer, reason) in [
        (Answer::status(503), HoldReason::Unavailable),
        (Answer::status(401), HoldReason::NotAllowed),
        (Answer::redirect(302, "/"), HoldReason::Redirected),
        (Answer::too_many_requests(Some(Duration::from_secs(1))), HoldReason::RateLimited),
    ] {
        let world = world(OURS).await;
        let watcher = Watcher::default();
        world.sandbox.fault(answer).on("GET", "/test");
        let partnero = world.builder().observer(watcher.clone()).build().unwrap();
        partnero.track_sale(sale("o1"));
        held(&partnero, reason).await;
        assert!(world.calls().is_empty());
        world.sandbox.clear_faults();
        within(partnero.flush(Duration::from_secs(30))).await.unwrap();
        until("both are told", async || watcher.told() == [format!("held {reason:?}"), "resumed".to_owned()]).await;
    }
}

#[tokio::test]
async fn a_key_that_turns_out_later_to_be_another_program_s_is_held_until_it_is_ours_again() {
    let world = world(OURS).await;
    let partnero = world.open();
    sold(&partnero, "o1").await;
    world.sandbox.fault(Answer::status(401)).on("POST", "/transactions").times(1);
    let theirs = json!({"status": 1, "data": {"program": {"pub_id": THEIRS}}});
    world.sandbox.fault(Answer::json(200, &theirs)).on("GET", "/test");
    partnero.track_sale(sale("o2"));
    held(&partnero, HoldReason::AnotherProgram).await;
    let calls = world.calls().len();
    world.sandbox.clear_faults();
    within(partnero.flush(Duration::from_secs(30))).await.unwrap();
    assert_eq!((world.calls().len(), partnero.status().await.unwrap().held), (calls + 1, None));
}

#[tokio::test]
async fn an_outbox_that_can_t_say_whose_it_is_is_asked_until_it_can_and_partnero_once() {
    let (log, _guard) = Log::start();
    let world = world(OURS).await;
    world.base.set_for(Mood::Fails(OutboxError::Unreachable("locked".to_owned())), &["program"]);
    let partnero = world.open();
    let mut tracked = partnero.track_sale(sale("o1"));
    until("it is asked again", async || world.base.asked("program") > 2).await;
    tracked.stored().await.unwrap();
    assert_eq!(world.requests(), ["GET /test"]);
    world.base.set(Mood::Well);
    within(tracked.delivered()).await.unwrap();
    assert_eq!(world.requests(), ["GET /test", "POST /transactions"]);
    assert_eq!((log.count("ERROR"), log.count("INFO") > 0), (1, true), "{}", log.text());
}

#[tokio::test]
async fn with_an_outbox_in_memory_a_key_is_asked_about_before_the_first_call_if_its_program_is_named() {
    let world = world(THEIRS).await;
    let partnero = World::builder_to(&world.sandbox).program_id(OURS).build().unwrap();
    partnero.track_sale(sale("o1"));
    held(&partnero, HoldReason::AnotherProgram).await;
    assert!(world.calls().is_empty());

    let partnero = World::builder_to(&world.sandbox).program_id(THEIRS).build().unwrap();
    let before = world.requests().len();
    sold(&partnero, "o2").await;
    assert_eq!(world.calls().len(), 1);
    assert!(world.requests().len() > before + 1, "{:?}", world.requests());
}

#[tokio::test]
async fn an_outbox_in_memory_whose_program_nobody_names_is_no_program_s() {
    let world = world(THEIRS).await;
    let partnero = World::builder_to(&world.sandbox).build().unwrap();
    sold(&partnero, "o1").await;
    assert_eq!(world.requests(), ["POST /transactions"]);
    world.sandbox.fault(Answer::status(401)).on("POST", "/transactions").times(1);
    sold(&partnero, "o2").await;
}

#[tokio::test]
async fn a_shutdown_doesn_t_wait_for_a_probe_that_is_of_no_use() {
    let world = world(OURS).await;
    world.sandbox.set_latency(Duration::from_secs(5));
    let partnero = world.open();
    partnero.track_sale(sale("o1")).stored().await.unwrap();
    until("it probes", async || !world.requests().is_empty()).await;
    let began = std::time::Instant::now();
    assert_eq!(within(partnero.shutdown(Duration::from_secs(60))).await.left, Some(1));
    assert!(began.elapsed() < ms(2_000), "{:?}", began.elapsed());
}
