//! What each claim and each settlement asks goes by keys, whatever else waits and whatever the planner knows of it.

use serde_json::json;

use crate::delivery::{clock::Clock, outbox::Opening};

use super::{
    SqlStore,
    driver::{Driver, Lock, Tx as _, Value},
};

/// In the two statements, with the calls that they find or change.
const QUESTIONS: usize = 25;

fn opening() -> Opening {
    Opening { clock: Clock::system(), name: "shop".to_owned() }
}

/// How the database goes about it: a line for each table that it reads.
async fn plan<D: Driver>(store: &SqlStore<D>, explain: &str, statement: &str, parameters: Vec<Value>) -> Vec<String> {
    let mut tx = store.begin(Lock::Wait).await.unwrap();
    let statement: &'static str = Box::leak(format!("{explain} {statement}").into_boxed_str());
    let lines = tx.query(statement, parameters).await.unwrap();
    let text = |value: &Value| if let Value::Text(text) = value { Some(text.trim().to_owned()) } else { None };
    lines.iter().filter_map(|line| line.0.iter().find_map(text)).collect()
}

/// Of what a claim and a settlement ask, the lines that say by which columns an index is searched.
async fn searches<D: Driver>(store: &SqlStore<D>, explain: &str, mark: &str) -> Vec<String> {
    let keys = || Value::Text(json!(["1", "2"]).to_string());
    let parameters = vec![store.name(), keys(), keys(), keys(), Value::from("[1, 2]")];
    let mut lines = plan(store, explain, &store.sql.related, parameters).await;
    lines.extend(plan(store, explain, &store.sql.wake, vec![store.name(), Value::Int(1), keys(), keys()]).await);
    lines.retain(|line| line.contains(mark));
    assert_eq!(lines.len(), QUESTIONS, "{lines:#?}");
    lines
}

/// Whether there is an index of nothing else.
async fn looks_at_what_waits<D: Driver>(store: &SqlStore<D>, explain: &str) -> bool {
    let lines = plan(store, explain, &store.sql.any_waiting, vec![store.name()]).await;
    lines.iter().any(|line| {
        line.contains("USING INDEX partnero_calls_waiting ") || line.contains("using partnero_calls_waiting ")
    })
}

#[cfg(feature = "sqlx-sqlite")]
#[tokio::test]
async fn sqlite_goes_by_keys() {
    let pool = sqlx::sqlite::SqlitePoolOptions::new().max_connections(1);
    let outbox = super::SqliteOutbox::new(pool.connect("sqlite::memory:").await.unwrap());
    outbox.create_schema().await.unwrap();
    let store = outbox.into_sql(opening());
    for line in searches(&store, "EXPLAIN QUERY PLAN", "SEARCH").await {
        let by_key = ["customer_key=? AND state", "transaction_key=? AND state", "(rowid=?)"];
        assert!(by_key.iter().any(|key| line.contains(key)), "{line}");
    }
    assert!(looks_at_what_waits(&store, "EXPLAIN QUERY PLAN").await);
}

/// Without statistics: a table that was empty a minute ago has none.
#[cfg(feature = "sqlx-postgres")]
#[tokio::test]
async fn postgresql_goes_by_keys() {
    let Some(url) = crate::delivery::histories::database().await else { return };
    let pool = sqlx::PgPool::connect(&url).await.unwrap();
    let outbox = super::PostgresOutbox::new(pool.clone());
    outbox.create_schema().await.unwrap();
    sqlx::raw_sql("ALTER TABLE partnero_calls SET (autovacuum_enabled = off)").execute(&pool).await.unwrap();
    sqlx::raw_sql(
        "INSERT INTO partnero_calls (call_id, name, kind, version, customer_key, transaction_key, due, payload) \
         SELECT 'call ' || n, 'shop', 'sale', 1, 'customer', n, NULL, '' FROM generate_series(1, 2000) AS n",
    )
    .execute(&pool)
    .await
    .unwrap();
    let store = outbox.into_sql(opening());
    for line in searches(&store, "EXPLAIN", "Index Cond").await {
        assert!(line.contains("(id = ANY") || line.contains("_key = ") && line.contains("(state "), "{line}");
    }
    assert!(looks_at_what_waits(&store, "EXPLAIN").await);
}
