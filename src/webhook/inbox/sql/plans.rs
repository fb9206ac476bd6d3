//! What a turn asks goes by keys, whatever else waits and whatever the planner knows of it.

use std::time::SystemTime;

use serde_json::json;

use crate::{
    delivery::{
        Clock, Opening,
        sql::{Driver, Lock, Tx as _, Value},
    },
    webhook::inbox::{
        store::{NewEvent, Store as _, Turn},
        tests::base::turn,
    },
};

use super::SqlInbox;

fn opening() -> Opening {
    Opening { clock: Clock::system(), name: "shop".to_owned() }
}

/// How the database goes about it: a line for each step.
async fn plan<D: Driver>(inbox: &SqlInbox<D>, explain: &str, statement: &str, parameters: Vec<Value>) -> Vec<String> {
    let mut tx = inbox.begin(Lock::Wait).await.unwrap();
    let statement: &'static str = Box::leak(format!("{explain} {statement}").into_boxed_str());
    let lines = tx.query(statement, parameters).await.unwrap();
    let text = |value: &Value| if let Value::Text(text) = value { Some(text.trim().to_owned()) } else { None };
    lines.iter().filter_map(|line| line.0.iter().find_map(text)).collect()
}

/// Two thousand that wait for one of the same resource, and one that is due.
async fn fill<D: Driver>(inbox: &SqlInbox<D>) {
    let event = |number: u32| {
        let mut digest = [0; 32];
        digest[..4].copy_from_slice(&number.to_be_bytes());
        let resource = Some(if number == 2_000 { "b" } else { "a" }.to_owned());
        NewEvent {
            id: digest.into(),
            time: None,
            event: "transaction.created".to_owned(),
            webhook_key: None,
            resource,
            body: "{}".into(),
        }
    };
    for batch in (0..2_000).collect::<Vec<_>>().chunks(500) {
        let arrivals = &batch.iter().map(|number| event(*number)).collect::<Vec<_>>();
        inbox.turn(Turn { arrivals, ..turn() }).await.unwrap();
        let look = || inbox.turn(Turn { limit: 8, look: true, ..turn() });
        while look().await.unwrap().next == Some(std::time::Duration::ZERO) {}
    }
    inbox.turn(Turn { arrivals: &[event(2_000)], ..turn() }).await.unwrap();
}

