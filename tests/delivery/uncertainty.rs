//! Time stands still here unless a test turns it: what happens before a delay is over, and what after.

use axum_partnero::{
    Amount,
    delivery::Outcome,
    sandbox::{Answer, Fault},
};

use crate::support::{SHORT_TIMEOUT, World, dollars, each, ms, name, sale, secs, shop, until, within};

const POST: &str = "POST /transactions";
const GET: &str = "GET /transactions/o1";
const DELETE: &str = "DELETE /transactions/o1";

/// A sale that was sent once, with no telling what came of it.
async fn uncertain(fault: Fault) -> World {
    let world = World::still(shop(), |builder| builder.request_timeout(SHORT_TIMEOUT)).await;
    world.sandbox.fault(fault).on("POST", "/transactions").times(1);
    world.partnero.track_sale(sale("o1", 50));
    until("it is uncertain", async || world.partnero.status().await.unwrap().uncertain == 1).await;
    world
}

#[tokio::test]
async fn a_sale_without_an_answer_is_neither_asked_for_nor_repeated_before_the_settle_delay() {
    let world = uncertain(Fault::StoreThenDrop).await;
    world.clock.advance(secs(29));
    world.give_it_a_chance().await;
    assert_eq!(world.requests_but_probes(), [POST]);
    world.clock.advance(secs(1));
    world.seen(GET, 1).await;
    world.flush().await;
    assert_eq!((world.requests_but_probes(), world.rows("o1")), (vec![POST.to_owned(), GET.to_owned()], 1));
}

#[tokio::test]
async fn a_sale_that_arrives_late_is_found_and_not_repeated() {
    let world = uncertain(Fault::DropThenStore(ms(50))).await;
    assert!(world.live("o1").is_empty());
    until("it arrives", async || !world.live("o1").is_empty()).await;
    world.clock.advance(secs(30));
    world.flush().await;
    assert_eq!((world.requests(), world.rows("o1")), (vec![POST.to_owned(), GET.to_owned()], 1));
}

#[tokio::test]
async fn a_refund_of_an_uncertain_sale_deletes_it_and_nothing_is_posted_again() {
    let faults = [
        Fault::Refuse,
        Fault::Hang,
        Fault::StoreThenDrop,
        Fault::StoreThenHang,
        Fault::store_then_500(),
        Fault::DropThenStore(ms(30)),
    ];
    each(faults, async |fault| {
        let mut world = uncertain(fault.clone()).await;
        let refund = world.partnero.track_refund("o1");
        let again = world.partnero.track_sale(sale("o1", 50));
        world.give_it_a_chance().await;
        assert_eq!(world.count(DELETE), 0, "a sale still under way would come after its deletion: {fault:?}");
        if matches!(fault, Fault::DropThenStore(_)) {
            until("it arrives", async || !world.live("o1").is_empty()).await;
        }
        world.turn();
        assert_eq!(within(refund.delivered()).await.unwrap(), Outcome::Refunded, "{fault:?}");
        assert_eq!(name(within(again.delivered()).await), "refunded", "{fault:?}");
        assert_eq!((world.count(POST), world.live("o1").len()), (1, 0), "{fault:?}");
    })
    .await;
}

#[tokio::test]
async fn an_adjustment_of_an_uncertain_sale_waits_for_it_and_leaves_what_remains() {
    each([Fault::Refuse, Fault::StoreThenDrop, Fault::DropThenStore(ms(30))], async |fault| {
        let mut world = uncertain(fault.clone()).await;
        let adjusted = world.partnero.track_adjustment(sale("o1", 30));
        world.give_it_a_chance().await;
        assert_eq!(world.count(DELETE), 0, "{fault:?}");
        if matches!(fault, Fault::DropThenStore(_)) {
            until("it arrives", async || !world.live("o1").is_empty()).await;
        }
        world.turn();
        assert_eq!(name(within(adjusted.delivered()).await), "adjusted", "{fault:?}");
        assert_eq!(world.live("o1"), [dollars(30)], "{fault:?}");
    })
    .await;
}

/// A recorded sale.
async fn sold() -> World {
    let world = World::still(shop(), |builder| builder.request_timeout(SHORT_TIMEOUT)).await;
    within(world.partnero.track_sale(sale("o1", 50)).delivered()).await.unwrap();
    world.sandbox.clear_requests();
    world
}

#[tokio::test]
async fn after_an_uncertain_deletion_what_remains_is_posted_only_once_no_deletion_can_come_late() {
    let world = sold().await;
    world.sandbox.fault(Fault::DropThenStore(ms(80))).on("DELETE", "*").times(1);
    let adjusted = world.partnero.track_adjustment(sale("o1", 30));
    until("it is uncertain", async || world.partnero.status().await.unwrap().uncertain == 1).await;
    world.clock.advance(secs(29));
    world.give_it_a_chance().await;
    assert_eq!(world.count(POST), 0, "the first deletion may still come");
    until("it came", async || world.sandbox.requests()[0].processed.is_some()).await;
    world.clock.advance(secs(1));
    assert_eq!(name(within(adjusted.delivered()).await), "adjusted");
    let mut requests = world.requests_but_probes();
    // The first may have come before the second: then the second found nothing, and tried the other way.
    requests.retain(|line| line != "DELETE /transactions");
    assert_eq!(requests, [DELETE, DELETE, POST]);
    assert_eq!(world.live("o1"), [dollars(30)]);
}

