//! Every answer that a sale can get: what is sent next, how it ends, and what Partnero has then.

use axum_partnero::{
    NewTransaction,
    sandbox::{Answer, DuplicateTransaction, Fault, UnrewardedSale},
};
use serde_json::json;

use crate::support::{World, dollars, name, sale, shop, within};

const POST: &str = "POST /transactions";
const GET: &str = "GET /transactions/o1";
const CUSTOMER: &str = "GET /customers/7";
const TEST: &str = "GET /test";

async fn answered(first: Fault) -> (String, Vec<String>, usize) {
    let world = World::open(shop()).await;
    world.sandbox.fault(first).on("POST", "/transactions").times(1);
    let end = name(within(world.partnero.track_sale(sale("o1", 50)).delivered()).await);
    // Deleted rows would show as well.
    (end, world.requests(), world.rows("o1"))
}

#[tokio::test]
async fn each_answer_to_a_sale_that_stored_nothing_means_what_the_table_says() {
    let asked_and_sent = vec![POST, GET, POST];
    for (answer, end, requests) in [
        (Answer::garbage(200), "recorded", asked_and_sent.clone()),
        (Answer::html(201), "recorded", asked_and_sent.clone()),
        (Answer::json(200, &json!({"status": 1})), "recorded", asked_and_sent.clone()),
        (Answer::json(200, &json!({"data": [], "status": 1})), "recorded", asked_and_sent.clone()),
        (Answer::json(200, &json!({"status": 0})), "dead: rejected", vec![POST]),
        (Answer::status(409), "dead: rejected", vec![POST, GET]),
        (Answer::status(404), "dead: rejected", vec![POST]),
        (Answer::status(422), "dead: rejected", vec![POST]),
        (Answer::status(400), "dead: rejected", vec![POST]),
        (Answer::status(405), "dead: rejected", vec![POST]),
        (Answer::status(418), "dead: rejected", vec![POST]),
        (Answer::status(408), "recorded", asked_and_sent.clone()),
        (Answer::status(425), "recorded", asked_and_sent.clone()),
        (Answer::status(500), "recorded", asked_and_sent.clone()),
        (Answer::status(503), "recorded", asked_and_sent.clone()),
        (Answer::html(400), "recorded", asked_and_sent.clone()),
        (Answer::html(404), "recorded", asked_and_sent.clone()),
        (Answer::html(409), "recorded", asked_and_sent.clone()),
        (Answer::html(422), "recorded", asked_and_sent.clone()),
        (Answer::html(500), "recorded", asked_and_sent),
        (Answer::status(429), "recorded", vec![POST, POST]),
        (Answer::status(401), "recorded", vec![POST, TEST, POST]),
        (Answer::status(403), "recorded", vec![POST, TEST, POST]),
        (Answer::redirect(301, "https://elsewhere.test/"), "recorded", vec![POST, TEST, POST]),
        (Answer::redirect(308, "/v1/transactions"), "recorded", vec![POST, TEST, POST]),
    ] {
        let (ended, sent, rows) = answered(answer.clone().into()).await;
        assert_eq!((ended.as_str(), rows), (end, usize::from(end == "recorded")), "{answer:?}");
        // The customer is there, so that a refusal isn't for want of one.
        let sent: Vec<_> = sent.into_iter().filter(|line| line != CUSTOMER).collect();
        assert_eq!(sent, requests, "{answer:?}");
    }
}

#[tokio::test]
async fn a_sale_that_was_stored_is_stored_once_whatever_was_answered() {
    for answer in [
        Answer::garbage(200),
        Answer::html(200),
        Answer::status(408),
        Answer::status(409),
        Answer::status(425),
        Answer::status(500),
        Answer::html(404),
        Answer::html(502),
    ] {
        let outcome = answered(Fault::StoreThenAnswer(answer.clone())).await;
        assert_eq!(outcome, ("recorded".to_owned(), vec![POST.to_owned(), GET.to_owned()], 1), "{answer:?}");
    }
    let outcome = answered(Fault::StoreThenDrop).await;
    assert_eq!(outcome, ("recorded".to_owned(), vec![POST.to_owned(), GET.to_owned()], 1));
    let silent = Answer::json(201, &json!({"status": 1}));
    let outcome = answered(Fault::StoreThenAnswer(silent)).await;
    let requests = [POST, "GET /customers/7", GET].map(str::to_owned).to_vec();
    assert_eq!(outcome, ("recorded".to_owned(), requests, 1), "the customer was referred");
}

