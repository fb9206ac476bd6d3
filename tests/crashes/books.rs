//! What was said, what of it was confirmed, and what Partnero must have of it in the end.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fmt::Write as _,
};

use axum_partnero::sandbox::{Ledger, RecordedRequest, Sandbox, TransactionRow};
use rust_decimal::Decimal;

use crate::{
    child::{News, Order},
    plan::{Call, Standing, Sum},
};

/// All that was said, in all processes.
#[derive(Default)]
pub(crate) struct Books {
    pub(crate) customers: BTreeMap<String, Account>,
    /// Whose call has which number.
    numbers: Vec<(String, usize, usize)>,
    pub(crate) confirmed: usize,
}

/// A customer's.
#[derive(Default)]
pub(crate) struct Account {
    pub(crate) plan: Vec<Call>,
    stints: Vec<Stint>,
}

/// What one process was told of a customer.
struct Stint {
    process: u64,
    said: Vec<usize>,
    /// How many of them are stored for sure: the outbox has them in the order in which they were tracked.
    confirmed: usize,
}

impl Books {
    pub(crate) fn open(&mut self, customer: &str, plan: Vec<Call>) {
        self.customers.insert(customer.to_owned(), Account { plan, stints: Vec::new() });
    }

    /// That a process is told this call of the customer's plan.
    pub(crate) fn say(&mut self, process: u64, customer: &str, call: usize) -> Order {
        let account = self.customers.get_mut(customer).unwrap();
        if account.stints.last().is_none_or(|stint| stint.process != process) {
            account.stints.push(Stint { process, said: Vec::new(), confirmed: 0 });
        }
        let at = account.stints.len() - 1;
        let stint = &mut account.stints[at];
        stint.said.push(call);
        self.numbers.push((customer.to_owned(), at, stint.said.len()));
        Order::Track(self.numbers.len() as u64 - 1, account.plan[call].clone())
    }

    /// What a process said.
    pub(crate) fn note(&mut self, news: &[News]) {
        for news in news {
            match news {
                News::Stored(number) => {
                    let (customer, stint, count) = &self.numbers[usize::try_from(*number).unwrap()];
                    let stint = &mut self.customers.get_mut(customer).unwrap().stints[*stint];
                    stint.confirmed = stint.confirmed.max(*count);
                    self.confirmed += 1;
                }
                News::Failed(number, error) => panic!("call {number} wasn't taken: {error}"),
                _ => {}
            }
        }
    }

    pub(crate) fn said(&self) -> usize {
        self.numbers.len()
    }

    /// The customer's first call that nobody confirmed.
    pub(crate) fn unconfirmed(&self, customer: &str) -> Option<usize> {
        self.customers[customer].unconfirmed()
    }

    /// Compares it with what Partnero has.
    pub(crate) fn audit(&self, sandbox: &Sandbox) {
        let ledger = sandbox.ledger();
        let mut wrong = String::new();
        let mut rows: HashMap<&str, Vec<&TransactionRow>> = HashMap::new();
        for row in ledger.transactions() {
            rows.entry(&row.key).or_default().push(row);
        }
        for (key, rows) in &mut rows {
            never_twice(key, rows, &mut wrong);
        }
        let there: HashMap<_, _> = ledger.customers().iter().map(|row| (row.key.as_str(), row)).collect();
        assert_eq!(there.len(), ledger.customers().len(), "each customer is there once");
        let mut known = 0;
        for (name, account) in &self.customers {
            let mut found = Sum { signed_up: there.contains_key(name.as_str()), keys: BTreeMap::new() };
            let keys: BTreeSet<_> = account.plan.iter().filter_map(Call::key).collect();
            for key in keys {
                let rows = rows.get(key).map(Vec::as_slice).unwrap_or_default();
                known += rows.len();
                account.at_most(key, rows, &mut wrong);
                if let Some(live) = rows.iter().find(|row| row.is_live()) {
                    let cents = i64::try_from((live.amount * Decimal::ONE_HUNDRED).trunc().mantissa()).unwrap();
                    found.keys.insert(key.to_owned(), Standing::Live(cents));
                }
            }
            account.compare(name, &found, &mut wrong);
            let referrer = there.get(name.as_str()).map(|row| row.referrer.as_deref());
            if referrer.is_some_and(|referrer| referrer != Some("anna")) {
                let _ = writeln!(wrong, "{name} isn't anna's: {referrer:?}");
            }
        }
        assert_eq!(known, ledger.transactions().len(), "nothing is there that nobody said");
        in_order(&sandbox.requests(), &mut wrong);
        commissions(&ledger, &mut wrong);
        assert!(wrong.is_empty(), "{wrong}");
    }
}

