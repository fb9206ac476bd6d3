//! What is stored, what is handed out, and what is forgotten.

use std::time::Duration;

use super::base::{LEASE, SECOND, TERMS, add, all, event};
use crate::webhook::inbox::{
    course::To,
    store::{
        Added::{Full, New, Repeat},
        Counts, Keeping,
    },
};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const KEEPING: Keeping = Keeping { settled: Duration::from_secs(30 * 24 * 60 * 60), dead: DAY, max_dead: 1 };

#[tokio::test]
async fn a_repeat_is_not_stored_whether_it_waits_is_handled_or_is_over() {
    for inbox in all().await {
        assert_eq!(inbox.add(&[event(1, None), event(2, None), event(1, None)]).await, [New, New, Repeat]);
        assert_eq!(inbox.add(&[event(2, None), event(3, None)]).await, [Repeat, New], "{}", inbox.kind);
        let claimed = inbox.claim(9).await;
        assert_eq!(claimed.len(), 3, "{}", inbox.kind);
        assert_eq!(inbox.add(&[event(1, None)]).await, [Repeat], "{}: while it is handled", inbox.kind);
        assert!(inbox.settle(&claimed[0], To::Done).await);
        assert_eq!(inbox.add(&[event(1, None)]).await, [Repeat], "{}: when it is over", inbox.kind);
        assert!(inbox.claim(9).await.is_empty(), "{}: and nothing starts", inbox.kind);
        if let Some(other) = &inbox.other {
            assert_eq!(add(&**other, &[event(1, None), event(3, None)]).await, [Repeat, Repeat], "{}", inbox.kind);
        }
    }
}

#[tokio::test]
async fn what_comes_out_is_what_went_in() {
    for inbox in all().await {
        let bodies: [&[u8]; 5] =
            [b"{\"event\":\"a\"}", b"", b"\\x00", b"nul \0 and \xff", "žluťoučký \u{1}\u{2028}".as_bytes()];
        let events = bodies.iter().zip(1..).map(|(body, number)| {
            let mut event = event(number, Some("transaction:1\0\u{fffd}"));
            (event.resource, event.body) = (None, body.to_vec().into());
            event
        });
        inbox.add(&events.collect::<Vec<_>>()).await;
        let claimed = inbox.claim(9).await;
        assert_eq!(claimed.iter().map(|it| &it.body[..]).collect::<Vec<_>>(), bodies, "{}", inbox.kind);
        let ages = claimed.iter().map(|it| inbox.clock.wall().duration_since(it.arrived_at).unwrap());
        assert!(ages.max().unwrap() < SECOND, "{}: nothing passed", inbox.kind);
    }
}

#[tokio::test]
async fn a_claim_is_fenced_off_when_its_lease_has_ended() {
    for inbox in all().await {
        inbox.add(&[event(1, None)]).await;
        let late = inbox.claim(1).await.pop().unwrap();
        inbox.clock.advance(LEASE / 2);
        assert!(inbox.claim(1).await.is_empty(), "{}: it is still the first one's", inbox.kind);
        inbox.clock.advance(LEASE / 2);
        assert!(inbox.claim(1).await.is_empty(), "{}: found lost, and put off", inbox.kind);
        assert!(!inbox.settle(&late, To::Back).await, "{}", inbox.kind);
        inbox.clock.advance(SECOND);
        let again = inbox.claim(1).await.pop().unwrap();
        assert_eq!(again.attempts, 1, "{}", inbox.kind);
        assert_ne!(again.token, late.token, "{}", inbox.kind);
        assert!(!inbox.settle(&late, To::Done).await, "{}", inbox.kind);
        assert!(inbox.settle(&again, To::Done).await, "{}", inbox.kind);
        assert!(!inbox.settle(&again, To::Done).await, "{}: once", inbox.kind);
    }
}