#[tokio::test]
async fn a_sale_that_is_ignored_in_silence_is_ignored_and_not_sent_again() {
    let switch = |switches: &mut axum_partnero::sandbox::Switches| {
        switches.unreferred_customer = UnrewardedSale::Ignore;
        switches.unknown_customer = UnrewardedSale::Ignore;
    };
    let world = World::open(shop().customer("8").switch(switch)).await;
    for customer in ["8", "nobody"] {
        let sale = NewTransaction::new(customer, dollars(5)).customer(customer);
        assert_eq!(name(within(world.partnero.track_sale(sale).delivered()).await), "ignored", "{customer}");
    }
    assert_eq!(world.requests(), [POST, "GET /customers/8", POST, "GET /customers/nobody"]);
}

#[tokio::test]
async fn a_sale_of_a_customer_who_never_registered_is_ignored() {
    for unknown in [UnrewardedSale::Reject422, UnrewardedSale::NotFound404] {
        let world = World::open(shop().switch(move |switches| switches.unknown_customer = unknown)).await;
        let sale = NewTransaction::new("o1", dollars(5)).customer("nobody");
        let end = within(world.partnero.track_sale(sale).delivered()).await;
        assert_eq!(name(end), "ignored", "{unknown:?}");
        assert_eq!(world.requests(), [POST, "GET /customers/nobody", TEST]);
        assert!(world.sandbox.ledger().transactions().is_empty());
    }
}

#[tokio::test]
async fn a_refused_sale_of_a_customer_whom_nobody_referred_is_ignored() {
    for unreferred in [UnrewardedSale::Reject422, UnrewardedSale::NotFound404] {
        let shop = shop().customer("8").switch(move |switches| switches.unreferred_customer = unreferred);
        let world = World::open(shop).await;
        let sale = NewTransaction::new("o1", dollars(5)).customer("8");
        assert_eq!(name(within(world.partnero.track_sale(sale).delivered()).await), "ignored");
        assert_eq!(world.requests(), [POST, "GET /customers/8"]);
    }
}

#[tokio::test]
async fn a_refused_sale_that_names_its_link_is_a_dead_letter_whoever_bought() {
    for (status, buyer) in [(404, "8"), (422, "8"), (404, "nobody"), (422, "nobody")] {
        let world = World::open(shop().customer("8")).await;
        world.sandbox.fault(Answer::status(status)).on("POST", "/transactions").times(1);
        let sale = NewTransaction::new("o1", dollars(5)).customer(buyer).referral_url("https://shop.example?aff=anna");
        let end = within(world.partnero.track_sale(sale).delivered()).await;
        assert_eq!(name(end), "dead: rejected", "{status} {buyer}");
    }
}

#[tokio::test]
async fn a_refused_sale_of_a_referred_customer_is_a_dead_letter() {
    for status in [404, 422] {
        let world = World::open(shop().referred_customer("8", "anna")).await;
        world.sandbox.fault(Answer::status(status)).on("POST", "/transactions").times(1);
        let sale = NewTransaction::new("o1", dollars(5)).customer("8");
        assert_eq!(name(within(world.partnero.track_sale(sale).delivered()).await), "dead: rejected");
        assert_eq!(world.requests(), [POST, "GET /customers/8"]);
    }
}

