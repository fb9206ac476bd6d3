//! A time of day that jumps: nothing comes sooner or later for it, and nothing twice.

use std::time::{Duration, SystemTime};

use axum_partnero::sandbox::Fault;

use crate::support::{World, name, sale, secs, shop, until, within};

const HOUR: Duration = Duration::from_secs(60 * 60);

#[tokio::test]
async fn a_time_of_day_that_jumps_an_hour_either_way_changes_nothing_for_an_uncertain_sale() {
    for to in [SystemTime::now() + HOUR, SystemTime::now() - HOUR] {
        let world = World::still(shop(), |builder| builder).await;
        world.sandbox.fault(Fault::StoreThenDrop).on("POST", "/transactions").times(1);
        let sold = world.partnero.track_sale(sale("o1", 10));
        until("it is uncertain", async || world.partnero.status().await.unwrap().uncertain == 1).await;
        world.clock.set_wall(to);
        world.clock.advance(secs(29));
        world.give_it_a_chance().await;
        assert_eq!(world.count("GET /transactions/o1"), 0, "the settle delay isn't over");
        world.clock.advance(secs(1));
        assert_eq!(name(within(sold.delivered()).await), "recorded");
        assert_eq!((world.rows("o1"), world.count("POST /transactions")), (1, 1));
    }
}

#[tokio::test]
async fn deliveries_go_on_through_jump_after_jump() {
    let world = World::open_with(shop(), |builder| builder.lease(secs(600))).await;
    world.sandbox.fault(Fault::StoreThenDrop).on("POST", "/transactions").probability(0.2);
    for i in 0..40 {
        world.partnero.track_sale(sale(&format!("o{i}"), 10));
        let (now, by) = (SystemTime::now(), HOUR * (i % 5));
        world.clock.set_wall(if i % 2 == 0 { now + by } else { now - by });
        tokio::task::yield_now().await;
    }
    world.flush().await;
    for i in 0..40 {
        assert_eq!((world.live(&format!("o{i}")).len(), world.rows(&format!("o{i}"))), (1, 1), "o{i}");
    }
}
