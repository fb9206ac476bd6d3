//! Events that no handler takes become dead letters, and what becomes of those.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
};

use axum_partnero::{
    Clock, SqliteOutbox, WebhookEvent,
    webhook::{DeadEvents, EventId, InboxStatus},
};
use serde_json::json;

use crate::support::{App, body, ms, secs, until, webhooks};

#[tokio::test]
async fn a_dead_letter_is_handled_again_when_it_is_retried_from_another_process_and_what_waits_follows() {
    let (broken, seen) = (Arc::new(AtomicBool::new(true)), Arc::new(Mutex::new(Vec::new())));
    let handler = {
        let (broken, seen) = (Arc::clone(&broken), Arc::clone(&seen));
        move |_: EventId, event: WebhookEvent| {
            let result = if broken.load(Ordering::SeqCst) {
                Err("no account for mia@mail.test")
            } else {
                seen.lock().unwrap().push(event.name().to_owned());
                Ok(())
            };
            std::future::ready(result)
        }
    };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("partnero.db");
    let outbox = SqliteOutbox::open(&file).await.unwrap();
    let webhooks = webhooks::<()>().inbox(outbox.clone()).on_event(handler).attempts(2).backoff(ms(1), ms(2));
    let app = App::new(webhooks.build().unwrap()).await;
    for name in ["transaction.created", "transaction.deleted"] {
        assert_eq!(app.send(body(name, &json!({"key": "order-1"}))).await, 200);
    }
    until("it is a dead letter", async || app.inbox.status().await.unwrap().dead == 1).await;
    assert_eq!(app.inbox.status().await.unwrap().pending, 1, "the deletion waits behind it");

    let letters = DeadEvents::of(SqliteOutbox::open(&file).await.unwrap(), "partnero");
    assert!(DeadEvents::of(outbox, "other").page(0, 9).await.unwrap().is_empty(), "not of this name");
    let letter = letters.page(0, 9).await.unwrap().remove(0);
    assert_eq!((&letter.name[..], letter.attempts, letter.waiting), ("transaction.created", 2, 1));
    assert_eq!(letter.message, "no account for [masked]");
    assert_eq!(letter.event().transaction_key(), Some("order-1"));

    broken.store(false, Ordering::SeqCst);
    assert!(letters.retry(letter.id).await.unwrap());
    until("both are handled", async || seen.lock().unwrap().len() == 2).await;
    assert_eq!(*seen.lock().unwrap(), ["transaction.created", "transaction.deleted"]);
    assert_eq!(app.send(body("transaction.created", &json!({"key": "order-1"}))).await, 200);
    assert_eq!(app.inbox.status().await.unwrap(), InboxStatus::default(), "a repeat, still");
}

/// An inbox in memory is looked at when something happens, and at no other time.
#[tokio::test]
async fn in_memory_what_waits_goes_on_once_the_letter_before_it_is_retried_or_discarded_or_too_old() {
    for way in ["retried", "discarded", "too old"] {
        let failed = AtomicBool::new(false);
        let handler = move |_: EventId, _: WebhookEvent| {
            let first = !failed.swap(true, Ordering::SeqCst);
            std::future::ready(if first { Err("the books are closed") } else { Ok(()) })
        };
        let clock = Clock::manual();
        let webhooks = webhooks::<()>().on_event(handler).attempts(1).keep_dead_letters(secs(1)).clock(clock.clone());
        let app = App::new(webhooks.build().unwrap()).await;
        for name in ["transaction.created", "transaction.deleted"] {
            assert_eq!(app.send(body(name, &json!({"key": "order-1"}))).await, 200);
        }
        until("it is a dead letter", async || app.inbox.status().await.unwrap().dead == 1).await;
        let letters = app.inbox.dead_letters();
        let letter = letters.page(0, 9).await.unwrap().remove(0).id;
        match way {
            "retried" => assert!(letters.retry(letter).await.unwrap()),
            "discarded" => assert!(letters.discard(letter).await.unwrap()),
            _ => clock.advance(secs(61)),
        }
        until(way, async || app.inbox.status().await.unwrap() == InboxStatus::default()).await;
        let handled = app.inbox.shutdown(secs(10)).await.handled;
        assert_eq!(handled, if way == "retried" { 2 } else { 1 }, "{way}");
    }
}

#[tokio::test]
async fn what_is_over_keeps_no_personal_data_in_the_database() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("partnero.db");
    let outbox = SqliteOutbox::open(&file).await.unwrap();
    let failed = AtomicBool::new(false);
    let once = move |_: EventId, _: WebhookEvent| {
        let first = !failed.swap(true, Ordering::SeqCst);
        std::future::ready(if first { Err("Mia Moor isn't known") } else { Ok(()) })
    };
    let webhooks = webhooks::<()>().inbox(outbox).on_event(once).backoff(ms(1), ms(1));
    let app = App::new(webhooks.build().unwrap()).await;
    assert_eq!(
        app.send(body("customer.created", &json!({"key": "mia@mail.test", "email": "mia@mail.test"}))).await,
        200
    );
    until("it is handled", async || app.inbox.status().await.unwrap().oldest.is_none()).await;
    let pool = sqlx::SqlitePool::connect(file.to_str().unwrap()).await.unwrap();
    let events: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM partnero_events").fetch_one(&pool).await.unwrap();
    let digests: Vec<i64> =
        sqlx::query_scalar("SELECT length(digest) FROM partnero_seen").fetch_all(&pool).await.unwrap();
    assert_eq!((events, digests), (0, vec![46]), "only that it came");
}
