//! What an answer means: pure functions, one per question.
//!
//! A sale that may have been recorded is never simply sent again; a refusal of what nobody is owed for is a normal end.

use std::time::Duration;

use http::StatusCode;
use rust_decimal::Decimal;
use serde_json::Value;

use crate::{
    api::{
        Customer,
        attempt::{Answer, Attempt},
        envelope,
        response::FromJson as _,
    },
    delivery::outcome::End,
    model::{ProgramType, same_amount},
};

/// What was asked of Partnero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Request {
    SignUp,
    Sale,
    Delete,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Verdict {
    /// It is done; with what Partnero has now, where it said so.
    Done(End, Option<Value>),
    /// It was created, but the answer can't be read: ask.
    AskCreated(Trouble),
    /// A sale was taken without a word: ask whether anybody is owed for it.
    AskOwed(Trouble),
    /// Ask whether the customer is there, to understand this refusal.
    AskCustomer(Refusal),
    /// Ask whether the transaction is there.
    AskTransaction(Refusal),
    /// Of a deletion: there is nothing of that key, or nothing is deleted in this way.
    NothingThere(Refusal),
    /// It may have been carried out.
    Uncertain(Trouble),
    /// It wasn't carried out, or repeating it does no harm.
    Again(Trouble),
    /// Too many requests: nobody sends for a while.
    Pause(Option<Duration>),
    /// Nobody sends until this is mended.
    Hold(Hold),
    /// Refused for good.
    Rejected(Refusal),
}

/// Why nothing can be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hold {
    /// 401 or 403.
    NotAllowed(u16),
    /// 3xx.
    Redirected(u16),
}

/// Why it is to be tried again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Trouble {
    pub(crate) reason: String,
    pub(crate) retry_after: Option<Duration>,
}

/// What Partnero said when it refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    /// For a log: the status, the message, the names of the fields.
    pub(crate) message: String,
    /// Whether all that is wrong is the referrer.
    pub(crate) referrer_only: bool,
}

/// Whether something is there.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Presence {
    There(Value),
    /// The transaction is there, with another amount.
    Differs(Value),
    Absent,
    /// No telling: ask again later.
    Unknown(Trouble),
    Pause(Option<Duration>),
    Hold(Hold),
}

/// What an attempt came to.
pub(crate) fn judge(request: Request, attempt: Attempt) -> Verdict {
    let answer = match attempt {
        Attempt::NotSent(reason) => return Verdict::Again(Trouble { reason, retry_after: None }),
        Attempt::Uncertain(reason) => return lost(request, reason, None),
        Attempt::Answered(answer) => answer,
    };
    if let Some(verdict) = everyones(&answer) {
        return verdict;
    }
    let retry_after = answer.retry_after;
    let status = answer.status;
    let Some(json) = answer.json.filter(envelope::is_partneros) else {
        // A proxy's page, or nothing: Partnero may have done it or not.
        return match request {
            // Deleted, without a word. A page could be anybody's, and repeating a deletion does no harm.
            Request::Delete if status == StatusCode::NO_CONTENT => Verdict::Done(End::Refunded, None),
            Request::SignUp if status.is_success() => Verdict::AskCreated(unreadable(status)),
            _ => lost(request, format!("{status} without an answer of Partnero's"), retry_after),
        };
    };
    if may_pass(status) {
        return lost(request, describe(status, &json), retry_after);
    }
    if status.is_success() && !envelope::says_failed(&json) {
        return done(request, status, json);
    }
    let refusal = refusal(status, &json);
    match (request, status) {
        (Request::SignUp, StatusCode::CONFLICT) => Verdict::Done(End::Existed, None),
        (Request::SignUp, StatusCode::NOT_FOUND) => Verdict::Rejected(refusal),
        (Request::Sale, StatusCode::CONFLICT) => Verdict::AskTransaction(refusal),
        (Request::SignUp, _) | (Request::Sale, StatusCode::NOT_FOUND | StatusCode::UNPROCESSABLE_ENTITY) => {
            Verdict::AskCustomer(refusal)
        }
        // A success whose body says that it failed means what a 422 means.
        (Request::Sale, status) if status.is_success() => Verdict::AskCustomer(refusal),
        (Request::Delete, StatusCode::CONFLICT) => Verdict::Done(End::Refunded, None),
        (Request::Delete, StatusCode::NOT_FOUND) => Verdict::NothingThere(refusal),
        _ => Verdict::Rejected(refusal),
    }
}

