//! When the inbox can't keep an event, Partnero is told to send it again.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, SystemTime},
};

use axum_partnero::{Clock, PostgresOutbox, SqliteOutbox, WebhookEvent, webhook::EventId};
use tokio::sync::Semaphore;

use crate::{
    postgres::{Postgres, connect},
    support::{App, sale, secs, until, webhooks},
};

async fn done(_: EventId, _: WebhookEvent) -> Result<(), String> {
    Ok(())
}

async fn handled(app: &App, count: u64) {
    until("all is handled", async || app.inbox.status().await.is_ok_and(|status| status.oldest.is_none())).await;
    assert_eq!(app.inbox.shutdown(secs(10)).await.handled, count);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_database_is_down_the_answer_is_503_and_when_it_is_back_what_is_sent_again_is_handled() {
    let Some(postgres) = Postgres::start() else { return };
    let outbox = PostgresOutbox::connect(&postgres.database().await).await.unwrap();
    outbox.create_schema().await.unwrap();
    let app = App::new(webhooks::<()>().inbox(outbox).on_event(done).build().unwrap()).await;
    assert_eq!(app.send(sale("1")).await, 200);
    until("it is handled", async || app.inbox.status().await.unwrap().oldest.is_none()).await;
    postgres.stop().await;
    let (second, third) = tokio::join!(app.send(sale("2")), app.send(sale("3")));
    assert_eq!([second, third], [503, 503]);
    postgres.begin().await;
    until("it is back", async || app.send(sale("2")).await == 200).await;
    assert_eq!(app.send(sale("3")).await, 200);
    handled(&app, 3).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_somebody_else_keeps_the_table_locked_the_answer_is_503_and_not_silence() {
    let Some(postgres) = Postgres::shared() else { return };
    let url = postgres.database().await;
    let outbox = PostgresOutbox::connect(&url).await.unwrap();
    outbox.create_schema().await.unwrap();
    let app = App::new(webhooks::<()>().inbox(outbox).on_event(done).build().unwrap()).await;
    let other = connect(&url).await.unwrap();
    other.batch_execute("BEGIN; LOCK TABLE partnero_events IN ACCESS EXCLUSIVE MODE").await.unwrap();
    assert_eq!(app.send(sale("1")).await, 503);
    other.batch_execute("ROLLBACK").await.unwrap();
    until("it is free", async || app.send(sale("1")).await == 200).await;
    handled(&app, 1).await;
}

#[tokio::test]
async fn without_its_table_the_answer_is_503_and_the_log_says_what_to_do() {
    let pool = sqlx::sqlite::SqlitePoolOptions::new().max_connections(1).connect("sqlite::memory:").await.unwrap();
    let outbox = SqliteOutbox::new(pool);
    let (log, _guard) = crate::log::Log::start();
    let app = App::new(webhooks::<()>().inbox(outbox.clone()).on_event(done).build().unwrap()).await;
    assert_eq!(app.send(sale("1")).await, 503);
    let text = log.text();
    assert!(text.contains("has no table `partnero_") && text.contains("`: call `create_schema()`"), "{text}");
    assert_eq!(log.count("until the inbox is back"), 1, "once: {}", log.text());
    outbox.create_schema().await.unwrap();
    until("it is there", async || app.send(sale("1")).await == 200).await;
    assert!(log.count("the inbox is back") > 0);
    handled(&app, 1).await;
}

#[tokio::test]
async fn a_file_of_an_older_release_gets_its_new_table_and_keeps_its_calls() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("partnero.db");
    drop(SqliteOutbox::open(&file).await.unwrap());
    let pool = sqlx::SqlitePool::connect(file.to_str().unwrap()).await.unwrap();
    sqlx::raw_sql("DROP TABLE partnero_events; DROP TABLE partnero_seen").execute(&pool).await.unwrap();
    let insert = sqlx::query(SqliteOutbox::INSERT).bind("id").bind("partnero").bind("sale").bind(1).bind("mia");
    insert.bind("order-1").bind("49.90").bind(false).bind("{}").execute(&pool).await.unwrap();
    let app =
        App::new(webhooks::<()>().inbox(SqliteOutbox::open(&file).await.unwrap()).on_event(done).build().unwrap());
    let app = app.await;
    assert_eq!(app.send(sale("1")).await, 200);
    handled(&app, 1).await;
    let calls: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM partnero_calls").fetch_one(&pool).await.unwrap();
    assert_eq!(calls, 1);
}

#[tokio::test]
async fn rows_that_somebody_damaged_are_dead_letters_and_hold_up_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("partnero.db");
    let outbox = SqliteOutbox::open(&file).await.unwrap();
    let pool = sqlx::SqlitePool::connect(file.to_str().unwrap()).await.unwrap();
    for (digest, version, state, payload) in [
        ("short", 1, "pending", "\\x0"),
        (&"00".repeat(32)[..], 1, "confused", "{}"),
        (&"01".repeat(32), 1, "pending", "\\xzz"),
        // Of a newer release, which alone knows what to do with it.
        (&"02".repeat(32), 2, "pending", "{}"),
    ] {
        let seen =
            sqlx::query("INSERT INTO partnero_seen (name, digest, seen_at) VALUES ('partnero', $1, 0)").bind(digest);
        let id = seen.execute(&pool).await.unwrap().last_insert_rowid();
        let row = sqlx::query(
            "INSERT INTO partnero_events (id, name, version, event, state, payload, arrived_at, due) \
             VALUES ($1, 'partnero', $2, 'transaction.created', $3, $4, 0, 0)",
        );
        row.bind(id).bind(version).bind(state).bind(payload).execute(&pool).await.unwrap();
    }
    let app = App::new(webhooks::<()>().inbox(outbox).on_event(done).build().unwrap()).await;
    assert_eq!(app.send(sale("1")).await, 200);
    until("three are dead", async || app.inbox.status().await.unwrap().dead == 3).await;
    until("the good one is over", async || app.inbox.status().await.unwrap().pending == 1).await;
    let letters = app.inbox.dead_letters().page(0, 9).await.unwrap();
    assert!(letters.iter().all(|letter| letter.message.contains("damaged")), "{letters:?}");
    for letter in letters {
        assert!(app.inbox.dead_letters().discard(letter.id).await.unwrap());
    }
    let report = app.inbox.shutdown(Duration::from_secs(10)).await;
    assert_eq!((report.handled, report.left), (1, Some(1)), "the newer one waits");
}

