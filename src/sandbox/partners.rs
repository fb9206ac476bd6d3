//! Partners of an affiliate program.

use rust_decimal::Decimal;
use serde::Serialize;
use serde_json::{Value, json};

use crate::sandbox::{
    call::{Call, person},
    customer_body::tags,
    envelope::{Errors, Failure, Number, Outcome, Reply, check},
    events,
    ledger::PartnerRow,
    pages,
    switches::SearchMiss,
    world::{By, World},
};

/// `POST /partners`. The answer has no `referrals`, no `commissions` and no `key`.
pub(super) fn create(world: &mut World, call: &Call) -> Outcome {
    let mut errors = Errors::new();
    let body = &call.body;
    if !body.has("email") {
        body.complain("email", "is required", &mut errors);
    }
    let email = body.email("email", &mut errors);
    let (id, key) = (body.text("id", &mut errors), body.text("key", &mut errors));
    let (name, surname) = (body.text("name", &mut errors), body.text("surname", &mut errors));
    let tags = body.texts("tags", &mut errors);
    match body.text("password", &mut errors) {
        Some(password) if !is_strong(&password) => {
            body.complain(
                "password",
                "needs 8 characters, a lower-case and an upper-case letter and a digit",
                &mut errors,
            );
        }
        None if world.switches.password_required && !body.has("password") => {
            body.complain("password", "is required", &mut errors);
        }
        _ => {}
    }
    for (by, value) in [(By::Email, &email), (By::Id, &id), (By::Key, &key)] {
        if value.as_ref().is_some_and(|value| world.partner(by, value).is_some()) {
            body.complain(by.name(), "has already been taken", &mut errors);
        }
    }
    let referrer = body.object("referring_partner", &mut errors).and_then(|referrer| person(&referrer, &mut errors));
    if let Some((_, _, path)) = referrer.filter(|(by, value, _)| world.partner(*by, value).is_none()) {
        errors.insert(path.clone(), vec![format!("The selected {path} is invalid.")]);
    }
    check(errors)?;
    let key = key.unwrap_or_else(|| world.fresh(12));
    let index = world.add_partner(&key, email.unwrap_or_default());
    let row = &mut world.ledger.partners[index];
    row.id = id.unwrap_or_else(|| std::mem::take(&mut row.id));
    (row.name, row.surname, row.tags) = (name, surname, tags.unwrap_or_default());
    events::partner(world, "partner.created", index);
    let status = world.created();
    Ok(Reply::data_with(status, fields(world, &world.ledger.partners[index])))
}

fn is_strong(password: &str) -> bool {
    let has = |test: fn(&char) -> bool| password.chars().any(|c| test(&c));
    password.chars().count() >= 8 && has(|c| c.is_lowercase()) && has(|c| c.is_uppercase()) && has(char::is_ascii_digit)
}

/// `GET /partners`.
pub(super) fn list(world: &World, call: &Call) -> Outcome {
    pages::list(world, call, Vec::from_iter(&world.ledger.partners), |row| body(world, row))
}

/// `GET /partners/{id}`: the id only, never the key.
pub(super) fn get(world: &World, id: &str) -> Outcome {
    let row = world.partner(By::Id, id).ok_or_else(|| Failure::not_found("Partner"))?;
    Ok(Reply::data(body(world, row)))
}

/// `GET /partner?key=`, `?email=` or `?id=`: the one that resolves a referral key.
pub(super) fn resolve(world: &World, call: &Call) -> Outcome {
    let (by, value) =
        call.query.person().ok_or_else(|| Failure::field("key", "One of key, email and id is required."))?;
    let row = world.partner(by, value).ok_or_else(|| Failure::not_found("Partner"))?;
    Ok(Reply::data(body(world, row)))
}

