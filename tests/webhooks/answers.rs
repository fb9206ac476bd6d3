//! What Partnero is answered.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{Router, extract::State};
use axum_partnero::{Clock, Event, EventId, LeadData, TransactionData, WebhookEvent, webhook::WebhooksError};
use reqwest::Method;
use serde_json::json;

use crate::support::{App, SECRET, body, sale, secs, signature, until, webhooks};

/// What was handled.
type Seen = Arc<Mutex<Vec<String>>>;

async fn note(State(seen): State<Seen>, _: EventId, event: WebhookEvent) -> Result<(), String> {
    let kind = if matches!(event, WebhookEvent::Unknown(_)) { "unknown" } else { "known" };
    seen.lock().unwrap().push(format!("{kind} {}", event.name()));
    Ok(())
}

async fn noting() -> (App, Seen) {
    let seen = Seen::default();
    let inbox = webhooks().on_event(note).with_state(Arc::clone(&seen)).build().unwrap();
    (App::new(inbox).await, seen)
}

async fn seen(seen: &Seen, count: usize) -> Vec<String> {
    until("all is handled", async || seen.lock().unwrap().len() >= count).await;
    seen.lock().unwrap().clone()
}

#[tokio::test]
async fn a_genuine_event_is_answered_200_and_handled_and_so_is_its_repeat_but_for_the_handling() {
    let (app, events) = noting().await;
    for _ in 0..3 {
        assert_eq!(app.send(sale("order-1")).await, 200);
    }
    assert_eq!(app.send(sale("order-2")).await, 200);
    assert_eq!(seen(&events, 2).await, ["known transaction.created"; 2]);
    let report = app.inbox.shutdown(secs(10)).await;
    assert_eq!((report.handled, report.left), (2, Some(0)), "nothing else was begun");
}

#[tokio::test]
async fn what_partnero_did_not_sign_is_answered_401_and_never_handled() {
    let (app, events) = noting().await;
    let body = sale("order-1");
    let good = signature(body.as_bytes());
    let flipped = good.replacen(['0', '1', '2', '3'], "f", 1);
    for bad in [&flipped[..], "", "0", &good[1..], &format!("sha256={good}"), SECRET] {
        assert_eq!(app.post(body.clone(), bad).send().await.unwrap().status(), 401, "{bad}");
    }
    let unsigned = reqwest::Client::new().post(app.url()).body(body.clone()).send().await.unwrap();
    assert_eq!(unsigned.status(), 401);
    let other = app.post(sale("order-2"), &good).send().await.unwrap();
    assert_eq!((other.status().as_u16(), &other.text().await.unwrap()[..]), (401, "Not signed by Partnero"));
    assert_eq!(app.send(body).await, 200);
    assert_eq!(seen(&events, 1).await.len(), 1);
    assert_eq!(app.inbox.shutdown(secs(10)).await.handled, 1);
}

#[tokio::test]
async fn a_body_beyond_256_kib_is_answered_413_and_one_of_just_that_is_taken() {
    let (app, events) = noting().await;
    let with = |bytes: usize| {
        let mut body = sale("order-1").into_bytes();
        body.resize(bytes, b' ');
        body
    };
    assert_eq!(app.send(with(256 * 1024 + 1)).await, 413);
    assert_eq!(app.send(with(256 * 1024)).await, 200);
    assert_eq!(seen(&events, 1).await.len(), 1);
}

#[tokio::test]
async fn verified_but_unreadable_or_unknown_is_answered_200_and_handed_on_as_unknown() {
    let (app, events) = noting().await;
    let unknown = body("moon.risen", &json!({}));
    for odd in [&b""[..], b"\0\xff", b"null", b"[]", b"{", unknown.as_bytes()] {
        assert_eq!(app.send(odd).await, 200, "{odd:?}");
    }
    let mut seen = seen(&events, 6).await;
    seen.sort();
    assert_eq!(seen, ["unknown ", "unknown ", "unknown ", "unknown ", "unknown ", "unknown moon.risen"]);
}

#[tokio::test]
async fn the_route_takes_post_alone_and_only_where_it_is_nested() {
    let (app, _) = noting().await;
    let client = reqwest::Client::new();
    for method in [Method::GET, Method::PUT, Method::DELETE, Method::HEAD, Method::OPTIONS] {
        let answer = client.request(method, app.url()).send().await.unwrap();
        assert_eq!((answer.status().as_u16(), &answer.headers()["allow"]), (405, &"POST".parse().unwrap()));
    }
    for other in ["/", "/other"] {
        assert_eq!(client.post(format!("{}{other}", app.url())).send().await.unwrap().status(), 404, "{other}");
    }
}

#[tokio::test]
async fn an_event_that_nothing_handles_is_answered_200_and_not_kept() {
    let handler = async |_: EventId, _: Event<TransactionData>| Ok::<_, String>(());
    let inbox = webhooks::<()>().on_transaction_deleted(handler).build().unwrap();
    let app = App::new(inbox).await;
    assert_eq!(app.send(sale("order-1")).await, 200);
    let report = app.inbox.shutdown(secs(10)).await;
    assert_eq!((report.handled, report.left), (0, Some(0)));
}

