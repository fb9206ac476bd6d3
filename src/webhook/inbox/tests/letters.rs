//! Dead letters: listed by pages, retried, discarded, and not kept for ever.

use std::{sync::Arc, time::Duration};

use super::base::{SECOND, all, event, number};
use crate::webhook::inbox::{
    DeadEvents,
    course::To,
    store::{Added, Keeping},
};

#[tokio::test]
async fn letters_are_listed_page_by_page_with_what_is_needed_to_judge_them() {
    for inbox in all().await {
        for number in 1..=5 {
            inbox.add(&[event(number, None)]).await;
            inbox.clock.advance(SECOND);
            inbox.bury().await;
        }
        let letters = DeadEvents::new(Arc::clone(&inbox.store), Arc::default());
        let (mut after, mut seen) = (0, Vec::new());
        loop {
            let page = letters.page(after, 2).await.unwrap();
            assert!(page.len() <= 2, "{}", inbox.kind);
            let Some(last) = page.last() else { break };
            after = last.id;
            seen.extend(page);
        }
        assert_eq!(seen.len(), 5, "{}", inbox.kind);
        let letter = &seen[3];
        assert_eq!((&letter.name[..], &letter.message[..]), ("transaction.created", "no such partner"));
        assert_eq!((letter.webhook_key.as_deref(), letter.attempts, letter.waiting), (Some("aB3dE6gH9jK2"), 1, 0));
        assert_eq!(&letter.body[..], [4; 3], "{}", inbox.kind);
        let time = letter.died_at.duration_since(letter.arrived_at).unwrap();
        assert!((SECOND / 2..SECOND * 2).contains(&time), "{} {time:?}", inbox.kind);
        assert!(!format!("{letter:?}").contains("[4, 4, 4]"), "the body isn't shown");
    }
}

#[tokio::test]
async fn only_a_dead_letter_can_be_retried_or_discarded() {
    for inbox in all().await {
        let letters = DeadEvents::new(Arc::clone(&inbox.store), Arc::default());
        inbox.add(&[event(1, None)]).await;
        for id in [0, 1, 2, u64::MAX] {
            assert!(!letters.retry(id).await.unwrap() && !letters.discard(id).await.unwrap(), "{} {id}", inbox.kind);
        }
        let id = inbox.bury().await.row;
        assert!(letters.discard(id).await.unwrap(), "{}", inbox.kind);
        assert!(!letters.discard(id).await.unwrap() && !letters.retry(id).await.unwrap(), "{}", inbox.kind);
        assert!(inbox.numbers().await.is_empty(), "{}", inbox.kind);
    }
}

#[tokio::test]
async fn all_letters_are_retried_at_once() {
    for inbox in all().await {
        for number in 1..=3 {
            inbox.add(&[event(number, None)]).await;
            inbox.bury().await;
        }
        let letters = DeadEvents::new(Arc::clone(&inbox.store), Arc::default());
        assert_eq!(letters.retry_all().await.unwrap(), 3, "{}", inbox.kind);
        assert_eq!(inbox.numbers().await, [1, 2, 3], "{}", inbox.kind);
        assert_eq!(letters.retry_all().await.unwrap(), 0, "{}", inbox.kind);
    }
}

#[tokio::test]
async fn letters_that_are_too_old_or_too_many_are_discarded_and_what_waits_goes_on() {
    let keeping = Keeping { settled: SECOND * 100, dead: SECOND * 10, max_dead: 2 };
    for inbox in all().await {
        inbox.add(&[event(1, Some("a")), event(2, Some("a"))]).await;
        inbox.bury().await;
        inbox.numbers().await;
        inbox.clock.advance(SECOND * 10 + Duration::from_millis(1));
        inbox.store.prune(keeping).await.unwrap();
        let next = inbox.claim(1).await.pop().unwrap();
        assert_eq!(number(&next), 2, "{}", inbox.kind);
        inbox.settle(&next, To::Done).await;
        for number in 3..=5 {
            inbox.add(&[event(number, None)]).await;
            inbox.bury().await;
        }
        inbox.store.prune(keeping).await.unwrap();
        let left = inbox.store.dead(0, 9).await.unwrap();
        assert_eq!(left.iter().map(|it| it.body[0]).collect::<Vec<_>>(), [4, 5], "{}: the newest", inbox.kind);
        assert_eq!(inbox.add(&[event(3, None)]).await, [Added::Repeat], "{}", inbox.kind);
    }
}

#[tokio::test]
async fn in_memory_letters_make_room_for_what_comes() {
    let inbox = all().await.remove(0);
    for number in 1..=5 {
        inbox.add(&[event(number, None)]).await;
        inbox.bury().await;
    }
    assert_eq!(inbox.add(&[event(6, None), event(7, None)]).await, [Added::New, Added::New]);
    let letters = DeadEvents::new(Arc::clone(&inbox.store), Arc::default()).page(0, 9).await.unwrap();
    assert_eq!(letters.iter().map(|letter| letter.body[0]).collect::<Vec<_>>(), [3, 4, 5], "the oldest went");
    assert_eq!(inbox.add(&[event(1, None)]).await, [Added::Repeat], "they aren't handled again");
}
