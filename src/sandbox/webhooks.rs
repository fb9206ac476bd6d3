//! Webhook subscriptions: the calls about them. What they are sent is in `sending`.

use serde_json::{Value, json};

use crate::sandbox::{
    call::Call,
    envelope::{Errors, Failure, Outcome, Reply, check},
    input::Input,
    ledger::WebhookRow,
    pages,
    switches::WebhookEvents,
    world::World,
};

const AFFILIATE: [&str; 14] = [
    "partner.created",
    "partner.updated",
    "partner.deleted",
    "partner.approved",
    "partner.rejected",
    "partner.archived",
    "customer.created",
    "customer.updated",
    "customer.deleted",
    "transaction.created",
    "transaction.deleted",
    "lead.submitted",
    "lead.converted",
    "lead.rejected",
];

const REFER_A_FRIEND: [&str; 7] = [
    "customer.created",
    "customer.updated",
    "customer.deleted",
    "customer.credited",
    "customer.rewarded",
    "transaction.created",
    "transaction.deleted",
];

const DOCUMENTED_ONLY: [&str; 4] = ["transaction.updated", "reward.created", "reward.approved", "reward.paid"];

/// `GET /webhooks`.
pub(super) fn list(world: &World, call: &Call) -> Outcome {
    pages::list(world, call, Vec::from_iter(&world.ledger.webhooks), |row| body(row))
}

/// `GET /webhooks/{key}`.
pub(super) fn get(world: &World, key: &str) -> Outcome {
    Ok(Reply::data(body(&world.ledger.webhooks[find(world, key)?])))
}

/// `POST /webhooks`.
pub(super) fn create(world: &mut World, call: &Call) -> Outcome {
    let mut errors = Errors::new();
    let body_in = &call.body;
    for name in ["name", "url", "events"] {
        if !body_in.has(name) {
            body_in.complain(name, "is required", &mut errors);
        }
    }
    let key = body_in.text("key", &mut errors);
    if key.as_deref().is_some_and(|key| find(world, key).is_ok()) {
        body_in.complain("key", "has already been taken", &mut errors);
    }
    let changes = Changes::read(world, body_in, &mut errors);
    check(errors)?;
    let mut row = WebhookRow {
        key: key.unwrap_or_else(|| world.fresh(12)),
        name: String::new(),
        url: String::new(),
        is_active: true,
        signature: world.fresh(16),
        events: Vec::new(),
    };
    changes.apply(&mut row);
    let status = world.created();
    let answer = Reply::data_with(status, body(&row));
    world.ledger.webhooks.push(row);
    Ok(answer)
}

/// `PUT /webhooks/{key}`, flat.
pub(super) fn update(world: &mut World, call: &Call, key: &str) -> Outcome {
    let index = find(world, key)?;
    let mut errors = Errors::new();
    let changes = Changes::read(world, &call.body, &mut errors);
    check(errors)?;
    let row = &mut world.ledger.webhooks[index];
    changes.apply(row);
    Ok(Reply::data(body(row)))
}

/// `DELETE /webhooks/{key}`. Its answer is a guess.
pub(super) fn delete(world: &mut World, key: &str) -> Outcome {
    let index = find(world, key)?;
    world.ledger.webhooks.remove(index);
    Ok(Reply::done())
}

struct Changes {
    name: Option<String>,
    url: Option<String>,
    events: Option<Vec<String>>,
    is_active: Option<bool>,
}

impl Changes {
    fn read(world: &World, input: &Input, errors: &mut Errors) -> Self {
        let url = input.text("url", errors);
        if url.as_deref().is_some_and(|url| !url.starts_with("https://") && !url.starts_with("http://")) {
            input.complain("url", "must be a valid URL", errors);
        }
        let events = input.texts("events", errors);
        if events.as_ref().is_some_and(Vec::is_empty) {
            input.complain("events", "is required", errors);
        }
        if events.iter().flatten().any(|event| !is_supported(world, event)) {
            input.complain("events", "names an event that this program doesn't have", errors);
        }
        Self { name: input.text("name", errors), url, events, is_active: input.flag("is_active", errors) }
    }

    fn apply(self, row: &mut WebhookRow) {
        row.name = self.name.unwrap_or_else(|| std::mem::take(&mut row.name));
        row.url = self.url.unwrap_or_else(|| std::mem::take(&mut row.url));
        row.events = self.events.unwrap_or_else(|| std::mem::take(&mut row.events));
        row.is_active = self.is_active.unwrap_or(row.is_active);
    }
}

fn is_supported(world: &World, event: &str) -> bool {
    let known: &[&str] = if world.is_raf() { &REFER_A_FRIEND } else { &AFFILIATE };
    match world.switches.webhook_events {
        WebhookEvents::Any => true,
        WebhookEvents::Subscribable => known.contains(&event),
        WebhookEvents::Documented => known.contains(&event) || DOCUMENTED_ONLY.contains(&event),
    }
}

fn find(world: &World, key: &str) -> Result<usize, Failure> {
    let index = world.ledger.webhooks.iter().position(|row| row.key == key);
    index.ok_or_else(|| Failure::not_found("Webhook"))
}

fn body(row: &WebhookRow) -> Value {
    json!({
        "key": row.key,
        "name": row.name,
        "url": row.url,
        "is_active": row.is_active,
        "signature": row.signature,
        "events": row.events,
    })
}
