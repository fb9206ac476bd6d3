//! A call as a database holds it: read without trust, for rows can be damaged, written by hand or by a newer version.

use std::{str::FromStr as _, sync::Arc};

use rust_decimal::Decimal;
use serde::Serialize;

use crate::delivery::{
    call::{CallId, CallKind, NewCall},
    course::Course,
    dead::DeadReason,
    decide::{Facts, Millis, State},
    outcome::End,
};

use super::driver::{Record, Value};

/// The version of the rows that this version writes, and the newest that it reads.
pub(crate) const VERSION: u64 = 1;

/// Nothing counts that far. What goes beyond it is damage: it would grow until no column takes it any more.
const MOST: u64 = 1 << 62;

/// A call of the table.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    pub(crate) id: u64,
    pub(crate) call: Option<CallId>,
    pub(crate) customer: Option<Arc<str>>,
    pub(crate) transaction: Option<Arc<str>>,
    pub(crate) course: Course,
    pub(crate) tracked_at: Millis,
    pub(crate) behind: Option<u64>,
    pub(crate) death: Option<Death>,
    /// When it became a dead letter.
    pub(crate) died_at: Option<Millis>,
    /// When it was done.
    pub(crate) over_at: Option<Millis>,
    /// When it was read, it was whole, and neither settled nor out of the way.
    pub(crate) was_open: bool,
    /// What is wrong with it.
    pub(crate) damage: Option<String>,
}

/// Why it became a dead letter.
#[derive(Clone, Debug)]
pub(crate) struct Death {
    pub(crate) reason: DeadReason,
    pub(crate) message: String,
}

impl Stored {
    /// Reads the columns of [`Statements`](super::statements::Statements). What can't be right is noted as damage.
    pub(crate) fn read(mut record: Record) -> Self {
        let mut damage = Damage(None);
        let id = record.number(0).unwrap_or_default();
        let call = damage.read("call_id", &record.take(1), CallId::parse);
        let kind = damage.read("kind", &record.take(2), CallKind::parse).unwrap_or(CallKind::Unknown);
        let customer = damage.text("customer_key", record.take(3));
        let transaction = damage.text("transaction_key", record.take(4));
        let amount = match record.take(5) {
            Value::Null => None,
            value => damage.read("amount", &value, |text| Decimal::from_str(text).ok()),
        };
        let end = match record.take(8) {
            Value::Null => None,
            value => damage.read("outcome", &value, End::parse),
        };
        let state = damage.read("state", &record.take(7), |text| read_state(text, end)).unwrap_or(State::Pending);
        let flag = |column| record.int(column).is_some_and(|flag| flag != 0);
        let mut number = |name, column, most| damage.number(name, record.number(column), most);
        let course = Course {
            due: record.number(12),
            quiet_until: number("quiet_until", 13, MOST),
            waited: number("waited", 14, MOST),
            token: number("token", 16, MOST),
            amount,
            attempts: u32::try_from(number("attempts", 15, u64::from(u32::MAX / 2))).unwrap_or_default(),
            kind,
            state,
            uncertain: flag(9),
            deleted: flag(10),
            referred: flag(6),
            suspect: flag(11),
        };
        let open = matches!(state, State::Pending | State::Claimed | State::Parked | State::Dead);
        let (wants_customer, wants_transaction) = match kind {
            CallKind::SignUp => (true, false),
            CallKind::Sale | CallKind::Adjustment => (true, true),
            CallKind::Refund => (false, true),
            CallKind::Unknown => (false, false),
        };
        if open && (wants_customer && customer.is_none() || wants_transaction && transaction.is_none()) {
            damage.note("a key is missing");
        }
        Self {
            id,
            call,
            customer,
            transaction,
            course,
            tracked_at: record.number(17).unwrap_or_default(),
            behind: None,
            death: None,
            died_at: None,
            over_at: None,
            was_open: damage.0.is_none() && matches!(state, State::Pending | State::Claimed),
            damage: damage.0,
        }
    }

    /// What decisions about others depend on. What can't be read may have been a refund: nothing is paid over it.
    pub(crate) fn facts(&self) -> Facts {
        let facts = self.course.facts(self.id);
        let kind = if facts.kind == CallKind::Unknown { CallKind::Refund } else { facts.kind };
        Facts { kind, ..facts }
    }