/// The plans of what a turn asks, by what they are for.
async fn plans<D: Driver>(inbox: &SqlInbox<D>, explain: &str) -> [(&'static str, Vec<String>); 11] {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    let now = || Value::Int(i64::try_from(now.as_millis()).unwrap());
    let name = || Value::from("shop");
    let due = vec![name(), now(), Value::Int(1), Value::Int(16)];
    let next = vec![name(), now(), Value::Int(1)];
    let keys = || Value::Text(json!(["a", "b"]).to_string());
    let ids = || Value::Text(json!([1, 2]).to_string());
    let events = Value::Text(json!([[1], [2]]).to_string());
    let pairs = Value::Text(json!([[1, 1], [2, 1]]).to_string());
    let old = vec![name(), now(), Value::Int(100)];
    [
        ("load", plan(inbox, explain, &inbox.sql.load, vec![name(), ids()]).await),
        ("done", plan(inbox, explain, &inbox.sql.end.each[0].0, vec![name(), pairs]).await),
        ("remember", plan(inbox, explain, &inbox.sql.remember, vec![ids(), now()]).await),
        ("forget", plan(inbox, explain, &inbox.sql.forget, vec![ids()]).await),
        ("open", plan(inbox, explain, &inbox.sql.come.each[1].0, vec![name(), keys()]).await),
        ("take_back", plan(inbox, explain, &inbox.sql.take_back, vec![name(), now(), ids()]).await),
        ("old_seen", plan(inbox, explain, &inbox.sql.old_seen, old).await),
        ("save", plan(inbox, explain, &inbox.sql.save, vec![events, now()]).await),
        ("due", plan(inbox, explain, &inbox.sql.due, due).await),
        ("next_due", plan(inbox, explain, &inbox.sql.next_due, next).await),
        ("wake", plan(inbox, explain, &inbox.sql.end.each[1].0, vec![name(), now(), keys()]).await),
    ]
}

#[cfg(feature = "sqlx-sqlite")]
#[tokio::test]
async fn sqlite_goes_by_keys() {
    let pool = sqlx::sqlite::SqlitePoolOptions::new().max_connections(1);
    let outbox = crate::SqliteOutbox::new(pool.connect("sqlite::memory:").await.unwrap());
    outbox.create_schema().await.unwrap();
    let inbox = SqlInbox::new(outbox.into_driver(), opening());
    fill(&inbox).await;
    for (what, lines) in plans(&inbox, "EXPLAIN QUERY PLAN").await {
        let text = lines.join("\n");
        assert!(
            !text.contains("SCAN e")
                && !text.contains("SCAN s")
                && !text.contains("SCAN f")
                && !text.contains("TEMP B-TREE"),
            "{what}: {text}"
        );
        let wanted: &[&str] = match what {
            "load" | "save" | "done" | "remember" | "forget" => &["(rowid=?)"],
            "open" => &["partnero_events_resource (name=? AND resource>? AND resource<?)"],
            "take_back" => &["partnero_events_state (name=? AND state=? AND id>?)"],
            "old_seen" => &["partnero_seen_at (name=? AND seen_at<?)", "SEARCH e USING INTEGER PRIMARY KEY (rowid=?)"],
            "wake" => &["partnero_events_resource (name=? AND resource>? AND resource<?)", "(rowid=?)"],
            "due" => &[
                "partnero_events_due (name=? AND due<?)",
                "partnero_events_resource (name=? AND resource>? AND resource<?)",
            ],
            _ => &["partnero_events_due (name=? AND due>?)"],
        };
        assert!(wanted.iter().all(|wanted| text.contains(wanted)), "{what}: {text}");
    }
}

/// With statistics and without: a table that was empty a minute ago has none.
#[cfg(feature = "sqlx-postgres")]
#[tokio::test]
async fn postgresql_goes_by_keys() {
    let Some(url) = crate::delivery::database().await else { return };
    let pool = sqlx::PgPool::connect(&url).await.unwrap();
    let outbox = crate::PostgresOutbox::new(pool.clone());
    outbox.create_schema().await.unwrap();
    sqlx::raw_sql("ALTER TABLE partnero_events SET (autovacuum_enabled = off)").execute(&pool).await.unwrap();
    sqlx::raw_sql("ALTER TABLE partnero_seen SET (autovacuum_enabled = off)").execute(&pool).await.unwrap();
    let inbox = SqlInbox::new(outbox.into_driver(), opening());
    fill(&inbox).await;
    for known in [false, true] {
        if known {
            sqlx::raw_sql("ANALYZE partnero_events, partnero_seen").execute(&pool).await.unwrap();
        }
        for (what, lines) in plans(&inbox, "EXPLAIN").await {
            let text = lines.join("\n");
            assert!(!text.contains("Seq Scan on partnero_"), "{what}, known {known}: {text}");
            let wanted: &[&str] = match what {
                "load" | "save" | "done" => &["partnero_events_pkey"],
                "remember" | "forget" => &["partnero_seen_pkey"],
                "open" => &["partnero_events_resource"],
                "take_back" => &["partnero_events_state"],
                "old_seen" => &["partnero_seen_at", "partnero_events_pkey"],
                "wake" => &["partnero_events_resource", "partnero_events_pkey"],
                "due" => &["partnero_events_due", "partnero_events_resource"],
                _ => &["partnero_events_due"],
            };
            assert!(wanted.iter().all(|wanted| text.contains(wanted)), "{what}, known {known}: {text}");
            assert!(!text.contains("Filter: ((name") && !text.contains("Filter: (resource"), "{what}: {text}");
        }
    }
}
