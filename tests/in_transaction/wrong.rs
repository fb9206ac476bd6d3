//! Transactions that the outbox isn't in.

use axum_partnero::{InTransactionError, MemoryOutbox, Partnero, PostgresOutbox, SqliteOutbox, sandbox::Sandbox};

use crate::{
    database::{App, Database, Kind, Tx},
    support::{dollars, sale, shop},
};

#[tokio::test]
async fn a_database_without_the_table_is_told_by_the_tables_name() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let Some(app) = App::open(kind, shop()).await else { return };
        let other = Database::without_outbox(kind).await.unwrap();
        let mut tx = other.begin().await;
        let error = tx.with(&app.partnero).track_sale(sale("order-1", 10)).await.unwrap_err();
        assert!(matches!(error, InTransactionError::NoTable { table: "partnero_calls", .. }), "{error:?}");
        let text = error.to_string();
        assert!(text.contains("`partnero_calls`") && text.contains("::new(pool)") && text.contains("SCHEMA"), "{text}");
        tx.rollback().await;
        assert_eq!(app.database.calls().await, 0);
    }
}

#[tokio::test]
async fn an_outbox_in_a_file_of_its_own_is_no_outbox_of_the_applications_database() {
    let database = Database::without_outbox(Kind::Sqlite).await.unwrap();
    let Database::Sqlite { folder, .. } = &database else { unreachable!() };
    let sandbox = shop().spawn().await.unwrap();
    let own = SqliteOutbox::open(folder.path().join("partnero.db")).await.unwrap();
    let partnero = sandbox.partnero_builder().outbox(own).build().unwrap();
    let mut tx = database.begin().await;
    let error = tx.with(&partnero).track_sale(sale("order-1", 10)).await.unwrap_err();
    assert!(matches!(error, InTransactionError::NoTable { table: "partnero_calls", .. }), "{error:?}");
}

#[tokio::test]
async fn an_outbox_that_was_opened_by_the_applications_file_is_in_its_transactions() {
    let database = Database::without_outbox(Kind::Sqlite).await.unwrap();
    let Database::Sqlite { folder, .. } = &database else { unreachable!() };
    let sandbox = shop().spawn().await.unwrap();
    let outbox = SqliteOutbox::open(folder.path().join("app.db")).await.unwrap();
    let partnero = sandbox.partnero_builder().outbox(outbox).build().unwrap();
    let mut tx = database.begin().await;
    tx.with(&partnero).track_sale(sale("order-1", 10)).await.unwrap();
    tx.commit().await;
    let app = App { sandbox, partnero, database };
    app.flush().await;
    assert_eq!(app.live("order-1"), [dollars(10)]);
}

#[tokio::test]
async fn a_transaction_of_the_other_kind_of_database_is_refused_even_with_such_a_table() {
    let Some(postgres) = App::open(Kind::Postgres, shop()).await else { return };
    let sqlite = App::open(Kind::Sqlite, shop()).await.unwrap();
    for (partnero, database, words) in [
        (&sqlite.partnero, &postgres.database, "a transaction of PostgreSQL for an outbox in SQLite"),
        (&postgres.partnero, &sqlite.database, "a transaction of SQLite for an outbox in PostgreSQL"),
    ] {
        let mut tx = database.begin().await;
        let error = tx.with(partnero).track_sale(sale("order-1", 10)).await.unwrap_err();
        assert!(matches!(error, InTransactionError::OtherDatabase { .. }), "{error:?}");
        assert!(error.to_string().starts_with(words), "{error}");
        // Also what would be refused: the mistake shows at the first call.
        assert_eq!(tx.with(partnero).track_refund("").await, Err(error));
        // It didn't touch the transaction.
        tx.order("order-1").await;
        tx.commit().await;
        assert_eq!(database.calls().await, 0);
    }
}

#[tokio::test]
async fn an_outbox_in_memory_is_in_no_transaction() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let Some(database) = Database::of(kind).await else { return };
        let sandbox = shop().spawn().await.unwrap();
        let partnero = sandbox.partnero_builder().outbox(MemoryOutbox::new()).build().unwrap();
        let mut tx = database.begin().await;
        let error = tx.with(&partnero).track_sale(sale("order-1", 10)).await.unwrap_err();
        assert_eq!(error, InTransactionError::InMemory);
        assert!(error.to_string().contains("PostgresOutbox::new(pool)"), "{error}");
        tx.commit().await;
        assert_eq!(database.calls().await, 0);
    }
}

#[tokio::test]
async fn in_sqlite_one_that_has_read_what_another_changed_is_told_how_to_begin() {
    let app = App::open(Kind::Sqlite, shop()).await.unwrap();
    let Database::Sqlite { pool, .. } = &app.database else { unreachable!() };
    let mut reader = pool.begin().await.unwrap();
    let read = "SELECT COUNT(*) FROM orders";
    let _: i64 = sqlx::query_scalar(read).fetch_one(&mut *reader).await.unwrap();
    sqlx::query("INSERT INTO orders (id) VALUES ('other')").execute(pool).await.unwrap();
    let error = app.partnero.in_transaction(&mut reader).track_sale(sale("order-1", 10)).await.unwrap_err();
    assert_eq!(error, InTransactionError::Locked);
    assert!(error.to_string().contains("BEGIN IMMEDIATE"), "{error}");
}

#[tokio::test]
async fn what_postgresql_says_comes_with_its_code_and_without_anybodys_address() {
    let Some(app) = App::open(Kind::Postgres, shop()).await else { return };
    let Tx::Postgres(mut tx) = app.database.begin().await else { unreachable!() };
    sqlx::query("SELECT 1 / 0").execute(&mut *tx).await.unwrap_err();
    let error = app.partnero.in_transaction(&mut tx).track_sale(sale("order-1", 10)).await.unwrap_err();
    let InTransactionError::Database { code, .. } = &error else { panic!("{error:?}") };
    assert_eq!(code.as_deref(), Some("25P02"));
    tx.rollback().await.unwrap();

    // A rule of their own that the row breaks: the server's detail has the whole row in it.
    let Database::Postgres { pool, .. } = &app.database else { unreachable!() };
    sqlx::query("ALTER TABLE partnero_calls ADD CHECK (amount <> '10')").execute(pool).await.unwrap();
    let mut tx = pool.begin().await.unwrap();
    let sale = sale("order-1", 10).customer_email("mia@shop.example");
    let error = app.partnero.in_transaction(&mut tx).track_sale(sale).await.unwrap_err();
    assert!(matches!(&error, InTransactionError::Database { code: Some(code), .. } if code == "23514"), "{error:?}");
    assert!(!format!("{error:?} {error}").contains("mia"), "{error:?}");
}

#[tokio::test]
async fn the_name_of_the_handle_is_the_rows() {
    let Some(app) = App::open(Kind::Postgres, shop()).await else { return };
    let named = |sandbox: &Sandbox, name| -> Partnero {
        let Database::Postgres { pool, .. } = &app.database else { unreachable!() };
        sandbox.partnero_builder().outbox(PostgresOutbox::new(pool.clone())).name(name).build().unwrap()
    };
    let second = shop().spawn().await.unwrap();
    let other = named(&second, "second program");
    let mut tx = app.database.begin().await;
    tx.with(&other).track_sale(sale("order-1", 10)).await.unwrap();
    tx.commit().await;
    other.flush(crate::support::DEADLINE).await.unwrap();
    assert_eq!(second.ledger().live_transactions("order-1").len(), 1);
    assert_eq!(app.rows("order-1"), 0);
}
