//! What must be so, by the rules alone and without a look at how decisions are made.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use crate::delivery::{call::CallKind, dead::DeadReason, decide::State, outbox::ClaimedCall, outcome::End};

use super::{
    subject::Seen,
    world::{World, transaction_key},
};

/// A call that was handed out respects the order of its customer and of its key.
pub(super) fn assert_may_be_sent(rows: &BTreeMap<u64, Seen>, call: &ClaimedCall) {
    let row = &rows[&call.row];
    let is_refund = row.course.kind == CallKind::Refund;
    // What was begun is finished first: between the steps of an adjustment, or not knowing what came of an attempt.
    let place = |id: u64, row: &Seen| (!row.course.deleted, !row.course.uncertain, id);
    for (id, other) in rows.iter().filter(|(id, _)| **id != call.row) {
        let same_key = row.transaction.is_some() && other.transaction == row.transaction;
        let same_customer = row.customer.is_some() && other.customer == row.customer;
        let about = || format!("{} {} is sent in spite of {id}: {other:?}", row.course.kind.as_str(), call.row);
        if !(same_key || same_customer) {
            continue;
        }
        assert_ne!(other.course.state, State::Claimed, "{}", about());
        let earlier = *id < call.row;
        let pending = other.course.state == State::Pending;
        if is_refund {
            assert!(!(pending && earlier), "what came before it is cancelled, or goes first: {}", about());
            let may_arrive = posts(other) && other.course.quiet_until > 0 && row_time(row) < other.course.quiet_until;
            assert!(!may_arrive, "it may arrive after its deletion: {}", about());
            continue;
        }
        assert!(!pending || place(call.row, row) < place(*id, other), "{}", about());
        let dead = other.course.state == State::Dead;
        if same_key {
            assert!(!(other.course.kind == CallKind::Refund && (pending || dead)), "{}", about());
        }
        if same_customer {
            assert!(
                !(dead && other.course.kind == CallKind::SignUp && other.course.referred && earlier),
                "{}",
                about()
            );
        }
    }
    if row.course.posts() && row.course.uncertain {
        assert!(call.check_first, "it may be there already");
    }
}

/// When it was claimed.
fn row_time(row: &Seen) -> u64 {
    row.course.due.unwrap_or_default() - super::world::LEASE
}

fn posts(row: &Seen) -> bool {
    matches!(row.course.kind, CallKind::Sale | CallKind::Adjustment)
}

/// Nothing is open: every call is settled, a dead letter, or parked behind one.
pub(super) async fn assert_nothing_is_stuck(world: &World) {
    for (id, row) in &world.rows().await {
        let over = matches!(row.course.state, State::Done(_) | State::Dead | State::Parked);
        assert!(over, "{id} is stuck: {row:#?}");
    }
}

/// Retried, every dead letter is taken, unless one that was discarded had put another amount there.
pub(super) async fn assert_no_letter_is_in_vain(world: &World) {
    let rows = world.rows().await;
    for row in rows.values().filter(|row| row.course.state == State::Dead) {
        let reason = row.reason;
        let other_discarded = discarded(&rows, row.transaction.as_deref().unwrap_or_default());
        assert!(reason == Some(DeadReason::AnotherAmount) && other_discarded, "{row:#?}");
    }
}

/// Whether any call of the key was given up: by the operator, by age, or for want of room.
fn discarded(rows: &BTreeMap<u64, Seen>, key: &str) -> bool {
    let rows = rows.values().filter(|row| row.transaction.as_deref() == Some(key));
    rows.into_iter().any(|row| row.course.state == State::Done(End::Discarded))
}

/// What Partnero has is what the calls of each key add up to, in their order.
pub(super) async fn assert_each_sale_once(world: &World) {
    let rows = world.rows().await;
    for number in 0..2 {
        let key = transaction_key(number);
        let calls = world.tracked.iter().zip(world.base + 1..).filter(|(call, _)| call.key == number);
        let calls = calls.filter(|(call, _)| call.kind != CallKind::SignUp);
        if discarded(&rows, &key) {
            // What was discarded may or may not have been carried out: that no key is paid twice is seen elsewhere.
            continue;
        }
        // Nothing yet; the amount; refunded, or of nobody.
        let mut expected: Option<Option<Decimal>> = None;
        for (call, id) in calls {
            let amount = Some(Decimal::from(call.amount));
            match call.kind {
                CallKind::Sale if expected.is_none() && world.ignored.contains(&id) => expected = Some(None),
                CallKind::Sale if expected.is_none() => expected = Some(amount),
                CallKind::Refund => expected = Some(None),
                CallKind::Adjustment => expected = Some(amount),
                _ => {}
            }
        }
        assert_eq!(world.partnero.live.get(&key).copied(), expected.flatten(), "{key}");
    }
}

/// What is parked waits for somebody.
pub(super) fn assert_parked_behind_letters(rows: &BTreeMap<u64, Seen>) {
    for (id, row) in rows {
        let parked = row.course.state == State::Parked;
        assert_eq!(parked, row.behind.is_some(), "{id}: {row:?}");
        let letter = row.behind.and_then(|letter| rows.get(&letter));
        assert!(!parked || letter.is_some_and(|letter| letter.course.state == State::Dead), "{id}: {row:?}");
    }
}
