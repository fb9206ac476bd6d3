//! When nothing is sent, why, and how it goes on.

use axum_partnero::{
    NewTransaction,
    delivery::HoldReason,
    sandbox::{Answer, Fault, Sandbox},
};

use crate::support::{Log, World, dollars, name, referred, sale, secs, shop, until, within};

async fn held(world: &World, reason: HoldReason) {
    until("it is held", async || world.partnero.status().await.unwrap().held == Some(reason)).await;
}

/// A sale of its own customer's, who is signed up with it.
fn order(world: &World, i: usize) {
    world.partnero.track_sign_up(referred(format!("c{i}")));
    world.partnero.track_sale(NewTransaction::new(format!("o{i}"), dollars(10)).customer(format!("c{i}")));
}

fn all_recorded_once(world: &World, orders: usize) {
    for i in 0..orders {
        assert_eq!((world.live(&format!("o{i}")).len(), world.rows(&format!("o{i}"))), (1, 1), "o{i}");
    }
    assert_eq!(world.sandbox.ledger().owed_to("anna"), dollars(3) * dollars(orders.try_into().unwrap()));
}

#[tokio::test]
async fn a_wrong_key_holds_everything_and_once_it_is_mended_everything_is_delivered() {
    let (log, _guard) = Log::start();
    let world = World::open(shop()).await;
    let good = world.sandbox.api_key();
    world.sandbox.set_api_key("another");
    (0..40).for_each(|i| order(&world, i));
    held(&world, HoldReason::NotAllowed).await;
    // It goes on asking, and never more than what was under way at first is refused.
    world.seen("GET /test", 5).await;
    assert!(world.requests_but_probes().len() <= 8, "{:?}", world.requests_but_probes());
    assert_eq!(world.partnero.status().await.unwrap().dead, 0);

    world.sandbox.set_api_key(good);
    world.flush().await;
    all_recorded_once(&world, 40);
    let status = world.partnero.status().await.unwrap();
    assert_eq!((status.held, status.dead, status.delivered), (None, 0, 80));
    assert_eq!(log.count("Partnero refuses the API key"), 1);
    assert_eq!(log.count("Partnero takes calls again"), 1);
}

#[tokio::test]
async fn a_call_that_is_refused_alone_is_a_dead_letter_alone() {
    for refusal in [Answer::status(403), Answer::html(403), Answer::status(401), Answer::redirect(302, "/login")] {
        let world = World::open(shop()).await;
        world.sandbox.fault(refusal.clone()).on("POST", "/transactions").mentioning("\"o3\"");
        (0..10).for_each(|i| order(&world, i));
        world.flush().await;
        let letters = world.letters().await;
        let found: Vec<_> = letters.iter().map(|letter| (letter.transaction.as_deref(), letter.reason)).collect();
        assert_eq!(found, [(Some("o3"), axum_partnero::delivery::DeadReason::NotAllowed)], "{refusal:?}");
        assert_eq!(world.sandbox.ledger().transactions().len(), 9);

        world.sandbox.clear_faults();
        assert_eq!(world.partnero.dead_letters().retry_all().await.unwrap(), 1);
        world.flush().await;
        all_recorded_once(&world, 10);
    }
}

#[tokio::test]
async fn a_path_that_is_refused_makes_dead_letters_of_its_calls_and_of_no_others() {
    let world = World::open(shop()).await;
    world.sandbox.fault(Answer::status(403)).on("DELETE", "/transactions/*");
    (0..6).for_each(|i| order(&world, i));
    (0..6).for_each(|i| drop(world.partnero.track_refund(format!("o{i}"))));
    world.partnero.track_refund("unknown");
    (6..12).for_each(|i| order(&world, i));
    world.flush().await;
    let letters = world.letters().await;
    assert!(letters.iter().all(|letter| letter.kind == axum_partnero::delivery::CallKind::Refund), "{letters:?}");
    for i in 6..12 {
        assert_eq!(world.live(&format!("o{i}")).len(), 1);
    }
    world.sandbox.clear_faults();
    world.partnero.dead_letters().retry_all().await.unwrap();
    world.flush().await;
    assert_eq!(world.sandbox.ledger().owed_to("anna"), dollars(18));
}

#[tokio::test]
async fn a_redirect_holds_and_is_never_followed() {
    let elsewhere = Sandbox::affiliate().spawn().await.unwrap();
    for status in [301, 302, 303, 307, 308] {
        let world = World::open(shop()).await;
        let url = format!("{}transactions", elsewhere.url());
        world.sandbox.fault(Answer::redirect(status, &url));
        (0..5).for_each(|i| order(&world, i));
        held(&world, HoldReason::Redirected).await;
        assert!(world.letters().await.is_empty());
        world.sandbox.clear_faults();
        world.flush().await;
        all_recorded_once(&world, 5);
    }
    assert!(elsewhere.requests().is_empty(), "the API key must not travel there");
}