#[tokio::test]
async fn a_success_after_the_lease_counts_unless_somebody_else_has_claimed_the_event() {
    for inbox in all().await {
        inbox.add(&[event(1, Some("a")), event(2, Some("a"))]).await;
        let late = inbox.claim(1).await.pop().unwrap();
        inbox.clock.advance(LEASE);
        assert!(inbox.claim(1).await.is_empty(), "{}: found lost, and put off", inbox.kind);
        assert!(inbox.settle(&late, To::Done).await, "{}", inbox.kind);
        assert!(!inbox.settle(&late, To::Done).await, "{}: once", inbox.kind);
        assert_eq!(inbox.numbers().await, [2], "{}: what waited goes on", inbox.kind);
        inbox.clock.advance(SECOND);
        assert!(inbox.numbers().await.is_empty(), "{}: it isn't handled again", inbox.kind);
    }
}

#[tokio::test]
async fn a_success_after_its_claimants_were_gone_too_often_ends_the_dead_letter() {
    for inbox in all().await {
        inbox.add(&[event(1, None)]).await;
        let mut last = None;
        for _ in 1..=TERMS.attempts {
            last = inbox.claim(1).await.pop();
            inbox.clock.advance(LEASE);
            inbox.look(1).await;
            inbox.clock.advance(SECOND);
        }
        assert_eq!(inbox.store.counts().await.unwrap().dead, 1, "{}", inbox.kind);
        assert!(inbox.settle(&last.unwrap(), To::Done).await, "{}", inbox.kind);
        assert_eq!(inbox.store.counts().await.unwrap(), Counts::default(), "{}", inbox.kind);
    }
}

#[tokio::test]
async fn an_event_that_takes_its_process_with_it_each_time_ends_as_a_dead_letter() {
    for inbox in all().await {
        inbox.add(&[event(1, None)]).await;
        for attempt in 1..=TERMS.attempts {
            assert_eq!(inbox.claim(1).await.len(), 1, "{} {attempt}", inbox.kind);
            inbox.clock.advance(LEASE);
            let claim = inbox.look(1).await;
            assert_eq!(claim.dead.len(), usize::from(attempt == TERMS.attempts), "{} {attempt}", inbox.kind);
            inbox.clock.advance(SECOND);
        }
        let letters = inbox.store.dead(0, 9).await.unwrap();
        assert_eq!((letters.len(), letters[0].attempts), (1, 3), "{}", inbox.kind);
        assert!(letters[0].message.contains("never came back"), "{}", inbox.kind);
    }
}

#[tokio::test]
async fn a_claim_says_when_the_next_is_due() {
    for inbox in all().await {
        assert_eq!(inbox.look(1).await.next, None, "{}: never", inbox.kind);
        inbox.add(&[event(1, None), event(2, None)]).await;
        let first = inbox.look(1).await;
        assert_eq!(first.next, Some(Duration::ZERO), "{}: there may be more now", inbox.kind);
        assert!(inbox.settle(&first.events[0], To::Again { after: SECOND * 7, message: String::new() }).await);
        let second = inbox.look(9).await;
        assert_eq!((second.events.len(), second.next), (1, Some(SECOND * 7)), "{}", inbox.kind);
        inbox.clock.advance(SECOND * 7);
        assert_eq!(inbox.numbers().await, [1], "{}", inbox.kind);
    }
}

#[tokio::test]
async fn it_counts_by_state() {
    for inbox in all().await {
        inbox.add(&[event(1, None)]).await;
        inbox.bury().await;
        inbox.clock.advance(SECOND);
        inbox.add(&[event(2, None), event(3, None), event(4, None)]).await;
        inbox.clock.advance(SECOND);
        let claimed = inbox.claim(2).await;
        assert!(inbox.settle(&claimed[1], To::Done).await);
        let counts = Counts { pending: 1, in_progress: 1, dead: 1, oldest: Some(SECOND) };
        assert_eq!(inbox.store.counts().await.unwrap(), counts, "{}", inbox.kind);
    }
}

