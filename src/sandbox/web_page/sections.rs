//! All that the page shows, part by part, as JSON. Lists have their newest rows, and say how many there are.

use std::collections::{BTreeMap, HashMap};

use rust_decimal::Decimal;
use serde::Serialize;

use crate::sandbox::{
    core::State,
    ledger::{CustomerRow, Ledger},
    web_page::rows::{Commission, Customer, Delivery, Fault, Partner, Program, Request, Transaction, Webhook},
};

/// How many rows of a list are shown.
const ROWS: usize = 100;

#[derive(Serialize)]
struct List<T> {
    total: usize,
    rows: Vec<T>,
}

impl<T> List<T> {
    /// `rows` may have more than are shown.
    fn new(total: usize, rows: impl Iterator<Item = T>) -> Self {
        Self { total, rows: rows.take(ROWS).collect() }
    }
}

/// The parts by name.
pub(super) fn all(state: &State) -> Vec<(&'static str, String)> {
    let (world, ledger) = (&state.world, &state.world.ledger);
    let referred = referred(ledger);
    let friends = |key: &str| referred.get(key).copied().unwrap_or_default();
    let partners = ledger.partners.iter().enumerate().rev();
    let customers = ledger.customers.iter().enumerate().rev();
    let transactions = ledger.transactions.iter().enumerate().rev();
    let commissions = commissions(ledger);
    let of_requests = state.faults.in_force().map(Fault::of_requests);
    let of_webhooks = state.post.faults.in_force().map(Fault::of_webhooks);
    let faults: Vec<_> = of_requests.chain(of_webhooks).collect();
    vec![
        ("program", json(&Program::new(world))),
        ("faults", json(&List::new(faults.len(), faults.into_iter()))),
        ("requests", json(&List::new(state.log.len(), state.log.newest().map(Request::new)))),
        (
            "deliveries",
            json(&List::new(state.post.log.len(), state.post.log.newest().map(|it| Delivery::new(world, it)))),
        ),
        (
            "partners",
            json(&List::new(partners.len(), partners.map(|(id, row)| Partner::new(world, id, row, friends(&row.key))))),
        ),
        (
            "customers",
            json(&List::new(
                customers.len(),
                customers.map(|(id, row)| Customer::new(world, id, row, friends(&row.key))),
            )),
        ),
        ("transactions", json(&List::new(transactions.len(), transactions.map(Transaction::new)))),
        ("commissions", json(&List::new(commissions.len(), commissions.into_iter()))),
        ("webhooks", json(&List::new(ledger.webhooks.len(), ledger.webhooks.iter().rev().map(Webhook::new)))),
    ]
}

fn json(part: &impl Serialize) -> String {
    // Strings and numbers can't fail.
    serde_json::to_string(part).unwrap_or_default()
}

/// How many customers each has referred, by key.
fn referred(ledger: &Ledger) -> HashMap<&str, usize> {
    let mut referred = HashMap::new();
    let is_there = |row: &&CustomerRow| row.deleted_at.is_none();
    for referrer in ledger.customers.iter().filter(is_there).filter_map(|row| row.referrer.as_deref()) {
        *referred.entry(referrer).or_default() += 1;
    }
    referred
}

/// What each has earned in each currency, and what was taken back; who is owed most comes first.
fn commissions(ledger: &Ledger) -> Vec<Commission<'_>> {
    let mut earned = BTreeMap::new();
    for row in &ledger.transactions {
        let Some(reward) = &row.reward else { continue };
        let (sales, owed, lost): &mut (usize, Decimal, Decimal) =
            earned.entry((&*reward.to, &*row.amount_units)).or_default();
        if row.is_live() {
            *sales += 1;
            *owed = owed.saturating_add(reward.amount);
        } else {
            *lost = lost.saturating_add(reward.amount);
        }
    }
    let mut earned: Vec<_> = earned.into_iter().collect();
    earned.sort_by_key(|(_, (_, owed, _))| std::cmp::Reverse(*owed));
    earned
        .into_iter()
        .map(|((to, currency), (sales, owed, lost))| Commission::new(to, currency, sales, owed, lost))
        .collect()
}
