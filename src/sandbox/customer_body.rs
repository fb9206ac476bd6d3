//! How a customer looks in an answer.

use http::StatusCode;
use serde_json::{Map, Value, json};

use crate::sandbox::{
    envelope::Reply,
    ledger::CustomerRow,
    world::{By, World},
};

/// The customer as the answer to a create, a get or an update.
pub(super) fn reply(world: &World, index: usize, status: StatusCode) -> Reply {
    let body = body(world, index);
    if world.switches.flat_customer { Reply::json(status, &body) } else { Reply::data_with(status, body) }
}

pub(super) fn body(world: &World, index: usize) -> Value {
    let row = &world.ledger.customers[index];
    if world.is_raf() { raf(world, row) } else { affiliate(world, row) }
}

pub(super) fn tags(tags: &[String]) -> Value {
    tags.iter().map(|tag| json!({ "value": tag })).collect()
}

fn status(row: &CustomerRow) -> &'static str {
    if row.archived_at.is_some() { "archived" } else { "active" }
}

fn affiliate(world: &World, row: &CustomerRow) -> Value {
    json!({
        "key": row.key,
        "partner": row.referrer.as_deref().map(|key| world.partner_field(key)),
        "deleted": row.archived_at.is_some(),
        "name": row.name,
        "surname": row.surname,
        "email": row.email,
        "status": status(row),
        "created_at": row.created_at,
        "updated_at": row.updated_at,
        "deleted_at": row.archived_at,
        "tags": tags(&row.tags),
    })
}

fn raf(world: &World, row: &CustomerRow) -> Value {
    let mut body = raf_fields(world, row);
    let referrer = row.referrer.as_deref().and_then(|key| world.customer(By::Key, key));
    // The inner shape is unknown; a customer without a referrer of its own is likely, and ends.
    let referrer = referrer.map(|index| Value::Object(raf_fields(world, &world.ledger.customers[index])));
    body.insert("referring_customer".to_owned(), referrer.unwrap_or_default());
    Value::Object(body)
}

fn raf_fields(world: &World, row: &CustomerRow) -> Map<String, Value> {
    let link = world.link(&row.key);
    let mut body = Map::new();
    let mut put = |name: &str, value: Value| body.insert(name.to_owned(), value);
    put("id", json!(row.id));
    put("email", json!(row.email));
    put("name", json!(row.name));
    put("surname", json!(row.surname));
    put("approved", json!(true));
    put("status", json!(status(row)));
    put("referrals_count", json!(referrals(world, &row.key).len()));
    put("metadata", json!({ "date_of_birth": row.date_of_birth }));
    put("referral_link", json!(link));
    put("referral_links", json!([link]));
    put("custom_fields", json!({}));
    put("created_at", json!(row.created_at));
    put("updated_at", json!(row.updated_at));
    if world.switches.raf_shows_key {
        put("key", json!(row.key));
    }
    body
}

/// The customers that a customer referred.
pub(super) fn referrals(world: &World, key: &str) -> Vec<usize> {
    let rows = world.ledger.customers.iter().enumerate();
    rows.filter(|(_, row)| row.deleted_at.is_none() && row.referrer.as_deref() == Some(key))
        .map(|(index, _)| index)
        .collect()
}
