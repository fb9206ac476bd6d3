//! Transactions wait for nobody that they needn't, and nobody waits for them.

use std::sync::Arc;

use axum_partnero::NewTransaction;
use tokio::sync::Barrier;

use crate::{
    database::{App, Kind},
    support::{dollars, referred, sale, secs, shop, until, within},
};

const ROUNDS: usize = 200;
/// One in so many is committed: what is rolled back held the same locks.
const COMMITTED: usize = 10;

fn committed() -> impl Iterator<Item = String> {
    let rounds = (0..ROUNDS).filter(|round| round % COMMITTED == 0);
    rounds.flat_map(|round| [format!("a-{round}"), format!("b-{round}")])
}

/// Each of two transactions tracks what the other does, in opposite order.
#[tokio::test]
async fn opposite_orders_do_not_deadlock() {
    let Some(app) = App::open(Kind::Postgres, shop().referred_customer("9", "anna")).await else { return };
    let app = Arc::new(app);
    let both = Arc::new(Barrier::new(2));
    let run = |mirrored: bool| {
        let (app, both) = (Arc::clone(&app), Arc::clone(&both));
        async move {
            for round in 0..ROUNDS {
                let mut keys = [("7", format!("a-{round}")), ("9", format!("b-{round}"))];
                if mirrored {
                    keys.reverse();
                }
                let mut tx = app.database.begin().await;
                for (customer, key) in &keys {
                    tx.with(&app.partnero).track_sale(sale(key, 10).customer(customer)).await.unwrap();
                    // Both have the first, and want the second.
                    both.wait().await;
                }
                for (_, key) in &keys {
                    tx.with(&app.partnero).track_adjustment(sale(key, 5)).await.unwrap();
                    both.wait().await;
                }
                if round % COMMITTED == 0 { tx.commit().await } else { tx.rollback().await }
            }
        }
    };
    // A deadlock is an error, after a second.
    within(async { tokio::join!(Box::pin(run(false)), Box::pin(run(true))) }).await;
    app.flush().await;
    for key in committed() {
        assert_eq!(app.live(&key), [dollars(5)], "{key}");
    }
    assert_eq!(app.partnero.status().await.unwrap().dead, 0);
}

/// There is one writer at a time: they come one after the other, with the dispatcher among them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn opposite_orders_do_not_deadlock_in_sqlite() {
    let app = Arc::new(App::open(Kind::Sqlite, shop().referred_customer("9", "anna")).await.unwrap());
    let run = |mirrored: bool| {
        let app = Arc::clone(&app);
        tokio::spawn(async move {
            for round in 0..ROUNDS {
                let mut keys = [("7", format!("a-{round}")), ("9", format!("b-{round}"))];
                if mirrored {
                    keys.reverse();
                }
                let mut tx = app.database.begin().await;
                for (customer, key) in &keys {
                    tx.with(&app.partnero).track_sale(sale(key, 10).customer(customer)).await.unwrap();
                    tokio::task::yield_now().await;
                }
                if round % COMMITTED == 0 { tx.commit().await } else { tx.rollback().await }
            }
        })
    };
    let (one, other) = within(async { tokio::join!(run(false), run(true)) }).await;
    one.unwrap();
    other.unwrap();
    app.flush().await;
    for key in committed() {
        assert_eq!((app.live(&key), app.rows(&key)), (vec![dollars(10)], 1), "{key}");
    }
}

