//! The database is gone, and comes back: no page notices, it is said once, and everything is delivered after.

use std::time::Duration;

use axum_partnero::{PostgresOutbox, SqliteOutbox};
use sqlx::{
    Connection as _, SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use crate::{
    log::Log,
    postgres::Postgres,
    shop::{Shop, said_once},
    support::{Place, ms, secs, sqlite, until},
};

/// An outbox in a database that a test has for itself.
async fn in_postgres(postgres: &Postgres) -> PostgresOutbox {
    let outbox = PostgresOutbox::connect(&postgres.database().await).await.unwrap();
    outbox.create_schema().await.unwrap();
    outbox
}

/// The application's own database, with one connection, so that a test can change its settings.
async fn in_sqlite(place: &Place) -> (SqlitePool, SqliteOutbox) {
    let options = SqliteConnectOptions::new().filename(place.path()).create_if_missing(true);
    let options = options.journal_mode(SqliteJournalMode::Wal).synchronous(SqliteSynchronous::Full);
    let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await.unwrap();
    let outbox = SqliteOutbox::new(pool.clone());
    outbox.create_schema().await.unwrap();
    (pool, outbox)
}

#[tokio::test]
async fn postgres_is_stopped_and_started() {
    let Some(postgres) = Postgres::start() else { return };
    let mut shop = Shop::open(in_postgres(&postgres).await).await;
    shop.open_for(ms(500)).await;
    let (log, _logging) = Log::start();
    postgres.stop().await;
    // Longer than a new connection is tried for: a restart of a few seconds isn't even worth a word.
    shop.open_for(secs(8)).await;
    postgres.begin().await;
    shop.open_for(ms(500)).await;
    shop.close().await;
    said_once(&log);
}

#[tokio::test]
async fn postgres_crashes_in_the_middle_of_it() {
    let Some(postgres) = Postgres::start() else { return };
    let mut shop = Shop::open(in_postgres(&postgres).await).await;
    let (log, _logging) = Log::start();
    for time in [0, 20, 50, 90] {
        shop.open_for(ms(300)).await;
        for _ in 0..20 {
            shop.visit().await;
        }
        tokio::time::sleep(ms(time)).await;
        postgres.kill().await;
        shop.open_for(ms(700)).await;
        postgres.begin().await;
        shop.flush().await;
    }
    shop.close().await;
    // At most once for each crash: one may come when nothing is asked of it.
    assert!(log.count("wait until the outbox is back") <= 4, "{}", log.text());
}

#[tokio::test]
async fn the_disk_under_sqlite_is_full() {
    let place = Place::sqlite();
    let (pool, outbox) = in_sqlite(&place).await;
    let mut shop = Shop::open(outbox).await;
    shop.open_for(ms(500)).await;
    shop.flush().await;
    // What is settled makes room: at the brim, the outbox would come and go.
    let key = shop.sandbox.api_key();
    shop.sandbox.set_api_key("another");
    shop.visit().await;
    until("it is held", async || shop.partnero.status().await.unwrap().held.is_some()).await;
    let (log, _logging) = Log::start();
    let pages: u32 = sqlx::query_scalar("PRAGMA page_count").fetch_one(&pool).await.unwrap();
    set(&pool, format!("PRAGMA max_page_count = {pages}")).await;
    // Some still find a place in the last page.
    until_it_is_said(&mut shop, &log).await;
    assert_eq!(log.count("database or disk is full"), 1, "{}", log.text());
    shop.open_for(secs(3)).await;
    set(&pool, "PRAGMA max_page_count = 1000000".to_owned()).await;
    shop.sandbox.set_api_key(key);
    shop.close().await;
    said_once(&log);
}

#[tokio::test]
async fn sqlite_is_read_only() {
    let place = Place::sqlite();
    let (pool, outbox) = in_sqlite(&place).await;
    let mut shop = Shop::open(outbox).await;
    shop.open_for(ms(500)).await;
    shop.flush().await;
    let (log, _logging) = Log::start();
    set(&pool, "PRAGMA query_only = 1".to_owned()).await;
    until_it_is_said(&mut shop, &log).await;
    assert_eq!(log.count("attempt to write a readonly database"), 1, "{}", log.text());
    shop.open_for(secs(3)).await;
    set(&pool, "PRAGMA query_only = 0".to_owned()).await;
    shop.close().await;
    said_once(&log);
}

/// What SQLite does when a disk is full or fails, and sqlx doesn't notice: it takes the transaction for open ever after.
#[tokio::test]
async fn sqlite_rolls_back_by_itself() {
    let place = Place::sqlite();
    let (pool, outbox) = in_sqlite(&place).await;
    let mut shop = Shop::open(outbox).await;
    shop.open_for(ms(300)).await;
    let mut transaction = pool.begin().await.unwrap();
    sqlx::raw_sql("ROLLBACK").execute(&mut *transaction).await.unwrap();
    drop(transaction);
    assert!(pool.acquire().await.unwrap().is_in_transaction(), "so it thinks");
    shop.open_for(ms(300)).await;
    shop.close().await;
}

#[tokio::test]
async fn somebody_locks_sqlite_for_half_a_minute() {
    let place = Place::sqlite();
    let mut shop = Shop::open(SqliteOutbox::open(place.path()).await.unwrap()).await;
    shop.open_for(ms(500)).await;
    let (log, _logging) = Log::start();
    let mut other = sqlite(place.path()).await;
    let locked = other.begin_with("BEGIN IMMEDIATE").await.unwrap();
    shop.open_for(secs(30)).await;
    // Reading goes on meanwhile.
    assert!(shop.partnero.status().await.unwrap().pending < 10);
    locked.rollback().await.unwrap();
    shop.close().await;
    said_once(&log);
}

async fn set(pool: &SqlitePool, pragma: String) {
    sqlx::raw_sql(sqlx::AssertSqlSafe(pragma)).execute(pool).await.unwrap();
}

async fn until_it_is_said(shop: &mut Shop, log: &Log) {
    until("it is said", async || {
        shop.visit().await;
        tokio::time::sleep(Duration::from_millis(5)).await;
        log.count("wait until the outbox is back") > 0
    })
    .await;
}
