//! Every kind against every state of one other call of its key.

use super::{
    super::*,
    notation::{NOW, call, describe},
};

/// `the other call | what becomes of a sale of 10 | of a refund | of an adjustment to 10`.
fn check(other: u64, table: &str) {
    let mut wrong = Vec::new();
    for line in table.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let cells: Vec<_> = line.split('|').map(str::trim).collect();
        let history = [call(&format!("{other} {}", cells[0]))];
        for (row, expected) in ["2 sale 10", "2 refund", "2 adjustment 10"].iter().zip(&cells[1..]) {
            let decision = describe(&decide(&call(row), &history, &Customer::default(), NOW));
            if decision != *expected {
                wrong.push(format!("{other} {}: {row}: {decision}, and not {expected}", cells[0]));
            }
        }
        assert_eq!(cells.len(), 4, "{line}");
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn behind_another_call_of_the_key() {
    check(
        1,
        "
        sale 10 pending              | wait          | cancel with 1 | wait
        sale 10 pending uncertain    | wait          | send over 1   | wait
        sale 10 claimed              | wait          | wait          | wait
        sale 10 claimed uncertain    | wait          | wait          | wait
        sale 10 parked               | duplicate     | cancel with 1 | send
        sale 10 dead                 | duplicate     | send          | send
        sale 10 dead uncertain       | duplicate     | send          | send
        sale 10 recorded             | duplicate     | send          | adjusted
        sale 10 ignored              | duplicate     | send          | send
        sale 10 duplicate            | send          | send          | send
        sale 10 cancelled            | duplicate     | send          | send
        sale 10 cancelled uncertain  | duplicate     | send          | send
        sale 10 refunded             | duplicate     | send          | send
        sale 10 discarded            | send          | send          | send
        sale 10 discarded uncertain  | check first   | send          | send
        refund pending               | wait          | wait          | wait
        refund pending uncertain     | wait          | wait          | wait
        refund claimed               | wait          | wait          | wait
        refund parked                | send          | send          | send
        refund dead                  | park behind 1 | park behind 1 | park behind 1
        refund dead uncertain        | park behind 1 | park behind 1 | park behind 1
        refund refunded              | refunded      | duplicate     | send
        refund cancelled             | refunded      | duplicate     | send
        refund duplicate             | refunded      | duplicate     | send
        refund discarded             | send          | send          | send
        refund discarded uncertain   | send          | send          | send
        adjustment 10 pending        | wait          | send over 1   | wait
        adjustment 10 pending uncertain | wait       | send over 1   | wait
        adjustment 10 pending deleted | wait         | send over 1   | wait
        adjustment 10 claimed        | wait          | wait          | wait
        adjustment 10 parked         | send          | send over 1   | send
        adjustment 10 dead           | send          | send          | send
        adjustment 10 dead uncertain | check first   | send          | send
        adjustment 10 dead deleted   | send          | send          | send
        adjustment 10 adjusted       | duplicate     | send          | adjusted
        adjustment 10 cancelled      | send          | send          | send
        adjustment 10 discarded      | send          | send          | send
        adjustment 10 discarded uncertain | check first | send       | send
        ",
    );
}

/// A later id: a dead letter that is back in its place, or a call whose transaction was committed late.
#[test]
fn before_another_call_of_the_key() {
    check(
        3,
        "
        sale 10 pending              | send          | send          | send
        sale 10 pending uncertain    | wait          | send          | wait
        sale 10 claimed              | wait          | wait          | wait
        sale 10 parked               | send          | send          | send
        sale 10 dead                 | duplicate     | send          | send
        sale 10 recorded             | duplicate     | send          | adjusted
        sale 10 ignored              | duplicate     | send          | send
        sale 10 duplicate            | send          | send          | send
        sale 10 discarded            | send          | send          | send
        sale 10 discarded uncertain  | check first   | send          | send
        refund pending               | wait          | send          | wait
        refund pending uncertain     | wait          | send          | wait
        refund claimed               | wait          | wait          | wait
        refund parked                | send          | send          | send
        refund dead                  | park behind 3 | send          | park behind 3
        refund refunded              | refunded      | cancel        | cancel
        refund cancelled             | refunded      | cancel        | cancel
        refund duplicate             | refunded      | cancel        | cancel
        refund discarded             | send          | send          | send
        adjustment 10 pending        | send          | send          | send
        adjustment 10 pending uncertain | wait       | send          | wait
        adjustment 10 pending deleted | wait         | send          | wait
        adjustment 10 claimed        | wait          | wait          | wait
        adjustment 10 parked         | send          | send          | send
        adjustment 10 dead           | send          | send          | send
        adjustment 10 dead deleted   | send          | send          | send
        adjustment 10 dead uncertain | check first   | send          | send
        adjustment 10 adjusted       | duplicate     | cancel        | cancel
        adjustment 10 cancelled      | send          | send          | send
        adjustment 10 discarded      | send          | send          | send
        ",
    );
}
