//! Handlers answer whatever becomes of Partnero, and a call that can't be taken is nobody's trouble.

use axum::{
    Router,
    extract::{Path, State},
    routing::post,
};
use axum_partnero::{
    Amount, NewCustomer, NewTransaction, Partnero,
    delivery::{DeliveryError, Outcome, PartneroBuilder, TrackError, Tracked},
    model::KeyError,
    sandbox::{Answer, Fault, Sandbox},
};
use rust_decimal::Decimal;

use crate::support::{DEADLINE, Log, World, dollars, ms, name, referred, sale, shop, until, within};

async fn sign_up(State(partnero): State<Partnero>, Path(id): Path<u32>) -> &'static str {
    partnero.track_sign_up(referred(id));
    "welcome"
}

async fn order(State(partnero): State<Partnero>, Path(id): Path<u32>) -> &'static str {
    let sale = NewTransaction::new(format!("o{id}"), dollars(5)).customer(id);
    partnero.track_sale(sale).stored().await.expect("it is stored");
    "thanks"
}

async fn refund(State(partnero): State<Partnero>, Path(id): Path<u32>) -> &'static str {
    partnero.track_refund(format!("o{id}"));
    partnero.track_adjustment(NewTransaction::new(format!("p{id}"), dollars(5)).customer(id));
    "sorry"
}

#[tokio::test]
async fn every_page_is_answered_while_partnero_hangs_and_all_is_delivered_once_it_doesn_t() {
    let sandbox = shop().spawn().await.unwrap();
    sandbox.fault(Fault::Hang);
    let partnero = sandbox.partnero_builder().request_timeout(ms(500)).backoff(ms(1), ms(10)).build().unwrap();
    let app = Router::new()
        .route("/signup/{id}", post(sign_up))
        .route("/order/{id}", post(order))
        .route("/refund/{id}", post(refund))
        .with_state(partnero.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });

    let browser = reqwest::Client::new();
    for id in 100..150 {
        for (page, text) in [("signup", "welcome"), ("order", "thanks"), ("refund", "sorry")] {
            let page = browser.post(format!("http://{address}/{page}/{id}")).send();
            assert_eq!(within(page).await.unwrap().text().await.unwrap(), text);
        }
    }
    until("it is asked", async || !sandbox.requests().is_empty()).await;
    assert!(sandbox.requests().iter().all(|request| request.status.is_none()), "Partnero has answered nothing");
    sandbox.clear_faults();
    partnero.flush(DEADLINE).await.unwrap();
    let ledger = sandbox.ledger();
    for id in 100..150 {
        assert_eq!(ledger.live_transactions(&format!("o{id}")).len(), 0);
        assert_eq!(ledger.live_transactions(&format!("p{id}")).len(), 1);
    }
}

#[tokio::test]
async fn a_full_queue_refuses_the_newest_and_says_so_once_per_episode() {
    let (log, _guard) = Log::start();
    let world = World::open_with(shop(), |builder| builder.capacity(20)).await;
    for episode in 1..=2 {
        world.sandbox.fault(Answer::status(500));
        let taken: Vec<_> =
            (0..20).map(|i| world.partnero.track_sign_up(referred(format!("c{episode}-{i}")))).collect();
        for _ in 0..5 {
            let mut newest = world.partnero.track_refund("o1");
            let refused = newest.stored().await.unwrap_err();
            assert!(matches!(refused, TrackError::QueueFull { capacity: 20, .. }), "{refused:?}");
            assert_eq!(newest.delivered().await, Err(DeliveryError::NotTaken(refused)));
        }
        assert_eq!(world.partnero.status().await.unwrap().refused, episode * 5);
        assert_eq!(log.count("a call isn't taken"), usize::try_from(episode).unwrap(), "once per episode");
        world.sandbox.clear_faults();
        for call in taken {
            assert_eq!(name(within(call.delivered()).await), "recorded", "what was taken is kept");
        }
    }
    let report = within(world.partnero.shutdown(DEADLINE)).await;
    assert_eq!((report.delivered, report.refused, report.lost), (40, 10, 0));
    assert_eq!(log.count("calls were refused while the queue was full"), 1);
}

