//! Rows that an application stores by other means than ours.

use axum_partnero::{MemoryOutbox, NewCustomer, OutboxRow, Partnero, PostgresOutbox, SqliteOutbox, TrackError};
use sqlx::{Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};
use tokio_postgres::types::ToSql;

use crate::{
    database::{App, Database, Kind},
    postgres,
    support::{dollars, referred, sale, shop},
};

/// A sign-up, a sale of it, another that is adjusted, and one that is refunded.
fn rows(partnero: &Partnero) -> Vec<OutboxRow> {
    let rows = partnero.outbox_row();
    let made = [
        rows.track_sign_up(referred("8").email("mia@shop.example").name("Mia \u{0} O'Hara \\ \"é\" 🦀")),
        rows.track_sale(sale("order-1", 10).customer("8")),
        rows.track_sale(sale("order-2", 20)),
        rows.track_adjustment(sale("order-2", 15)),
        rows.track_sale(sale("order-3", 30)),
        rows.track_refund("order-3"),
    ];
    made.into_iter().map(|row| row.unwrap().unwrap()).collect()
}

async fn all_is_delivered(app: &App) {
    app.flush().await;
    let ledger = app.sandbox.ledger();
    assert_eq!(ledger.customer("8").unwrap().email.as_deref(), Some("mia@shop.example"));
    assert_eq!((app.live("order-1"), app.rows("order-1")), (vec![dollars(10)], 1));
    assert_eq!((app.live("order-2"), app.rows("order-3")), (vec![dollars(15)], 0));
    assert_eq!(app.partnero.status().await.unwrap().dead, 0);
}

/// How many of them it stores.
async fn store(tx: &tokio_postgres::Transaction<'_>, rows: &[OutboxRow]) -> u64 {
    let insert = tx.prepare(PostgresOutbox::INSERT).await.unwrap();
    let mut stored = 0;
    for row in rows {
        let parameters: [&(dyn ToSql + Sync); 9] = [
            &row.call_id,
            &row.name,
            &row.kind,
            &row.version,
            &row.customer_key,
            &row.transaction_key,
            &row.amount,
            &row.referred,
            &row.payload,
        ];
        stored += tx.execute(&insert, &parameters).await.unwrap();
    }
    stored
}

#[tokio::test]
async fn tokio_postgres_stores_a_row_in_its_own_transaction() {
    let Some(app) = App::open(Kind::Postgres, shop()).await else { return };
    let mut client = postgres::connect(app.database.url()).await.unwrap();
    let rows = rows(&app.partnero);
    let tx = client.transaction().await.unwrap();
    assert_eq!(store(&tx, &rows).await, 6);
    tx.rollback().await.unwrap();
    assert_eq!(app.database.calls().await, 0);

    let tx = client.transaction().await.unwrap();
    assert_eq!(store(&tx, &rows).await, 6);
    assert_eq!(store(&tx, &rows).await, 0, "they are there already");
    tx.commit().await.unwrap();
    all_is_delivered(&app).await;

    let tx = client.transaction().await.unwrap();
    assert_eq!(store(&tx, &rows).await, 0, "it knows them when they are over, too");
    tx.commit().await.unwrap();
    all_is_delivered(&app).await;
}

#[tokio::test]
async fn any_connection_to_the_file_stores_a_row() {
    let app = App::open(Kind::Sqlite, shop()).await.unwrap();
    let Database::Sqlite { folder, .. } = &app.database else { unreachable!() };
    let options = SqliteConnectOptions::new().filename(folder.path().join("app.db"));
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    let mut tx = connection.begin_with("BEGIN IMMEDIATE").await.unwrap();
    for row in rows(&app.partnero) {
        for stored in [1, 0] {
            let insert = sqlx::query(SqliteOutbox::INSERT)
                .bind(&row.call_id)
                .bind(&row.name)
                .bind(row.kind)
                .bind(row.version)
                .bind(&row.customer_key)
                .bind(&row.transaction_key)
                .bind(&row.amount)
                .bind(row.referred)
                .bind(&row.payload);
            assert_eq!(insert.execute(&mut *tx).await.unwrap().rows_affected(), stored);
        }
    }
    tx.commit().await.unwrap();
    all_is_delivered(&app).await;
}

#[tokio::test]
async fn a_row_says_what_the_table_wants_and_shows_no_person() {
    let app = App::open_with(Kind::Sqlite, shop(), |builder| builder.name("shop").referred_only()).await.unwrap();
    let rows = app.partnero.outbox_row();
    let row = rows.track_sign_up(referred("8").email("mia@shop.example").name("Mia")).unwrap().unwrap();
    assert_eq!((&*row.name, row.kind, row.version, row.referred), ("shop", "sign_up", 1, true));
    assert_eq!(
        (row.customer_key.as_deref(), row.transaction_key.as_deref(), row.amount.as_deref()),
        (Some("8"), None, None)
    );
    assert!(row.payload.contains("mia@shop.example"));
    let shown = format!("{row:?}");
    assert!(!shown.contains("mia") && !shown.contains("Mia") && shown.contains(&row.call_id), "{shown}");
    let shown = format!("{:?}", rows.track_sign_up(referred("mia@shop.example")).unwrap());
    assert!(!shown.contains("mia@"), "{shown}");

    let row = rows.track_sale(sale("order-1", 10)).unwrap().unwrap();
    assert_eq!(
        (row.kind, row.transaction_key.as_deref(), row.amount.as_deref()),
        ("sale", Some("order-1"), Some("10"))
    );
    assert_ne!(row.call_id, rows.track_sale(sale("order-1", 10)).unwrap().unwrap().call_id);
    let row = rows.track_refund("order-1").unwrap().unwrap();
    assert_eq!((row.kind, &*row.payload, row.amount), ("refund", "", None));
    assert_eq!(rows.track_adjustment(sale("order-1", 0)).unwrap().unwrap().kind, "refund");

    assert_eq!(rows.track_sign_up(NewCustomer::new("9")), Ok(None), "nobody referred them");
    assert_eq!(rows.track_sale(sale("order-2", 0)), Ok(None), "a sale of nothing");
    assert_eq!(rows.track_sale(sale("order-2", -1)), Err(TrackError::NegativeAmount));
    assert_eq!(app.partnero.status().await.unwrap().refused, 1);
    assert_eq!(app.database.calls().await, 0, "what the application doesn't store is stored by nobody");
}

#[tokio::test]
async fn there_are_no_rows_for_an_outbox_without_a_table() {
    let sandbox = shop().spawn().await.unwrap();
    let partnero = sandbox.partnero_builder().outbox(MemoryOutbox::new()).build().unwrap();
    assert_eq!(partnero.outbox_row().track_sale(sale("order-1", 10)), Err(TrackError::InMemory));
    assert_eq!(partnero.status().await.unwrap().refused, 1);

    let rows = Partnero::disabled();
    assert_eq!(rows.outbox_row().track_sale(sale("order-1", 10)), Ok(None));
    assert!(matches!(rows.outbox_row().track_refund(""), Err(TrackError::TransactionKey(_))));
}
