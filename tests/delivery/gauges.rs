//! What waits in an outbox, as Prometheus would see it.

use std::path::Path;

use axum_partnero::{NewTransaction, SqliteOutbox, delivery::PartneroBuilder, sandbox::Answer};
use sqlx::SqlitePool;
use tempfile::tempdir;

use crate::{
    scrape::Scrape,
    support::{World, dollars, sale, secs, shop, until, within},
};

async fn sqlite(folder: &Path) -> SqliteOutbox {
    SqliteOutbox::open(folder.join("partnero.db")).await.unwrap()
}

pub(crate) async fn shows(scrape: &Scrape, metric: &str, value: f64) {
    until(&format!("{metric} is {value}"), async || scrape.value(metric, &[]) == Some(value)).await;
}

async fn is_unknown(scrape: &Scrape, metric: &str) {
    until(&format!("{metric} is unknown"), async || scrape.value(metric, &[]).is_some_and(f64::is_nan)).await;
}

#[tokio::test]
async fn the_gauges_say_what_waits_how_long_and_what_is_dead() {
    let folder = tempdir().unwrap();
    for durable in [false, true] {
        let (scrape, _guard) = Scrape::start();
        let outbox = sqlite(folder.path()).await;
        let set = |builder: PartneroBuilder| {
            if durable { builder.outbox(outbox) } else { builder }
        };
        let world = World::open_with(shop(), set).await;
        shows(&scrape, "partnero_queue_depth", 0.0).await;
        shows(&scrape, "partnero_oldest_seconds", 0.0).await;
        shows(&scrape, "partnero_dead_letters", 0.0).await;

        let good = world.sandbox.api_key();
        world.sandbox.set_api_key("another");
        for key in ["a", "b", "c"] {
            world.partnero.track_sale(NewTransaction::new(key, dollars(1)).customer(key));
        }
        shows(&scrape, "partnero_queue_depth", 3.0).await;
        let oldest = || scrape.value("partnero_oldest_seconds", &[("handle", "partnero")]).unwrap();
        until("the oldest gets older", async || oldest() > 60.0).await;
        let before = oldest();
        until("and older", async || oldest() > before).await;

        world.sandbox.set_api_key(good);
        world.sandbox.fault(Answer::status(400)).on("POST", "/transactions").times(2);
        shows(&scrape, "partnero_dead_letters", 2.0).await;
        shows(&scrape, "partnero_queue_depth", 0.0).await;
        shows(&scrape, "partnero_oldest_seconds", 0.0).await;
        for letter in world.letters().await {
            world.partnero.dead_letters().discard(letter.id).await.unwrap();
        }
        shows(&scrape, "partnero_dead_letters", 0.0).await;
    }
}

#[tokio::test]
async fn while_the_outbox_is_out_of_reach_a_gauge_is_no_number_rather_than_an_old_one() {
    let (scrape, _guard) = Scrape::start();
    let folder = tempdir().unwrap();
    let outbox = sqlite(folder.path()).await;
    let world = World::open_with(shop(), |builder| builder.outbox(outbox)).await;
    shows(&scrape, "partnero_queue_depth", 0.0).await;
    let url = format!("sqlite://{}", folder.path().join("partnero.db").display());
    let file = SqlitePool::connect(&url).await.unwrap();
    sqlx::query("ALTER TABLE partnero_calls RENAME TO elsewhere").execute(&file).await.unwrap();
    for metric in ["partnero_queue_depth", "partnero_oldest_seconds", "partnero_dead_letters"] {
        is_unknown(&scrape, metric).await;
    }
    sqlx::query("ALTER TABLE elsewhere RENAME TO partnero_calls").execute(&file).await.unwrap();
    shows(&scrape, "partnero_queue_depth", 0.0).await;
    world.partnero.track_sale(sale("o1", 10));
    world.flush().await;
}

#[tokio::test]
async fn a_process_that_only_stores_says_what_waits_in_the_outbox_that_it_shares() {
    let (scrape, _guard) = Scrape::start();
    let folder = tempdir().unwrap();
    let outbox = sqlite(folder.path()).await;
    let world = World::open_with(shop(), |builder| builder.outbox(outbox).dispatch(false)).await;
    world.partnero.track_sale(sale("o1", 10)).stored().await.unwrap();
    shows(&scrape, "partnero_queue_depth", 1.0).await;
}

#[tokio::test]
async fn at_the_end_the_gauges_are_what_a_memory_outbox_holds_and_nothing_of_a_shared_one() {
    let folder = tempdir().unwrap();
    for durable in [false, true] {
        let (scrape, _guard) = Scrape::start();
        let outbox = sqlite(folder.path()).await;
        let world = World::still(shop(), |builder| if durable { builder.outbox(outbox) } else { builder }).await;
        shows(&scrape, "partnero_queue_depth", 0.0).await;
        world.sandbox.stop_listening().await;
        world.partnero.track_sale(sale("o1", 10)).stored().await.unwrap();
        within(world.partnero.shutdown(secs(0))).await;
        let depth = scrape.value("partnero_queue_depth", &[]).unwrap();
        assert_eq!(depth.to_string(), if durable { "NaN" } else { "1" });
    }
}

#[tokio::test]
async fn a_handle_that_is_dropped_looks_once_more_when_all_is_delivered() {
    let (scrape, _guard) = Scrape::start();
    let World { sandbox, partnero, clock, .. } = World::still(shop(), |builder| builder).await;
    shows(&scrape, "partnero_queue_depth", 0.0).await;
    let good = sandbox.api_key();
    sandbox.set_api_key("another");
    partnero.track_sale(sale("o1", 10)).stored().await.unwrap();
    clock.advance(secs(15));
    shows(&scrape, "partnero_queue_depth", 1.0).await;
    drop(partnero);
    sandbox.set_api_key(good);
    // Enough for a probe, and not for another look.
    clock.advance(secs(10));
    shows(&scrape, "partnero_queue_depth", 0.0).await;
    assert_eq!(sandbox.ledger().live_transactions("o1").len(), 1);
}