#[tokio::test]
async fn dead_letters_take_no_room() {
    let world = World::open_with(shop(), |builder| builder.capacity(2)).await;
    world.sandbox.fault(Answer::status(400)).on("POST", "/transactions");
    for i in 0..10 {
        let end = within(world.partnero.track_sale(sale(&format!("o{i}"), 5)).delivered()).await;
        assert_eq!(name(end), "dead: rejected");
    }
    assert_eq!(world.partnero.status().await.unwrap().dead, 10);
}

/// The error of both futures.
async fn refused<T: std::fmt::Debug>(
    mut call: Tracked<T>,
    deliver: impl AsyncFnOnce(Tracked<T>) -> DeliveryError,
) -> TrackError {
    let stored = call.stored().await.unwrap_err();
    assert_eq!(deliver(call).await, DeliveryError::NotTaken(stored.clone()));
    stored
}

#[tokio::test]
async fn what_cannot_be_taken_is_an_error_of_its_future_and_no_request() {
    let world = World::open(shop()).await;
    let partnero = &world.partnero;
    let long = "x".repeat(256);
    for (key, error) in [
        ("", KeyError::Empty),
        ("  \t", KeyError::Empty),
        (long.as_str(), KeyError::TooLong),
        ("a\u{0}b", KeyError::ControlCharacter),
        ("a\r\nb", KeyError::ControlCharacter),
        ("a\u{85}b", KeyError::ControlCharacter),
        (".", KeyError::Dots),
        (" .. ", KeyError::Dots),
    ] {
        let sign_up = partnero.track_sign_up(NewCustomer::new(key));
        let ended = refused(sign_up, async |call| call.delivered().await.unwrap_err()).await;
        assert_eq!(ended, TrackError::CustomerKey(error), "{key:?}");
        let refund = partnero.track_refund(key);
        let ended = refused(refund, async |call| call.delivered().await.unwrap_err()).await;
        assert_eq!(ended, TrackError::TransactionKey(error), "{key:?}");
        for call in [
            partnero.track_sale(NewTransaction::new(key, dollars(5)).customer("7")),
            partnero.track_adjustment(NewTransaction::new(key, dollars(5)).customer("7")),
            partnero.track_adjustment(NewTransaction::new(key, dollars(0)).customer("7")),
        ] {
            let ended = refused(call, async |call| call.delivered().await.unwrap_err()).await;
            assert_eq!(ended, TrackError::TransactionKey(error), "{key:?}");
        }
        let sold = partnero.track_sale(NewTransaction::new("o1", dollars(5)).customer(key));
        let ended = refused(sold, async |call| call.delivered().await.unwrap_err()).await;
        assert_eq!(ended, TrackError::CustomerKey(error), "{key:?}");
    }
    let huge = NewTransaction::new("o1", dollars(5)).customer("7").product_id("x".repeat(20_000));
    let least = Decimal::new(-1, 28);
    for (call, error) in [
        (NewTransaction::new("o1", dollars(5)), "names no customer"),
        (sale("o1", -1), "negative"),
        (NewTransaction::new("o1", least).customer("7"), "negative"),
        (NewTransaction::with_reward("o1", dollars(-1)).customer("7"), "negative"),
        (huge, "more than the 16384 allowed"),
    ] {
        let sold = partnero.track_sale(call.clone()).delivered().await.unwrap_err().to_string();
        let adjusted = partnero.track_adjustment(call).delivered().await.unwrap_err().to_string();
        assert!(sold.contains(error) && adjusted.contains(error), "{sold}");
    }
    let huge = NewCustomer::new("8").name("x".repeat(20_000));
    assert!(matches!(partnero.track_sign_up(huge).stored().await, Err(TrackError::TooLarge { most: 16_384, .. })));
    world.give_it_a_chance().await;
    assert!(world.requests_but_probes().is_empty());
    assert_eq!(world.partnero.status().await.unwrap().refused, 8 * 6 + 5 * 2 + 1);

    // The extremes that can be taken.
    let longest = "é".repeat(255);
    let (smallest, largest) = (Decimal::new(1, 28), Decimal::new(99_999_999_999_999, 2));
    for call in [
        NewTransaction::new(&longest, dollars(5)).customer("7"),
        NewTransaction::new("max", largest).customer("7"),
        NewTransaction::new("min", smallest).customer("7"),
        NewTransaction::new("yen", Amount::from_minor(999_999_999_999, "jpy").unwrap()).customer("7"),
    ] {
        let ended = within(partnero.track_sale(call).delivered()).await;
        assert_eq!(name(ended), "recorded", "{:?}", world.letters().await);
    }
    assert_eq!(world.live("max"), [largest]);
    assert_eq!(world.live("min"), [smallest], "to the last digit");
}

