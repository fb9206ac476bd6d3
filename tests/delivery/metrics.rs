//! What is counted and measured of calls and requests, as Prometheus would see it.

use std::path::Path;

use axum_partnero::{
    NewCustomer, NewTransaction, Partnero, SqliteOutbox,
    sandbox::{Answer, Fault, Sandbox},
};
use sqlx::SqlitePool;
use tempfile::tempdir;

use crate::{
    scrape::Scrape,
    support::{DEADLINE, SHORT_TIMEOUT, World, dollars, referred, sale, secs, shop, until, within},
};

async fn sqlite(folder: &Path) -> SqliteOutbox {
    SqliteOutbox::open(folder.join("partnero.db")).await.unwrap()
}

async fn shows(scrape: &Scrape, metric: &str, value: f64) {
    until(&format!("{metric} is {value}"), async || scrape.value(metric, &[]) == Some(value)).await;
}

async fn is_unknown(scrape: &Scrape, metric: &str) {
    until(&format!("{metric} is unknown"), async || scrape.value(metric, &[]).is_some_and(f64::is_nan)).await;
}

#[tokio::test]
async fn each_call_is_counted_as_what_it_ended_as() {
    let (scrape, _guard) = Scrape::start();
    let world = World::open(shop()).await;
    world.sandbox.fault(Answer::status(400)).on("POST", "/transactions").mentioning("\"bad\"");
    world.partnero.track_sign_up(referred("8"));
    world.partnero.track_sign_up(NewCustomer::new("nobody's"));
    world.partnero.track_sale(sale("o1", 10));
    world.partnero.track_sale(sale("o1", 10));
    world.partnero.track_sale(sale("o2", 10));
    world.partnero.track_sale(sale("bad", 10));
    world.flush().await;
    world.partnero.track_refund("o1");
    world.partnero.track_adjustment(sale("o2", 4));
    world.flush().await;
    for (call, outcome, count) in [
        ("sign_up", "recorded", 1.0),
        ("sign_up", "ignored", 1.0),
        ("sale", "recorded", 2.0),
        ("sale", "duplicate", 1.0),
        ("sale", "dead_letter", 1.0),
        ("refund", "refunded", 1.0),
        ("adjustment", "adjusted", 1.0),
        ("refund", "dead_letter", 0.0),
    ] {
        let labels = [("handle", "partnero"), ("call", call), ("outcome", outcome)];
        assert_eq!(scrape.value("partnero_calls_total", &labels), Some(count), "{labels:?}: {}", scrape.text());
    }
}

#[tokio::test]
async fn the_gauges_say_what_waits_how_long_and_what_is_dead() {
    let folder = tempdir().unwrap();
    for durable in [false, true] {
        let (scrape, _guard) = Scrape::start();
        let outbox = sqlite(folder.path()).await;
        let set = |builder: axum_partnero::delivery::PartneroBuilder| {
            if durable { builder.outbox(outbox) } else { builder }
        };
        let world = World::open_with(shop(), set).await;
        shows(&scrape, "partnero_queue_depth", 0.0).await;
        shows(&scrape, "partnero_oldest_seconds", 0.0).await;
        shows(&scrape, "partnero_dead_letters", 0.0).await;

        let good = world.sandbox.api_key();
        world.sandbox.set_api_key("another");
        for key in ["a", "b", "c"] {
            world.partnero.track_sale(NewTransaction::new(key, dollars(1)).customer(key));
        }
        shows(&scrape, "partnero_queue_depth", 3.0).await;
        let oldest = || scrape.value("partnero_oldest_seconds", &[("handle", "partnero")]).unwrap();
        until("the oldest gets older", async || oldest() > 60.0).await;
        let before = oldest();
        until("and older", async || oldest() > before).await;

        world.sandbox.set_api_key(good);
        world.sandbox.fault(Answer::status(400)).on("POST", "/transactions").times(2);
        shows(&scrape, "partnero_dead_letters", 2.0).await;
        shows(&scrape, "partnero_queue_depth", 0.0).await;
        shows(&scrape, "partnero_oldest_seconds", 0.0).await;
        for letter in world.letters().await {
            world.partnero.dead_letters().discard(letter.id).await.unwrap();
        }
        shows(&scrape, "partnero_dead_letters", 0.0).await;
    }
}

