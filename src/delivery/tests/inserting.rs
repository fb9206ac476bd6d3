//! From the queue into the outbox: all of what can be stored, in order, and the truth about the rest.

use std::time::Duration;

use crate::{
    DeliveryError, TrackError,
    delivery::{outbox::OutboxError, tracked::Tracked},
};

use super::{
    base::Mood,
    support::{Log, SHORT, Watcher, World, ms, sale, until, within},
};

fn is_odd(transaction: Option<&str>) -> bool {
    transaction.is_some_and(|key| key.starts_with("odd"))
}

#[tokio::test]
async fn one_odd_call_is_refused_alone_and_the_others_are_stored_in_their_order() {
    let (log, _guard) = Log::start();
    let world = World::new().await;
    world.base.refuse(|call| is_odd(call.transaction.as_deref()));
    let watcher = Watcher::default();
    let partnero = world.builder().observer(watcher.clone()).capacity(40).max_in_flight(1).build().unwrap();
    let keys: Vec<_> = (0..40).map(|i| if i == 23 { "odd".to_owned() } else { format!("o{i}") }).collect();
    let mut tracked: Vec<_> = keys.iter().map(|key| partnero.track_sale(sale(key))).collect();
    let message = "the row of [masked] has too much of it".to_owned();
    for (key, tracked) in keys.iter().zip(&mut tracked) {
        let refused = TrackError::Refused { message: message.clone() };
        let stored = if is_odd(Some(key)) { Err(refused) } else { Ok(()) };
        assert_eq!(within(tracked.stored()).await, stored, "{key}");
    }
    let odd = tracked.remove(23).delivered();
    assert_eq!(within(odd).await.unwrap_err(), DeliveryError::NotTaken(TrackError::Refused { message }));

    // The places of all, the odd one's too, are free again.
    for i in 40..80 {
        partnero.track_sale(sale(format!("o{i}"))).stored().await.unwrap();
    }
    within(partnero.flush(Duration::from_secs(60))).await.unwrap();
    let posted: Vec<_> = world.sandbox.ledger().transactions().iter().map(|row| row.key.clone()).collect();
    let expected: Vec<_> = (0..80).filter(|i| *i != 23).map(|i| format!("o{i}")).collect();
    assert_eq!(posted, expected);

    let status = partnero.status().await.unwrap();
    assert_eq!((status.refused, status.buffered, status.delivered), (1, 0, 79));
    assert_eq!(log.count("a call isn't taken"), 1);
    assert!(!log.text().contains("mia@"), "{}", log.text());
    until("it is told", async || !watcher.told().is_empty()).await;
    assert!(watcher.told()[0].starts_with("refused odd: the database refuses this call"), "{:?}", watcher.told());
    let report = within(partnero.shutdown(Duration::from_secs(9))).await;
    assert_eq!((report.refused, report.lost, report.unknown, report.left), (1, 0, 0, Some(0)));
}

#[tokio::test]
async fn several_odd_calls_are_found_by_halves_even_where_the_outbox_fails_in_between() {
    let world = World::new().await;
    world.base.refuse(|call| is_odd(call.transaction.as_deref()));
    world.base.is_away();
    let partnero = world.builder().dispatch(false).build().unwrap();
    let odd = [0, 1, 50, 99];
    let key = |i| if odd.contains(&i) { format!("odd{i}") } else { format!("o{i}") };
    let mut tracked: Vec<_> = (0..100).map(|i| partnero.track_sale(sale(key(i)))).collect();
    until("it is tried", async || world.base.asked("insert") > 1).await;
    world.base.set(Mood::Well);
    for (i, tracked) in tracked.iter_mut().enumerate() {
        assert_eq!(within(tracked.stored()).await.is_err(), odd.contains(&i), "{i}");
    }
    // Not one by one: the good ones went in by the dozen.
    assert!(world.base.inserted().len() < 60, "{}", world.base.inserted().len());
    assert_eq!(world.base.stored(), 96);
}