#[tokio::test]
async fn a_handle_for_sign_ups_only_refuses_the_rest_and_logs_it_once() {
    for _ in 0..2 {
        let (log, _guard) = Log::start();
        let world = World::open_with(shop(), PartneroBuilder::sign_ups_only).await;
        for _ in 0..3 {
            assert_eq!(world.partnero.track_sale(sale("o1", 5)).stored().await, Err(TrackError::SignUpsOnly));
            assert_eq!(world.partnero.track_refund("o1").stored().await, Err(TrackError::SignUpsOnly));
            assert_eq!(world.partnero.track_adjustment(sale("o1", 0)).stored().await, Err(TrackError::SignUpsOnly));
        }
        assert_eq!(log.count("a call isn't taken"), 1);
        let end = within(world.partnero.track_sign_up(referred("8")).delivered()).await;
        assert_eq!((name(end).as_str(), world.requests().len()), ("recorded", 1));
    }
}

#[tokio::test]
async fn a_handle_for_referred_customers_only_sends_no_other_sign_up_but_every_sale() {
    let world = World::open_with(shop(), PartneroBuilder::referred_only).await;
    let nobody = world.partnero.track_sign_up(NewCustomer::new("9"));
    assert_eq!(within(nobody.delivered()).await, Ok(Outcome::Ignored));
    assert!(world.requests().is_empty());
    assert_eq!(name(within(world.partnero.track_sign_up(referred("8")).delivered()).await), "recorded");
    assert_eq!(name(within(world.partnero.track_sale(sale("o1", 5)).delivered()).await), "recorded");
}

#[tokio::test]
async fn a_disabled_handle_sends_nothing_and_still_says_what_can_t_be_taken() {
    let partnero = Partnero::disabled();
    let mut sign_up = partnero.track_sign_up(NewCustomer::new("8"));
    sign_up.stored().await.unwrap();
    assert_eq!(sign_up.delivered().await, Ok(Outcome::Ignored));
    assert_eq!(partnero.track_sale(sale("o1", 5)).delivered().await, Ok(Outcome::Ignored));
    assert_eq!(partnero.track_refund("o1").delivered().await, Ok(Outcome::Ignored));
    assert!(partnero.track_sign_up(NewCustomer::new("")).delivered().await.is_err());
    assert!(partnero.track_sale(NewTransaction::new("..", dollars(1))).delivered().await.is_err());
    assert!(partnero.track_refund("\n").delivered().await.is_err());
    partnero.check().await.unwrap();
    partnero.flush(ms(1)).await.unwrap();
    assert_eq!(partnero.forget("8").await.unwrap(), 0);
    assert!(partnero.dead_letters().page(0, 10).await.unwrap().is_empty());
    assert_eq!(partnero.dead_letters().retry_all().await.unwrap(), 0);
    assert!(partnero.api().program().await.is_err());
    let report = partnero.shutdown(ms(1)).await;
    assert_eq!((report.delivered, report.lost), (0, 0));
}

#[test]
fn a_disabled_handle_needs_no_runtime() {
    let partnero = Partnero::disabled();
    drop(partnero.track_sale(sale("o1", 5)));
    drop(partnero.clone());
}

#[tokio::test]
async fn awaiting_a_call_and_giving_up_costs_the_call_nothing() {
    let sandbox = Sandbox::affiliate().partner("anna").spawn().await.unwrap();
    sandbox.set_latency(ms(50));
    let partnero = sandbox.partnero().unwrap();
    let call = partnero.track_sign_up(referred("8"));
    assert!(tokio::time::timeout(ms(1), call.delivered()).await.is_err());
    partnero.flush(DEADLINE).await.unwrap();
    assert!(sandbox.ledger().customer("8").is_some());
}
