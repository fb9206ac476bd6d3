//! Each event is logged, and nobody's data with it.

use axum_partnero::{WebhookEvent, webhook::EventId};
use serde_json::json;

use crate::{
    log::Log,
    support::{App, SECRET, body, ms, secs, signature, until, webhooks},
};

#[tokio::test]
async fn the_log_names_event_webhook_time_size_verdict_and_latency_and_nothing_personal() {
    let (log, _guard) = Log::start();
    let failing = async |_: EventId, event: WebhookEvent| match event {
        WebhookEvent::CustomerCreated(_) => Err("mia@mail.test isn't known"),
        _ => Ok(()),
    };
    let inbox = webhooks::<()>().on_event(failing).attempts(2).backoff(ms(1), ms(1)).build().unwrap();
    let app = App::new(inbox.clone()).await;
    let data = json!({"key": "mia@mail.test", "name": "Mia Moor", "customer": {"key": "mia@mail.test"}});
    let sale = body("transaction.created", &data);
    assert_eq!([app.send(sale.clone()).await, app.send(sale.clone()).await], [200, 200]);
    assert_eq!(app.send(body("customer.created", &data)).await, 200);
    assert_eq!(app.send(body("mia@mail.test", &data)).await, 200);
    assert_eq!(app.post(sale.clone(), &"0".repeat(64)).send().await.unwrap().status(), 401);
    until("it is a dead letter", async || inbox.status().await.unwrap().dead == 1).await;
    let letters = inbox.dead_letters().page(0, 9).await.unwrap();
    let shown = format!("{letters:?} {inbox:?} {:?}", webhooks::<()>());
    inbox.shutdown(secs(10)).await;

    let came = log.text();
    let first = came.lines().find(|line| line.contains("a webhook came")).unwrap();
    let bytes = format!("bytes={}", sale.len());
    for part in [
        "event=\"transaction.created\"",
        "webhook_key=\"aB3dE6gH9jK2\"",
        "time=\"2026-03-04T05:06:07.000000Z\"",
        &bytes,
        "verdict=\"stored\"",
        "latency=",
    ] {
        assert!(first.contains(part), "{part} isn't in {first}");
    }
    assert_eq!(log.count("verdict=\"a repeat\""), 1);
    assert_eq!(
        (log.count("a webhook was refused"), log.count("a webhook is refused")),
        (1, 0),
        "one line for each forgery"
    );
    assert!(log.count("verdict=\"handled\"") >= 1);
    assert_eq!(log.count("a handler failed"), 1);
    assert_eq!(log.count("an event is a dead letter"), 1);
    for secret in ["mia@mail.test", "Mia", "Moor", SECRET, &signature(sale.as_bytes())] {
        assert!(!came.contains(secret), "{secret} is in the log");
        assert!(!shown.contains(secret), "{secret} is in Debug");
    }
}
