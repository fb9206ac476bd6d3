//! Limits of the table in memory.

use std::sync::Arc;

use crate::delivery::{
    body::Body,
    call::{CallKind, NewCall},
    notice::Notice,
};

use super::table::Table;

#[test]
fn hundreds_of_calls_of_one_key_are_looked_at_once_each() {
    let mut table = Table::default();
    for _ in 0..300 {
        let mut call = NewCall::new(CallKind::Sale);
        (call.customer, call.transaction) = (Some("customer".into()), Some("order".into()));
        call.body = Body::Text("{}".to_owned());
        table.insert(call, 0);
    }
    // Each look sees the first and what is settled, not hundreds.
    assert!(table.history(&Arc::from("order"), 300, CallKind::Sale).len() <= 2);
}

#[test]
fn an_observer_that_never_answers_leaves_a_bounded_backlog() {
    let mut table = Table::default();
    for order in 0..10_100 {
        table.notify(Notice::Refunded { transaction: order.to_string() }, 0);
    }
    assert_eq!(table.counts(0).notices, 10_000);
    let oldest = table.notices(1, 0).pop().unwrap();
    assert!(matches!(oldest.notice, Notice::Refunded { transaction } if transaction == "100"));
}
