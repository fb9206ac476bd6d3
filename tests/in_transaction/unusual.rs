//! Databases that aren't set up as they come, and moments that aren't the quiet ones.

use axum_partnero::PostgresOutbox;

use crate::{
    database::{App, Database, Kind},
    support::{ms, sale, secs, shop, until},
};

/// What a claim did while a result waited for its turn must be seen once it is its turn: whatever the database's own
/// default is, a transaction of the outbox sees what was committed before each of its statements.
#[tokio::test]
async fn nothing_waits_for_ever_where_transactions_are_repeatable_reads_by_default() {
    let Some(database) = Database::of(Kind::Postgres).await else { return };
    let Database::Postgres { pool, url } = &database else { unreachable!() };
    let name: String = sqlx::query_scalar("SELECT current_database()").fetch_one(pool).await.unwrap();
    let setting = format!("ALTER DATABASE {name} SET default_transaction_isolation = 'repeatable read'");
    sqlx::raw_sql(sqlx::AssertSqlSafe(setting)).execute(pool).await.unwrap();
    let sandbox = shop().latency(ms(500)).seed(7).spawn().await.unwrap();
    let outbox = PostgresOutbox::connect(url).await.unwrap();
    let partnero = sandbox.partnero_builder().name("shop").outbox(outbox).build().unwrap();

    partnero.track_sale(sale("order-1", 10).customer("7")).stored().await.unwrap();
    let claimed = async || {
        let claimed = sqlx::query_scalar("SELECT COUNT(*) FROM partnero_calls WHERE state = 'claimed'");
        claimed.fetch_one(pool).await.unwrap_or(0_i64) == 1
    };
    until("it is on its way", claimed).await;

    // As another instance does that looks at the customer's next call: it has the turn, and the result waits for it.
    let mut tx = pool.begin_with("BEGIN ISOLATION LEVEL READ COMMITTED").await.unwrap();
    let lock = "SELECT pg_advisory_xact_lock(hashtextextended('axum-partnero shop', 0))";
    sqlx::query(lock).execute(&mut *tx).await.unwrap();
    partnero.in_transaction(&mut tx).track_sale(sale("order-2", 10).customer("7")).await.unwrap();
    until("its result waits", async || {
        let waits = "SELECT COUNT(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted \
             AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
        sqlx::query_scalar::<_, i64>(waits).fetch_one(pool).await.unwrap() == 1
    })
    .await;
    let put_off = "UPDATE partnero_calls SET due = NULL WHERE transaction_key = 'order-2'";
    sqlx::query(put_off).execute(&mut *tx).await.unwrap();
    tx.commit().await.unwrap();

    partnero.flush(secs(10)).await.unwrap();
    assert_eq!(sandbox.ledger().live_transactions("order-2").len(), 1);
}

/// Such as a long import. A deploy in the meantime makes its tables, if they aren't there.
#[tokio::test]
async fn tables_that_are_there_are_not_waited_for() {
    let Some(app) = App::open(Kind::Postgres, shop()).await else { return };
    let mut tx = app.database.begin().await;
    tx.with(&app.partnero).track_sale(sale("order-1", 10).customer("7")).await.unwrap();

    let outbox = PostgresOutbox::connect(app.database.url()).await.unwrap();
    tokio::time::timeout(secs(3), outbox.create_schema()).await.expect("it waits").unwrap();
    tx.commit().await;
    app.flush().await;
}

/// A newer version's process has put it off until the refund before it is done, and this one does that.
#[tokio::test]
async fn a_call_that_only_a_newer_version_knows_is_woken_by_an_older_one() {
    let app = App::open(Kind::Sqlite, shop().latency(ms(300))).await.unwrap();
    let Database::Sqlite { pool, .. } = &app.database else { unreachable!() };
    app.partnero.track_refund("order-1").stored().await.unwrap();
    let put_off = "INSERT INTO partnero_calls (call_id, name, kind, version, transaction_key, due, payload) \
         SELECT 'newer', name, 'gift', 2, transaction_key, NULL, '{}' FROM partnero_calls";
    sqlx::query(put_off).execute(pool).await.unwrap();
    until("it is looked at again", async || {
        let due = sqlx::query_scalar("SELECT due IS NOT NULL FROM partnero_calls WHERE call_id = 'newer'");
        due.fetch_one(pool).await.unwrap()
    })
    .await;
    assert_eq!(app.database.outcome(1).await, "done: refunded");
}