    /// What changes of it, as [`save`](super::statements::Statements) takes it.
    pub(crate) fn to_save(&self) -> Saved<'_> {
        let (state, outcome) = write_state(&self.course);
        let dead = self.course.state == State::Dead;
        Saved {
            state,
            outcome,
            open: u8::from(self.course.is_open()),
            uncertain: self.course.uncertain,
            deleted: self.course.deleted,
            suspect: self.course.suspect,
            due: self.course.due,
            quiet_until: self.course.quiet_until,
            waited: self.course.waited,
            attempts: self.course.attempts,
            token: self.course.token,
            behind: self.behind,
            reason: self.death.as_ref().filter(|_| dead).map(|death| death.reason.as_str()),
            message: self.death.as_ref().filter(|_| dead).map(|death| death.message.as_str()),
            died_at: self.died_at.filter(|_| dead),
            over_at: self.over_at,
        }
    }
}

/// The columns that change.
#[derive(Debug, Serialize)]
pub(crate) struct Saved<'a> {
    state: &'static str,
    outcome: Option<&'static str>,
    open: u8,
    uncertain: bool,
    deleted: bool,
    suspect: bool,
    due: Option<u64>,
    quiet_until: u64,
    waited: u64,
    attempts: u32,
    token: u64,
    behind: Option<u64>,
    reason: Option<&'static str>,
    message: Option<&'a str>,
    died_at: Option<u64>,
    over_at: Option<u64>,
}

/// What is stored of a new call.
#[derive(Debug)]
pub(crate) struct Inserted<'a> {
    pub(crate) call: String,
    pub(crate) kind: &'static str,
    pub(crate) customer: Option<&'a str>,
    pub(crate) transaction: Option<&'a str>,
    pub(crate) amount: Option<String>,
    pub(crate) referred: bool,
    pub(crate) payload: &'a str,
}

impl<'a> Inserted<'a> {
    pub(crate) fn new(call: &'a mut NewCall) -> Self {
        call.body.write(None);
        let call = &*call;
        Self {
            call: call.id.to_string(),
            kind: call.kind.as_str(),
            customer: call.customer.as_deref(),
            transaction: call.transaction.as_deref(),
            amount: call.amount.map(|amount| amount.to_string()),
            referred: call.referred,
            payload: call.body.as_text(),
        }
    }
}

struct Damage(Option<String>);

impl Damage {
    fn note(&mut self, what: &str) {
        self.0.get_or_insert_with(|| what.to_owned());
    }

    fn read<T>(&mut self, column: &str, value: &Value, read: impl FnOnce(&str) -> Option<T>) -> Option<T> {
        let read = if let Value::Text(text) = value { read(text) } else { None };
        if read.is_none() {
            self.note(&format!("`{column}` can't be read"));
        }
        read
    }

    fn number(&mut self, column: &str, value: Option<u64>, most: u64) -> u64 {
        let value = value.unwrap_or_default();
        if value <= most {
            return value;
        }
        self.note(&format!("`{column}` can't be right"));
        0
    }

    fn text(&mut self, column: &str, value: Value) -> Option<Arc<str>> {
        match value {
            Value::Null => None,
            Value::Text(text) => Some(text.into()),
            _ => {
                self.note(&format!("`{column}` can't be read"));
                None
            }
        }
    }
}

fn read_state(text: &str, end: Option<End>) -> Option<State> {
    Some(match text {
        "pending" | "uncertain" | "deleted" => State::Pending,
        "claimed" => State::Claimed,
        "parked" => State::Parked,
        "dead" => State::Dead,
        // An outcome that only a newer version knows: it was sent, so nothing that waits stands for it.
        "done" | "gone" => State::Done(end.unwrap_or(End::Recorded)),
        _ => return None,
    })
}

/// The state's name, and the outcome of what is done.
fn write_state(course: &Course) -> (&'static str, Option<&'static str>) {
    match course.state {
        State::Pending if course.uncertain => ("uncertain", None),
        State::Pending if course.deleted => ("deleted", None),
        State::Pending => ("pending", None),
        State::Claimed => ("claimed", None),
        State::Parked => ("parked", None),
        State::Dead => ("dead", None),
        State::Done(end) if course.is_memorable() => ("done", Some(end.as_str())),
        // Nothing that comes later depends on it: only who awaits it wants to know, for a while.
        State::Done(end) => ("gone", Some(end.as_str())),
    }
}
