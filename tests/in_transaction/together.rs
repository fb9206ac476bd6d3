//! The order and its conversion, both or neither.

use axum_partnero::{NewTransaction, Partnero};

use crate::{
    database::{App, Database, Kind, Tx},
    support::{dollars, each, referred, sale, secs, shop, within},
};

async fn what_is_committed_has_one_effect(kind: Kind) {
    let Some(app) = App::open(kind, shop()).await else { return };
    let mut tx = app.database.begin().await;
    tx.order("order-1").await;
    let mut calls = tx.with(&app.partnero);
    calls.track_sign_up(referred("8")).await.unwrap();
    calls.track_sale(sale("order-1", 10).customer("8")).await.unwrap();
    calls.track_sale(sale("order-2", 20)).await.unwrap();
    calls.track_adjustment(sale("order-2", 15)).await.unwrap();
    calls.track_sale(sale("order-3", 30)).await.unwrap();
    calls.track_refund("order-3").await.unwrap();
    assert!(app.requests().is_empty(), "it isn't there for anybody before the commit");
    tx.commit().await;
    app.flush().await;

    assert_eq!(app.database.orders().await, ["order-1"]);
    assert_eq!(app.sandbox.ledger().customers().iter().filter(|row| row.key == "8").count(), 1);
    assert_eq!((app.live("order-1"), app.rows("order-1")), (vec![dollars(10)], 1));
    assert_eq!(app.live("order-2"), [dollars(15)]);
    assert_eq!((app.live("order-3"), app.rows("order-3")), (vec![], 0));
    assert_eq!(app.database.calls().await, 6);
    assert_eq!(app.partnero.status().await.unwrap().dead, 0);
}

#[tokio::test]
async fn what_is_committed_has_one_effect_sqlite() {
    what_is_committed_has_one_effect(Kind::Sqlite).await;
}

#[tokio::test]
async fn what_is_committed_has_one_effect_postgres() {
    what_is_committed_has_one_effect(Kind::Postgres).await;
}

async fn what_is_rolled_back_was_never_tracked(kind: Kind) {
    let Some(app) = App::open(kind, shop()).await else { return };
    let mut tx = app.database.begin().await;
    tx.order("order-1").await;
    tx.with(&app.partnero).track_sale(sale("order-1", 10)).await.unwrap();
    tx.rollback().await;
    let mut tx = app.database.begin().await;
    tx.order("order-2").await;
    tx.with(&app.partnero).track_sale(sale("order-2", 10)).await.unwrap();
    drop(tx);

    // The same sale, this time for good.
    let mut tx = app.database.begin().await;
    tx.with(&app.partnero).track_sale(sale("order-1", 11)).await.unwrap();
    tx.commit().await;
    app.flush().await;
    assert_eq!(app.database.orders().await, [""; 0]);
    assert_eq!(app.database.calls().await, 1);
    assert_eq!(app.live("order-1"), [dollars(11)]);
    assert_eq!(app.requests(), ["POST /transactions"]);
}

#[tokio::test]
async fn what_is_rolled_back_was_never_tracked_sqlite() {
    what_is_rolled_back_was_never_tracked(Kind::Sqlite).await;
}

#[tokio::test]
async fn what_is_rolled_back_was_never_tracked_postgres() {
    what_is_rolled_back_was_never_tracked(Kind::Postgres).await;
}

#[tokio::test]
async fn a_savepoint_takes_its_calls_with_it() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let Some(app) = App::open(kind, shop()).await else { return };
        let mut tx = app.database.begin().await;
        tx.with(&app.partnero).track_sale(sale("kept", 10)).await.unwrap();
        match &mut tx {
            Tx::Sqlite(tx) => {
                let mut within = sqlx::Acquire::begin(&mut *tx).await.unwrap();
                app.partnero.in_transaction(&mut within).track_sale(sale("left", 10)).await.unwrap();
                within.rollback().await.unwrap();
            }
            Tx::Postgres(tx) => {
                let mut within = sqlx::Acquire::begin(&mut *tx).await.unwrap();
                app.partnero.in_transaction(&mut within).track_sale(sale("left", 10)).await.unwrap();
                within.rollback().await.unwrap();
            }
        }
        tx.commit().await;
        app.flush().await;
        assert_eq!((app.rows("kept"), app.rows("left")), (1, 0));
    }
}