#[tokio::test]
async fn five_customers_in_a_row_open_the_breaker_which_probes_and_then_begins_with_one() {
    let world = World::still(shop(), |builder| builder).await;
    world.sandbox.fault(Answer::status(500));
    (0..20).for_each(|i| drop(world.partnero.track_sign_up(referred(format!("c{i}")))));
    held(&world, HoldReason::Unavailable).await;
    world.give_it_a_chance_in_vain().await;
    assert_eq!(world.count("GET /test"), 0, "not before a second");
    let tried = world.count("POST /customers");
    assert!((5..=12).contains(&tried), "{tried}");
    until("it probes", async || {
        world.clock.advance(secs(1));
        world.count("GET /test") >= 3
    })
    .await;
    assert_eq!(world.count("POST /customers"), tried, "probes alone");

    world.sandbox.clear_faults();
    world.sandbox.fault(Fault::Hang).on("POST", "/customers");
    let mut flying = 0;
    until("it tries again", async || {
        world.clock.advance(secs(1));
        flying = world.partnero.status().await.unwrap().in_flight;
        flying > 0
    })
    .await;
    assert_eq!(flying, 1, "a Partnero that just came back isn't run over");
}

#[tokio::test]
async fn one_customer_s_trouble_holds_up_nobody() {
    let world = World::open(shop()).await;
    world.sandbox.fault(Answer::status(500)).mentioning("stuck");
    for i in 0..10 {
        world.partnero.track_sale(sale(&format!("stuck{i}"), 5));
    }
    until("it fails again and again", async || world.requests().len() >= 30).await;
    assert_eq!(world.partnero.status().await.unwrap().held, None);
    assert_eq!(name(within(world.partnero.track_sign_up(referred("8")).delivered()).await), "recorded");
}

#[tokio::test]
async fn too_many_requests_pause_everybody_for_as_long_as_asked() {
    for (asked, waits) in [(Some(secs(30)), 30), (None, 2), (Some(secs(100_000)), 3600)] {
        let (log, _guard) = Log::start();
        let world = World::still(shop(), |builder| builder).await;
        world.sandbox.fault(Answer::too_many_requests(asked)).on("POST", "/customers").times(1);
        world.partnero.track_sign_up(referred("8"));
        held(&world, HoldReason::RateLimited).await;
        let calls: Vec<_> = (0..10).map(|i| world.partnero.track_sale(sale(&format!("o{i}"), 5))).collect();
        world.clock.advance(secs(waits - 1));
        world.give_it_a_chance().await;
        assert_eq!(world.requests_but_probes(), ["POST /customers"], "{asked:?}");
        world.clock.advance(secs(1));
        for call in calls {
            assert_eq!(name(within(call.delivered()).await), "recorded");
        }
        let status = world.partnero.status().await.unwrap();
        assert_eq!((status.held, status.dead), (None, 0), "{asked:?}");
        assert_eq!(log.count("asks for fewer requests"), 1);
        assert_eq!(log.count("Partnero takes calls again"), 1);
    }
}

#[tokio::test]
async fn a_volley_of_too_many_requests_is_one_pause() {
    let world = World::still(shop(), |builder| builder).await;
    world.sandbox.set_latency(crate::support::ms(20));
    world.sandbox.fault(Answer::status(429)).times(8);
    let calls: Vec<_> = (0..8).map(|i| world.partnero.track_sign_up(referred(format!("c{i}")))).collect();
    until("all have come back", async || {
        let status = world.partnero.status().await.unwrap();
        status.held == Some(HoldReason::RateLimited) && status.pending == 8 && world.count("POST /customers") == 8
    })
    .await;
    world.clock.advance(secs(2));
    for call in calls {
        assert_eq!(name(within(call.delivered()).await), "recorded");
    }
}

#[tokio::test]
async fn time_held_counts_as_no_attempt_and_no_age() {
    let mut world = World::still(shop(), |builder| builder.max_age(secs(60))).await;
    let good = world.sandbox.api_key();
    world.sandbox.set_api_key("another");
    let sold = world.partnero.track_sale(sale("o1", 5));
    held(&world, HoldReason::NotAllowed).await;
    until("it probes for days", async || {
        world.clock.advance(secs(86_400));
        world.count("GET /test") >= 4
    })
    .await;
    world.sandbox.set_api_key(good);
    world.turn();
    assert_eq!(name(within(sold.delivered()).await), "recorded");
}

