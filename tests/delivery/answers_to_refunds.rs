//! Every answer that a refund can get, alone and as the first step of an adjustment.

use axum_partnero::sandbox::{Answer, Fault};
use serde_json::json;

use crate::support::{World, dollars, name, sale, shop, within};

const DELETE: &str = "DELETE /transactions/o1";
const BY_BODY: &str = "DELETE /transactions";
const POST: &str = "POST /transactions";
const TEST: &str = "GET /test";

/// A recorded sale, and its deletion meeting this fault.
async fn sold(first: Fault) -> World {
    let world = World::open(shop()).await;
    let end = within(world.partnero.track_sale(sale("o1", 50)).delivered()).await;
    assert_eq!(name(end), "recorded");
    world.sandbox.clear_requests();
    world.sandbox.fault(first).on("DELETE", "*").times(1);
    world
}

#[tokio::test]
async fn each_answer_to_a_refund_that_deleted_nothing_means_what_the_table_says() {
    let again = vec![DELETE, DELETE];
    for (answer, end, requests) in [
        (Answer::json(200, &json!({"status": 0})), "dead: rejected", vec![DELETE]),
        (Answer::status(422), "dead: rejected", vec![DELETE]),
        (Answer::status(400), "dead: rejected", vec![DELETE]),
        (Answer::status(405), "dead: rejected", vec![DELETE]),
        (Answer::status(408), "refunded", again.clone()),
        (Answer::status(425), "refunded", again.clone()),
        (Answer::status(500), "refunded", again.clone()),
        (Answer::status(504), "refunded", again.clone()),
        // Anybody could say so.
        (Answer::html(200), "refunded", again.clone()),
        (Answer::html(400), "refunded", again.clone()),
        (Answer::html(404), "refunded", again.clone()),
        (Answer::html(422), "refunded", again.clone()),
        (Answer::html(500), "refunded", again.clone()),
        (Answer::status(429), "refunded", again),
        (Answer::status(401), "refunded", vec![DELETE, TEST, DELETE]),
        (Answer::status(403), "refunded", vec![DELETE, TEST, DELETE]),
        (Answer::redirect(302, "https://elsewhere.test/"), "refunded", vec![DELETE, TEST, DELETE]),
    ] {
        let world = sold(answer.clone().into()).await;
        let ended = name(within(world.partnero.track_refund("o1").delivered()).await);
        let live = usize::from(end != "refunded");
        let requests = requests.into_iter().map(str::to_owned).collect();
        assert_eq!((ended.as_str(), world.requests(), world.live("o1").len()), (end, requests, live), "{answer:?}");
    }
}

#[tokio::test]
async fn a_refund_that_was_carried_out_is_refunded_whatever_was_answered() {
    for answer in [
        Answer::json(200, &json!({"status": 1})),
        Answer::html(200),
        Answer::status(204).body(""),
        Answer::status(404),
        Answer::status(409),
        Answer::status(500),
        Answer::html(404),
    ] {
        let world = sold(Fault::StoreThenAnswer(answer.clone())).await;
        let end = within(world.partnero.track_refund("o1").delivered()).await;
        assert_eq!((name(end).as_str(), world.live("o1").len()), ("refunded", 0), "{answer:?}");
    }
    let world = sold(Fault::StoreThenDrop).await;
    let end = within(world.partnero.track_refund("o1").delivered()).await;
    assert_eq!((name(end).as_str(), world.live("o1").len()), ("refunded", 0));
    assert_eq!(world.requests(), [DELETE, DELETE, BY_BODY], "a repeat finds nothing, which is what was wanted");
}

#[tokio::test]
async fn a_refund_of_a_key_that_nobody_knows_is_sent_and_is_no_error() {
    let world = World::open(shop()).await;
    let end = within(world.partnero.track_refund("o1").delivered()).await;
    assert_eq!(
        (name(end).as_str(), world.requests()),
        ("refunded", [DELETE, BY_BODY, TEST].map(str::to_owned).to_vec())
    );
}

