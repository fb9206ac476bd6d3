//! What is counted of webhooks, as Prometheus would see it.

use std::{collections::BTreeSet, fs, path::Path, time::SystemTime};

use axum_partnero::{Clock, Event, EventId, TransactionData, WebhookEvent, sandbox::Sandbox, webhook::Inbox};
use serde_json::json;

use crate::{
    scrape::Scrape,
    support::{App, body, sale, secs, signature, until, webhooks, within},
    wait::DEADLINE,
};

const METRIC: &str = "partnero_webhooks_total";

async fn done(_: EventId, _: WebhookEvent) -> Result<(), String> {
    Ok(())
}

async fn never(_: EventId, _: Event<TransactionData>) -> Result<(), String> {
    Err("never".to_owned())
}

async fn all_over(inbox: &Inbox) {
    until("all is over", async || inbox.status().await.unwrap().oldest.is_none()).await;
}

#[tokio::test]
async fn each_webhook_is_counted_by_event_and_verdict_when_it_comes_and_when_it_is_over() {
    let (scrape, _guard) = Scrape::start();
    let inbox = webhooks::<()>().on_transaction_created(never).on_transaction_updated(done_sale).attempts(1);
    let app = App::new(inbox.build().unwrap()).await;
    let updated = body("transaction.updated", &json!({"key": "o1"}));
    assert_eq!(app.send(sale("o1")).await, 200);
    assert_eq!(app.send(updated.clone()).await, 200);
    assert_eq!(app.send(updated.clone()).await, 200);
    assert_eq!(app.send(body("partner.created", &json!({}))).await, 200);
    let forged = app.post(updated, &"0".repeat(64)).send().await.unwrap();
    assert_eq!(forged.status(), 401);
    let unsigned = app.post("", "").send().await.unwrap();
    assert_eq!(unsigned.status(), 401);
    let large = vec![b' '; 300_000];
    assert_eq!(app.send(large).await, 413);
    until("it is dead", async || app.inbox.status().await.unwrap().dead == 1).await;
    for letter in app.inbox.dead_letters().page(0, 10).await.unwrap() {
        app.inbox.dead_letters().discard(letter.id).await.unwrap();
    }
    all_over(&app.inbox).await;
    for (event, verdict, count) in [
        ("transaction.created", "stored", 1.0),
        ("transaction.created", "dead_letter", 1.0),
        ("transaction.updated", "stored", 1.0),
        ("transaction.updated", "repeat", 1.0),
        ("transaction.updated", "handled", 1.0),
        ("partner.created", "no_handler", 1.0),
        ("unknown", "forged", 2.0),
        ("unknown", "unread", 1.0),
    ] {
        let labels = [("event", event), ("verdict", verdict)];
        assert_eq!(scrape.value(METRIC, &labels), Some(count), "{labels:?}: {}", scrape.text());
    }
    app.inbox.shutdown(secs(0)).await;
    assert_eq!(app.send(sale("o2")).await, 503);
    assert_eq!(scrape.value(METRIC, &[("verdict", "not_stored")]), Some(1.0));
}

async fn done_sale(_: EventId, _: Event<TransactionData>) -> Result<(), String> {
    Ok(())
}

#[tokio::test]
async fn one_that_is_too_old_is_counted_as_such() {
    let (scrape, _guard) = Scrape::start();
    let clock = Clock::manual();
    clock.set_wall(SystemTime::UNIX_EPOCH + secs(60 * 60 * 24 * 365 * 70));
    let inbox = webhooks::<()>().on_event(done).max_age(secs(60)).clock(clock).build().unwrap();
    assert_eq!(App::new(inbox).await.send(sale("o1")).await, 200);
    assert_eq!(scrape.value(METRIC, &[("verdict", "too_old")]), Some(1.0));
}

#[tokio::test]
async fn names_of_events_that_nobody_documents_make_no_series() {
    let (scrape, _guard) = Scrape::start();
    let app = App::new(webhooks::<()>().on_event(done).build().unwrap()).await;
    let hostile = (0..50).map(|i| format!("mia{i}@mail.test"));
    let odd = [
        "",
        "forged",
        "transaction.created ",
        "transaction.Created",
        "\"} 1\n",
        "partnero_webhooks_total{event=\"x\"} 1",
    ];
    for name in hostile.chain(odd.map(str::to_owned)) {
        let body = body(&name, &json!({"key": name}));
        assert_eq!(app.send(body.clone()).await, 200);
        assert_eq!(app.post(body, &signature(b"another")).send().await.unwrap().status(), 401);
    }
    for name in WebhookEvent::NAMES {
        app.send(body(name, &json!({"key": name}))).await;
    }
    all_over(&app.inbox).await;
    let known = WebhookEvent::NAMES.iter().copied().chain(["unknown"]).map(str::to_owned);
    assert_eq!(scrape.values_of(METRIC, "event"), known.collect::<BTreeSet<_>>());
    let sent = 56.0;
    assert_eq!(scrape.value(METRIC, &[("event", "unknown"), ("verdict", "handled")]), Some(sent));
    assert_eq!(scrape.value(METRIC, &[("event", "unknown"), ("verdict", "forged")]), Some(sent));
    assert!(!scrape.text().contains("mia"), "{}", scrape.text());
}

/// Name, type and labels of each metric in the table of the docs.
fn documented() -> BTreeSet<(String, String, String)> {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/telemetry.md")).unwrap();
    let rows = page.lines().filter(|line| line.starts_with("| `partnero_"));
    let cells = rows.map(|row| row.split(" | ").map(|cell| cell.trim_matches(['|', ' ', '`'])).collect::<Vec<_>>());
    cells.map(|cells| (cells[0].to_owned(), cells[1].to_owned(), cells[3].replace('`', ""))).collect()
}

#[tokio::test]
async fn the_table_in_the_docs_is_what_prometheus_sees() {
    let (scrape, _guard) = Scrape::start();
    let sandbox = Sandbox::affiliate().referred_customer("mia", "anna").spawn().await.unwrap();
    let partnero = sandbox.partnero().unwrap();
    partnero.track_refund("o1");
    within(partnero.flush(DEADLINE)).await.unwrap();
    let app = App::new(webhooks::<()>().on_event(done).build().unwrap()).await;
    app.send(sale("o1")).await;
    let mut seen = BTreeSet::new();
    for line in scrape.text().lines().filter_map(|line| line.strip_prefix("# TYPE ")) {
        let (name, kind) = line.split_once(' ').unwrap();
        assert!(scrape.text().contains(&format!("# HELP {name} ")), "{name} isn't described");
        let series = if kind == "histogram" { format!("{name}_count") } else { name.to_owned() };
        let labels = |label: &str| !scrape.values_of(&series, label).is_empty();
        let labels: Vec<_> = LABELS.into_iter().filter(|label| labels(label)).collect();
        assert!(scrape.series(&series).iter().all(|(its, _)| its.len() == labels.len()), "{}", scrape.text());
        seen.insert((name.to_owned(), kind.to_owned(), labels.join(", ")));
    }
    assert_eq!(seen, documented());
}

/// All there are, in the order of the docs.
const LABELS: [&str; 9] = ["handle", "call", "outcome", "reason", "method", "endpoint", "status", "event", "verdict"];
