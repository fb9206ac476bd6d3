//! Every answer that a sign-up can get: what is sent next, how it ends, and what Partnero has then.

use axum_partnero::{
    NewCustomer, ReferralKey,
    sandbox::{Answer, DuplicateCustomer, Fault, RafIdentity, Sandbox, UnknownReferrer},
};
use serde_json::json;

use crate::support::{World, name, referred, sale, shop, within};

const POST: &str = "POST /customers";
const GET: &str = "GET /customers/8";
const TEST: &str = "GET /test";

async fn answered(first: Fault, customer: NewCustomer) -> (String, Vec<String>, bool) {
    let world = World::open(shop()).await;
    world.sandbox.fault(first).on("POST", "/customers").times(1);
    let end = name(within(world.partnero.track_sign_up(customer).delivered()).await);
    let there = world.sandbox.ledger().customer("8").is_some();
    (end, world.requests(), there)
}

#[tokio::test]
async fn each_answer_to_a_referred_sign_up_that_stored_nothing_means_what_the_table_says() {
    let partner_unknown = json!({"message": "no", "errors": {"partner.key": ["unknown"]}});
    let e_mail_taken = json!({"message": "no", "errors": {"partner.key": ["unknown"], "email": ["taken"]}});
    let again = vec![POST, POST];
    for (answer, end, requests) in [
        (Answer::garbage(200), "recorded", vec![POST, GET, POST]),
        (Answer::html(200), "recorded", vec![POST, GET, POST]),
        (Answer::json(200, &json!({"status": 1})), "ignored", vec![POST, GET]),
        (Answer::json(200, &json!({"status": 0})), "dead: rejected", vec![POST, GET]),
        (Answer::json(200, &json!({"status": false, "data": {"key": "8"}})), "dead: rejected", vec![POST, GET]),
        (Answer::status(409), "existed", vec![POST]),
        (Answer::status(404), "dead: rejected", vec![POST]),
        (Answer::status(422), "dead: rejected", vec![POST, GET]),
        (Answer::json(422, &partner_unknown), "ignored", vec![POST, GET]),
        (Answer::json(422, &e_mail_taken), "dead: rejected", vec![POST, GET]),
        (Answer::status(400), "ignored", vec![POST, GET]),
        (Answer::status(405), "dead: rejected", vec![POST, GET]),
        (Answer::status(413), "dead: rejected", vec![POST, GET]),
        (Answer::status(408), "recorded", again.clone()),
        (Answer::status(425), "recorded", again.clone()),
        (Answer::status(500), "recorded", again.clone()),
        (Answer::status(503).header("retry-after", "2"), "recorded", again.clone()),
        (Answer::html(400), "recorded", again.clone()),
        (Answer::html(404), "recorded", again.clone()),
        (Answer::html(422), "recorded", again.clone()),
        (Answer::html(502), "recorded", again.clone()),
        (Answer::status(429), "recorded", again),
        (Answer::status(401), "recorded", vec![POST, TEST, POST]),
        (Answer::html(403), "recorded", vec![POST, TEST, POST]),
        (Answer::redirect(302, "https://elsewhere.test/"), "recorded", vec![POST, TEST, POST]),
        (Answer::redirect(307, "/v1/customers"), "recorded", vec![POST, TEST, POST]),
    ] {
        let outcome = answered(answer.clone().into(), referred("8")).await;
        let requests = requests.into_iter().map(str::to_owned).collect();
        assert_eq!(outcome, (end.to_owned(), requests, end == "recorded"), "{answer:?}");
    }
}

#[tokio::test]
async fn a_sign_up_that_was_stored_is_stored_once_whatever_was_answered() {
    for fault in [
        Fault::StoreThenDrop,
        Fault::store_then_500(),
        Fault::StoreThenAnswer(Answer::html(404)),
        Fault::StoreThenAnswer(Answer::status(429)),
    ] {
        let outcome = answered(fault.clone(), referred("8")).await;
        let requests = [POST, POST, GET].map(str::to_owned).to_vec();
        assert_eq!(outcome, ("existed".to_owned(), requests, true), "{fault:?}");
    }
    for (unreadable, end) in [(Answer::json(200, &json!({"status": 1})), "existed"), (Answer::garbage(200), "recorded")]
    {
        let outcome = answered(Fault::StoreThenAnswer(unreadable), referred("8")).await;
        assert_eq!(outcome, (end.to_owned(), vec![POST.to_owned(), GET.to_owned()], true));
    }
}

#[tokio::test]
async fn a_sign_up_that_names_nobody_is_ignored_when_refused() {
    let world = World::open(shop()).await;
    for answer in [Answer::status(400), Answer::status(422), Answer::json(200, &json!({"status": 0}))] {
        world.sandbox.fault(answer).on("POST", "/customers").times(1);
        let end = within(world.partnero.track_sign_up(NewCustomer::new("8")).delivered()).await;
        assert_eq!(name(end), "ignored");
    }
    // The sandbox itself refuses it too, as an affiliate program does, in each of its ways.
    for unknown in [UnknownReferrer::Reject400, UnknownReferrer::Reject422, UnknownReferrer::Ignore] {
        world.sandbox.switch(|switches| switches.unknown_partner = unknown);
        let end = within(world.partnero.track_sign_up(NewCustomer::new("9")).delivered()).await;
        assert_eq!(name(end), "ignored", "{unknown:?}");
    }
    assert!(world.letters().await.is_empty());
}