/// Open for as long as everything else takes, whichever way that comes.
#[tokio::test]
async fn one_that_stays_open_delays_its_own_calls_alone() {
    let Some(app) = App::open(Kind::Postgres, shop()).await else { return };
    let mut open = app.database.begin().await;
    open.order("held").await;
    open.with(&app.partnero).track_sale(sale("held", 10)).await.unwrap();
    open.with(&app.partnero).track_sign_up(referred("100")).await.unwrap();

    for n in 0..300 {
        app.partnero.track_sign_up(referred(1000 + n));
        app.partnero.track_sale(sale(&format!("other-{n}"), 10).customer(1000 + n));
    }
    // Of the same customer, by both ways, and of the same keys.
    for n in 0..10 {
        app.partnero.track_sale(sale(&format!("same-{n}"), 10));
        let mut tx = app.database.begin().await;
        tx.with(&app.partnero).track_adjustment(sale(&format!("same-{n}"), 5)).await.unwrap();
        tx.commit().await;
    }
    app.partnero.track_sale(sale("of-100", 10).create_customer(referred("100")));
    app.flush().await;
    // Operators are served, too.
    assert_eq!(app.partnero.forget("1000").await.unwrap(), 2);
    assert_eq!(app.partnero.status().await.unwrap().pending, 0);
    assert_eq!(app.sandbox.ledger().transactions().iter().filter(|row| row.key.starts_with("other-")).count(), 300);
    for n in 0..10 {
        assert_eq!(app.live(&format!("same-{n}")), [dollars(5)]);
    }
    assert_eq!(app.live("of-100"), [dollars(10)]);
    assert_eq!(app.rows("held"), 0);

    open.commit().await;
    app.flush().await;
    assert_eq!(app.live("held"), [dollars(10)]);
    assert_eq!(app.database.outcomes("sale", "held").await, ["done: recorded"]);
}

/// While it writes, nothing else can be written. What that delays comes after.
#[tokio::test]
async fn in_sqlite_one_that_stays_open_loses_nothing() {
    let app = App::open_with(Kind::Sqlite, shop(), |builder| builder.request_timeout(secs(2))).await.unwrap();
    app.partnero.track_sale(sale("before", 10)).stored().await.unwrap();
    let mut open = app.database.begin().await;
    open.with(&app.partnero).track_sale(sale("held", 10)).await.unwrap();
    let mut tracked: Vec<_> = (0..50).map(|n| app.partnero.track_sale(sale(&format!("other-{n}"), 10))).collect();
    // Long enough for any of them to be tried.
    tokio::time::sleep(secs(2)).await;
    assert_eq!(app.database.calls().await, 1, "the others can't be stored yet");
    open.commit().await;
    for call in &mut tracked {
        within(call.stored()).await.unwrap();
    }
    app.flush().await;
    assert_eq!(app.sandbox.ledger().transactions().len(), 52);
}

/// What strangers have tracked is none of a transaction's business.
#[tokio::test]
async fn a_transaction_waits_for_its_own_keys_alone() {
    let app = App::open(Kind::Sqlite, shop()).await.unwrap();
    let mut tx = app.database.begin().await;
    tx.order("writes").await;
    // Not to be stored before the commit.
    app.partnero.track_sale(sale("stranger", 10).customer("8"));
    until("it is buffered", async || app.partnero.status().await.unwrap().buffered == 1).await;
    let began = std::time::Instant::now();
    for n in 0..40 {
        tx.with(&app.partnero).track_sale(sale(&format!("order-{n}"), 10)).await.unwrap();
    }
    assert!(began.elapsed() < secs(20), "40 times a second would be 40 s: {:?}", began.elapsed());
    // One of the same customer is waited for, in vain, and not for long.
    let began = std::time::Instant::now();
    tx.with(&app.partnero).track_sale(sale("order-40", 10).customer("8")).await.unwrap();
    assert!((secs(1)..secs(20)).contains(&began.elapsed()), "{:?}", began.elapsed());
    tx.commit().await;
    app.flush().await;
    assert_eq!(app.rows("order-39"), 1);
}

/// No connection is left to store what is waited for.
#[tokio::test]
async fn a_transaction_does_not_wait_for_ever() {
    let Some(app) = App::open(Kind::Postgres, shop()).await else { return };
    let crate::database::Database::Postgres { url, .. } = &app.database else { unreachable!() };
    let pool = sqlx::postgres::PgPoolOptions::new().max_connections(1).connect(url).await.unwrap();
    let outbox = axum_partnero::PostgresOutbox::new(pool.clone());
    let partnero = app.sandbox.partnero_builder().outbox(outbox).name("one connection").build().unwrap();
    let mut tx = pool.begin().await.unwrap();
    partnero.track_sale(NewTransaction::new("order-1", dollars(10)).customer("7"));
    within(partnero.in_transaction(&mut tx).track_refund("order-1")).await.unwrap();
    tx.commit().await.unwrap();
    within(partnero.flush(secs(60))).await.unwrap();
    // The refund was stored first: what comes after it revives nothing.
    assert_eq!(app.live("order-1"), []);
}