#[tokio::test]
async fn the_connection_of_a_transaction_will_do() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let Some(app) = App::open(kind, shop()).await else { return };
        match app.database.begin().await {
            Tx::Sqlite(mut tx) => {
                app.partnero.in_transaction(&mut *tx).track_sale(sale("order-1", 10)).await.unwrap();
                tx.commit().await.unwrap();
            }
            Tx::Postgres(mut tx) => {
                app.partnero.in_transaction(&mut *tx).track_sale(sale("order-1", 10)).await.unwrap();
                tx.commit().await.unwrap();
            }
        }
        app.flush().await;
        assert_eq!(app.live("order-1"), [dollars(10)]);
    }
}

#[tokio::test]
async fn a_handle_that_was_shut_down_stores_what_another_sends() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let Some(app) = App::open(kind, shop()).await else { return };
        within(app.partnero.shutdown(secs(5))).await;
        let mut tx = app.database.begin().await;
        tx.order("order-1").await;
        tx.with(&app.partnero).track_sale(sale("order-1", 10)).await.unwrap();
        tx.commit().await;
        assert_eq!(app.database.orders().await, ["order-1"]);
        assert_eq!(app.rows("order-1"), 0);

        let next = app.database.builder(&app.sandbox).build().unwrap();
        within(next.flush(secs(60))).await.unwrap();
        assert_eq!(app.live("order-1"), [dollars(10)]);
    }
}

#[tokio::test]
async fn a_handle_that_only_stores_leaves_it_to_one_that_sends() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let Some(app) = App::open(kind, shop()).await else { return };
        let stores = app.database.builder(&app.sandbox).dispatch(false).build().unwrap();
        let mut tx = app.database.begin().await;
        tx.with(&stores).track_sale(sale("order-1", 10)).await.unwrap();
        tx.commit().await;
        app.flush().await;
        assert_eq!(app.live("order-1"), [dollars(10)]);
    }
}

#[tokio::test]
async fn a_disabled_handle_leaves_the_transaction_alone() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        // Nothing to store it in, and no harm done.
        let Some(database) = Database::without_outbox(kind).await else { return };
        let disabled = Partnero::disabled();
        let mut tx = database.begin().await;
        tx.order("order-1").await;
        tx.with(&disabled).track_sale(sale("order-1", 10)).await.unwrap();
        tx.with(&disabled).track_refund("").await.unwrap();
        tx.commit().await;
        assert_eq!(database.orders().await, ["order-1"]);
    }
}

#[test]
fn a_handler_can_await_it() {
    fn spawnable<T: Send>(_: &T) {}

    async fn handler(partnero: Partnero, mut tx: sqlx::Transaction<'static, sqlx::Postgres>) {
        partnero.in_transaction(&mut tx).track_sign_up(referred("8")).await.unwrap();
        partnero.in_transaction(&mut tx).track_refund(7).await.unwrap();
    }
    let make = |tx| spawnable(&handler(Partnero::disabled(), tx));
    let _ = make;
}

/// Between its two steps a call is in a state of its own: whoever asks whether it is over must not miss it there.
#[tokio::test]
async fn a_flush_waits_for_both_steps_of_an_adjustment() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let Some(app) = App::open(kind, shop()).await else { return };
        app.partnero.track_sale(sale("order-1", 1000)).delivered().await.unwrap();
        for amount in 1..60 {
            app.partnero.track_adjustment(sale("order-1", amount));
            each(0..8, async |_| {
                app.flush().await;
                assert_eq!(app.live("order-1"), [dollars(amount)]);
            })
            .await;
        }
    }
}

/// It has no amount, and nothing is wrong with it.
#[tokio::test]
async fn a_sale_that_states_its_commission_is_sent_like_any_other() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let Some(app) = App::open(kind, shop()).await else { return };
        let commission = |key, amount| NewTransaction::with_reward(key, dollars(amount)).customer("7");
        let mut tx = app.database.begin().await;
        tx.with(&app.partnero).track_sale(commission("order-1", 10)).await.unwrap();
        tx.commit().await;
        app.partnero.track_sale(commission("order-2", 20));
        app.partnero.track_adjustment(commission("order-2", 5));
        app.flush().await;
        let letters = app.partnero.dead_letters().page(0, 10).await.unwrap();
        assert!(letters.is_empty(), "{letters:?}");
        assert_eq!((app.rows("order-1"), app.live("order-2").len()), (1, 1));
        assert_eq!(app.sandbox.ledger().owed(), dollars(15));
    }
}