/// The vendor's own shop plugin found it so: the path was 404, and the key in the body worked.
#[tokio::test]
async fn where_nothing_is_deleted_by_path_it_is_by_body() {
    let shop = || shop().switch(|switches| switches.delete_by_path = false);
    let world = World::open(shop()).await;
    assert_eq!(name(within(world.partnero.track_sale(sale("o1", 50)).delivered()).await), "recorded");
    let end = within(world.partnero.track_refund("o1").delivered()).await;
    assert_eq!((name(end).as_str(), world.live("o1").len()), ("refunded", 0));

    let world = World::open(shop()).await;
    assert_eq!(name(within(world.partnero.track_sale(sale("o1", 50)).delivered()).await), "recorded");
    let end = within(world.partnero.track_adjustment(sale("o1", 30)).delivered()).await;
    assert_eq!((name(end).as_str(), world.live("o1")), ("adjusted", vec![dollars(30)]));
}

#[tokio::test]
async fn each_answer_to_the_first_step_of_an_adjustment_leaves_one_sale_of_the_right_amount() {
    let again = vec![DELETE, DELETE, BY_BODY, POST];
    for (answer, end, requests) in [
        (Answer::status(404), "adjusted", vec![DELETE, BY_BODY, POST]),
        (Answer::status(409), "adjusted", vec![DELETE, POST]),
        (Answer::status(500), "adjusted", again.clone()),
        (Answer::html(404), "adjusted", again.clone()),
        (Answer::status(429), "adjusted", again),
        (Answer::status(401), "adjusted", vec![DELETE, TEST, DELETE, BY_BODY, POST]),
    ] {
        // Partnero says what it says after doing it, so that 404 and 409 are true.
        let world = sold(Fault::StoreThenAnswer(answer.clone())).await;
        let ended = within(world.partnero.track_adjustment(sale("o1", 30)).delivered()).await;
        let requests = requests.into_iter().map(str::to_owned).collect();
        assert_eq!((name(ended).as_str(), world.requests()), (end, requests), "{answer:?}");
        assert_eq!(world.live("o1"), [dollars(30)], "{answer:?}");
    }
}

#[tokio::test]
async fn a_refused_deletion_leaves_the_old_sale_and_posts_nothing() {
    for answer in [Answer::status(400), Answer::status(422), Answer::json(200, &json!({"status": false}))] {
        let world = sold(answer.clone().into()).await;
        let end = within(world.partnero.track_adjustment(sale("o1", 30)).delivered()).await;
        assert_eq!(name(end), "dead: rejected", "{answer:?}");
        assert_eq!((world.requests(), world.live("o1")), (vec![DELETE.to_owned()], vec![dollars(50)]));
    }
}

#[tokio::test]
async fn each_answer_to_the_second_step_of_an_adjustment_leaves_one_sale_or_says_that_there_is_none() {
    let get = "GET /transactions/o1";
    let customer = "GET /customers/7";
    for (fault, end, requests, live) in [
        (Fault::Refuse, "adjusted", vec![DELETE, POST, get, POST], 1),
        (Fault::StoreThenDrop, "adjusted", vec![DELETE, POST, get], 1),
        (Fault::store_then_500(), "adjusted", vec![DELETE, POST, get], 1),
        (Answer::status(500).into(), "adjusted", vec![DELETE, POST, get, POST], 1),
        (Answer::html(404).into(), "adjusted", vec![DELETE, POST, get, POST], 1),
        (Answer::status(429).into(), "adjusted", vec![DELETE, POST, POST], 1),
        (Answer::status(401).into(), "adjusted", vec![DELETE, POST, TEST, POST], 1),
        (Answer::status(400).into(), "dead: rejected", vec![DELETE, POST], 0),
        (Answer::status(422).into(), "dead: rejected", vec![DELETE, POST, customer], 0),
    ] {
        let world = sold(Answer::status(404).into()).await;
        world.sandbox.clear_faults();
        world.sandbox.fault(fault.clone()).on("POST", "/transactions").times(1);
        let ended = within(world.partnero.track_adjustment(sale("o1", 30)).delivered()).await;
        let requests = requests.into_iter().map(str::to_owned).collect();
        assert_eq!((name(ended).as_str(), world.requests()), (end, requests), "{fault:?}");
        assert_eq!(world.live("o1"), vec![dollars(30); live], "{fault:?}");
    }
}