#[tokio::test]
async fn while_it_is_out_of_reach_everything_waits_and_it_is_said_once() {
    for error in [OutboxError::NoTable { table: "partnero_calls" }, OutboxError::Unreachable("disk full".to_owned())] {
        let (log, _guard) = Log::start();
        let world = World::new().await;
        let partnero = world.open();
        partnero.track_sale(sale("o0")).delivered().await.unwrap();
        world.base.set(Mood::Fails(error.clone()));
        let mut tracked: Vec<_> = (1..20).map(|i| partnero.track_sale(sale(format!("o{i}")))).collect();
        let asked = |operation| world.base.asked(operation);
        let (inserts, claims) = (asked("insert"), asked("claim"));
        until("both have tried", async || asked("insert") > inserts + 2 && asked("claim") > claims + 2).await;
        assert!(partnero.status().await.is_err());
        world.base.set(Mood::Well);
        for tracked in &mut tracked {
            within(tracked.stored()).await.unwrap();
        }
        within(partnero.flush(Duration::from_secs(30))).await.unwrap();
        assert_eq!(world.sandbox.ledger().transactions().len(), 20);
        until("both are back", async || log.count("the outbox is back") > 1).await;
        let said = log.count("calls and deliveries wait until the outbox is back");
        assert_eq!(
            (said, log.count("the outbox is back")),
            (1, 2),
            "one of the two is the error itself\n{}",
            log.text()
        );
        assert!(log.text().contains(&error.to_string()), "{error}");
    }
}

#[tokio::test]
async fn an_insert_that_hangs_is_given_up_and_repeated_and_stores_nothing_twice() {
    for mood in [Mood::Hangs, Mood::Mute] {
        let world = World::new().await;
        let partnero = world.builder().outbox_timeout(SHORT).build().unwrap();
        world.base.set_for(mood.clone(), &["insert"]);
        let mut tracked: Vec<_> = (0..5).map(|i| partnero.track_sale(sale(format!("o{i}")))).collect();
        until("it is tried again", async || world.base.asked("insert") > 1).await;
        world.base.set(Mood::Well);
        for tracked in &mut tracked {
            assert_eq!(within(tracked.stored()).await, Ok(()), "{mood:?}");
        }
        within(partnero.flush(Duration::from_secs(30))).await.unwrap();
        assert_eq!((world.base.stored(), world.sandbox.ledger().transactions().len()), (5, 5), "{mood:?}");
        let report = within(partnero.shutdown(Duration::from_secs(9))).await;
        assert_eq!((report.delivered, report.lost, report.unknown), (5, 0, 0), "{mood:?}");
    }
}

async fn ends<T>(tracked: Vec<Tracked<T>>) -> Vec<Result<(), TrackError>> {
    let mut ends = Vec::new();
    for mut tracked in tracked {
        ends.push(within(tracked.stored()).await);
    }
    ends
}

#[tokio::test]
async fn what_the_outbox_was_given_without_an_answer_is_neither_stored_nor_lost_for_sure() {
    for (mood, really, dispatch) in [(Mood::Hangs, 0, false), (Mood::Mute, 3, false), (Mood::Hangs, 0, true)] {
        let world = World::new().await;
        let partnero = world.builder().dispatch(dispatch).build().unwrap();
        world.base.set_for(mood, &["insert"]);
        let given: Vec<_> = (0..3).map(|i| partnero.track_sale(sale(format!("o{i}")))).collect();
        until("it is given", async || world.base.asked("insert") > 0).await;
        let queued: Vec<_> = (3..5).map(|i| partnero.track_sale(sale(format!("o{i}")))).collect();
        let delivered = partnero.track_sale(sale("o5")).delivered();
        let began = std::time::Instant::now();
        let report = within(partnero.shutdown(ms(50))).await;
        assert!(began.elapsed() < ms(50 + 500 + 100), "{:?}", began.elapsed());
        assert_eq!((report.lost, report.unknown, report.left), (3, 3, Some(really)));
        assert_eq!(ends(given).await, vec![Err(TrackError::MaybeStored); 3]);
        assert_eq!(ends(queued).await, vec![Err(TrackError::ShutDown); 2]);
        assert_eq!(within(delivered).await.unwrap_err(), DeliveryError::ShutDown);
    }
}