#[tokio::test]
async fn a_call_in_trouble_for_max_age_is_a_dead_letter_and_the_others_are_not() {
    let world = World::open_with(shop(), |builder| builder.max_age(secs(60))).await;
    world.sandbox.fault(Answer::status(500)).mentioning("stuck");
    let stuck = world.partnero.track_sign_up(referred("stuck"));
    let other = world.partnero.track_sign_up(referred("8"));
    assert_eq!(name(within(other.delivered()).await), "recorded");
    assert_eq!(name(within(stuck.delivered()).await), "dead: too_old");
    let letters = world.letters().await;
    assert_eq!((letters.len(), letters[0].customer.as_deref()), (1, Some("stuck")));
    assert!(letters[0].attempts >= 15, "{}", letters[0].attempts);
}

#[tokio::test]
async fn dead_letters_are_listed_in_pages_and_can_be_retried_and_discarded_only_once() {
    let world = World::open(shop()).await;
    world.sandbox.fault(Answer::status(400)).on("POST", "/transactions");
    for i in 0..25 {
        world.partnero.track_sale(sale(&format!("o{i}"), 5));
    }
    world.flush().await;
    let letters = world.partnero.dead_letters();
    let first = letters.page(0, 10).await.unwrap();
    let second = letters.page(first[9].id, 10).await.unwrap();
    let third = letters.page(second[9].id, 10).await.unwrap();
    assert_eq!((first.len(), second.len(), third.len()), (10, 10, 5));
    assert!(letters.discard(first[0].id).await.unwrap());
    assert!(!letters.discard(first[0].id).await.unwrap());
    assert!(!letters.retry(first[0].id).await.unwrap());
    assert!(!letters.retry(0).await.unwrap() && !letters.discard(u64::MAX).await.unwrap());
    // Those that die again aren't retried again by the same call.
    assert_eq!(letters.retry_all().await.unwrap(), 24);
    world.flush().await;
    assert_eq!(world.letters().await.len(), 24);
    world.sandbox.clear_faults();
    assert_eq!(letters.retry_all().await.unwrap(), 24);
    world.flush().await;
    assert_eq!(world.sandbox.ledger().transactions().len(), 24);
}

#[tokio::test]
async fn a_forgotten_customer_s_waiting_calls_go_out_under_the_key_alone() {
    let mut world = World::still(shop(), |builder| builder).await;
    world.sandbox.fault(Answer::status(500)).on("POST", "/customers").times(1);
    let customer = referred("8").email("mia@x.test").name("Mia").surname("Koch").tag("vip");
    let sign_up = world.partnero.track_sign_up(customer);
    world.partnero.track_sale(NewTransaction::new("o1", dollars(5)).customer("8").customer_email("mia@x.test"));
    until("both wait", async || world.partnero.status().await.unwrap().pending == 2).await;
    assert_eq!(world.partnero.forget("8").await.unwrap(), 2);
    world.turn();
    assert_eq!(name(within(sign_up.delivered()).await), "recorded");
    world.flush().await;
    let after: Vec<_> = world.sandbox.requests().into_iter().skip(1).collect();
    for request in &after {
        let text = format!("{} {:?} {}", request.path, request.query, String::from_utf8_lossy(&request.body));
        assert!(!text.contains("ia") && !text.contains("Koch") && !text.contains("vip"), "{text}");
    }
    let ledger = world.sandbox.ledger();
    assert_eq!(ledger.customer("8").unwrap().email, None);
    assert_eq!(ledger.owed_to("anna"), dollars(5) * dollars(30) / dollars(100), "and nobody lost a commission");
}

#[tokio::test]
async fn a_check_says_what_is_wrong() {
    use axum_partnero::delivery::CheckError;

    let world = World::open_with(shop(), |builder| builder.program_id("AAAAAAAA")).await;
    assert!(matches!(world.partnero.check().await, Err(CheckError::AnotherProgram { .. })));
    let id = world.sandbox.program_id();
    let handle = world.sandbox.partnero_builder().program_id(id).build().unwrap();
    handle.check().await.unwrap();
    for (answer, says) in [
        (Answer::status(401), "refuses the API key"),
        (Answer::html(403), "refuses the API key"),
        (Answer::redirect(301, "/"), "redirect"),
        (Answer::html(200), "can't be reached"),
        (Answer::status(500), "can't be reached"),
    ] {
        // The handles ask as well.
        world.sandbox.fault(answer);
        let error = handle.check().await.unwrap_err().to_string();
        world.sandbox.clear_faults();
        assert!(error.contains(says), "{error}");
    }
    world.sandbox.stop_listening().await;
    assert!(matches!(handle.check().await, Err(CheckError::Unreachable(_))));
}
