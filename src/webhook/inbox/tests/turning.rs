//! A turn does all at once: what comes is claimed with it, and what got no answer is taken back.

use super::base::{SECOND, Tried, all, event, number, turn};
use crate::webhook::inbox::{
    course::To,
    store::{Added, Claimed, NewEvent, Settlement, Turn},
};

impl Tried {
    /// Stores these, and claims of them what can be handled.
    async fn take(&self, arrivals: &[NewEvent], limit: usize, settlements: &[Settlement]) -> Vec<Claimed> {
        let turned = self.store.turn(Turn { arrivals, settlements, limit, ..turn() }).await.unwrap();
        assert!(turned.held.iter().all(|held| *held), "{}", self.kind);
        turned.events
    }

    /// A turn that got an answer nobody knows of.
    async fn lose(&self, arrivals: &[NewEvent], look: bool) -> u64 {
        let lost = Turn { arrivals, limit: 9, look, ..turn() };
        self.store.turn(lost).await.unwrap();
        lost.token
    }
}

fn numbers(claimed: &[Claimed]) -> Vec<u8> {
    claimed.iter().map(number).collect()
}

fn done(claimed: &Claimed) -> Settlement {
    Settlement { row: claimed.row, token: claimed.token, resource: claimed.resource.clone(), to: To::Done }
}

#[tokio::test]
async fn what_comes_is_claimed_at_once_unless_something_of_its_resource_is_open() {
    let (a, b) = (Some("a"), Some("b"));
    for inbox in all().await {
        let first = inbox.take(&[event(1, a), event(2, a), event(3, None), event(1, a)], 9, &[]).await;
        assert_eq!(numbers(&first), [1, 3], "{}", inbox.kind);
        assert!(first.iter().all(|it| it.attempts == 0), "{}", inbox.kind);
        let second = inbox.take(&[event(4, a), event(5, b)], 9, &[]).await;
        assert_eq!(numbers(&second), [5], "{}", inbox.kind);
        assert!(inbox.numbers().await.is_empty(), "{}: the rest waits", inbox.kind);
        assert!(inbox.settle(&first[0], To::Done).await, "{}", inbox.kind);
        let third = inbox.claim(9).await;
        assert_eq!(numbers(&third), [2], "{}", inbox.kind);
        inbox.settle(&third[0], To::Dead { message: "no".to_owned() }).await;
        assert!(inbox.take(&[event(6, a)], 9, &[]).await.is_empty(), "{}: behind a dead letter", inbox.kind);
        assert!(inbox.numbers().await.is_empty(), "{}", inbox.kind);
    }
}

#[tokio::test]
async fn what_comes_while_handlers_are_busy_waits_for_one() {
    for inbox in all().await {
        let events: Vec<_> = (1..=4).map(|number| event(number, None)).collect();
        assert_eq!(numbers(&inbox.take(&events, 2, &[]).await), [1, 2], "{}", inbox.kind);
        assert_eq!(inbox.numbers().await, [3, 4], "{}", inbox.kind);
    }
}

#[tokio::test]
async fn one_that_comes_with_the_end_of_the_one_before_it_is_claimed_in_its_turn() {
    let a = Some("a");
    for inbox in all().await {
        let first = inbox.take(&[event(1, a)], 9, &[]).await;
        let second = inbox.take(&[event(2, a)], 9, &[done(&first[0])]).await;
        assert_eq!(numbers(&second), [2], "{}", inbox.kind);
        assert!(inbox.take(&[event(3, a)], 9, &[]).await.is_empty(), "{}", inbox.kind);
        let third = inbox.take(&[event(4, a)], 9, &[done(&second[0])]).await;
        assert_eq!(numbers(&third), [3], "{}: not before it", inbox.kind);
    }
}

#[tokio::test]
async fn of_settlements_only_those_of_the_last_claim_hold() {
    for inbox in all().await {
        let claimed = inbox.take(&[event(1, None), event(2, None), event(3, None)], 9, &[]).await;
        let mut stale = done(&claimed[1]);
        stale.token += 1_000_000;
        let settlements = &[done(&claimed[0]), stale, done(&claimed[0]), done(&claimed[2])];
        let turned = inbox.store.turn(Turn { settlements, ..turn() }).await.unwrap();
        assert_eq!(turned.held, [true, false, false, true], "{}", inbox.kind);
        assert_eq!(inbox.store.counts().await.unwrap().in_progress, 1, "{}", inbox.kind);
    }
}

#[tokio::test]
async fn what_a_turn_without_an_answer_claimed_goes_back_and_is_no_failure() {
    for inbox in all().await {
        inbox.add(&[event(1, None)]).await;
        let lost = [inbox.lose(&[], true).await, inbox.lose(&[event(2, None), event(3, Some("a"))], false).await];
        let held = inbox.take(&[event(4, None)], 9, &[]).await;
        assert_eq!((numbers(&held), inbox.numbers().await), (vec![4], vec![]), "{}: claimed, all of them", inbox.kind);
        inbox.clock.advance(SECOND);
        let back = inbox.store.turn(Turn { lost: &lost, limit: 9, ..turn() }).await.unwrap().events;
        assert_eq!(numbers(&back), [1, 2, 3], "{}", inbox.kind);
        assert!(back.iter().all(|it| it.attempts == 0), "{}", inbox.kind);
        // It is asked again for a while: what is claimed anew stays.
        let again = inbox.store.turn(Turn { lost: &lost, limit: 9, look: true, ..turn() }).await.unwrap().events;
        assert!(again.is_empty(), "{}", inbox.kind);
        assert!(inbox.settle(&held[0], To::Done).await && inbox.settle(&back[0], To::Done).await, "{}", inbox.kind);
        assert_eq!(inbox.add(&[event(2, None)]).await, [Added::Repeat], "{}", inbox.kind);
    }
}