#[tokio::test]
async fn while_the_outbox_is_out_of_reach_a_gauge_is_no_number_rather_than_an_old_one() {
    let (scrape, _guard) = Scrape::start();
    let folder = tempdir().unwrap();
    let outbox = sqlite(folder.path()).await;
    let world = World::open_with(shop(), |builder| builder.outbox(outbox)).await;
    shows(&scrape, "partnero_queue_depth", 0.0).await;
    let url = format!("sqlite://{}", folder.path().join("partnero.db").display());
    let file = SqlitePool::connect(&url).await.unwrap();
    sqlx::query("ALTER TABLE partnero_calls RENAME TO elsewhere").execute(&file).await.unwrap();
    for metric in ["partnero_queue_depth", "partnero_oldest_seconds", "partnero_dead_letters"] {
        is_unknown(&scrape, metric).await;
    }
    sqlx::query("ALTER TABLE elsewhere RENAME TO partnero_calls").execute(&file).await.unwrap();
    shows(&scrape, "partnero_queue_depth", 0.0).await;
    world.partnero.track_sale(sale("o1", 10));
    world.flush().await;
}

#[tokio::test]
async fn a_process_that_only_stores_says_what_waits_in_the_outbox_that_it_shares() {
    let (scrape, _guard) = Scrape::start();
    let folder = tempdir().unwrap();
    let outbox = sqlite(folder.path()).await;
    let world = World::open_with(shop(), |builder| builder.outbox(outbox).dispatch(false)).await;
    world.partnero.track_sale(sale("o1", 10)).stored().await.unwrap();
    shows(&scrape, "partnero_queue_depth", 1.0).await;
}

#[tokio::test]
async fn at_the_end_the_gauges_are_what_a_memory_outbox_holds_and_nothing_of_a_shared_one() {
    let folder = tempdir().unwrap();
    for durable in [false, true] {
        let (scrape, _guard) = Scrape::start();
        let outbox = sqlite(folder.path()).await;
        let world = World::still(shop(), |builder| if durable { builder.outbox(outbox) } else { builder }).await;
        shows(&scrape, "partnero_queue_depth", 0.0).await;
        world.sandbox.stop_listening().await;
        world.partnero.track_sale(sale("o1", 10)).stored().await.unwrap();
        within(world.partnero.shutdown(secs(0))).await;
        let depth = scrape.value("partnero_queue_depth", &[]).unwrap();
        assert!(if durable { depth.is_nan() } else { depth == 1.0 }, "{durable}: {depth}");
    }
}

#[tokio::test]
async fn a_handle_that_is_dropped_looks_once_more_when_all_is_delivered() {
    let (scrape, _guard) = Scrape::start();
    let World { sandbox, partnero, clock, .. } = World::still(shop(), |builder| builder).await;
    shows(&scrape, "partnero_queue_depth", 0.0).await;
    sandbox.set_latency(crate::support::ms(50));
    partnero.track_sale(sale("o1", 10)).stored().await.unwrap();
    clock.advance(secs(15));
    shows(&scrape, "partnero_queue_depth", 1.0).await;
    drop(partnero);
    shows(&scrape, "partnero_queue_depth", 0.0).await;
}

#[tokio::test]
async fn each_call_that_is_not_taken_is_counted_by_its_reason_from_zero_on() {
    let (scrape, _guard) = Scrape::start();
    let world = World::still(shop(), |builder| builder.capacity(1).max_call_bytes(2_000)).await;
    let count = |reason| scrape.value("partnero_refused_total", &[("handle", "partnero"), ("reason", reason)]);
    let reasons = ["queue_full", "customer_key", "transaction_key", "no_customer", "negative_amount", "too_large"];
    until("they begin", async || count("shut_down").is_some()).await;
    assert!(reasons.iter().all(|reason| count(reason) == Some(0.0)), "{}", scrape.text());

    world.sandbox.fault(Fault::Hang);
    world.partnero.track_sale(sale("o1", 10)).stored().await.unwrap();
    for _ in 0..3 {
        world.partnero.track_sale(sale("o2", 10));
    }
    world.partnero.track_sign_up(NewCustomer::new(""));
    world.partnero.track_refund("\n");
    world.partnero.track_sale(NewTransaction::new("o3", dollars(1)));
    world.partnero.track_sale(sale("o3", -1));
    world.partnero.track_sign_up(NewCustomer::new("8").name("m".repeat(3_000)));
    let counts: Vec<_> = reasons.iter().map(|reason| count(reason)).collect();
    assert_eq!(counts, [3.0, 1.0, 1.0, 1.0, 1.0, 1.0].map(Some));
    within(world.partnero.shutdown(secs(0))).await;
    world.partnero.track_refund("o1");
    assert_eq!(count("shut_down"), Some(1.0));
    let stripe = world.sandbox.partnero_builder().name("stripe").sign_ups_only().build().unwrap();
    stripe.track_refund("o1");
    stripe.track_refund("o1");
    let labels = [("handle", "stripe"), ("reason", "sign_ups_only")];
    assert_eq!(scrape.value("partnero_refused_total", &labels), Some(2.0));
}

