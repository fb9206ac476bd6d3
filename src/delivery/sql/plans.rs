//! What each claim and each settlement asks goes by keys, whatever else waits and whatever the planner knows of it.

use serde_json::json;

use crate::delivery::{clock::Clock, outbox::Opening};

use super::{
    SqlStore,
    driver::{Driver, Lock, Tx as _, Value},
};

/// In the two statements, with the calls that they find or change.
const QUESTIONS: usize = 23;

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

/// Of what a claim and a settlement ask, the lines that say by which columns an index is searched, and by which index.
async fn searches<D: Driver>(store: &SqlStore<D>, explain: &str, mark: &str) -> Vec<String> {
    let keys = || Value::Text(json!(["1", "2"]).to_string());
    let parameters = vec![store.name(), keys(), keys(), keys(), Value::from("[1, 2]")];
    let mut lines = plan(store, explain, &store.sql.related, parameters).await;
    lines.extend(plan(store, explain, &store.sql.wake, vec![store.name(), Value::Int(1), keys(), keys()]).await);
    // SQLite names the index in the same line, PostgreSQL in the one before.
    let from = |line: usize| if explain == "EXPLAIN" { line.saturating_sub(1) } else { line };
    let marked = (0..lines.len()).filter(|line| lines[*line].contains(mark));
    let searches: Vec<_> = marked.map(|line| lines[from(line)..=line].join(" ")).collect();
    assert_eq!(searches.len(), QUESTIONS, "{lines:#?}");
    searches
}

/// Of each part of a statement, the index that it goes by.
async fn indexes<D: Driver>(store: &SqlStore<D>, explain: &str, statement: &str) -> Vec<String> {
    let lines = plan(store, explain, statement, vec![store.name()]).await;
    let index = |line: &String| {
        let (_, index) = line.split_once("INDEX partnero_calls_").or(line.split_once("using partnero_calls_"))?;
        index.split_whitespace().next().map(str::to_owned)
    };
    lines.iter().filter_map(index).collect()
}

/// What isn't about keys has indexes of nothing else, however much waits.
async fn counts_what_there_is<D: Driver>(store: &SqlStore<D>, explain: &str) {
    assert_eq!(indexes(store, explain, &store.sql.any_waiting).await, ["waiting"]);
    assert_eq!(indexes(store, explain, &store.sql.first_open).await, ["open"]);
    assert_eq!(indexes(store, explain, &store.sql.counts).await, ["open", "busy_customer", "aside"]);
}

/// An end goes by ids, whatever else is claimed.
async fn ends_by_id<D: Driver>(store: &SqlStore<D>, explain: &str, by: &str) {
    let (ids, change) = (Value::from("[1, 2]"), Value::Text(json!({"token": 1}).to_string()));
    let lines = plan(store, explain, &store.sql.end, vec![store.name(), ids, change]).await;
    assert!(lines.iter().any(|line| line.contains(by)), "{lines:#?}");
}

#[cfg(feature = "sqlx-sqlite")]
#[tokio::test]
async fn sqlite_goes_by_keys() {
    let pool = sqlx::sqlite::SqlitePoolOptions::new().max_connections(1);
    let outbox = super::SqliteOutbox::new(pool.connect("sqlite::memory:").await.unwrap());
    outbox.create_schema().await.unwrap();
    let store = outbox.into_sql(opening());
    for line in searches(&store, "EXPLAIN QUERY PLAN", "SEARCH").await {
        let by_key = ["_key=? AND open", "_key=? AND state", "_busy_", "(rowid=?)"];
        assert!(by_key.iter().any(|key| line.contains(key)), "{line}");
    }
    counts_what_there_is(&store, "EXPLAIN QUERY PLAN").await;
    ends_by_id(&store, "EXPLAIN QUERY PLAN", "SEARCH c USING INTEGER PRIMARY KEY (rowid=?)").await;
}

/// Calls of one claim are anywhere in the indexes of keys: a page of each for every call.
#[cfg(feature = "sqlx-sqlite")]
#[tokio::test]
async fn what_stays_open_is_written_in_no_index_of_all_keys() {
    let pool = sqlx::sqlite::SqlitePoolOptions::new().max_connections(1).connect("sqlite::memory:").await.unwrap();
    let outbox = super::SqliteOutbox::new(pool);
    outbox.create_schema().await.unwrap();
    let store = outbox.into_sql(opening());
    let written = async |statement: &str| {
        let mut tx = store.begin(Lock::Wait).await.unwrap();
        let explain: &'static str = Box::leak(format!("EXPLAIN {statement}").into_boxed_str());
        let steps = tx.query(explain, vec![Value::from("[1]"), Value::from("{}")]).await.unwrap();
        let roots = steps.into_iter().filter_map(|mut step| (step.text(1)? == "OpenWrite").then(|| step.number(3))?);
        let roots: Vec<_> = roots.collect();
        let indexes =
            tx.query("SELECT rootpage, name FROM sqlite_schema WHERE type = 'index'", Vec::new()).await.unwrap();
        let names = indexes.into_iter().filter_map(|mut it| roots.contains(&it.number(0)?).then(|| it.text(1))?);
        names.collect::<Vec<_>>()
    };
    let of_keys = ["partnero_calls_customer", "partnero_calls_transaction"].map(str::to_owned);
    let claimed = written(&store.sql.save_open).await;
    assert!(claimed.iter().any(|index| index == "partnero_calls_busy_customer"), "{claimed:?}");
    assert!(!of_keys.iter().any(|index| claimed.contains(index)), "{claimed:?}");
    let settled = written(&store.sql.save).await;
    assert!(of_keys.iter().all(|index| settled.contains(index)), "{settled:?}");
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
        let by_key = ["(open = ", "(state = ", "_busy_"].iter().any(|by| line.contains(by)) && line.contains("_key = ");
        assert!(line.contains("(id = ANY") || by_key, "{line}");
    }
    counts_what_there_is(&store, "EXPLAIN").await;
    ends_by_id(&store, "EXPLAIN", "partnero_calls_pkey").await;
}
