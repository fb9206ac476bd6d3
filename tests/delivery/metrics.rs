//! What is counted and measured of calls and requests, as Prometheus would see it.

use std::sync::atomic::{AtomicUsize, Ordering};

use axum_partnero::{
    NewCustomer, NewTransaction, Partnero,
    sandbox::{Answer, Fault, Sandbox},
};
use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};

use crate::{
    gauges::shows,
    scrape::Scrape,
    support::{DEADLINE, SHORT_TIMEOUT, World, dollars, referred, sale, secs, shop, until, within},
};

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

/// Counts how often a metric is asked for.
#[derive(Default)]
struct Asked(AtomicUsize);

impl Asked {
    fn count(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl Recorder for Asked {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {
        self.count();
    }

    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {
        self.count();
    }

    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {
        self.count();
    }

    fn register_counter(&self, _: &Key, _: &Metadata<'_>) -> Counter {
        self.count();
        Counter::noop()
    }

    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        self.count();
        Gauge::noop()
    }

    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        self.count();
        Histogram::noop()
    }
}

/// Has a bug.
struct Broken;

impl Recorder for Broken {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        panic!("no counter for {key}")
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        panic!("no gauge for {key}")
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        panic!("no histogram for {key}")
    }
}

#[tokio::test]
async fn a_recorder_that_panics_takes_neither_a_handler_nor_a_delivery_with_it() {
    let _guard = metrics::set_default_local_recorder(&Broken);
    let world = World::open(shop()).await;
    world.partnero.track_refund("");
    for key in ["o1", "o2", "o3"] {
        let sale = within(world.partnero.track_sale(sale(key, 10)).delivered()).await;
        assert!(sale.is_ok(), "{sale:?}");
    }
    let posts = world.requests().iter().filter(|line| *line == "POST /transactions").count();
    assert_eq!(posts, 3, "each once");
}

#[tokio::test]
async fn a_call_that_is_taken_costs_no_metric_in_the_handler_and_a_disabled_handle_none_ever() {
    let world = World::still(shop(), |builder| builder).await;
    let asked = Asked::default();
    metrics::with_local_recorder(&asked, || {
        for i in 0..100 {
            world.partnero.track_sign_up(referred(i));
            world.partnero.track_sale(sale(&i.to_string(), 10));
            world.partnero.track_refund(i);
            Partnero::disabled().track_refund(i);
            Partnero::disabled().track_refund("");
        }
        assert_eq!(asked.0.load(Ordering::Relaxed), 0);
        world.partnero.track_refund("");
    });
    assert!(asked.0.load(Ordering::Relaxed) > 0, "it would have been noticed");
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
    let world = World::still(shop(), |builder| builder).await;
    let api = world.partnero.api();
    api.customers().get("7").await.unwrap();
    api.customers().get("nobody").await.unwrap_err();
    api.request(http::Method::GET, "partners?email=mia%40mail.test", None).await.unwrap();
    api.request(http::Method::from_bytes(b"MIA").unwrap(), "partners", None).await.unwrap_err();
    let impatient = world.sandbox.partnero_builder().request_timeout(SHORT_TIMEOUT).build().unwrap();
    world.sandbox.fault(Fault::Hang).times(1);
    impatient.api().customers().get("7").await.unwrap_err();
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