fn done(request: Request, status: StatusCode, mut json: Value) -> Verdict {
    let data = json.get_mut("data").filter(|data| data.is_object()).map(Value::take);
    match (request, data) {
        (Request::Delete, _) => Verdict::Done(End::Refunded, None),
        (_, Some(data)) => Verdict::Done(End::Recorded, Some(data)),
        // Taken without a word: if the customer isn't there, the program has no use for one with that referrer.
        (Request::SignUp, None) => Verdict::AskCustomer(Refusal { referrer_only: true, ..refusal(status, &json) }),
        (Request::Sale, None) => Verdict::AskOwed(unreadable(status)),
    }
}

fn unreadable(status: StatusCode) -> Trouble {
    Trouble { reason: format!("{status} with an answer that can't be read"), retry_after: None }
}

/// Answers that mean the same whatever was asked.
pub(crate) fn everyones(answer: &Answer) -> Option<Verdict> {
    match answer.status {
        StatusCode::TOO_MANY_REQUESTS => Some(Verdict::Pause(answer.retry_after)),
        status @ (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) => {
            Some(Verdict::Hold(Hold::NotAllowed(status.as_u16())))
        }
        status if status.is_redirection() => Some(Verdict::Hold(Hold::Redirected(status.as_u16()))),
        _ => None,
    }
}

/// Statuses of which no one can say what happened before.
fn may_pass(status: StatusCode) -> bool {
    status.is_server_error()
        || status.is_informational()
        || matches!(status, StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY)
}

fn lost(request: Request, reason: String, retry_after: Option<Duration>) -> Verdict {
    let trouble = Trouble { reason, retry_after };
    match request {
        // Partnero knows a customer by its key: a second sign-up finds the first.
        Request::SignUp => Verdict::Again(trouble),
        Request::Sale | Request::Delete => Verdict::Uncertain(trouble),
    }
}

/// Whether the customer of that key is there.
pub(crate) fn customer(attempt: Attempt, key: &str) -> Presence {
    presence(attempt, |data| {
        let found = Customer::from_json(&data).filter(|found| found.key.is_some() || found.id.is_some());
        if found.is_some_and(|found| found.is_of(key)) { Presence::There(data) } else { Presence::Absent }
    })
}

/// Whether the transaction of that key is there, live and with that amount.
pub(crate) fn transaction(attempt: Attempt, key: &str, amount: Option<Decimal>) -> Presence {
    let look = |item: &Value| -> Option<Presence> {
        let live = item.get("deleted_at").is_none_or(Value::is_null);
        let same = match (amount, item.get("amount")) {
            (Some(ours), Some(theirs)) => same_amount(theirs, ours),
            // A transaction that states its reward has no amount to compare.
            (None, _) => true,
            (Some(_), None) => false,
        };
        live.then(|| if same { Presence::There(item.clone()) } else { Presence::Differs(item.clone()) })
    };
    presence(attempt, |data| match &data {
        Value::Array(items) => {
            let is_ours = |item: &&Value| item.get("key").is_some_and(|value| is_text(value, key));
            if !items.is_empty() && !items.iter().any(|item| is_ours(&item)) {
                // The list isn't of this key at all: it can't say that the key is absent.
                return unknown("the list of transactions isn't filtered by key");
            }
            let mut found: Vec<_> = items.iter().filter(is_ours).filter_map(look).collect();
            let same = found.iter().position(|presence| matches!(presence, Presence::There(_)));
            if found.is_empty() { Presence::Absent } else { found.swap_remove(same.unwrap_or(0)) }
        }
        // An object with neither is none: it may be a list in other clothes, or an odd way to say that there is nothing.
        Value::Object(fields)
            if ["key", "amount"].iter().any(|field| fields.contains_key(*field))
                && fields.get("key").is_none_or(|value| is_text(value, key)) =>
        {
            look(&data).unwrap_or(Presence::Absent)
        }
        _ => unknown("the answer is of another transaction"),
    })
}

