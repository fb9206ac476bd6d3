//! An outbox that hangs hangs nobody.

use std::time::{Duration, Instant};

use crate::delivery::OutboxError;

use super::{
    base::Mood,
    support::{Log, SHORT, World, ms, sale, until, within},
};

/// On top of what was asked for, on a machine that is busy with other tests.
const SLACK: Duration = Duration::from_millis(150);

#[tokio::test]
async fn every_question_to_an_outbox_that_hangs_is_answered_in_time() {
    let world = World::new().await;
    let partnero = world.builder().outbox_timeout(SHORT).build().unwrap();
    world.base.set(Mood::Hangs);
    let letters = partnero.dead_letters();
    let answers = tokio::join!(
        async { partnero.status().await.map(drop) },
        async { letters.page(0, 1).await.map(drop) },
        async { letters.retry(1).await.map(drop) },
        async { letters.discard(1).await.map(drop) },
        async { letters.retry_all().await.map(drop) },
        async { partnero.forget(7).await.map(drop) },
    );
    let unanswered = Err(OutboxError::Unanswered("nothing within 150ms".to_owned()));
    assert!(<[_; 6]>::from(answers).iter().all(|answer| *answer == unanswered));
    assert!(partnero.check().await.is_err());
}

#[tokio::test]
async fn a_flush_never_takes_longer_than_it_may_and_says_what_is_left_if_the_outbox_does() {
    let world = World::new().await;
    let partnero = world.builder().dispatch(false).build().unwrap();
    within(partnero.track_sale(sale("o1")).stored()).await.unwrap();
    for (mood, left) in [(Mood::Hangs, None), (Mood::Well, Some(1))] {
        world.base.set(mood);
        for given in [ms(0), ms(40), ms(700)] {
            let began = Instant::now();
            let error = within(partnero.flush(given)).await.unwrap_err();
            let took = began.elapsed();
            assert!(took >= given && took < given + SLACK, "{took:?} of {given:?}");
            assert!(error.left == left || given.is_zero(), "{error:?} after {given:?}");
            assert!(error.to_string().contains("open"), "{error}");
        }
    }
    world.base.set_for(Mood::Hangs, &["insert"]);
    partnero.track_sale(sale("o2"));
    assert_eq!(within(partnero.flush(ms(200))).await.unwrap_err().left, Some(2), "one is stored, one isn't");
}

#[tokio::test]
async fn a_shutdown_takes_half_a_second_more_at_most_and_doesn_t_claim_to_know_what_is_left() {
    let (log, _guard) = Log::start();
    let world = World::new().await;
    let partnero = world.open();
    within(partnero.track_sale(sale("o1")).delivered()).await.unwrap();
    world.base.set(Mood::Hangs);
    let waits = partnero.track_sale(sale("o2")).delivered();
    let (inserts, claims) = (world.base.asked("insert"), world.base.asked("claim"));
    let stuck = async || world.base.asked("insert") > inserts && world.base.asked("claim") > claims;
    until("both are stuck", stuck).await;
    let began = Instant::now();
    let report = within(partnero.shutdown(ms(300))).await;
    let took = began.elapsed();
    assert!(took < ms(300 + 500) + SLACK, "{took:?}");
    assert_eq!((report.left, report.untold, report.lost, report.unknown), (None, None, 0, 1));
    assert!(within(waits).await.is_err());
    assert_eq!(log.count("shut down without knowing what is left"), 1);
}

#[tokio::test]
async fn what_hung_for_a_while_goes_on() {
    let (log, _guard) = Log::start();
    let world = World::new().await;
    let partnero = world.builder().outbox_timeout(SHORT).build().unwrap();
    for operation in [&["claim"], &["settle"], &["fates"]] {
        world.base.set_for(Mood::Hangs, operation);
        let sold = tokio::spawn(partnero.track_sale(sale(operation[0])).delivered());
        tokio::time::sleep(SHORT * 2).await;
        world.base.set(Mood::Well);
        within(sold).await.unwrap().unwrap();
    }
    assert_eq!(world.sandbox.ledger().transactions().len(), 3);
    assert_eq!(log.count("calls and deliveries wait"), 2, "claim, settle\n{}", log.text());
}
