//! A call that can't be taken doesn't cost the customer's order.

use std::sync::{Arc, Mutex};

use axum_partnero::{BoxError, NewCustomer, NewTransaction, Observer, RefusedCall, TrackError};

use crate::{
    database::{App, Kind},
    support::{Log, dollars, sale, shop, until},
};

#[derive(Clone, Default)]
struct Told(Arc<Mutex<Vec<RefusedCall>>>);

impl Observer for Told {
    async fn refused(&self, call: &RefusedCall) -> Result<(), BoxError> {
        self.0.lock().unwrap().push(call.clone());
        Ok(())
    }
}

async fn a_refused_call_does_not_fail_the_transaction(kind: Kind) {
    let told = Told::default();
    let set = |builder: axum_partnero::delivery::PartneroBuilder| builder.max_call_bytes(300).observer(told.clone());
    let Some(app) = App::open_with(kind, shop(), set).await else { return };
    let (log, _guard) = Log::start();
    let mut tx = app.database.begin().await;
    tx.order("order-1").await;
    let mut calls = tx.with(&app.partnero);
    calls.track_sign_up(NewCustomer::new("")).await.unwrap();
    calls.track_sale(NewTransaction::new("order-1", dollars(1))).await.unwrap();
    calls.track_sale(sale("..", 1)).await.unwrap();
    calls.track_sale(sale("order-2", -1)).await.unwrap();
    calls.track_sale(sale("order-3", 1).product_id("x".repeat(300))).await.unwrap();
    calls.track_refund("a\nb").await.unwrap();
    // Nothing to report, and nothing wrong.
    calls.track_sale(sale("order-4", 0)).await.unwrap();
    tx.commit().await;

    assert_eq!(app.database.orders().await, ["order-1"]);
    assert_eq!(app.database.calls().await, 0);
    assert_eq!(app.partnero.status().await.unwrap().refused, 6);
    assert_eq!(log.count("a call isn't taken"), 6, "{}", log.text());
    assert_eq!(log.count("a sale of nothing"), 1);
    until("all are told", async || told.0.lock().unwrap().len() == 6).await;
    let errors: Vec<_> = told.0.lock().unwrap().iter().map(|call| call.error.clone()).collect();
    assert!(matches!(errors[0], TrackError::CustomerKey(_)), "{errors:?}");
    assert!(errors.contains(&TrackError::NoCustomer) && errors.contains(&TrackError::NegativeAmount), "{errors:?}");
}

#[tokio::test]
async fn a_refused_call_does_not_fail_the_transaction_sqlite() {
    a_refused_call_does_not_fail_the_transaction(Kind::Sqlite).await;
}

#[tokio::test]
async fn a_refused_call_does_not_fail_the_transaction_postgres() {
    a_refused_call_does_not_fail_the_transaction(Kind::Postgres).await;
}

#[tokio::test]
async fn what_a_handle_leaves_out_it_leaves_out_here() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let Some(app) = App::open_with(kind, shop(), |it| it.sign_ups_only().referred_only()).await else { return };
        let (log, _guard) = Log::start();
        let mut tx = app.database.begin().await;
        let mut calls = tx.with(&app.partnero);
        calls.track_sale(sale("order-1", 10)).await.unwrap();
        calls.track_adjustment(sale("order-1", 5)).await.unwrap();
        calls.track_refund("order-1").await.unwrap();
        calls.track_sign_up(NewCustomer::new("8")).await.unwrap();
        tx.commit().await;
        assert_eq!(app.database.calls().await, 0);
        // The first says so for all.
        assert_eq!(log.count("this handle is for sign-ups only"), 1, "{}", log.text());
        assert_eq!(app.partnero.status().await.unwrap().refused, 3);
    }
}

#[tokio::test]
async fn nothing_waits_in_memory_so_the_queue_may_be_full() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let Some(app) = App::open_with(kind, shop(), |builder| builder.capacity(1)).await else { return };
        let mut tx = app.database.begin().await;
        for n in 0..20 {
            tx.with(&app.partnero).track_sale(sale(&format!("order-{n}"), 10)).await.unwrap();
        }
        tx.commit().await;
        app.flush().await;
        assert_eq!(app.sandbox.ledger().transactions().len(), 20);
    }
}