/// `GET /partners:search?key=`, `?id=`, `?email=` or `?name=`.
pub(super) fn search(world: &World, call: &Call) -> Outcome {
    let found: Vec<_> = match (call.query.person(), call.query.get("name")) {
        (Some((by, value)), _) => world.partner(by, value).into_iter().collect(),
        (None, Some(name)) => world.ledger.partners.iter().filter(|row| row.name.as_deref() == Some(name)).collect(),
        (None, None) => {
            return Err(Failure::field("key", "One of key, id, email and name is required."));
        }
    };
    if found.is_empty() && world.switches.search_miss == SearchMiss::NotFound404 {
        return Err(Failure::not_found("Partner"));
    }
    let rows: Vec<_> = found.into_iter().map(|row| body(world, row)).collect();
    Ok(Reply::data(rows))
}

/// `POST /partners:sign-in-url`. The shape of the answer's `data` is a guess.
pub(super) fn sign_in_url(world: &mut World, call: &Call) -> Outcome {
    let mut errors = Errors::new();
    let named = person(&call.body, &mut errors).filter(|(by, _, _)| *by != By::Id);
    if named.is_none() && errors.is_empty() {
        call.body.complain("key", "is required when email is not present", &mut errors);
    }
    let seconds = call.body.value("expires_in").map_or(Some(120), |value| value.as_u64());
    if !seconds.is_some_and(|seconds| (30..=900).contains(&seconds)) {
        call.body.complain("expires_in", "must be an integer between 30 and 900", &mut errors);
    }
    check(errors)?;
    let found = named.and_then(|(by, value, _)| world.partner(by, &value)).is_some();
    if !found {
        return Err(Failure::not_found("Partner"));
    }
    let token = world.fresh(32);
    Ok(Reply::data(json!({ "url": format!("{}/partner-portal/sign-in/{token}", world.site) })))
}

#[derive(Serialize)]
struct PartnerBody {
    #[serde(flatten)]
    fields: Value,
    referrals: Value,
    commissions: Commissions,
}

#[derive(Serialize)]
struct Commissions {
    paid: Number,
    pending: Vec<Money>,
    not_paid: Vec<Money>,
}

#[derive(Serialize)]
struct Money {
    currency: String,
    amount: Number,
}

fn body(world: &World, row: &PartnerRow) -> impl Serialize + use<> {
    let signups = world.ledger.customers.iter().filter(|customer| customer.deleted_at.is_none());
    let signups = signups.filter(|customer| customer.referrer.as_ref() == Some(&row.key)).count();
    let sales = world.ledger.transactions.iter().filter(|sale| sale.is_live());
    let sales: Vec<_> = sales.filter(|sale| sale.reward.as_ref().is_some_and(|reward| reward.to == row.key)).collect();
    let mut not_paid: Vec<Money> = Vec::new();
    for (sale, reward) in sales.iter().filter_map(|sale| Some((sale, sale.reward.as_ref()?))) {
        match not_paid.iter_mut().find(|money| money.currency == sale.amount_units) {
            Some(money) => money.amount.0 = money.amount.0.saturating_add(reward.amount),
            None => not_paid.push(Money { currency: sale.amount_units.clone(), amount: Number(reward.amount) }),
        }
    }
    PartnerBody {
        fields: fields(world, row),
        referrals: json!({ "clicks": 0, "signups": signups, "revenue": [], "sales_count": sales.len(), "paid_accounts": 0 }),
        commissions: Commissions { paid: Number(Decimal::ZERO), pending: Vec::new(), not_paid },
    }
}

pub(super) fn fields(world: &World, row: &PartnerRow) -> Value {
    let link = world.link(&row.key);
    json!({
        "id": row.id,
        "email": row.email,
        "name": row.name,
        "surname": row.surname,
        "status": "active",
        "approved": true,
        "tos": true,
        "custom_field_values": [],
        "custom_fields": [],
        "referrals_count": 0,
        "tags": tags(&row.tags),
        "referral_link": link,
        "referral_links": [link],
        "created_at": row.created_at,
        "updated_at": row.created_at,
    })
}
