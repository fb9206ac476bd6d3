//! Handlers are called until they succeed, in order, and with what they need.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU32, Ordering},
};

use axum::extract::{FromRef, State};
use axum_partnero::{
    Clock, SqliteOutbox, WebhookEvent,
    webhook::{CustomerData, Event, EventId, TransactionData},
};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use tokio::sync::{Notify, Semaphore};

use crate::support::{App, body, ms, sale, secs, until, webhooks};

/// Sales by the ids of their events.
type Sales = Arc<Mutex<Vec<(EventId, Option<String>)>>>;

/// An application's state, of which handlers take parts.
#[derive(Clone, FromRef)]
struct AppState {
    sales: Sales,
    calls: Arc<AtomicU32>,
}

#[tokio::test]
async fn each_event_goes_to_its_handler_with_its_id_its_data_and_the_part_of_the_state_that_it_asks_for() {
    async fn sold(State(sales): State<Sales>, id: EventId, sale: Event<TransactionData>) -> Result<(), std::io::Error> {
        assert_eq!(sale.envelope.name(), "transaction.created");
        sales.lock().unwrap().push((id, sale.data.key));
        Ok(())
    }
    async fn count(State(calls): State<Arc<AtomicU32>>, _: EventId, _: Event<CustomerData>) -> Result<(), String> {
        calls.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
    let state = AppState { sales: Arc::default(), calls: Arc::default() };
    let others = Arc::new(Mutex::new(Vec::new()));
    let rest = {
        let others = Arc::clone(&others);
        move |_: EventId, event: WebhookEvent| {
            others.lock().unwrap().push(event.name().to_owned());
            std::future::ready(Ok::<_, String>(()))
        }
    };
    let webhooks = webhooks().on_transaction_created(sold).on_customer_created(count).on_event(rest);
    let app = App::new(webhooks.with_state(state.clone()).build().unwrap()).await;
    for name in ["transaction.created", "customer.created", "partner.created", "transaction.deleted"] {
        assert_eq!(app.send(body(name, &json!({"key": "order-1"}))).await, 200);
    }
    until("all is handled", async || app.inbox.status().await.unwrap().pending == 0).await;
    assert_eq!(app.inbox.shutdown(secs(10)).await.handled, 4);
    let sales = state.sales.lock().unwrap().clone();
    let digest: [u8; 32] = Sha256::digest(body("transaction.created", &json!({"key": "order-1"}))).into();
    assert_eq!(sales, [(EventId::from(digest), Some("order-1".to_owned()))]);
    assert_eq!(state.calls.load(Ordering::Relaxed), 1);
    let mut others = others.lock().unwrap().clone();
    others.sort();
    assert_eq!(others, ["partner.created", "transaction.deleted"]);
}

#[tokio::test]
async fn after_an_error_a_panic_or_no_answer_the_event_is_handled_again_until_that_succeeds() {
    let calls = Arc::new(AtomicU32::new(0));
    let handler = {
        let calls = Arc::clone(&calls);
        move |_: EventId, _: WebhookEvent| {
            let call = calls.fetch_add(1, Ordering::SeqCst);
            async move {
                match call {
                    0 => Err("the books are closed"),
                    1 => panic!("on purpose"),
                    2 => std::future::pending().await,
                    _ => Ok(()),
                }
            }
        }
    };
    let clock = Clock::manual();
    let app = App::new(webhooks::<()>().on_event(handler).clock(clock.clone()).build().unwrap()).await;
    assert_eq!(app.send(sale("order-1")).await, 200);
    for call in 1..4 {
        until("it is called", async || calls.load(Ordering::SeqCst) == call).await;
        until("it failed", async || {
            // Time for the one that hangs, or for the next attempt.
            clock.advance(secs(30));
            calls.load(Ordering::SeqCst) > call
        })
        .await;
    }
    until("it is over", async || app.inbox.status().await.unwrap() == axum_partnero::webhook::InboxStatus::default())
        .await;
    let report = app.inbox.shutdown(secs(10)).await;
    assert_eq!((report.handled, report.dead, calls.load(Ordering::SeqCst)), (1, 0, 4));
}

#[tokio::test]
async fn events_of_one_resource_are_handled_one_after_the_other_in_order_and_others_meanwhile() {
    let (seen, gate) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Semaphore::new(0)));
    let handler = {
        let (seen, gate) = (Arc::clone(&seen), Arc::clone(&gate));
        move |_: EventId, event: WebhookEvent| {
            let (seen, gate) = (Arc::clone(&seen), Arc::clone(&gate));
            async move {
                let name = format!("{} {}", event.name(), event.transaction_key().unwrap());
                seen.lock().unwrap().push(format!("begin {name}"));
                if event.transaction_key() == Some("slow") {
                    gate.acquire().await.unwrap().forget();
                }
                seen.lock().unwrap().push(format!("end {name}"));
                Ok::<_, String>(())
            }
        }
    };
    let folder = tempfile::tempdir().unwrap();
    let outbox = SqliteOutbox::open(folder.path().join("partnero.db")).await.unwrap();
    let app = App::new(webhooks::<()>().inbox(outbox).on_event(handler).build().unwrap()).await;
    for name in ["transaction.created", "transaction.updated", "transaction.deleted"] {
        assert_eq!(app.send(body(name, &json!({"key": "slow"}))).await, 200);
    }
    assert_eq!(app.send(body("transaction.created", &json!({"key": "quick"}))).await, 200);
    until("the quick one is over", async || {
        seen.lock().unwrap().iter().any(|it| it == "end transaction.created quick")
    })
    .await;
    gate.add_permits(3);
    until("all are over", async || seen.lock().unwrap().len() == 8).await;
    let slow: Vec<_> = seen.lock().unwrap().iter().filter(|it| it.ends_with("slow")).cloned().collect();
    let expected =
        ["created", "updated", "deleted"].map(|it| ["begin", "end"].map(|at| format!("{at} transaction.{it} slow")));
    assert_eq!(slow, expected.concat());
}

#[tokio::test]
async fn no_more_handlers_run_at_the_same_time_than_that() {
    let (now, most, go) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)), Arc::new(Notify::new()));
    let handler = {
        let (now, most, go) = (Arc::clone(&now), Arc::clone(&most), Arc::clone(&go));
        move |_: EventId, _: WebhookEvent| {
            let (now, most, go) = (Arc::clone(&now), Arc::clone(&most), Arc::clone(&go));
            async move {
                most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                go.notified().await;
                now.fetch_sub(1, Ordering::SeqCst);
                Ok::<_, String>(())
            }
        }
    };
    let app = App::new(webhooks::<()>().on_event(handler).max_in_progress(3).build().unwrap()).await;
    for number in 0..20 {
        assert_eq!(app.send(sale(&number.to_string())).await, 200);
    }
    until("three are at it", async || now.load(Ordering::SeqCst) == 3).await;
    until("all are over", async || {
        go.notify_one();
        tokio::time::sleep(ms(1)).await;
        app.inbox.status().await.unwrap().pending == 0
    })
    .await;
    assert_eq!(most.load(Ordering::SeqCst), 3);
}
