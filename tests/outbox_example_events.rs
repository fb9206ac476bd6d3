//! The example `outbox` on the dead letters of webhooks, run as an operator runs it, beside an application that goes on.
#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

#[path = "shared/example.rs"]
mod example;
#[path = "shared/wait.rs"]
mod wait;

use std::sync::{
    Arc, LazyLock,
    atomic::{AtomicBool, Ordering},
};

use axum_partnero::{
    SqliteOutbox, WebhookEvent, WebhookSecret, Webhooks,
    sandbox::sign_webhook,
    webhook::{EventId, Inbox},
};
use example::text;
use serde_json::json;
use tower::ServiceExt as _;
use wait::{secs, until};

const SECRET: &str = "q7W8e9R0t1Y2u3I4";

async fn outbox(arguments: &[&str]) -> (i32, String, String) {
    static OUTBOX: LazyLock<String> = LazyLock::new(|| example::build("outbox"));
    let run = tokio::process::Command::from(example::run(&OUTBOX, arguments)).output().await.unwrap();
    (run.status.code().unwrap(), text(&run.stdout).to_owned(), text(&run.stderr).to_owned())
}

async fn send(inbox: &Inbox, event: &str, key: &str) {
    let request = sign_webhook(SECRET, event, json!({"key": key})).request("/").unwrap();
    let answer = inbox.router::<()>().oneshot(request.map(axum::body::Body::from)).await.unwrap();
    assert_eq!(answer.status(), 200);
}

#[tokio::test]
async fn dead_events_are_listed_retried_and_discarded_beside_the_application() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("partnero.db");
    let place = file.to_str().unwrap();
    let broken = Arc::new(AtomicBool::new(true));
    let handler = {
        let broken = Arc::clone(&broken);
        move |_: EventId, _: WebhookEvent| {
            let result = if broken.load(Ordering::SeqCst) { Err("the books are\u{1b}[2J closed") } else { Ok(()) };
            std::future::ready(result)
        }
    };
    let secret = WebhookSecret::new(SECRET).unwrap();
    let webhooks = Webhooks::<()>::new(secret).inbox(SqliteOutbox::open(&file).await.unwrap()).attempts(1);
    let inbox = webhooks.on_event(handler).build().unwrap();
    assert_eq!(outbox(&[place, "events"]).await, (0, "no dead letters\n".into(), String::new()));
    for key in ["order-1", "order-2", "order-3"] {
        send(&inbox, "transaction.created", key).await;
    }
    send(&inbox, "transaction.deleted", "order-1").await;
    until("they are dead", async || inbox.status().await.unwrap().dead == 3).await;

    let (status, listed, _) = outbox(&[place, "events"]).await;
    assert!(
        status == 0 && listed.contains("transaction.created") && listed.contains("transaction:order-2"),
        "{listed}"
    );
    assert!(listed.lines().count() == 4 && !listed.contains('\u{1b}'), "{listed:?}");
    let letters = inbox.dead_letters().page(0, 9).await.unwrap();
    let id_of = |key: &str| {
        let letter = letters.iter().find(|letter| letter.event().transaction_key() == Some(key));
        letter.unwrap().id.to_string()
    };

    let (_, said, _) = outbox(&[place, "events", "discard", &id_of("order-2")]).await;
    let about = "transaction.created  transaction:order-2";
    assert!(said.starts_with(&format!("discard: {}  {about} ", id_of("order-2"))), "{said}");
    broken.store(false, Ordering::SeqCst);
    let (_, said, _) = outbox(&[place, "events", "retry", &id_of("order-1")]).await;
    let words: Vec<_> = said.split_whitespace().collect();
    // Tried once, one waits behind it.
    assert_eq!(words[..6], ["retry:", &id_of("order-1"), "transaction.created", "transaction:order-1", "1", "1"]);
    assert_eq!(outbox(&[place, "events", "retry", "--all"]).await.1, "1 will be handled again\n");
    until("they are handled", async || inbox.status().await.unwrap() == axum_partnero::webhook::InboxStatus::default())
        .await;
    assert_eq!(inbox.shutdown(secs(300)).await.handled, 3);

    for arguments in [
        &["events", "retry", "1"][..],
        &["events", "discard", "99"],
        &["events", "discard", "--all"],
        &["events", "retry", "-1"],
    ] {
        let (status, said, problem) = outbox(&[&[place], arguments].concat()).await;
        assert!(status == 1 && said.is_empty() && problem.starts_with("there is no dead letter"), "{problem}");
    }
    for arguments in [&["events", "retry"][..], &["events", "discard"], &["events", "all"], &["events", "list", "1"]] {
        assert_eq!(outbox(&[&[place], arguments].concat()).await.0, 2, "{arguments:?}");
    }
    assert_eq!(outbox(&[place, "--name", "friends", "events"]).await.1, "no dead letters\n");
}