#[tokio::test]
async fn repeats_are_known_for_thirty_days_and_then_forgotten() {
    for inbox in all().await {
        inbox.add(&[event(1, None)]).await;
        let claimed = inbox.claim(1).await.pop().unwrap();
        inbox.settle(&claimed, To::Done).await;
        inbox.clock.advance(DAY * 30);
        assert!(!inbox.store.prune(KEEPING).await.unwrap(), "{}", inbox.kind);
        assert_eq!(inbox.add(&[event(1, None)]).await, [Repeat], "{}", inbox.kind);
        inbox.clock.advance(SECOND * 61);
        assert!(!inbox.store.prune(KEEPING).await.unwrap(), "{}", inbox.kind);
        assert_eq!(inbox.add(&[event(1, None)]).await, [New], "{}", inbox.kind);
    }
}

#[tokio::test]
async fn one_that_is_open_is_known_however_old_and_one_that_was_over_late_from_then() {
    for inbox in all().await {
        inbox.add(&[event(1, None), event(2, None)]).await;
        let late = inbox.claim(1).await.pop().unwrap();
        inbox.clock.advance(DAY * 20);
        assert!(inbox.settle(&late, To::Done).await, "{}", inbox.kind);
        inbox.clock.advance(DAY * 15);
        inbox.store.prune(KEEPING).await.unwrap();
        assert_eq!(inbox.add(&[event(1, None), event(2, None)]).await, [Repeat, Repeat], "{}", inbox.kind);
        assert_eq!(inbox.numbers().await, [2], "{}: once", inbox.kind);
        inbox.clock.advance(DAY * 16);
        inbox.store.prune(KEEPING).await.unwrap();
        assert_eq!(inbox.add(&[event(1, None), event(2, None)]).await, [New, Repeat], "{}", inbox.kind);
    }
}

#[tokio::test]
async fn a_hundred_that_stay_open_hide_none_that_is_over() {
    let keeping = Keeping { dead: DAY * 90, ..KEEPING };
    for inbox in all().await.into_iter().filter(|inbox| inbox.other.is_some()) {
        let waiting: Vec<_> = (1..=100).map(|number| event(number, Some("a"))).collect();
        inbox.add(&waiting).await;
        inbox.bury().await;
        while inbox.look(9).await.next == Some(Duration::ZERO) {}
        inbox.clock.advance(SECOND);
        inbox.add(&[event(101, None)]).await;
        let over = inbox.claim(1).await.pop().unwrap();
        assert!(inbox.settle(&over, To::Done).await, "{}", inbox.kind);
        inbox.clock.advance(DAY * 31);
        assert!(inbox.store.prune(keeping).await.unwrap(), "{}: there may be more", inbox.kind);
        assert!(!inbox.store.prune(keeping).await.unwrap(), "{}", inbox.kind);
        assert_eq!(inbox.add(&[event(1, None), event(101, None)]).await, [Repeat, New], "{}", inbox.kind);
    }
}

#[tokio::test]
async fn the_inbox_in_memory_keeps_a_body_and_not_what_was_read_with_it() {
    let memory = all().await.remove(0);
    let read = bytes::Bytes::from(vec![b' '; 8 * 1024]);
    let mut event = event(1, None);
    event.body = read.slice(..3);
    memory.add(&[event]).await;
    assert!(read.is_unique());
}

#[tokio::test]
async fn the_inbox_in_memory_takes_no_more_than_it_has_room_for() {
    let memory = all().await.remove(0);
    let events: Vec<_> = (1..=7).map(|number| event(number, None)).collect();
    assert_eq!(memory.add(&events).await, [New, New, New, New, New, Full, Full]);
    let claimed = memory.claim(1).await.pop().unwrap();
    assert_eq!(memory.add(&events[5..]).await, [Full, Full], "what is handled has its place");
    memory.settle(&claimed, To::Done).await;
    assert_eq!(memory.add(&events[4..]).await, [Repeat, New, Full]);
    let mut large = event(9, None);
    large.body = vec![b' '; 65 * 1024 * 1024].into();
    let claimed = memory.claim(1).await.pop().unwrap();
    memory.settle(&claimed, To::Done).await;
    assert_eq!(memory.add(&[large]).await, [Full], "bytes count, too");
}
