//! What was tracked, and what Partnero has to have in the end.

use std::collections::{HashMap, HashSet};

use axum_partnero::{Decimal, sandbox::Ledger};

/// What becomes of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// It stays, with this many cents.
    Stays(i64),
    /// So much of it is left.
    Adjusted(i64),
    Refunded,
    /// Partnero never takes it.
    Never,
}

#[derive(Debug, Default)]
pub(crate) struct Books {
    pub(crate) customers: Vec<String>,
    pub(crate) orders: HashMap<String, Order>,
}

impl Books {
    pub(crate) fn add(&mut self, other: Self) {
        self.customers.extend(other.customers);
        self.orders.extend(other.orders);
    }

    /// Each customer once, with the one who brought it. Of each order one row, or the row of what is left of it.
    pub(crate) fn audit(&self, ledger: &Ledger) {
        let mut customers: HashMap<&str, Vec<Option<&str>>> = HashMap::new();
        for row in ledger.customers() {
            customers.entry(&row.key).or_default().push(row.referrer.as_deref());
        }
        for customer in &self.customers {
            assert_eq!(customers.get(customer.as_str()), Some(&vec![Some("anna")]), "{customer}");
        }
        assert_eq!(customers.len(), self.customers.len() + 1, "and anna");
        let mut rows: HashMap<&str, (usize, Vec<Decimal>)> = HashMap::new();
        for row in ledger.transactions() {
            let (ever, live) = rows.entry(&row.key).or_default();
            *ever += 1;
            live.extend(row.is_live().then_some(row.amount));
        }
        for (key, order) in &self.orders {
            let (ever, live) = rows.remove(key.as_str()).unwrap_or_default();
            let (expected, most) = match *order {
                Order::Stays(cents) => (vec![Decimal::new(cents, 2)], 1),
                Order::Adjusted(cents) => (vec![Decimal::new(cents, 2)], 2),
                Order::Refunded => (Vec::new(), 1),
                Order::Never => (Vec::new(), 0),
            };
            assert!(live == expected && ever <= most, "{key} is {order:?}: {live:?} of {ever}");
        }
        assert!(rows.is_empty(), "nobody ordered {:?}", rows.keys());
    }
}

/// What Partnero has recorded and deleted, it has told, and the application has handled; and nothing else.
pub(crate) fn audit_events(ledger: &Ledger, handled: &HashSet<String>) {
    let mut expected = HashSet::new();
    for row in ledger.transactions() {
        expected.insert(format!("transaction.created {}", row.key));
        if !row.is_live() {
            expected.insert(format!("transaction.deleted {}", row.key));
        }
    }
    let missing: Vec<_> = expected.difference(handled).take(10).collect();
    let unknown: Vec<_> = handled.difference(&expected).take(10).collect();
    assert!(missing.is_empty() && unknown.is_empty(), "not handled: {missing:?}; never happened: {unknown:?}");
}
