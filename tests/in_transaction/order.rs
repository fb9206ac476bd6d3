//! What was tracked before by plain `track_*` goes first.

use axum_partnero::NewTransaction;

use crate::{
    database::{App, Database, Kind},
    support::{dollars, each, referred, shop},
};

/// A sale that overtakes its customer's sign-up pays nobody.
async fn all_are_recorded(app: &App, sales: usize) {
    app.flush().await;
    assert_eq!(app.partnero.status().await.unwrap().dead, 0);
    let ledger = app.sandbox.ledger();
    assert_eq!(ledger.transactions().len(), sales);
    assert_eq!(ledger.owed_to("anna"), dollars(3) * axum_partnero::Decimal::from(sales));
}

#[tokio::test]
async fn a_buffered_sign_up_comes_before_the_sale_in_a_transaction() {
    let Some(app) = App::open(Kind::Postgres, shop()).await else { return };
    // Eight at a time, so that some of them come while a batch is being stored.
    for group in 0..25 {
        each(0..8, async |n| {
            let customer = 1000 + group * 8 + n;
            app.partnero.track_sign_up(referred(customer));
            let mut tx = app.database.begin().await;
            app.partnero.track_sign_up(referred(customer));
            let sale = NewTransaction::new(format!("order-{customer}"), dollars(10)).customer(customer);
            tx.with(&app.partnero).track_sale(sale).await.unwrap();
            tx.commit().await;
        })
        .await;
    }
    all_are_recorded(&app, 200).await;
}

#[tokio::test]
async fn in_sqlite_a_sign_up_that_is_stored_comes_first() {
    let app = App::open(Kind::Sqlite, shop()).await.unwrap();
    for customer in 1000..1050 {
        app.partnero.track_sign_up(referred(customer)).stored().await.unwrap();
        let mut tx = app.database.begin().await;
        let sale = NewTransaction::new(format!("order-{customer}"), dollars(10)).customer(customer);
        tx.with(&app.partnero).track_sale(sale).await.unwrap();
        tx.commit().await;
    }
    all_are_recorded(&app, 50).await;
}

/// As long as the transaction hasn't written, what is buffered gets in before it.
#[tokio::test]
async fn in_sqlite_a_buffered_sign_up_comes_before_a_transaction_that_has_not_written() {
    let app = App::open(Kind::Sqlite, shop()).await.unwrap();
    let Database::Sqlite { pool, .. } = &app.database else { unreachable!() };
    for customer in 1000..1020 {
        let mut tx = pool.begin().await.unwrap();
        app.partnero.track_sign_up(referred(customer));
        let sale = NewTransaction::new(format!("order-{customer}"), dollars(10)).customer(customer);
        app.partnero.in_transaction(&mut tx).track_sale(sale).await.unwrap();
        tx.commit().await.unwrap();
    }
    all_are_recorded(&app, 20).await;
}
