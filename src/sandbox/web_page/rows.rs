//! What the page shows of each thing. Texts are cut: they may be as long as a request.

use rust_decimal::Decimal;
use serde::Serialize;

use crate::sandbox::{
    fault::{self, Rule, WebhookFault},
    ledger::{CustomerRow, PartnerRow, TransactionRow, WebhookRow},
    record::RecordedRequest,
    sending::{DeliveryState, WebhookAnswer, WebhookDelivery},
    web_page::words,
    world::World,
};

/// The longest text, in characters.
const TEXT: usize = 200;

/// The longest body.
const BODY: usize = 1000;

fn cut(text: &str, length: usize) -> String {
    match text.char_indices().nth(length) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn text(text: impl AsRef<str>) -> String {
    cut(text.as_ref(), TEXT)
}

fn name(first: Option<&str>, last: Option<&str>) -> String {
    text([first, last].into_iter().flatten().collect::<Vec<_>>().join(" "))
}

/// With all its digits.
fn digits(amount: Decimal) -> String {
    amount.normalize().to_string()
}

#[derive(Serialize)]
pub(super) struct Program {
    refer_a_friend: bool,
    id: String,
    currency: String,
    commission: String,
}

impl Program {
    pub(super) fn new(world: &World) -> Self {
        Self {
            refer_a_friend: world.is_raf(),
            id: text(&world.program_id),
            currency: text(&world.currency),
            commission: digits(world.commission),
        }
    }
}

#[derive(Serialize)]
pub(super) struct Fault {
    kind: &'static str,
    id: u64,
    what: String,
    method: Option<String>,
    path: Option<String>,
    mentioning: Option<String>,
    /// Of a hundred.
    share: f64,
    left: Option<u64>,
    met: u64,
}

impl Fault {
    pub(super) fn of_requests(rule: &Rule<fault::Fault>) -> Self {
        Self::new("requests", rule, words::of_fault(&rule.fault))
    }

    pub(super) fn of_webhooks(rule: &Rule<WebhookFault>) -> Self {
        Self::new("webhooks", rule, words::of_webhook_fault(rule.fault))
    }

    fn new<F>(kind: &'static str, rule: &Rule<F>, what: String) -> Self {
        Self {
            kind,
            id: rule.id,
            what,
            method: rule.method.as_ref().map(text),
            path: rule.path.as_ref().map(text),
            mentioning: rule.text.as_ref().map(text),
            share: (rule.probability.clamp(0.0, 1.0) * 10_000.0).round() / 100.0,
            left: rule.times,
            met: rule.met,
        }
    }
}

#[derive(Serialize)]
pub(super) struct Request<'a> {
    id: u64,
    at: &'a str,
    method: String,
    target: String,
    body: String,
    bytes: usize,
    authorized: bool,
    fault: Option<String>,
    status: Option<u16>,
    /// An answer may still come.
    waiting: bool,
    processed: Option<u16>,
}

impl<'a> Request<'a> {
    pub(super) fn new((id, record): (u64, &'a RecordedRequest)) -> Self {
        let target = match &record.query {
            Some(query) => format!("{}?{query}", record.path),
            None => record.path.clone(),
        };
        // No character has more than four bytes.
        let start = &record.body[..record.body.len().min(4 * BODY + 4)];
        Self {
            id,
            at: &record.received_at,
            method: text(&record.method),
            target: text(target),
            body: cut(&String::from_utf8_lossy(start), BODY),
            bytes: record.body.len(),
            authorized: record.authorized,
            fault: record.fault.as_ref().map(words::of_fault),
            status: record.status,
            waiting: record.status.is_none() && record.fault.as_ref().is_none_or(words::is_answered),
            processed: record.processed,
        }
    }
}

#[derive(Serialize)]
pub(super) struct Delivery<'a> {
    id: u64,
    at: &'a str,
    event: String,
    webhook: String,
    tries: usize,
    answer: Option<String>,
    state: &'static str,
}