#[tokio::test]
async fn an_adjustment_after_an_uncertain_refund_waits_for_the_late_deletion_too() {
    let world = sold().await;
    world.sandbox.fault(Fault::DropThenStore(ms(80))).on("DELETE", "*").times(1);
    let refund = world.partnero.track_refund("o1");
    until("it is uncertain", async || world.partnero.status().await.unwrap().uncertain == 1).await;
    world.clock.advance(secs(4));
    assert_eq!(name(within(refund.delivered()).await), "refunded");
    let adjusted = world.partnero.track_adjustment(sale("o1", 30));
    world.seen(DELETE, 3).await;
    world.clock.advance(secs(25));
    world.give_it_a_chance().await;
    assert_eq!(world.count(POST), 0);
    until("it came", async || world.sandbox.requests()[0].processed.is_some()).await;
    world.clock.advance(secs(30));
    assert_eq!(name(within(adjusted.delivered()).await), "adjusted");
    assert_eq!(world.live("o1"), [dollars(30)]);
}

#[tokio::test]
async fn a_call_whose_lease_ran_out_in_flight_is_asked_for_and_its_late_answer_changes_nothing() {
    let world = World::still(shop(), |builder| builder.lease(secs(60))).await;
    world.sandbox.fault(Fault::StoreThenHang).on("POST", "/transactions").times(1);
    let sold = world.partnero.track_sale(sale("o1", 50));
    until("it is stored", async || world.live("o1").len() == 1).await;
    world.clock.advance(secs(60));
    until("the lease is over", async || world.partnero.status().await.unwrap().uncertain == 1).await;
    world.clock.advance(secs(29));
    world.give_it_a_chance().await;
    assert_eq!(world.count(GET), 0);
    world.clock.advance(secs(1));
    assert_eq!(name(within(sold.delivered()).await), "recorded");
    assert_eq!(world.requests_but_probes(), [POST, GET]);
    // The first attempt's time-out comes ten real seconds after it; another call shows that nothing is upset.
    assert_eq!(name(within(world.partnero.track_refund("o1").delivered()).await), "refunded");
}

#[tokio::test]
async fn a_sale_given_up_while_uncertain_is_asked_for_first_when_it_is_retried() {
    let mut world = World::still(shop(), |builder| builder.max_age(secs(100))).await;
    world.turn();
    world.sandbox.fault(Fault::store_then_500()).on("POST", "/transactions").times(1);
    world.sandbox.fault(Answer::status(500)).on("GET", "/transactions/*");
    let end = within(world.partnero.track_sale(sale("o1", 50)).delivered()).await;
    assert_eq!(name(end), "dead: too_old");
    let letter = &world.letters().await[0];
    assert!(letter.uncertain && letter.attempts > 1, "{letter:?}");
    assert_eq!(letter.amount, Some(Amount::from(dollars(50)).value()));
    world.sandbox.clear_faults();
    world.sandbox.clear_requests();
    assert!(world.partnero.dead_letters().retry(letter.id).await.unwrap());
    world.flush().await;
    assert_eq!((world.requests(), world.rows("o1")), (vec![GET.to_owned()], 1));
    assert!(world.letters().await.is_empty());
}

#[tokio::test]
async fn a_sale_that_may_not_even_be_asked_for_stays_uncertain_as_a_dead_letter() {
    for refusal in [Answer::status(401), Answer::status(403), Answer::redirect(307, "/v1/test")] {
        let world = World::open(shop()).await;
        world.sandbox.fault(Fault::StoreThenDrop).on("POST", "/transactions").times(1);
        world.sandbox.fault(refusal.clone()).on("GET", "/transactions/*");
        let end = within(world.partnero.track_sale(sale("o1", 50)).delivered()).await;
        assert_eq!(name(end), "dead: not_allowed");
        assert!(world.letters().await[0].uncertain, "{refusal:?}");
        world.sandbox.clear_faults();
        assert_eq!(world.partnero.dead_letters().retry_all().await.unwrap(), 1);
        world.flush().await;
        assert_eq!((world.rows("o1"), world.count(POST)), (1, 1), "{refusal:?}");
    }
}

#[tokio::test]
async fn a_refund_of_a_dead_uncertain_sale_deletes_it() {
    let mut world = World::still(shop(), |builder| builder.max_age(secs(100))).await;
    world.turn();
    world.sandbox.fault(Fault::store_then_500()).on("POST", "/transactions").times(1);
    world.sandbox.fault(Answer::status(500)).on("GET", "/transactions/*");
    assert_eq!(name(within(world.partnero.track_sale(sale("o1", 50)).delivered()).await), "dead: too_old");
    assert_eq!(name(within(world.partnero.track_refund("o1").delivered()).await), "refunded");
    assert_eq!((world.live("o1").len(), world.count(POST)), (0, 1));
    // Retried by hand afterwards, it stays refunded.
    world.sandbox.clear_faults();
    assert_eq!(world.partnero.dead_letters().retry_all().await.unwrap(), 1);
    world.flush().await;
    assert_eq!((world.live("o1").len(), world.count(POST)), (0, 1));
}

#[tokio::test]
async fn a_settle_delay_is_never_shorter_than_a_request_may_take() {
    let world = World::still(shop(), |builder| builder.settle_delay(ms(1))).await;
    world.sandbox.fault(Fault::Refuse).on("POST", "/transactions").times(1);
    world.partnero.track_sale(sale("o1", 50));
    until("it is uncertain", async || world.partnero.status().await.unwrap().uncertain == 1).await;
    world.clock.advance(secs(9));
    world.give_it_a_chance().await;
    assert_eq!(world.requests_but_probes(), [POST]);
    world.clock.advance(secs(1));
    world.seen(POST, 2).await;
}