#[tokio::test]
async fn a_worker_whose_lease_has_ended_settles_nothing() {
    // The first process is stopped in its handler for longer than its lease; the second takes over.
    let (log, _guard) = crate::log::Log::start();
    let clock = Clock::manual();
    let folder = tempfile::tempdir().unwrap();
    let outbox = SqliteOutbox::open(folder.path().join("partnero.db")).await.unwrap();
    let (begun, go) = (Arc::new(tokio::sync::Semaphore::new(0)), Arc::new(tokio::sync::Semaphore::new(0)));
    let handler = || {
        let (begun, go) = (Arc::clone(&begun), Arc::clone(&go));
        move |_: EventId, _: WebhookEvent| {
            let (begun, go) = (Arc::clone(&begun), Arc::clone(&go));
            async move {
                begun.add_permits(1);
                go.acquire().await.unwrap().forget();
                Ok::<_, String>(())
            }
        }
    };
    // It has another clock, which stands still.
    let first = webhooks::<()>().inbox(outbox.clone()).on_event(handler()).clock(clock.clone());
    let first = App::new(first.build().unwrap()).await;
    assert_eq!(first.send(sale("1")).await, 200);
    begun.acquire().await.unwrap().forget();
    let later = Clock::manual();
    later.advance(secs(61));
    let second = webhooks::<()>().inbox(outbox).on_event(handler()).clock(later.clone()).build().unwrap();
    until("the second handles it", async || {
        later.advance(secs(1));
        begun.try_acquire().is_ok_and(|permit| {
            permit.forget();
            true
        })
    })
    .await;
    go.add_permits(1);
    until("the first is through", async || go.available_permits() == 0).await;
    assert_eq!(second.status().await.unwrap().in_progress, 1, "it is the second's");
    until("that is said", async || log.count("took longer than its lease and may run twice") == 1).await;
    go.add_permits(1);
    until("the second is through", async || second.status().await.unwrap().oldest.is_none()).await;
    assert_eq!(second.shutdown(secs(10)).await.handled, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_of_an_older_release_gets_its_new_table_while_a_transaction_with_a_call_is_open() {
    let Some(postgres) = Postgres::shared() else { return };
    let url = postgres.database().await;
    let outbox = PostgresOutbox::connect(&url).await.unwrap();
    outbox.create_schema().await.unwrap();
    let (older, operator) = (connect(&url).await.unwrap(), connect(&url).await.unwrap());
    operator.batch_execute("DROP TABLE partnero_events; DROP TABLE partnero_seen").await.unwrap();
    let call =
        "INSERT INTO partnero_calls (call_id, name, kind, version, payload) VALUES ('1', 'older', 'sale', 1, '')";
    older.batch_execute(&format!("BEGIN; {call}")).await.unwrap();
    outbox.create_schema().await.unwrap();
    older.batch_execute("COMMIT").await.unwrap();

    let indexes = "SELECT FROM pg_indexes WHERE tablename IN ('partnero_events', 'partnero_seen')";
    assert_eq!(operator.query(indexes, &[]).await.unwrap().len(), 8, "their own five, their keys and the digests");
    let app = App::new(webhooks::<()>().inbox(outbox).on_event(done).build().unwrap()).await;
    assert_eq!(app.send(sale("1")).await, 200);
    handled(&app, 1).await;
}

#[tokio::test]
async fn what_is_being_handled_while_the_time_of_day_jumps_isn_t_begun_again() {
    let folder = tempfile::tempdir().unwrap();
    let outbox = SqliteOutbox::open(folder.path().join("partnero.db")).await.unwrap();
    let (calls, go_on) = (Arc::new(AtomicUsize::new(0)), Arc::new(Semaphore::new(0)));
    let slow = {
        let (calls, go_on) = (Arc::clone(&calls), Arc::clone(&go_on));
        move |_: EventId, event: WebhookEvent| {
            let (calls, go_on) = (Arc::clone(&calls), Arc::clone(&go_on));
            async move {
                if event.transaction_key() == Some("slow") {
                    calls.fetch_add(1, Ordering::SeqCst);
                    go_on.acquire().await.unwrap().forget();
                }
                Ok::<_, String>(())
            }
        }
    };
    let clock = Clock::manual();
    let webhooks = webhooks::<()>().inbox(outbox).clock(clock.clone()).on_event(slow).attempts(1);
    let app = App::new(webhooks.handler_timeout(secs(600)).lease(secs(700)).build().unwrap()).await;
    assert_eq!(app.send(sale("slow")).await, 200);
    until("it is being handled", async || calls.load(Ordering::SeqCst) == 1).await;
    // The machine slept for a day, of which the other clock knows nothing.
    clock.set_wall(SystemTime::now() + secs(86_400));
    for other in ["1", "2", "3"] {
        clock.advance(secs(5));
        assert_eq!(app.send(sale(other)).await, 200);
        until("another is handled", async || {
            let status = app.inbox.status().await.unwrap();
            status.pending == 0 && status.in_progress <= 1
        })
        .await;
    }
    let status = app.inbox.status().await.unwrap();
    assert_eq!((calls.load(Ordering::SeqCst), status.in_progress, status.dead), (1, 1, 0));
    go_on.add_permits(1);
    handled(&app, 4).await;
}
