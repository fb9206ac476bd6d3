//! That calls never wait for each other in a circle, and never go together.

use proptest::prelude::*;

use super::{super::*, notation::NOW, properties::facts};

#[derive(Clone, Copy, Debug)]
struct Call {
    facts: Facts,
    key: Option<u8>,
    customer: Option<u8>,
    referred: bool,
}

fn call() -> impl Strategy<Value = Call> {
    (facts(), 0_u8..2, 0_u8..2, any::<bool>()).prop_map(|(facts, key, customer, referred)| Call {
        facts,
        key: (facts.kind != CallKind::SignUp).then_some(key),
        customer: (facts.kind != CallKind::Refund).then_some(customer),
        referred,
    })
}

/// What every outbox does: the others of the key, and a summary of the customer's.
fn decide_among(calls: &[Call], row: &Call) -> Decision {
    let others = || calls.iter().filter(|other| other.facts.id != row.facts.id);
    let history: Vec<_> = others().filter(|o| row.key.is_some() && o.key == row.key).map(|o| o.facts).collect();
    let of_customer = || others().filter(|o| row.customer.is_some() && o.customer == row.customer);
    let sign_ups = || of_customer().filter(|o| o.facts.kind == CallKind::SignUp);
    let dead = |o: &&Call| o.facts.state == State::Dead && o.referred;
    let pending = |o: &&Call| o.facts.state == State::Pending;
    let customer = Customer {
        in_flight: of_customer().any(|o| o.facts.state == State::Claimed),
        first: of_customer().filter(pending).map(|o| o.facts.place()).min(),
        dead_sign_up: sign_ups().find(dead).map(|o| o.facts.id),
        known: sign_ups().any(|o| matches!(o.facts.state, State::Done(End::Recorded | End::Existed))),
    };
    decide(&row.facts, &history, &customer, NOW)
}

fn share(one: &Call, other: &Call) -> bool {
    (one.key.is_some() && one.key == other.key) || (one.customer.is_some() && one.customer == other.customer)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn one_goes_on_and_no_two_that_share_a_key_go_together(mut calls in prop::collection::vec(call(), 1..9)) {
        calls.iter_mut().zip(1..).for_each(|(call, id)| call.facts.id = id);
        let pending: Vec<_> = calls.iter().filter(|call| call.facts.state == State::Pending).collect();
        let decided: Vec<_> = pending.iter().map(|call| (*call, decide_among(&calls, call))).collect();
        let in_flight = calls.iter().any(|call| call.facts.state == State::Claimed);
        let stuck = decided.iter().all(|(_, decision)| *decision == Decision::Wait(None));
        prop_assert!(pending.is_empty() || in_flight || !stuck, "they wait for each other: {:#?}", pending);

        let goes_out = |decision: &Decision| matches!(decision, Decision::Send(_) | Decision::CheckFirst);
        let out: Vec<_> = decided.iter().filter(|(_, decision)| goes_out(decision)).map(|(call, _)| call).collect();
        for (n, one) in out.iter().enumerate() {
            for other in &out[n + 1..] {
                prop_assert!(!share(one, other), "both go: {:#?} {:#?}", one, other);
            }
        }
    }
}
