//! Reading, changing, archiving and deleting customers.

use http::StatusCode;

use crate::sandbox::{
    call::{Call, customer},
    clock,
    customer_body::{body, reply},
    envelope::{Errors, Failure, Outcome, Reply, check},
    events,
    input::Input,
    pages,
    switches::{SearchMiss, UpdateBody},
    world::{By, World},
};

/// `GET /customers/{key, id or e-mail}`.
pub(super) fn get(world: &World, who: &str) -> Outcome {
    Ok(reply(world, customer(world, who)?, StatusCode::OK))
}

/// `GET /customers`.
pub(super) fn list(world: &World, call: &Call) -> Outcome {
    let partner = ["partner.key", "partner.email"].map(|name| call.query.get(name));
    let referred = match call.query.get("refer_status") {
        Some("referred") => Some(true),
        Some("non_referred") => Some(false),
        Some(_) => {
            return Err(Failure::field("refer_status", "The refer_status must be referred or non_referred."));
        }
        None => None,
    };
    let rows = world.ledger.customers.iter().enumerate().filter(|(_, row)| {
        let of =
            |by, value| world.partner(by, value).is_some_and(|partner| row.referrer.as_ref() == Some(&partner.key));
        row.deleted_at.is_none()
            && partner[0].is_none_or(|key| of(By::Key, key))
            && partner[1].is_none_or(|email| of(By::Email, email))
            && referred.is_none_or(|referred| row.referrer.is_some() == referred)
    });
    pages::list(world, call, rows.map(|(index, _)| index).collect(), |index| body(world, *index))
}

/// `GET /customers:search?email=`, `?id=` and, in a refer-a-friend program, `?key=`.
pub(super) fn search(world: &World, call: &Call) -> Outcome {
    let (by, value) = match call.query.person() {
        Some((By::Key, _)) if !world.is_raf() => {
            return Err(Failure::field("key", "The key can't be searched for."));
        }
        Some(person) => person,
        None => {
            return Err(Failure::field("email", "One of email, id and key is required."));
        }
    };
    let found = world.customer(by, value).map(|index| body(world, index));
    if found.is_none() && world.switches.search_miss == SearchMiss::NotFound404 {
        return Err(Failure::not_found("Customer"));
    }
    Ok(Reply::data(Vec::from_iter(found)))
}

/// `PUT /customers/{key}`, and `PUT /customers` with the key in the body.
pub(super) fn update(world: &mut World, call: &Call, who: Option<&str>) -> Outcome {
    let mut errors = Errors::new();
    let wrapper = call.body.object("update", &mut errors);
    let named = match who {
        Some(who) => Some(who.to_owned()),
        None => named_in_body(&call.body, &mut errors),
    };
    match (world.switches.update_body, &wrapper) {
        (UpdateBody::Wrapped, None) => call.body.complain("update", "is required", &mut errors),
        (UpdateBody::Flat, Some(_)) => call.body.complain("update", "is unknown", &mut errors),
        _ => {}
    }
    let flat = wrapper.is_none();
    let fields = wrapper.as_ref().unwrap_or(&call.body);
    // Without a path, the key at the top says who, and can't be a new key as well.
    let key = if flat && who.is_none() { None } else { fields.text("key", &mut errors) };
    let email = fields.email("email", &mut errors);
    let name = fields.text("name", &mut errors);
    let surname = fields.text("surname", &mut errors);
    let tags = fields.texts("tags", &mut errors);
    check(errors)?;
    let index = customer(world, &named.unwrap_or_default())?;
    let taken = |by, value: Option<&String>| {
        value.and_then(|value| world.customer(by, value)).is_some_and(|other| other != index)
    };
    let mut errors = Errors::new();
    if taken(By::Key, key.as_ref()) {
        fields.complain("key", "has already been taken", &mut errors);
    }
    if world.switches.unique_emails && taken(By::Email, email.as_ref()) {
        fields.complain("email", "has already been taken", &mut errors);
    }
    check(errors)?;

    if let Some(key) = key {
        rename(world, index, &key);
    }
    let row = &mut world.ledger.customers[index];
    row.email = email.or(row.email.take());
    row.name = name.or(row.name.take());
    row.surname = surname.or(row.surname.take());
    row.tags = tags.unwrap_or_else(|| std::mem::take(&mut row.tags));
    row.updated_at = clock::now();
    events::customer(world, "customer.updated", index);
    Ok(reply(world, index, StatusCode::OK))
}

/// Gives a customer another key, and everything that points at it too.
fn rename(world: &mut World, index: usize, key: &str) {
    let raf = world.is_raf();
    let old = std::mem::replace(&mut world.ledger.customers[index].key, key.to_owned());
    for row in &mut world.ledger.transactions {
        if row.deleted_at.is_none() && row.customer.as_ref() == Some(&old) {
            row.customer = Some(key.to_owned());
        }
        if let Some(reward) = row.reward.as_mut().filter(|reward| raf && reward.to == old) {
            key.clone_into(&mut reward.to);
        }
    }
    for row in world.ledger.customers.iter_mut().filter(|row| raf && row.referrer.as_ref() == Some(&old)) {
        row.referrer = Some(key.to_owned());
    }
}

/// `DELETE /customers/{key}`, and `DELETE /customers` with the key in the body. The customer's transactions go too.
pub(super) fn delete(world: &mut World, call: &Call, who: Option<&str>) -> Outcome {
    let mut errors = Errors::new();
    let named = match who {
        Some(who) => Some(who.to_owned()),
        None => named_in_body(&call.body, &mut errors),
    };
    check(errors)?;
    let index = customer(world, &named.unwrap_or_default())?;
    let now = clock::now();
    let key = world.ledger.customers[index].key.clone();
    for sale in 0..world.ledger.transactions.len() {
        let row = &mut world.ledger.transactions[sale];
        if row.deleted_at.is_none() && row.customer.as_ref() == Some(&key) {
            row.deleted_at = Some(now.clone());
            events::transaction(world, "transaction.deleted", sale);
        }
    }
    events::customer(world, "customer.deleted", index);
    world.ledger.customers[index].deleted_at = Some(now);
    Ok(Reply::done())
}

fn named_in_body(body: &Input, errors: &mut Errors) -> Option<String> {
    if let Some(id) = body.text("id", errors) {
        return Some(id);
    }
    body.required_text("key", errors)
}

/// `POST /customers/{key}/archive` and `/revoke-archive`.
pub(super) fn archive(world: &mut World, who: &str, archived: bool) -> Outcome {
    let index = customer(world, who)?;
    let row = &mut world.ledger.customers[index];
    if row.archived_at.is_some() == archived {
        return Err(Failure::bad_request("Action failed."));
    }
    row.archived_at = archived.then(clock::now);
    Ok(Reply::done())
}