#[tokio::test]
async fn an_event_beyond_its_age_is_answered_200_and_dropped() {
    let seen = Seen::default();
    let inbox = webhooks().on_event(note).max_age(secs(3600)).with_state(Arc::clone(&seen)).build().unwrap();
    let app = App::new(inbox).await;
    // It names a day in March 2026.
    assert_eq!(app.send(sale("order-1")).await, 200);
    // Without a time of its own, it is as old as its arrival.
    assert_eq!(app.send(json!({"event": "transaction.created"}).to_string()).await, 200);
    let report = app.inbox.shutdown(secs(10)).await;
    assert_eq!((report.handled, report.too_old), (1, 1));
    assert_eq!(seen.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn an_event_that_waited_beyond_its_age_is_dropped_and_not_counted_as_handled() {
    let failing = async |_: EventId, _: WebhookEvent| Err::<(), _>("not yet");
    let clock = Clock::manual();
    let webhooks = webhooks::<()>().on_event(failing).clock(clock.clone()).max_age(secs(3600));
    let app = App::new(webhooks.build().unwrap()).await;
    assert_eq!(app.send(json!({"event": "transaction.created"}).to_string()).await, 200);
    until("it failed", async || app.inbox.status().await.unwrap().in_progress == 0).await;
    clock.advance(secs(3 * 3600));
    until("it is dropped", async || app.inbox.status().await.unwrap().pending == 0).await;
    let report = app.inbox.shutdown(secs(10)).await;
    assert_eq!((report.handled, report.too_old, report.left), (0, 1, Some(0)));
}

#[tokio::test]
async fn a_full_inbox_and_one_that_is_shut_down_answer_503_so_that_partnero_sends_it_again() {
    let stuck = async |_: EventId, _: WebhookEvent| std::future::pending::<Result<(), String>>().await;
    let app = App::new(webhooks::<()>().on_event(stuck).capacity(2).build().unwrap()).await;
    assert_eq!([app.send("1").await, app.send("2").await], [200, 200]);
    assert_eq!(app.send("3").await, 503);
    assert_eq!(app.send("1").await, 200, "what is there needs no room");
    app.inbox.shutdown(secs(0)).await;
    assert_eq!([app.send("4").await, app.send("1").await], [503, 503]);
}

#[tokio::test]
async fn the_route_goes_into_a_router_with_a_state_of_its_own() {
    let seen = Seen::default();
    let route = webhooks().on_event(note).with_state(Arc::clone(&seen)).into_router().unwrap();
    let app: Router = Router::<u64>::new().nest("/webhooks/partnero", route).with_state(7);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/webhooks/partnero", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    let request = reqwest::Client::new().post(url).header("signature", signature(b"{}")).body("{}");
    assert_eq!(request.send().await.unwrap().status(), 200);
    until("it is handled", async || seen.lock().unwrap().len() == 1).await;
}

#[tokio::test]
async fn settings_that_cannot_be_right_are_refused() {
    async fn done(_: EventId, _: WebhookEvent) -> Result<(), String> {
        Ok(())
    }
    async fn lead(_: EventId, _: Event<LeadData>) -> Result<(), String> {
        Ok(())
    }
    let webhooks = webhooks::<()>;
    for (wrong, error) in [
        (webhooks().capacity(0), WebhooksError::Zero),
        (webhooks().max_in_progress(0), WebhooksError::Zero),
        (webhooks().attempts(0), WebhooksError::Zero),
        (webhooks().handler_timeout(secs(0)), WebhooksError::Zero),
        (webhooks().lease(secs(29)), WebhooksError::LeaseTooShort),
        (webhooks().lease(secs(30)), WebhooksError::LeaseTooShort),
        (webhooks().handler_timeout(Duration::MAX).lease(Duration::from_secs(30)), WebhooksError::LeaseTooShort),
        (webhooks().backoff(secs(2), secs(1)), WebhooksError::Backoff),
        (webhooks().backoff(secs(0), secs(0)), WebhooksError::Backoff),
        (webhooks().name(""), WebhooksError::Name),
        (webhooks().name("a\nb"), WebhooksError::Name),
        (webhooks().on_event(done).on_event(done), WebhooksError::Twice("on_event")),
        (webhooks().on_lead_converted(lead).on_lead_converted(lead), WebhooksError::Twice("on_lead_converted")),
    ] {
        assert_eq!(wrong.build().unwrap_err(), error);
    }
    let forever = std::time::Duration::MAX;
    let inbox = webhooks().handler_timeout(forever).backoff(forever, forever).max_age(forever).build().unwrap();
    inbox.shutdown(forever).await;
}

#[test]
fn outside_a_runtime_there_is_no_inbox() {
    assert_eq!(webhooks::<()>().build().unwrap_err(), WebhooksError::NoRuntime);
}