#[tokio::test]
async fn a_sale_that_is_there_already_is_recorded_if_its_amount_is_the_same() {
    for (there, end) in [(50, "recorded"), (49, "dead: another_amount")] {
        for duplicate in [DuplicateTransaction::Conflict409, DuplicateTransaction::AcceptAgain] {
            let world = World::open(shop().switch(move |switches| switches.duplicate_transaction = duplicate)).await;
            // What another process once sent.
            world.partnero.api().transactions().create(&sale("o1", there)).await.unwrap();
            if duplicate == DuplicateTransaction::AcceptAgain {
                world.sandbox.fault(Fault::Refuse).on("POST", "/transactions").times(1);
            }
            world.sandbox.clear_requests();
            let outcome = within(world.partnero.track_sale(sale("o1", 50)).delivered()).await;
            assert_eq!((name(outcome).as_str(), world.requests()), (end, vec![POST.to_owned(), GET.to_owned()]));
            assert_eq!(world.live("o1"), [dollars(there)]);
        }
    }
}

#[tokio::test]
async fn whatever_a_look_is_answered_no_sale_is_posted_before_it_says_absent() {
    for trouble in [
        Answer::status(500),
        Answer::html(404),
        Answer::garbage(200),
        Answer::json(200, &json!({"status": 1})),
        Answer::json(200, &json!({"data": {"key": "o2", "amount": 50, "deleted_at": null}})),
        Answer::status(400),
        Answer::status(422),
        Answer::status(429),
        Answer::html(503),
    ] {
        let world = World::open(shop()).await;
        world.sandbox.fault(Fault::StoreThenDrop).on("POST", "/transactions").times(1);
        world.sandbox.fault(trouble.clone()).on("GET", "/transactions/*").times(2);
        let end = within(world.partnero.track_sale(sale("o1", 50)).delivered()).await;
        assert_eq!((name(end).as_str(), world.rows("o1")), ("recorded", 1), "{trouble:?}");
        assert_eq!(world.requests_but_probes(), [POST, GET, GET, GET], "{trouble:?}");
    }
}

#[tokio::test]
async fn a_deleted_transaction_is_not_there() {
    let world = World::open(shop()).await;
    world.sandbox.fault(Fault::Refuse).on("POST", "/transactions").times(1);
    let deleted = json!({"data": {"key": "o1", "amount": 50, "deleted_at": "2026-01-01T00:00:00Z"}, "status": 1});
    world.sandbox.fault(Answer::json(200, &deleted)).on("GET", "/transactions/o1").times(1);
    let end = within(world.partnero.track_sale(sale("o1", 50)).delivered()).await;
    assert_eq!((name(end).as_str(), world.rows("o1")), ("recorded", 1));
    assert_eq!(world.requests(), [POST, GET, POST]);
}

#[tokio::test]
async fn a_key_that_fits_no_path_is_asked_for_by_an_exact_match() {
    for key in ["inv/7 #1", "2026.03?x=1", "é", "a%2Fb", "o1 "] {
        let world = World::open(shop()).await;
        world.sandbox.fault(Fault::StoreThenDrop).on("POST", "/transactions").times(1);
        let end = within(world.partnero.track_sale(sale(key, 50)).delivered()).await;
        assert_eq!(name(end), "recorded", "{key}");
        assert_eq!(world.live(key.trim()).len(), 1, "{key}");
        let end = within(world.partnero.track_refund(key).delivered()).await;
        assert_eq!((name(end).as_str(), world.live(key.trim()).len()), ("refunded", 0), "{key}");
    }
}

#[tokio::test]
async fn an_empty_list_says_absent_and_a_list_of_other_keys_says_nothing() {
    let world = World::open(shop()).await;
    world.sandbox.fault(Fault::Refuse).on("POST", "/transactions").times(1);
    let others = json!({"data": [{"key": "x", "amount": 1}], "status": 1});
    world.sandbox.fault(Answer::json(200, &others)).on("GET", "/transactions").times(2);
    let end = within(world.partnero.track_sale(sale("a.b", 50)).delivered()).await;
    assert_eq!((name(end).as_str(), world.rows("a.b")), ("recorded", 1));
    let get = "GET /transactions";
    assert_eq!(world.requests(), [POST, get, get, get, POST]);
}
