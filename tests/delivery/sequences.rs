//! What follows from what: calls that share a transaction key or a customer.

use axum_partnero::{
    NewCustomer, NewTransaction,
    sandbox::{Answer, Fault},
};

use crate::support::{Log, World, dollars, name, referred, sale, shop, within};

const POST: &str = "POST /transactions";
const DELETE: &str = "DELETE /transactions/o1";
/// After the other found nothing.
const BY_BODY: &str = "DELETE /transactions";

enum Step {
    Sale(i64),
    Refund,
    Adjust(i64),
}

use Step::{Adjust, Refund, Sale};

/// Tracks all steps of one key at once, or each after the one before has ended.
async fn play(steps: &[Step], at_once: bool) -> (Vec<String>, World) {
    let world = World::open(shop()).await;
    // Long enough for all of them to be tracked before the first is answered.
    let mut names = Vec::new();
    let mut waiting = Vec::new();
    for step in steps {
        let partnero = world.partnero.clone();
        let end: futures_util::future::BoxFuture<'_, String> = match step {
            Sale(amount) => {
                let sale = partnero.track_sale(sale("o1", *amount));
                Box::pin(async { name(sale.delivered().await) })
            }
            Refund => {
                let refund = partnero.track_refund("o1");
                Box::pin(async { name(refund.delivered().await) })
            }
            Adjust(amount) => {
                let adjustment = partnero.track_adjustment(sale("o1", *amount));
                Box::pin(async { name(adjustment.delivered().await) })
            }
        };
        if at_once { waiting.push(end) } else { names.push(within(end).await) }
    }
    for end in waiting {
        names.push(within(end).await);
    }
    (names, world)
}

#[tokio::test]
async fn one_after_the_other_every_sequence_of_a_key_ends_as_the_last_of_it_says() {
    for (steps, ends, requests, live) in [
        (vec![Sale(50), Refund, Sale(50)], vec!["recorded", "refunded", "refunded"], vec![POST, DELETE], vec![]),
        (vec![Refund, Sale(50)], vec!["refunded", "refunded"], vec![DELETE, BY_BODY], vec![]),
        (vec![Refund, Refund], vec!["refunded", "duplicate"], vec![DELETE, BY_BODY], vec![]),
        (vec![Sale(50), Sale(50)], vec!["recorded", "duplicate"], vec![POST], vec![50]),
        (vec![Sale(50), Sale(60)], vec!["recorded", "duplicate"], vec![POST], vec![50]),
        (
            vec![Sale(50), Adjust(30), Sale(50)],
            vec!["recorded", "adjusted", "duplicate"],
            vec![POST, DELETE, POST],
            vec![30],
        ),
        (vec![Sale(50), Adjust(50)], vec!["recorded", "adjusted"], vec![POST], vec![50]),
        (
            vec![Sale(50), Adjust(30), Adjust(30), Adjust(20)],
            vec!["recorded", "adjusted", "adjusted", "adjusted"],
            vec![POST, DELETE, POST, DELETE, POST],
            vec![20],
        ),
        (
            vec![Sale(50), Adjust(0), Sale(50), Refund],
            vec!["recorded", "refunded", "refunded", "duplicate"],
            vec![POST, DELETE],
            vec![],
        ),
        // Only an adjustment may send a refunded key again.
        (
            vec![Sale(50), Refund, Adjust(30), Sale(30), Refund],
            vec!["recorded", "refunded", "adjusted", "duplicate", "refunded"],
            vec![POST, DELETE, DELETE, BY_BODY, POST, DELETE],
            vec![],
        ),
        // Of a sale that another process tracked.
        (vec![Adjust(30), Sale(50)], vec!["adjusted", "duplicate"], vec![DELETE, BY_BODY, POST], vec![30]),
        // Nothing is nothing.
        (vec![Sale(0), Sale(50)], vec!["ignored", "recorded"], vec![POST], vec![50]),
    ] {
        let (ended, world) = play(&steps, false).await;
        let live: Vec<_> = live.into_iter().map(dollars).collect();
        assert_eq!((ended, world.requests_but_probes(), world.live("o1")), (own(&ends), own(&requests), live));
        assert!(world.letters().await.is_empty());
    }
}

