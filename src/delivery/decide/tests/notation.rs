//! One line a decision: `why | the others of its key | the call | its customer | what is to be done`, at the time 100.
//!
//! - a call: `2 sale 49.90 recorded`: its id, kind, amount, state (pending where none is said), and any of `uncertain`,
//!   `deleted`, `quiet 101` (a request of it may be under way until then)
//! - a customer: `in flight`, `first 1` (a pending call), `first 1 uncertain`, `first 1 deleted`, `dead sign-up 1`,
//!   `known`
//! - a decision: `send`, `send over 1 2`, `check first`, `cancel`, `cancel with 1`, `duplicate`, `duplicate differs`,
//!   `refunded`, `adjusted`, `wait`, `wait until 101`, `park behind 1`

use super::super::*;

pub(super) const NOW: Millis = 100;

/// Checks every line of a table.
pub(super) fn check(table: &str) {
    let mut wrong = Vec::new();
    for line in table.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let cells: Vec<_> = line.split('|').map(str::trim).collect();
        let [why, others, row, customer, expected] = cells[..] else { panic!("five cells: {line}") };
        let decision = describe(&decide(&call(row), &calls(others), &customer_of(customer), NOW));
        if decision != expected {
            wrong.push(format!("{why} | {others} | {row} | {customer}: {decision}, and not {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

pub(super) fn calls(text: &str) -> Vec<Facts> {
    parts(text).map(call).collect()
}

fn parts(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|part| !matches!(*part, "" | "-"))
}

pub(super) fn call(text: &str) -> Facts {
    let mut words = text.split_whitespace();
    let id = words.next().unwrap().parse().unwrap();
    let kind = match words.next().unwrap() {
        "sign-up" => CallKind::SignUp,
        "sale" => CallKind::Sale,
        "refund" => CallKind::Refund,
        "adjustment" => CallKind::Adjustment,
        other => panic!("no kind: {other}"),
    };
    let mut call =
        Facts { id, kind, state: State::Pending, uncertain: false, deleted: false, quiet_until: 0, amount: None };
    while let Some(word) = words.next() {
        match word {
            "uncertain" => call.uncertain = true,
            "deleted" => call.deleted = true,
            "quiet" => call.quiet_until = words.next().unwrap().parse().unwrap(),
            other => match other.parse() {
                Ok(amount) => call.amount = Some(amount),
                Err(_) => call.state = state(other),
            },
        }
    }
    call
}

fn state(word: &str) -> State {
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
    match word {
        "pending" => State::Pending,
        "claimed" => State::Claimed,
        "parked" => State::Parked,
        "dead" => State::Dead,
        other => State::Done(ends.into_iter().find(|end| end.as_str() == other).expect(other)),
    }
}

fn customer_of(text: &str) -> Customer {
    let mut customer = Customer::default();
    for part in parts(text) {
        match part.split_whitespace().collect::<Vec<_>>()[..] {
            ["in", "flight"] => customer.in_flight = true,
            ["known"] => customer.known = true,
            ["dead", "sign-up", id] => customer.dead_sign_up = Some(id.parse().unwrap()),
            ["first", ref place @ ..] => {
                customer.first = Some(call(&format!("{} sale {}", place[0], place[1..].join(" "))).place());
            }
            _ => panic!("no customer: {part}"),
        }
    }
    customer
}

pub(super) fn describe(decision: &Decision) -> String {
    let with = |what: &str, preposition: &str, ids: &[u64]| {
        let ids: Vec<_> = ids.iter().map(u64::to_string).collect();
        if ids.is_empty() { what.to_owned() } else { format!("{what} {preposition} {}", ids.join(" ")) }
    };
    match decision {
        Decision::Send(over) => with("send", "over", over),
        Decision::CheckFirst => "check first".to_owned(),
        Decision::Cancel(others) => with("cancel", "with", others),
        Decision::Duplicate(false) => "duplicate".to_owned(),
        Decision::Duplicate(true) => "duplicate differs".to_owned(),
        Decision::Refunded => "refunded".to_owned(),
        Decision::Adjusted => "adjusted".to_owned(),
        Decision::Wait(None) => "wait".to_owned(),
        Decision::Wait(Some(until)) => format!("wait until {until}"),
        Decision::Park(behind) => format!("park behind {behind}"),
    }
}