#[tokio::test]
async fn an_unknown_partner_is_ignored_however_partnero_says_it() {
    for unknown in [UnknownReferrer::Reject400, UnknownReferrer::Reject422, UnknownReferrer::Ignore] {
        let world = World::open(shop().switch(move |switches| switches.unknown_partner = unknown)).await;
        let nobody = NewCustomer::new("8").referred_by(ReferralKey::new("nobody").unwrap());
        let end = within(world.partnero.track_sign_up(nobody).delivered()).await;
        assert_eq!(name(end), "ignored", "{unknown:?}");
        assert!(world.sandbox.ledger().customer("8").is_none());
        // Nothing of the customer's is held back by it.
        assert!(world.letters().await.is_empty(), "{unknown:?}");
    }
}

#[tokio::test]
async fn a_customer_who_is_there_already_existed_in_either_wording() {
    for duplicate in [DuplicateCustomer::Reject422, DuplicateCustomer::Conflict409] {
        let world = World::open(shop().switch(move |switches| switches.duplicate_customer = duplicate)).await;
        let end = within(world.partnero.track_sign_up(referred("7")).delivered()).await;
        assert_eq!(name(end), "existed", "{duplicate:?}");
    }
}

#[tokio::test]
async fn an_e_mail_of_somebody_else_is_no_proof_of_being_there() {
    let world = World::open(shop()).await;
    let first = referred("mia@x.test").email("mia@x.test");
    assert_eq!(name(within(world.partnero.track_sign_up(first).delivered()).await), "recorded");
    // Refused because of the e-mail; and a look at the key finds nobody.
    let second = referred("8").email("mia@x.test");
    assert_eq!(name(within(world.partnero.track_sign_up(second).delivered()).await), "dead: rejected");
    let letters = world.letters().await;
    assert!(letters[0].message.contains("fields: email"), "{}", letters[0].message);
    assert!(!letters[0].message.contains("mia"), "{}", letters[0].message);
}

#[tokio::test]
async fn in_a_refer_a_friend_program_the_customer_is_kept_without_an_unknown_referrer() {
    for unknown in [UnknownReferrer::Reject400, UnknownReferrer::Reject422] {
        let program = Sandbox::refer_a_friend().switch(move |switches| switches.unknown_referring_customer = unknown);
        let world = World::open(program).await;
        let friend = NewCustomer::new("8").referred_by(ReferralKey::new("nobody").unwrap());
        let end = within(world.partnero.track_sign_up(friend).delivered()).await;
        assert_eq!(name(end), "recorded", "{unknown:?}");
        assert_eq!(world.requests(), [POST, GET, POST]);
        assert_eq!(world.sandbox.ledger().customer("8").unwrap().referrer, None);
    }
}

/// It may show its own id in the place of our key, or the second one that we gave.
#[tokio::test]
async fn in_a_refer_a_friend_program_a_customer_is_found_under_whatever_id() {
    let by_email = NewCustomer::new("mia@example.test").email("mia@example.test");
    for (key, friend) in
        [("8", NewCustomer::new("8")), ("8", NewCustomer::new("8").id("private")), ("mia@example.test", by_email)]
    {
        let program = Sandbox::refer_a_friend().customer("anna");
        let world = World::open(program.switch(|switches| switches.raf_identity = RafIdentity::Separate)).await;
        world.sandbox.fault(Fault::StoreThenDrop).on("POST", "/customers").times(1);
        let friend = friend.referred_by(ReferralKey::new("anna").unwrap());
        let end = within(world.partnero.track_sign_up(friend.clone()).delivered()).await;
        assert_eq!(name(end), "existed", "{friend:?}");
        // Somebody is owed for it.
        world.sandbox.fault(Answer::status(422)).on("POST", "/transactions").times(1);
        let end = within(world.partnero.track_sale(sale("o1", 50).customer(key)).delivered()).await;
        assert_eq!(name(end), "dead: rejected", "{friend:?}");
    }
}

#[tokio::test]
async fn a_look_at_the_customer_that_fails_repeats_the_whole_sign_up() {
    for trouble in [Answer::status(500), Answer::html(404), Answer::garbage(200), Answer::status(429)] {
        let world = World::open(shop()).await;
        world.sandbox.fault(Answer::status(422)).on("POST", "/customers").times(1);
        world.sandbox.fault(trouble.clone()).on("GET", "/customers/*").times(1);
        let end = within(world.partnero.track_sign_up(referred("8")).delivered()).await;
        assert_eq!(name(end), "recorded", "{trouble:?}");
        assert_eq!(world.requests(), [POST, GET, POST]);
    }
}
