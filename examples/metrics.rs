//! Metrics for Prometheus: `cargo run --example metrics`.
//!
//! The recorder is the application's, and so is the route that shows what it has. Two sales go well, one is tracked
//! twice, Partnero refuses one for good, one can't be taken, and somebody forges a webhook: the scrape at the end says so.
//! What each metric means, and which of them to alert on, is in `docs/telemetry.md`.

use std::{error::Error, time::Duration};

use axum::{
    Form, Router,
    extract::{FromRef, State},
    http::StatusCode,
    routing::{get, post},
};
use axum_partnero::{
    Decimal, EventId, NewTransaction, Partnero, WebhookEvent, WebhookSecret, Webhooks,
    sandbox::{Answer, Sandbox, sign_webhook},
};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use stage::{Proof, Visitor, delivered, serve};

mod stage;

#[derive(Clone, FromRef)]
struct AppState {
    partnero: Partnero,
    metrics: PrometheusHandle,
}

#[derive(serde::Deserialize)]
struct Order {
    number: String,
    user: String,
}

async fn order(State(partnero): State<Partnero>, Form(order): Form<Order>) -> StatusCode {
    partnero.track_sale(NewTransaction::new(order.number, Decimal::new(4990, 2)).customer(order.user));
    StatusCode::CREATED
}

/// For Prometheus. Yours is on a port that nobody else reaches.
async fn scrape(State(metrics): State<PrometheusHandle>) -> String {
    metrics.render()
}

/// Handles each webhook.
async fn event(_: EventId, event: WebhookEvent) -> Result<(), String> {
    println!("  Partnero tells of a {}", event.name());
    Ok(())
}

/// Whether a line of the scrape says that: the metric, some of its labels, and its value.
fn says(scrape: &str, metric: &str, labels: &[&str], value: &str) -> bool {
    let (start, end) = (format!("{metric}{{"), format!("}} {value}"));
    scrape
        .lines()
        .any(|line| line.starts_with(&start) && line.ends_with(&end) && labels.iter().all(|label| line.contains(label)))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // First of all, so that nothing goes uncounted. The buckets suit the `request_timeout` of 10 seconds.
    let requests = Matcher::Full("partnero_request_seconds".into());
    let metrics = PrometheusBuilder::new()
        .set_buckets_for_metric(requests, &[0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0])?
        .install_recorder()?;
    let upkeep = metrics.clone();
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(Duration::from_secs(5)).await;
            upkeep.run_upkeep(); // where nobody scrapes, this keeps it small
        }
    });

    let sandbox = Sandbox::affiliate().referred_customer("mia@shop.example", "anna").spawn().await?;
    let partnero = sandbox.partnero()?;
    let webhooks = Webhooks::new(WebhookSecret::new("q7W8e9R0t1Y2u3I4")?).on_event(event).build()?;
    let app = Router::new()
        .route("/orders", post(order))
        .route("/metrics", get(scrape))
        .nest("/webhooks/partnero", webhooks.router())
        .with_state(AppState { partnero: partnero.clone(), metrics });
    let url = serve(app).await?;

    println!("Mia buys twice, and her browser sends one order again. Of a third, Partnero won't hear.");
    sandbox.fault(Answer::status(400)).on("POST", "/transactions").mentioning("order-3");
    let mia = Visitor::with_cookie("");
    for number in ["order-1", "order-2", "order-2", "order-3", ""] {
        mia.post(format!("{url}/orders"), &[("number", number), ("user", "mia@shop.example")]).await?;
    }
    delivered(&partnero).await?;
    println!("Partnero sends a webhook, and somebody forges one.");
    let http = reqwest::Client::builder().no_proxy().build()?;
    let genuine = sign_webhook("q7W8e9R0t1Y2u3I4", "transaction.created", serde_json::json!({"key": "order-1"}));
    for body in [genuine.body(), "{}".into()] {
        let request = http.post(format!("{url}/webhooks/partnero")).header("Signature", genuine.signature());
        request.body(body).send().await?;
    }

    // On the way out, the gauges are read once more; else it is every 15 seconds.
    webhooks.shutdown(Duration::from_secs(10)).await;
    partnero.shutdown(Duration::from_secs(10)).await;
    let scrape = http.get(format!("{url}/metrics")).send().await?.error_for_status()?.text().await?;
    println!("\n{scrape}");

    let mut proof = Proof::default();
    let sales = |outcome: &str, count: &str| {
        says(&scrape, "partnero_calls_total", &["call=\"sale\"", &format!("outcome=\"{outcome}\"")], count)
    };
    proof.that("two sales are recorded", sales("recorded", "2"));
    proof.that("the one that was tracked again isn't", sales("duplicate", "1"));
    proof.that("one is a dead letter", sales("dead_letter", "1") && says(&scrape, "partnero_dead_letters", &[], "1"));
    let no_key = ["reason=\"transaction_key\""];
    proof.that("the order without a number wasn't taken", says(&scrape, "partnero_refused_total", &no_key, "1"));
    proof.that("nothing waits any more", says(&scrape, "partnero_queue_depth", &[], "0"));
    let refused = ["method=\"POST\"", "endpoint=\"/transactions\"", "status=\"400\""];
    proof.that("Partnero refused one request", says(&scrape, "partnero_request_seconds_count", &refused, "1"));
    let webhook = |event: &str, verdict: &str| {
        let labels = [format!("event=\"{event}\""), format!("verdict=\"{verdict}\"")];
        says(&scrape, "partnero_webhooks_total", &[&labels[0], &labels[1]], "1")
    };
    proof.that("one webhook was handled", webhook("transaction.created", "handled"));
    proof.that("one was forged", webhook("unknown", "forged"));
    proof.that("nobody is named", !scrape.contains("mia") && !scrape.contains("order-"));
    proof.end()
}
