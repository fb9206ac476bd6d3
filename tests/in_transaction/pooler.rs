//! Behind PgBouncer, where each transaction has another connection.

use std::sync::Arc;

use axum_partnero::{NewTransaction, Partnero, PostgresOutbox};
use sqlx::{PgPool, postgres::PgPoolOptions};

use crate::{
    database::{App, Database, Kind},
    pgbouncer::PgBouncer,
    postgres::Postgres,
    support::{DEADLINE, Log, dollars, referred, shop, within},
};

const HANDLES: usize = 3;
const CUSTOMERS: usize = 60;

/// A handle and the application's own connections, both by the pooler.
async fn instance(app: &App, url: &str) -> (Partnero, PgPool) {
    let outbox = PostgresOutbox::connect(url).await.unwrap();
    outbox.create_schema().await.unwrap();
    let partnero = app.sandbox.partnero_builder().outbox(outbox).build().unwrap();
    (partnero, PgPoolOptions::new().max_connections(4).connect(url).await.unwrap())
}

#[tokio::test]
async fn several_instances_track_and_deliver_through_a_pooler() {
    let Some(postgres) = Postgres::shared() else { return };
    let Some(pgbouncer) = PgBouncer::start(postgres) else { return };
    let (log, _guard) = Log::start();
    // This one keeps away from the table: it is here for the sandbox and for what the database says.
    let Some(app) = App::open_with(Kind::Postgres, shop(), |builder| builder.dispatch(false)).await else { return };
    let url = pgbouncer.url(app.database.url());
    let mut instances = Vec::new();
    for _ in 0..HANDLES {
        instances.push(instance(&app, &url).await);
    }
    let instances = Arc::new(instances);
    let visit = |customer: usize| {
        let instances = &instances;
        async move {
            let (partnero, pool) = &instances[customer % HANDLES];
            let (other, _) = &instances[(customer + 1) % HANDLES];
            partnero.track_sign_up(referred(1000 + customer)).stored().await.unwrap();
            let sale =
                |key: &str| NewTransaction::new(format!("{key}-{customer}"), dollars(10)).customer(1000 + customer);
            let mut tx = pool.begin().await.unwrap();
            let order = sqlx::query("INSERT INTO orders (id) VALUES ($1)").persistent(false);
            order.bind(format!("kept-{customer}")).execute(&mut *tx).await.unwrap();
            partnero.in_transaction(&mut tx).track_sale(sale("kept")).await.unwrap();
            partnero.in_transaction(&mut tx).track_sale(sale("returned")).await.unwrap();
            tx.commit().await.unwrap();
            let mut tx = pool.begin().await.unwrap();
            partnero.in_transaction(&mut tx).track_sale(sale("left")).await.unwrap();
            tx.rollback().await.unwrap();
            partnero.track_sale(sale("plain")).stored().await.unwrap();
            // Whoever it is that has it returned, it is another process.
            other.track_refund(format!("returned-{customer}")).stored().await.unwrap();
        }
    };
    within(futures_util::future::join_all((0..CUSTOMERS).map(visit))).await;
    for (partnero, _) in instances.iter() {
        within(partnero.flush(DEADLINE)).await.unwrap();
        assert_eq!(partnero.status().await.unwrap().dead, 0);
    }

    for customer in 0..CUSTOMERS {
        for (key, live) in [("kept", true), ("plain", true), ("returned", false), ("left", false)] {
            let key = format!("{key}-{customer}");
            let expected = if live { vec![dollars(10)] } else { vec![] };
            assert_eq!(app.live(&key), expected, "{key}");
            assert!(app.rows(&key) <= 1, "{key}");
        }
    }
    let delivered = futures_util::future::join_all(instances.iter().map(|(partnero, _)| partnero.status())).await;
    let delivered: Vec<_> = delivered.into_iter().map(|status| status.unwrap().delivered).collect();
    assert!(delivered.iter().filter(|count| **count > 0).count() > 1, "{delivered:?}");
    let Database::Postgres { pool, .. } = &app.database else { unreachable!() };
    let orders: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM orders").fetch_one(pool).await.unwrap();
    assert_eq!(usize::try_from(orders).unwrap(), CUSTOMERS);
    let text = log.text();
    let grave = |line: &&str| [" ERROR ", " WARN "].iter().any(|level| line.contains(level));
    // That a statement is slow here is sqlx's to say.
    let said: Vec<_> = text.lines().filter(grave).filter(|line| !line.contains("slow statement")).collect();
    assert!(said.is_empty(), "{said:#?}");
    // Its clients' statements, and what it can't do for them.
    let complaints: Vec<_> = pgbouncer.log().lines().filter(|line| line.contains("ERROR")).map(str::to_owned).collect();
    assert!(complaints.is_empty(), "{complaints:#?}");
}