fn presence(attempt: Attempt, found: impl FnOnce(Value) -> Presence) -> Presence {
    let answer = match attempt {
        Attempt::NotSent(reason) | Attempt::Uncertain(reason) => {
            return Presence::Unknown(Trouble { reason, retry_after: None });
        }
        Attempt::Answered(answer) => answer,
    };
    match everyones(&answer) {
        Some(Verdict::Pause(after)) => return Presence::Pause(after),
        Some(Verdict::Hold(hold)) => return Presence::Hold(hold),
        _ => {}
    }
    let (status, retry_after) = (answer.status, answer.retry_after);
    match answer.json.filter(envelope::is_partneros) {
        Some(_) if status == StatusCode::NOT_FOUND => Presence::Absent,
        Some(mut json) if status.is_success() && !envelope::says_failed(&json) => match json.get_mut("data") {
            Some(data) if !data.is_null() => found(data.take()),
            _ => unknown("the answer has no data"),
        },
        Some(json) => Presence::Unknown(Trouble { reason: describe(status, &json), retry_after }),
        None => Presence::Unknown(Trouble { reason: format!("{status} without an answer of Partnero's"), retry_after }),
    }
}

fn unknown(reason: &str) -> Presence {
    Presence::Unknown(Trouble { reason: reason.to_owned(), retry_after: None })
}

/// What to make of a sign-up that was refused, the customer being absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RefusedSignUp {
    /// Nobody is owed anything: a normal end. `true` where a referrer was named, who is unknown.
    Ignored(bool),
    WithoutReferrer,
    Rejected,
}

/// The guide: report every sign-up, referred or not; Partnero ignores what it has no use for.
pub(crate) fn refused_sign_up(refusal: &Refusal, program: ProgramType, referred: bool) -> RefusedSignUp {
    match (program, referred) {
        (ProgramType::Affiliate, false) => RefusedSignUp::Ignored(false),
        // Everyone may refer: the customer is wanted even if whoever referred them is unknown.
        (ProgramType::ReferAFriend, true) => RefusedSignUp::WithoutReferrer,
        (ProgramType::Affiliate, true) if refusal.status == 400 || refusal.referrer_only => {
            RefusedSignUp::Ignored(true)
        }
        _ => RefusedSignUp::Rejected,
    }
}

/// Whether a sale that was refused, its customer being absent, is a normal end: nobody is owed anything.
///
/// One that was to create its own customer is, unless it names a referrer about whom nothing is wrong.
pub(crate) fn sale_of_nobody(refusal: &Refusal, referred: bool) -> bool {
    !referred || refusal.referrer_only
}

/// Whether a customer who is there was referred by nobody, as far as Partnero says: then nobody is owed for a sale.
pub(crate) fn was_referred(customer: &Value) -> bool {
    let says_none = |field: &str| customer.get(field).is_some_and(Value::is_null);
    !says_none("referring_customer") && !says_none("partner")
}

fn refusal(status: StatusCode, json: &Value) -> Refusal {
    let errors = envelope::field_errors(json);
    let of_referrer = |path: &String| {
        let path = path.strip_prefix("customer.").unwrap_or(path);
        path.starts_with("partner")
    };
    Refusal {
        status: status.as_u16(),
        message: describe(status, json),
        referrer_only: !errors.is_empty() && errors.keys().all(of_referrer),
    }
}

/// Names of fields, never their values.
fn describe(status: StatusCode, json: &Value) -> String {
    let mut text = status.as_u16().to_string();
    if let Some(message) = envelope::message(json) {
        text.push(' ');
        text.push_str(&message);
    }
    let errors = envelope::field_errors(json);
    let fields: Vec<_> = errors.keys().filter(|field| !field.is_empty()).map(String::as_str).take(10).collect();
    if !fields.is_empty() {
        text.push_str(" (fields: ");
        text.push_str(&fields.join(", "));
        text.push(')');
    }
    text
}

fn is_text(value: &Value, text: &str) -> bool {
    match value {
        Value::String(value) => value == text,
        Value::Number(value) => value.to_string() == text,
        _ => false,
    }
}

#[cfg(test)]
mod tests;
