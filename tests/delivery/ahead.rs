//! Calls that are claimed before there is room for them on the way, where a claim is a transaction of a database.

use std::path::Path;

use axum_partnero::{
    SqliteOutbox,
    delivery::{HoldReason, Status},
    sandbox::Fault,
};
use sqlx::{Connection as _, SqliteConnection};
use tempfile::{TempDir, tempdir};

use crate::support::{World, ms, referred, shop, until};

/// In flight, at most.
const MOST: usize = 4;

/// An outbox in SQLite, at a clock that stands still.
async fn open() -> (TempDir, World) {
    let folder = tempdir().unwrap();
    let outbox = SqliteOutbox::open(folder.path().join("partnero.db")).await.unwrap();
    let world = World::still(shop(), |builder| builder.outbox(outbox).max_in_flight(MOST)).await;
    (folder, world)
}

fn sign_up(world: &World, prefix: &str, customers: usize) {
    for i in 0..customers {
        world.partnero.track_sign_up(referred(format!("{prefix}-{i}")));
    }
}

async fn status(world: &World) -> Status {
    world.partnero.status().await.unwrap()
}

/// Sixteen are recorded, of twenty more the first are on the way for good, and what follows them is claimed, too.
async fn stuck() -> (TempDir, World) {
    let (folder, world) = open().await;
    world.sandbox.fault(Fault::Hang).on("POST", "/customers").mentioning("stuck");
    sign_up(&world, "quick", 16);
    sign_up(&world, "stuck", 20);
    until("more is claimed than is on the way", async || {
        let Status { delivered, in_flight, .. } = status(&world).await;
        world.count("POST /customers") == 16 + MOST && delivered == 16 && in_flight > MOST
    })
    .await;
    (folder, world)
}

async fn file(folder: &Path) -> SqliteConnection {
    SqliteConnection::connect(&folder.join("partnero.db").display().to_string()).await.unwrap()
}

/// What is pending, as it will be looked at.
async fn agenda(folder: &Path) -> Vec<i64> {
    let query = "SELECT id FROM partnero_calls WHERE state = 'pending' ORDER BY due, id";
    sqlx::query_scalar(query).fetch_all(&mut file(folder).await).await.unwrap()
}

async fn rows(folder: &Path, state: &str) -> i64 {
    let query =
        "SELECT COUNT(*) FROM partnero_calls WHERE kind = 'sign_up' AND uncertain = 0 AND attempts = 0 AND state = $1";
    sqlx::query_scalar(query).bind(state).fetch_one(&mut file(folder).await).await.unwrap()
}

#[tokio::test]
async fn what_is_claimed_ahead_isn_t_sent_before_there_is_room_and_goes_back_after_half_a_second() {
    let (folder, world) = stuck().await;
    world.give_it_a_chance().await;
    assert_eq!(world.count("POST /customers"), 16 + MOST);
    world.clock.advance(ms(500));
    until("it goes back", async || status(&world).await.in_flight == MOST).await;
    let Status { pending, uncertain, dead, .. } = status(&world).await;
    assert_eq!((pending, uncertain, dead), (20 - MOST, 0, 0));
    let agenda = agenda(folder.path()).await;
    assert!(agenda.is_sorted(), "to its place, before what came later: {agenda:?}");
    assert_eq!(world.count("POST /customers"), 16 + MOST);
}

#[tokio::test]
async fn once_the_key_is_refused_nothing_that_was_claimed_ahead_is_sent() {
    let (_folder, world) = open().await;
    // While these are on the way, what follows them waits here.
    world.sandbox.fault(Fault::Slow(ms(500))).on("POST", "/customers").mentioning("slow").times(MOST as u64);
    sign_up(&world, "first", 50);
    sign_up(&world, "slow", MOST);
    sign_up(&world, "later", 146);
    world.seen("POST /customers", 50 + MOST).await;
    let good = world.sandbox.api_key();
    world.sandbox.set_api_key("another");
    until("all of it goes back", async || {
        let Status { held, in_flight, .. } = status(&world).await;
        held == Some(HoldReason::NotAllowed) && in_flight == 0
    })
    .await;
    let refused = world.count("POST /customers") - usize::try_from(status(&world).await.delivered).unwrap();
    assert!((1..=MOST).contains(&refused), "{refused}");
    // Each is sent once more, and none is asked for first: none was in doubt.
    world.sandbox.set_api_key(good);
    until("all are recorded", async || {
        world.clock.advance(ms(1_000));
        status(&world).await.delivered == 200
    })
    .await;
    assert_eq!(world.count("POST /customers"), 200 + refused);
    assert!(world.requests_but_probes().iter().all(|line| line == "POST /customers"));
}

#[tokio::test]
async fn at_a_shutdown_what_is_claimed_ahead_is_left_as_if_it_had_never_been_claimed() {
    let (folder, world) = stuck().await;
    world.partnero.shutdown(ms(100)).await;
    assert_eq!(world.count("POST /customers"), 16 + MOST);
    assert_eq!(rows(folder.path(), "claimed").await, i64::try_from(MOST).unwrap());
    assert_eq!(rows(folder.path(), "pending").await, i64::try_from(20 - MOST).unwrap());
}