impl Account {
    fn unconfirmed(&self) -> Option<usize> {
        let confirmed = self.stints.iter().filter(|stint| stint.confirmed > 0);
        let next = confirmed.map(|stint| stint.said[stint.confirmed - 1] + 1).max().unwrap_or(0);
        (next < self.plan.len()).then_some(next)
    }

    /// Everything that the customer's calls may add up to: of each process those that were confirmed are stored, and
    /// perhaps some more that came after them.
    fn possible(&self) -> BTreeSet<Sum> {
        let mut possible = BTreeSet::from([Sum::default()]);
        for stint in &self.stints {
            let mut next = BTreeSet::new();
            for mut sum in possible {
                for stored in 0..=stint.said.len() {
                    if stored >= stint.confirmed {
                        next.insert(sum.clone());
                    }
                    if let Some(call) = stint.said.get(stored) {
                        sum.add(&self.plan[*call]);
                    }
                }
            }
            possible = next;
        }
        possible
    }

    fn compare(&self, name: &str, found: &Sum, wrong: &mut String) {
        let live = |sum: &Sum| Sum {
            signed_up: sum.signed_up,
            keys: sum.keys.iter().filter(|(_, standing)| **standing != Standing::Refunded).map(clone).collect(),
        };
        let possible: BTreeSet<_> = self.possible().iter().map(live).collect();
        if !possible.contains(found) {
            let _ = writeln!(wrong, "{name}: {found:?}, which isn't one of {possible:?}: {}", self.story());
        }
    }

    /// A key is posted once, and once more for each adjustment that was said.
    fn at_most(&self, key: &str, rows: &[&TransactionRow], wrong: &mut String) {
        let said = self.stints.iter().flat_map(|stint| &stint.said).map(|call| &self.plan[*call]);
        let of_key: Vec<_> = said.filter(|call| call.key() == Some(key)).collect();
        let sold = of_key.iter().any(|call| matches!(call, Call::Sale { .. }));
        let adjusted = of_key.iter().filter(|call| matches!(call, Call::Adjustment { cents: 1.., .. })).count();
        if rows.len() > usize::from(sold) + adjusted {
            let _ = writeln!(wrong, "{key} was posted {} times: {}", rows.len(), self.story());
        }
    }

    fn story(&self) -> String {
        let mut story = String::new();
        for stint in &self.stints {
            let said: Vec<_> = stint.said.iter().map(|call| &self.plan[*call]).collect();
            let _ = write!(story, "\n    process {}: {} confirmed of {said:?}", stint.process, stint.confirmed);
        }
        story
    }
}

fn clone((key, standing): (&String, &Standing)) -> (String, Standing) {
    (key.clone(), *standing)
}

/// Of a key, one row is deleted before the next is there.
fn never_twice(key: &str, rows: &mut [&TransactionRow], wrong: &mut String) {
    rows.sort_by(|a, b| a.created_at.cmp(&b.created_at));
    for pair in rows.windows(2) {
        let over = pair[0].deleted_at.as_ref().is_some_and(|deleted| *deleted <= pair[1].created_at);
        if !over {
            let _ = writeln!(wrong, "{key} was there twice: {pair:?}");
        }
    }
}

/// No sale arrives before its customer is there.
fn in_order(requests: &[RecordedRequest], wrong: &mut String) {
    let mut signed_up = BTreeSet::new();
    for request in requests.iter().filter(|request| request.method == "POST") {
        let body = request.json().unwrap_or_default();
        let text = |path| body.pointer(path).and_then(|value| value.as_str()).unwrap_or_default().to_owned();
        if request.path == "/v1/customers" {
            // Carried out, or the answer is that it had been.
            if request.processed.is_some() {
                signed_up.insert(text("/key"));
            }
        } else if request.path == "/v1/transactions" && !signed_up.contains(&text("/customer/key")) {
            let _ = writeln!(wrong, "{} came before {} signed up", text("/key"), text("/customer/key"));
        }
    }
}

fn commissions(ledger: &Ledger, wrong: &mut String) {
    let live = ledger.transactions().iter().filter(|row| row.is_live());
    let owed = live.map(|row| row.amount).sum::<Decimal>() * Decimal::new(30, 2);
    if ledger.owed_to("anna") != owed {
        let _ = writeln!(wrong, "anna has {}, and should have {owed}", ledger.owed_to("anna"));
    }
}
