//! Events of one resource come one after the other, in the order in which they came.

use super::base::{LEASE, SECOND, Tried, all, event, number};
use crate::webhook::inbox::{course::To, store::Added};

async fn with_three(inbox: &Tried) {
    let (a, b) = (Some("a"), Some("b"));
    inbox.add(&[event(1, a), event(2, b), event(3, a), event(4, a), event(5, None)]).await;
}

#[tokio::test]
async fn a_later_event_waits_for_an_earlier_one_of_its_resource_and_for_no_other() {
    for inbox in all().await {
        with_three(&inbox).await;
        let claimed = inbox.claim(100).await;
        assert_eq!(claimed.iter().map(number).collect::<Vec<_>>(), [1, 2, 5], "{}", inbox.kind);
        assert!(inbox.numbers().await.is_empty(), "{}: while it is handled", inbox.kind);
        inbox.settle(&claimed[0], To::Again { after: SECOND * 9, message: String::new() }).await;
        assert!(inbox.numbers().await.is_empty(), "{}: while it waits to be handled again", inbox.kind);
        inbox.settle(&claimed[1], To::Done).await;
        assert!(inbox.numbers().await.is_empty(), "{}: another one's end changes nothing", inbox.kind);
        inbox.clock.advance(SECOND * 9);
        let again = inbox.claim(9).await;
        assert_eq!(number(&again[0]), 1, "{}", inbox.kind);
        inbox.settle(&again[0], To::Done).await;
        let next = inbox.claim(9).await;
        assert_eq!(next.iter().map(number).collect::<Vec<_>>(), [3], "{}: one at a time", inbox.kind);
        inbox.settle(&next[0], To::Done).await;
        assert_eq!(inbox.numbers().await, [4], "{}", inbox.kind);
    }
}

#[tokio::test]
async fn what_waits_goes_on_when_the_process_before_it_is_gone() {
    for inbox in all().await {
        inbox.add(&[event(1, Some("a")), event(2, Some("a"))]).await;
        assert_eq!(inbox.numbers().await, [1], "{}", inbox.kind);
        assert!(inbox.numbers().await.is_empty(), "{}", inbox.kind);
        inbox.clock.advance(LEASE);
        assert!(inbox.numbers().await.is_empty(), "{}: the first is found lost", inbox.kind);
        inbox.clock.advance(SECOND);
        let first = inbox.claim(9).await;
        assert_eq!(first.len(), 1, "{}", inbox.kind);
        inbox.settle(&first[0], To::Done).await;
        assert_eq!(inbox.numbers().await, [2], "{}", inbox.kind);
    }
}

#[tokio::test]
async fn behind_a_dead_letter_the_rest_of_its_resource_waits_until_it_is_retried() {
    for inbox in all().await {
        with_three(&inbox).await;
        let letter = inbox.bury().await;
        assert_eq!(inbox.numbers().await, [2, 5], "{}: others go on", inbox.kind);
        let letters = inbox.store.dead(0, 9).await.unwrap();
        assert_eq!((letters.len(), letters[0].id, letters[0].waiting), (1, letter.row, 2), "{}", inbox.kind);
        assert!(inbox.store.retry(letter.row).await.unwrap());
        let retried = inbox.claim(9).await;
        assert_eq!(retried.iter().map(number).collect::<Vec<_>>(), [1], "{}: in its place", inbox.kind);
        assert_eq!(retried[0].attempts, 0, "{}: from the beginning", inbox.kind);
        inbox.settle(&retried[0], To::Done).await;
        assert_eq!(inbox.numbers().await, [3], "{}", inbox.kind);
    }
}

#[tokio::test]
async fn what_waits_behind_a_dead_letter_goes_on_when_it_is_discarded() {
    for inbox in all().await {
        with_three(&inbox).await;
        let letter = inbox.bury().await;
        inbox.numbers().await;
        assert!(inbox.store.discard(letter.row).await.unwrap());
        assert_eq!(inbox.numbers().await, [3], "{}", inbox.kind);
        assert_eq!(inbox.add(&[event(1, None)]).await, [Added::Repeat], "{}: it is still known", inbox.kind);
    }
}

#[tokio::test]
async fn many_that_wait_keep_nobody_else_waiting() {
    for inbox in all().await.into_iter().filter(|inbox| inbox.other.is_some()) {
        let mut events: Vec<_> = (1..=200).map(|number| event(number, Some("a"))).collect();
        events.push(event(201, Some("b")));
        inbox.add(&events).await;
        let mut found = Vec::new();
        for _ in 0..10 {
            found.extend(inbox.claim(2).await.iter().map(number));
        }
        assert_eq!(found, [1, 201], "{}", inbox.kind);
    }
}
