//! What Partnero has on its books: what the walk expects, and what the sandbox's ledger shows.

use std::fmt::{self, Write as _};

use axum_partnero::sandbox::Ledger;
use rust_decimal::Decimal;

/// The partner in this story.
pub const PARTNER: &str = "anna";

/// What she gets, in percent.
pub const COMMISSION: u8 = 30;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Books {
    /// Each customer, and who referred them.
    customers: Vec<(String, Option<String>)>,
    /// Each live sale and its amount: a sale that stands here twice is paid twice.
    sales: Vec<(String, Decimal)>,
    /// What Partnero owes the partner.
    pub owed: Decimal,
}

impl Books {
    pub fn of(ledger: &Ledger) -> Self {
        let customers = ledger.customers().iter().filter(|customer| customer.deleted_at.is_none());
        let sales = ledger.transactions().iter().filter(|sale| sale.is_live());
        let mut books = Self {
            customers: customers.map(|it| (it.key.clone(), it.referrer.clone())).collect(),
            sales: sales.map(|it| (it.key.clone(), it.amount)).collect(),
            owed: ledger.owed_to(PARTNER),
        };
        books.sales.sort();
        books
    }

    pub fn add_customer(&mut self, key: &str, referrer: &str) {
        self.customers.push((key.to_owned(), Some(referrer.to_owned())));
    }

    /// Cents: `49_90`.
    pub fn set_sale(&mut self, key: &str, cents: i64) {
        self.delete_sale(key);
        self.sales.push((key.to_owned(), Decimal::new(cents, 2)));
        self.sales.sort();
    }

    pub fn delete_sale(&mut self, key: &str) {
        self.sales.retain(|(other, _)| other != key);
    }

    pub fn owe(&mut self, cents: i64) {
        self.owed = Decimal::new(cents, 2);
    }

    /// What is new in these books.
    pub fn since(&self, before: &Self) -> String {
        let amount = |books: &Self, key: &str| books.sales.iter().find(|(other, _)| other == key).map(|it| it.1);
        let mut news = Vec::new();
        for (key, referrer) in self.customers.iter().filter(|it| !before.customers.contains(it)) {
            let by = referrer.as_deref().map_or_else(String::new, |by| format!(", referred by {by}"));
            news.push(format!("{key}{by}"));
        }
        for (key, now) in self.sales.iter().filter(|it| !before.sales.contains(it)) {
            news.push(match amount(before, key) {
                Some(was) => format!("{key}: {was:.2} → {now:.2}"),
                None => format!("{key}: {now:.2}"),
            });
        }
        for (key, was) in before.sales.iter().filter(|it| amount(self, &it.0).is_none()) {
            news.push(format!("{key}: {was:.2} deleted"));
        }
        news.join("; ")
    }
}

impl fmt::Display for Books {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        for (key, referrer) in &self.customers {
            write!(text, "{key} by {}, ", referrer.as_deref().unwrap_or("nobody"))?;
        }
        for (key, amount) in &self.sales {
            write!(text, "{key} {amount:.2}, ")?;
        }
        write!(f, "{text}{:.2} owed to {PARTNER}", self.owed)
    }
}