fn own(texts: &[&str]) -> Vec<String> {
    texts.iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn tracked_all_at_once_the_last_word_counts_the_same() {
    for (steps, last, live) in [
        (vec![Sale(50), Refund, Sale(50)], "refunded", vec![]),
        (vec![Refund, Sale(50)], "refunded", vec![]),
        (vec![Sale(50), Sale(60)], "duplicate", vec![50]),
        (vec![Sale(50), Adjust(30), Sale(50)], "duplicate", vec![30]),
        (vec![Sale(50), Adjust(30), Adjust(20), Adjust(10)], "adjusted", vec![10]),
        (vec![Sale(50), Adjust(30), Refund, Adjust(20)], "adjusted", vec![20]),
        (vec![Sale(50), Adjust(30), Adjust(0), Sale(50)], "refunded", vec![]),
        (vec![Sale(50), Refund, Refund, Refund], "duplicate", vec![]),
        (vec![Adjust(30), Adjust(0)], "", vec![]),
    ] {
        let (ended, world) = play(&steps, true).await;
        if !last.is_empty() {
            assert_eq!(ended.last().unwrap(), last, "{ended:?}");
        }
        assert_eq!(world.live("o1"), live.into_iter().map(dollars).collect::<Vec<_>>(), "{ended:?}");
        assert!(world.letters().await.is_empty());
    }
}

#[tokio::test]
async fn a_refund_cancels_a_sale_that_waits_behind_its_sign_up_and_neither_is_sent() {
    let world = World::open(shop()).await;
    world.sandbox.fault(Fault::Hang).on("POST", "/customers");
    world.partnero.track_sign_up(referred("8"));
    let sale = world.partnero.track_sale(NewTransaction::new("o1", dollars(5)).customer("8"));
    let adjusted = world.partnero.track_adjustment(NewTransaction::new("o1", dollars(4)).customer("8"));
    let refund = world.partnero.track_refund("o1");
    let late = world.partnero.track_sale(NewTransaction::new("o1", dollars(5)).customer("8"));
    assert_eq!(name(within(refund.delivered()).await), "cancelled");
    assert_eq!(name(within(sale.delivered()).await), "cancelled");
    assert_eq!(name(within(adjusted.delivered()).await), "cancelled");
    assert_eq!(name(within(late.delivered()).await), "refunded");
    assert!(world.requests().iter().all(|line| line == "POST /customers"));
}

#[tokio::test]
async fn a_second_sale_of_another_amount_is_warned_of() {
    let (log, _guard) = Log::start();
    let (_, _world) = play(&[Sale(50), Sale(50), Sale(60)], false).await;
    assert_eq!(log.count("tracked before with another amount"), 1);
}

#[tokio::test]
async fn a_second_sign_up_is_a_duplicate_unless_the_first_was_ignored() {
    let world = World::open(shop()).await;
    let recorded = world.partnero.track_sign_up(referred("8"));
    let again = world.partnero.track_sign_up(referred("8"));
    assert_eq!(name(within(recorded.delivered()).await), "recorded");
    assert_eq!(name(within(again.delivered()).await), "duplicate");
    assert_eq!(world.count("POST /customers"), 1);

    let nobody = world.partnero.track_sign_up(NewCustomer::new("9"));
    assert_eq!(name(within(nobody.delivered()).await), "ignored");
    let known = world.partnero.track_sign_up(referred("9"));
    assert_eq!(name(within(known.delivered()).await), "recorded");
}

#[tokio::test]
async fn the_calls_of_one_customer_arrive_in_the_order_in_which_they_were_tracked() {
    let world = World::open(shop()).await;
    world.sandbox.fault(Answer::status(500)).probability(0.3);
    world.partnero.track_sign_up(referred("8"));
    for i in 0..20 {
        world.partnero.track_sale(NewTransaction::new(format!("o{i:02}"), dollars(1)).customer("8"));
    }
    world.flush().await;
    let keys: Vec<_> = world.sandbox.ledger().transactions().iter().map(|row| row.key.clone()).collect();
    assert_eq!(keys, (0..20).map(|i| format!("o{i:02}")).collect::<Vec<_>>());
}

#[tokio::test]
async fn customers_do_not_wait_for_each_other() {
    let world = World::open(shop()).await;
    world.sandbox.fault(Fault::Hang).on("POST", "/transactions").mentioning("stuck");
    world.partnero.track_sale(sale("stuck", 5));
    world.seen(POST, 1).await;
    for i in 0..20 {
        let sign_up = world.partnero.track_sign_up(referred(format!("c{i}")));
        assert_eq!(name(within(sign_up.delivered()).await), "recorded");
    }
}

#[tokio::test]
async fn what_is_behind_a_dead_sign_up_is_parked_and_goes_on_when_it_is_retried_or_discarded() {
    for retried in [true, false] {
        let world = World::open(shop()).await;
        world.sandbox.fault(Answer::status(404)).on("POST", "/customers");
        let sign_up = world.partnero.track_sign_up(referred("8"));
        let sale = |key: &str| NewTransaction::new(key, dollars(5)).customer("8");
        let first = world.partnero.track_sale(sale("o1"));
        world.partnero.track_sale(sale("o2"));
        assert_eq!(name(within(sign_up.delivered()).await), "dead: rejected");
        world.flush().await;
        let status = world.partnero.status().await.unwrap();
        assert_eq!((status.dead, status.parked, status.pending), (1, 2, 0));
        assert_eq!(world.letters().await[0].parked, 2);
        assert_eq!(world.count(POST), 0, "a sale before its sign-up would earn nobody anything");

        world.sandbox.clear_faults();
        let letters = world.partnero.dead_letters();
        let id = world.letters().await[0].id;
        assert!(if retried { letters.retry(id).await } else { letters.discard(id).await }.unwrap());
        assert!(!letters.retry(id).await.unwrap(), "it is none any more");
        let end = name(within(first.delivered()).await);
        world.flush().await;
        // Without the sign-up, nobody is owed anything.
        assert_eq!(end, if retried { "recorded" } else { "ignored" });
        assert_eq!(world.live("o2").len(), usize::from(retried));
        let status = world.partnero.status().await.unwrap();
        assert_eq!((status.dead, status.parked, status.pending), (0, 0, 0));
    }
}

#[tokio::test]
async fn what_is_behind_a_dead_refund_is_parked_and_goes_on_when_it_is_retried_or_discarded() {
    for retried in [true, false] {
        let (_, world) = play(&[Sale(50)], false).await;
        world.sandbox.fault(Answer::status(422)).on("DELETE", "*");
        let refund = world.partnero.track_refund("o1");
        let adjusted = world.partnero.track_adjustment(sale("o1", 30));
        assert_eq!(name(within(refund.delivered()).await), "dead: rejected");
        world.flush().await;
        assert_eq!(world.partnero.status().await.unwrap().parked, 1);
        world.sandbox.clear_faults();
        if retried {
            assert_eq!(world.partnero.dead_letters().retry_all().await.unwrap(), 1);
        } else {
            assert!(world.partnero.dead_letters().discard(world.letters().await[0].id).await.unwrap());
        }
        assert_eq!(name(within(adjusted.delivered()).await), "adjusted");
        assert_eq!(world.live("o1"), [dollars(30)]);
    }
}