#[tokio::test]
async fn an_attempt_without_an_answer_stays_in_doubt_whatever_later_ones_say() {
    let world = World::new().await;
    let partnero = world.builder().dispatch(false).outbox_timeout(SHORT).build().unwrap();
    world.base.set_for(Mood::Mute, &["insert"]);
    let given = vec![partnero.track_sale(sale("o0"))];
    until("it is given", async || world.base.asked("insert") > 0).await;
    world.base.is_away();
    let asked = world.base.asked("insert");
    until("it is tried again", async || world.base.asked("insert") > asked).await;
    let maybe = vec![partnero.track_sale(sale("o1"))];
    let report = within(partnero.shutdown(ms(10))).await;
    assert_eq!((report.unknown, report.lost, report.left), (1, 1, None), "a base that is away can't say what it has");
    assert_eq!(ends(given).await, [Err(TrackError::MaybeStored)]);
    assert_eq!(ends(maybe).await, [Err(TrackError::ShutDown)]);
}

#[tokio::test]
async fn what_the_outbox_said_no_to_is_lost_at_shutdown_and_said_to_be() {
    let world = World::new().await;
    world.base.is_away();
    let partnero = world.open();
    let tracked: Vec<_> = (0..3).map(|i| partnero.track_sale(sale(format!("o{i}")))).collect();
    until("it is tried", async || world.base.asked("insert") > 0).await;
    let report = within(partnero.shutdown(ms(10))).await;
    assert_eq!((report.lost, report.unknown, report.left), (3, 0, None));
    assert_eq!(ends(tracked).await, vec![Err(TrackError::ShutDown); 3]);
}

#[tokio::test]
async fn what_is_stored_in_the_last_moment_of_a_shutdown_is_stored() {
    let world = World::new().await;
    let partnero = world.open();
    let tracked: Vec<_> = (0..2_500).map(|i| partnero.track_sale(sale(format!("o{i}")))).collect();
    let report = within(partnero.shutdown(Duration::ZERO)).await;
    assert_eq!((report.lost, report.unknown), (0, 0));
    assert!(ends(tracked).await.iter().all(Result::is_ok));
    assert_eq!(world.base.stored(), 2_500);
}

#[test]
fn when_the_runtime_ends_during_an_insert_nobody_is_told_that_it_is_lost() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let first = runtime();
    let (_world, mut given) = first.block_on(async {
        let world = World::new().await;
        let partnero = world.builder().dispatch(false).build().unwrap();
        world.base.set_for(Mood::Mute, &["insert"]);
        let given = partnero.track_sale(sale("o0"));
        until("it is given", async || world.base.asked("insert") > 0).await;
        (world, given)
    });
    drop(first);
    assert_eq!(runtime().block_on(within(given.stored())), Err(TrackError::MaybeStored));
}

#[tokio::test]
async fn a_place_in_the_queue_is_free_as_soon_as_the_call_is_stored() {
    let world = World::new().await;
    let partnero = world.builder().dispatch(false).capacity(10).build().unwrap();
    for round in 0..20 {
        let mut tracked: Vec<_> = (0..10).map(|i| partnero.track_sale(sale(format!("o{round}-{i}")))).collect();
        within(tracked[9].stored()).await.unwrap();
    }
    assert_eq!(partnero.status().await.unwrap().pending, 200);

    world.base.is_away();
    let mut tracked: Vec<_> = (0..11).map(|i| partnero.track_sale(sale(format!("p{i}")))).collect();
    let full = tracked.pop().unwrap().delivered();
    assert_eq!(within(full).await.unwrap_err(), DeliveryError::NotTaken(TrackError::QueueFull { capacity: 10 }));
}

#[tokio::test]
async fn one_can_wait_until_everything_taken_before_is_stored_and_never_longer_than_wanted() {
    let world = World::new().await;
    let partnero = world.builder().dispatch(false).build().unwrap();
    let shared = &partnero.as_live().unwrap().shared;
    assert!(shared.stored_so_far(Duration::ZERO).await, "there is nothing");
    world.base.refuse(|call| is_odd(call.transaction.as_deref()));
    for i in 0..3_000 {
        partnero.track_sale(sale(if i == 1_500 { "odd".to_owned() } else { format!("o{i}") }));
    }
    assert!(shared.stored_so_far(Duration::from_secs(30)).await);
    assert_eq!(world.base.stored(), 2_999);

    world.base.is_away();
    partnero.track_sale(sale("p0"));
    assert!(!shared.stored_so_far(ms(30)).await);
    let later = tokio::time::timeout(ms(30), shared.stored_so_far(Duration::MAX)).await;
    assert!(later.is_err(), "it waits for as long as it is wanted");
    within(partnero.shutdown(Duration::ZERO)).await;
    assert!(!within(shared.stored_so_far(Duration::MAX)).await, "it will never be");
}
