//! A base URL of a wrong path answers 404 in JSON, as Partnero does of whom it doesn't know: nothing ends by that.

use std::time::Duration;

use axum_partnero::sandbox::Answer;
use serde_json::json;

use crate::{Clock, HoldReason, Outcome, Partnero, delivery::Status};

use super::support::{Log, World, requests, sale, until, within};

/// With an outbox in memory, and no program named: nothing has to be asked first.
fn in_memory(world: &World, clock: &Clock) -> Partnero {
    World::builder_to(&world.sandbox).clock(clock.clone()).build().unwrap()
}

async fn held(partnero: &Partnero, reason: HoldReason) {
    until("it is held", async || partnero.status().await.unwrap().held == Some(reason)).await;
}

#[tokio::test]
async fn with_a_base_url_of_a_wrong_path_nothing_is_ignored_nor_taken_for_deleted() {
    let (log, _guard) = Log::start();
    let world = World::new().await;
    let wrong = world.sandbox.url().replace("/v1", "/v2");
    let builder = || World::builder_to(&world.sandbox).base_url(&wrong);
    let (sales, refunds) = (builder().build().unwrap(), builder().build().unwrap());
    sales.track_sale(sale("o1"));
    refunds.track_refund("o1");
    for partnero in [sales, refunds] {
        held(&partnero, HoldReason::Unavailable).await;
        let Status { pending, dead, delivered, .. } = partnero.status().await.unwrap();
        assert_eq!((pending, dead, delivered), (1, 0, 0));
    }
    assert_eq!(log.count("check the base URL"), 2, "{}", log.text());
}

#[tokio::test]
async fn what_was_answered_with_404_is_sent_again_once_partnero_answers_as_it_should() {
    for (answer, reason) in [
        (Answer::status(404), HoldReason::Unavailable),
        (Answer::status(503), HoldReason::Unavailable),
        (Answer::status(401), HoldReason::NotAllowed),
    ] {
        let (world, clock) = (World::new().await, Clock::manual());
        let partnero = in_memory(&world, &clock);
        let unknown = Answer::json(404, &json!({"message": "The route could not be found."}));
        world.sandbox.fault(unknown.clone()).on("POST", "/transactions");
        world.sandbox.fault(unknown).on("GET", "/customers/7");
        world.sandbox.fault(answer).on("GET", "/test");
        let sold = partnero.track_sale(sale("o1"));
        held(&partnero, reason).await;
        world.sandbox.clear_faults();
        let delivered = tokio::spawn(sold.delivered());
        until("it is sent", async || {
            clock.advance(Duration::from_secs(1));
            delivered.is_finished()
        })
        .await;
        assert!(matches!(within(delivered).await.unwrap(), Ok(Outcome::Recorded(_))), "{reason:?}");
        assert_eq!(partnero.status().await.unwrap().held, None);
    }
}

#[tokio::test]
async fn a_404_is_asked_about_once_and_never_where_partnero_has_answered_before() {
    let world = World::new().await;
    let nobodys = |key: &str| sale(key).customer("nobody");
    let partnero = in_memory(&world, &Clock::manual());
    for key in ["o1", "o2"] {
        assert!(matches!(within(partnero.track_sale(nobodys(key)).delivered()).await, Ok(Outcome::Ignored)));
    }
    within(partnero.track_refund("o3").delivered()).await.unwrap();
    let probes = || requests(&world.sandbox).iter().filter(|line| *line == "GET /test").count();
    assert_eq!(probes(), 1);

    let partnero = in_memory(&world, &Clock::manual());
    within(partnero.track_sale(sale("o4")).delivered()).await.unwrap();
    assert!(matches!(within(partnero.track_sale(nobodys("o5")).delivered()).await, Ok(Outcome::Ignored)));
    assert_eq!(probes(), 1);
}
