//! What a shop tells Partnero of one customer, and what that adds up to.

use std::collections::BTreeMap;

use axum_partnero::{NewCustomer, NewTransaction, ReferralKey};
use fastrand::Rng;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// A call, as it travels to another process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Call {
    SignUp { customer: String },
    Sale { customer: String, key: String, cents: i64 },
    Refund { key: String },
    Adjustment { customer: String, key: String, cents: i64 },
}

/// Of a transaction key, after some calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Standing {
    Live(i64),
    Refunded,
}

/// What all that was said of a customer adds up to.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Sum {
    pub(crate) signed_up: bool,
    pub(crate) keys: BTreeMap<String, Standing>,
}

impl Sum {
    pub(crate) fn add(&mut self, call: &Call) {
        match call {
            Call::SignUp { .. } => self.signed_up = true,
            // The first one wins, and what was refunded stays so.
            Call::Sale { key, cents, .. } => {
                self.keys.entry(key.clone()).or_insert(Standing::Live(*cents));
            }
            Call::Refund { key } | Call::Adjustment { key, cents: 0, .. } => {
                self.keys.insert(key.clone(), Standing::Refunded);
            }
            Call::Adjustment { key, cents, .. } => {
                self.keys.insert(key.clone(), Standing::Live(*cents));
            }
        }
    }
}

impl Call {
    pub(crate) fn sale(customer: &str, key: &str, cents: i64) -> Self {
        Self::Sale { customer: customer.to_owned(), key: key.to_owned(), cents }
    }

    pub(crate) fn sign_up(customer: &str) -> Self {
        Self::SignUp { customer: customer.to_owned() }
    }

    pub(crate) fn key(&self) -> Option<&str> {
        match self {
            Self::SignUp { .. } => None,
            Self::Sale { key, .. } | Self::Refund { key } | Self::Adjustment { key, .. } => Some(key),
        }
    }
}

/// A customer's sign-up, and then from two to seven calls about two orders, in any order: what is said twice, takes
/// back what wasn't sold, or comes after the refund is what happens to shops.
pub(crate) fn of(customer: &str, dice: &mut Rng) -> Vec<Call> {
    let mut calls = vec![Call::sign_up(customer)];
    for _ in 0..dice.usize(2..=7) {
        let key = format!("{customer}-{}", dice.choice(["a", "b"]).unwrap());
        let (customer, cents) = (customer.to_owned(), dice.i64(1..100_000));
        calls.push(match dice.u8(0..100) {
            0..=54 => Call::Sale { customer, key, cents },
            55..=69 => Call::Refund { key },
            70..=74 => Call::Adjustment { customer, key, cents: 0 },
            _ => Call::Adjustment { customer, key, cents },
        });
    }
    calls
}

/// Customers whom anna referred.
pub(crate) fn customer(key: &str) -> NewCustomer {
    NewCustomer::new(key).email(format!("{key}@mail.test")).referred_by(ReferralKey::new("anna").unwrap())
}

pub(crate) fn transaction(customer: &str, key: &str, cents: i64) -> NewTransaction {
    NewTransaction::new(key, Decimal::new(cents, 2)).customer(customer)
}