#[tokio::test]
async fn requests_are_timed_by_endpoint_and_status_without_keys() {
    let (scrape, _guard) = Scrape::start();
    let world = World::still(shop(), |builder| builder.request_timeout(SHORT_TIMEOUT)).await;
    let api = world.partnero.api();
    api.customers().get("7").await.unwrap();
    api.customers().get("nobody").await.unwrap_err();
    api.request(http::Method::GET, "partners?email=mia%40mail.test", None).await.unwrap();
    api.request(http::Method::from_bytes(b"MIA").unwrap(), "partners", None).await.unwrap_err();
    world.sandbox.fault(Fault::Hang).times(1);
    api.customers().get("7").await.unwrap_err();
    world.sandbox.stop_listening().await;
    let count = |method, endpoint, status| {
        let labels = [("method", method), ("endpoint", endpoint), ("status", status)];
        scrape.value("partnero_request_seconds_count", &labels)
    };
    until("it is refused", async || {
        api.customers().get("7").await.unwrap_err();
        count("GET", "/customers/{key}", "not_sent").is_some()
    })
    .await;
    assert_eq!(count("GET", "/customers/{key}", "200"), Some(1.0));
    assert_eq!(count("GET", "/customers/{key}", "404"), Some(1.0));
    assert_eq!(count("GET", "other", "200"), Some(1.0));
    assert!(scrape.values_of("partnero_request_seconds_count", "method").contains("_OTHER"));
    assert!(count("GET", "/customers/{key}", "no_answer").is_some_and(|count| count >= 1.0));
    let took = scrape.value("partnero_request_seconds_sum", &[("status", "no_answer")]).unwrap();
    assert!(took >= SHORT_TIMEOUT.as_secs_f64(), "in seconds: {took}");
}

#[tokio::test]
async fn a_recorder_that_is_installed_after_the_handle_was_built_is_told_from_then_on() {
    let world = World::open(shop()).await;
    world.partnero.track_sale(sale("o1", 10));
    world.flush().await;
    let (scrape, _guard) = Scrape::start();
    shows(&scrape, "partnero_queue_depth", 0.0).await;
    world.partnero.track_sale(sale("o2", 10));
    world.flush().await;
    assert_eq!(scrape.value("partnero_calls_total", &[("outcome", "recorded")]), Some(1.0));
    for metric in ["partnero_calls_total", "partnero_queue_depth", "partnero_request_seconds"] {
        assert_eq!(scrape.text().matches(&format!("# HELP {metric} ")).count(), 1, "{}", scrape.text());
    }
}

#[tokio::test]
async fn the_scrape_names_nobody_and_grows_with_nobody() {
    let (scrape, _guard) = Scrape::start();
    let hostile = "a \"quoted\\ handle},{";
    let sandbox = shop().spawn().await.unwrap();
    let partnero = sandbox.partnero_builder().name(hostile).build().unwrap();
    let says = serde_json::json!({"message": "mia@mail.test is taken", "errors": {"email": ["mia@mail.test"]}});
    sandbox.fault(Answer::json(400, &says)).on("POST", "/transactions").times(1);
    let batch = async |partnero: &Partnero, from: usize| {
        for i in from..from + 20 {
            let key = format!("mia{i}@mail.test");
            partnero.track_sign_up(referred(&key).email(&key).name("Mia Kochanski"));
            partnero.track_sale(NewTransaction::new(&key, dollars(5)).customer(&key).customer_email(&key));
            partnero.track_refund(format!("\n{key}"));
            let _ = partnero.api().customers().get(&key).await;
        }
        within(partnero.flush(DEADLINE)).await.unwrap();
    };
    batch(&partnero, 0).await;
    let series = |scrape: &Scrape| scrape.text().lines().filter(|line| !line.contains("_bucket")).count();
    let before = series(&scrape);
    batch(&partnero, 20).await;
    batch(&partnero, 40).await;
    assert_eq!(series(&scrape), before, "{}", scrape.text());
    let text = scrape.text();
    for personal in ["mia", "Mia", "mail.test", "%40", "taken", &sandbox.api_key()] {
        assert!(!text.contains(personal), "{personal} is in {text}");
    }
    assert!(text.contains(r#"handle="a \"quoted\\ handle},{""#), "{text}");
}

#[tokio::test]
async fn two_programs_have_series_of_their_own() {
    let (scrape, _guard) = Scrape::start();
    let sandbox = Sandbox::refer_a_friend().spawn().await.unwrap();
    for name in ["one", "two"] {
        let partnero = sandbox.partnero_builder().name(name).build().unwrap();
        partnero.track_sign_up(NewCustomer::new(name));
        within(partnero.flush(DEADLINE)).await.unwrap();
    }
    for metric in ["partnero_calls_total", "partnero_queue_depth", "partnero_oldest_seconds", "partnero_dead_letters"] {
        let handles: Vec<_> = scrape.values_of(metric, "handle").into_iter().collect();
        assert_eq!(handles, ["one", "two"], "{metric}");
    }
}