impl<'a> Delivery<'a> {
    pub(super) fn new(world: &World, (id, record): (u64, &'a WebhookDelivery)) -> Self {
        let webhook = world.ledger.webhooks.iter().find(|row| row.key == record.webhook_key);
        let answer = record.attempts.iter().rev().find_map(|attempt| attempt.answer.as_ref());
        Self {
            id,
            at: &record.created_at,
            event: text(&record.event),
            webhook: text(webhook.map_or(&record.webhook_key, |row| &row.name)),
            tries: record.attempts.len(),
            answer: answer.map(|answer| match answer {
                WebhookAnswer::Status(status) => status.to_string(),
                WebhookAnswer::TimedOut => "nothing in time".to_owned(),
                WebhookAnswer::Failed(reason) => text(cause(reason)),
            }),
            state: match record.state {
                DeliveryState::Waiting if record.attempts.len() > 1 || answer.is_some() => "to be sent again",
                DeliveryState::Waiting => "waiting",
                DeliveryState::Delivered => "delivered",
                DeliveryState::GivenUp => "given up",
                DeliveryState::Cancelled => "cancelled",
                DeliveryState::Dropped => "dropped",
            },
        }
    }
}

/// The last of the causes says it best.
fn cause(reason: &str) -> &str {
    let last = reason.rsplit(": ").next().unwrap_or(reason);
    last.split(" (os error").next().unwrap_or(last)
}

#[derive(Serialize)]
pub(super) struct Partner {
    id: usize,
    key: String,
    link: String,
    name: String,
    email: String,
    referred: usize,
}

impl Partner {
    pub(super) fn new(world: &World, id: usize, row: &PartnerRow, referred: usize) -> Self {
        Self {
            id,
            key: text(&row.key),
            link: world.link(&row.key),
            name: name(row.name.as_deref(), row.surname.as_deref()),
            email: text(&row.email),
            referred,
        }
    }
}

#[derive(Serialize)]
pub(super) struct Customer<'a> {
    id: usize,
    key: String,
    name: String,
    email: String,
    referrer: Option<String>,
    /// Of a refer-a-friend program.
    link: Option<String>,
    referred: usize,
    state: &'static str,
    at: &'a str,
}

impl<'a> Customer<'a> {
    pub(super) fn new(world: &World, id: usize, row: &'a CustomerRow, referred: usize) -> Self {
        Self {
            id,
            key: text(&row.key),
            name: name(row.name.as_deref(), row.surname.as_deref()),
            email: text(row.email.as_deref().unwrap_or_default()),
            referrer: row.referrer.as_ref().map(text),
            link: world.is_raf().then(|| world.link(&row.key)),
            referred,
            state: state(row.archived_at.is_some(), row.deleted_at.is_some()),
            at: &row.created_at,
        }
    }
}

fn state(archived: bool, deleted: bool) -> &'static str {
    match (archived, deleted) {
        (_, true) => "deleted",
        (true, false) => "archived",
        (false, false) => "live",
    }
}

#[derive(Serialize)]
pub(super) struct Transaction<'a> {
    id: usize,
    key: String,
    customer: Option<String>,
    amount: String,
    currency: String,
    action: Option<String>,
    reward: Option<String>,
    to: Option<String>,
    state: &'static str,
    at: &'a str,
}

impl<'a> Transaction<'a> {
    pub(super) fn new((id, row): (usize, &'a TransactionRow)) -> Self {
        Self {
            id,
            key: text(&row.key),
            customer: row.customer.as_ref().map(text),
            amount: digits(row.amount),
            currency: text(&row.amount_units),
            action: row.action.as_ref().map(text),
            reward: row.reward.as_ref().map(|reward| digits(reward.amount)),
            to: row.reward.as_ref().map(|reward| text(&reward.to)),
            state: state(row.archived_at.is_some(), row.deleted_at.is_some()),
            at: &row.created_at,
        }
    }
}

/// All that one earns in one currency.
#[derive(Serialize)]
pub(super) struct Commission<'a> {
    id: (&'a str, &'a str),
    to: String,
    currency: String,
    sales: usize,
    owed: String,
    lost: String,
}

impl<'a> Commission<'a> {
    pub(super) fn new(to: &'a str, currency: &'a str, sales: usize, owed: Decimal, lost: Decimal) -> Self {
        Self {
            id: (to, currency),
            to: text(to),
            currency: text(currency),
            sales,
            owed: digits(owed),
            lost: digits(lost),
        }
    }
}

#[derive(Serialize)]
pub(super) struct Webhook<'a> {
    id: &'a str,
    name: String,
    url: String,
    active: bool,
    events: String,
}

impl<'a> Webhook<'a> {
    pub(super) fn new(row: &'a WebhookRow) -> Self {
        Self {
            id: &row.key,
            name: text(&row.name),
            url: text(&row.url),
            active: row.is_active,
            events: text(row.events.join(", ")),
        }
    }
}
