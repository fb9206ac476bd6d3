//! What must be so of every decision, whatever the history.

use proptest::prelude::*;

use super::{super::*, notation::NOW};

/// One call of a key, in any state, also in those that shouldn't be.
pub(super) fn facts() -> impl Strategy<Value = Facts> {
    let kind = prop_oneof![
        1 => Just(CallKind::SignUp),
        3 => Just(CallKind::Sale),
        3 => Just(CallKind::Refund),
        3 => Just(CallKind::Adjustment),
    ];
    let flags = (prop::bool::weighted(0.3), prop::bool::weighted(0.3));
    let amount = prop::option::of((1_i64..3).prop_map(Decimal::from));
    (kind, state(), flags, NOW - 2..NOW + 3, amount).prop_map(
        |(kind, state, (uncertain, deleted), quiet_until, amount)| {
            let deleted = deleted && kind == CallKind::Adjustment;
            Facts { id: 0, kind, state, uncertain, deleted, quiet_until, amount }
        },
    )
}

fn state() -> impl Strategy<Value = State> {
    let ends = [
        End::Recorded,
        End::Existed,
        End::Ignored,
        End::Duplicate,
        End::Cancelled,
        End::Refunded,
        End::Adjusted,
        End::Discarded,
    ];
    prop_oneof![
        4 => Just(State::Pending),
        1 => Just(State::Claimed),
        1 => Just(State::Parked),
        2 => Just(State::Dead),
        4 => prop::sample::select(ends.to_vec()).prop_map(State::Done),
    ]
}

fn customer() -> impl Strategy<Value = Customer> {
    let place = prop::option::of((any::<bool>(), any::<bool>(), 0_u64..8));
    let flag = || prop::bool::weighted(0.2);
    (flag(), place, prop::option::of(0_u64..8), flag()).prop_map(|(in_flight, place, dead_sign_up, known)| Customer {
        in_flight,
        first: place.map(|(not_deleted, certain, id)| Place { not_deleted, certain, id }),
        dead_sign_up,
        known,
    })
}

/// A pending call among others of its key.
fn situation() -> impl Strategy<Value = (Facts, Vec<Facts>, Customer)> {
    (prop::collection::vec(facts(), 1..7), any::<prop::sample::Index>(), customer()).prop_map(
        |(mut calls, which, customer)| {
            calls.iter_mut().zip(1..).for_each(|(call, id)| call.id = id);
            let mut row = calls.remove(which.index(calls.len()));
            row.state = State::Pending;
            (row, calls, customer)
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_posted_where_it_must_not_be((row, others, customer) in situation()) {
        let decision = decide(&row, &others, &customer, NOW);
        prop_assert_eq!(&decision, &decide(&row, &others, &customer, NOW), "the same each time");

        let posts = row.kind == CallKind::Sale || (row.kind == CallKind::Adjustment && row.deleted);
        let goes_out = matches!(decision, Decision::Send(_) | Decision::CheckFirst);
        let any = |applies: &dyn Fn(&Facts) -> bool| others.iter().any(applies);
        if let Decision::Wait(Some(until)) = decision {
            prop_assert!(until > NOW, "time passes before the next look");
        }
        if decision == Decision::CheckFirst {
            prop_assert!(posts, "only what is posted is asked for");
        }
        if let Decision::Send(over) | Decision::Cancel(over) = &decision {
            let obsolete = |call: &Facts| {
                call.id < row.id && call.is_post() && matches!(call.state, State::Pending | State::Parked)
            };
            prop_assert!(over.is_empty() || row.kind == CallKind::Refund);
            prop_assert!(over.iter().all(|id| others.iter().any(|call| call.id == *id && obsolete(call))));
        }
        if !goes_out || row.kind == CallKind::SignUp {
            return Ok(());
        }
        prop_assert!(!any(&|call| call.state == State::Claimed), "one at a time");
        if row.kind != CallKind::Refund {
            let refund = |call: &Facts| call.kind == CallKind::Refund;
            prop_assert!(!any(&|call| refund(call) && matches!(call.state, State::Pending | State::Dead)));
            prop_assert!(!customer.in_flight && customer.dead_sign_up.is_none_or(|dead| dead >= row.id));
        }
        if posts {
            prop_assert!(!row.uncertain || decision == Decision::CheckFirst, "its last attempt may be there");
            let quiet = others.iter().chain([&row]).all(|call| call.quiet_until <= NOW);
            prop_assert!(quiet, "an earlier request may still be under way");
        }
        if row.kind == CallKind::Sale {
            let settled = |call: &Facts| matches!(call.state, State::Done(End::Refunded | End::Cancelled | End::Adjusted));
            let last = others.iter().rfind(|call| settled(call) && call.kind != CallKind::Sale && call.kind != CallKind::SignUp);
            let tombstone = last.is_some_and(|call| call.kind == CallKind::Refund && call.state != State::Done(End::Adjusted));
            prop_assert!(!tombstone, "a tombstone stands");
            let recorded = |call: &Facts| call.kind == CallKind::Sale && call.state == State::Done(End::Recorded);
            prop_assert!(!any(&recorded), "one sale, one commission");
        }
        if !posts {
            prop_assert!(!any(&|call| call.is_post() && call.quiet_until > NOW), "what is deleted has arrived");
        }
    }

    /// However many times a sale is tracked, one of them is sent at a time.
    #[test]
    fn of_identical_sales_one_goes_on(mut others in prop::collection::vec(facts(), 0..4), repeats in 2_u64..5) {
        others.iter_mut().zip(1..).for_each(|(call, id)| call.id = id);
        let from = others.len() as u64 + 1;
        let sale = |id| Facts {
            id,
            kind: CallKind::Sale,
            state: State::Pending,
            uncertain: false,
            deleted: false,
            quiet_until: 0,
            amount: Some(Decimal::TEN),
        };
        others.extend((from..from + repeats).map(sale));
        let goes_out = |id: &u64| {
            let rest: Vec<_> = others.iter().filter(|call| call.id != *id).copied().collect();
            let decision = decide(&sale(*id), &rest, &Customer::default(), NOW);
            matches!(decision, Decision::Send(_) | Decision::CheckFirst)
        };
        prop_assert!((from..from + repeats).filter(goes_out).count() <= 1);
    }
}
