//! Reading, archiving and deleting transactions.

use crate::sandbox::{
    call::{Call, customer},
    clock,
    envelope::{Errors, Failure, Outcome, Reply, check},
    events,
    ledger::TransactionRow,
    pages,
    switches::SeveralMatches,
    transaction_body::body,
    world::{By, World},
};

/// The transaction that a key means. Archived ones can be found, deleted ones can't.
pub(super) fn find(world: &World, key: &str) -> Option<usize> {
    let is = |row: &TransactionRow| row.deleted_at.is_none() && row.key == key;
    let rows = &world.ledger.transactions;
    match world.switches.several_matches {
        SeveralMatches::Oldest => rows.iter().position(is),
        SeveralMatches::Newest => rows.iter().rposition(is),
    }
}

fn must_find(world: &World, key: &str) -> Result<usize, Failure> {
    find(world, key).ok_or_else(|| Failure::not_found("Transaction"))
}

/// `GET /transactions/{key}`.
pub(super) fn get(world: &World, key: &str) -> Outcome {
    Ok(Reply::data(body(world, must_find(world, key)?)))
}

/// `GET /transactions`.
pub(super) fn list(world: &World, call: &Call) -> Outcome {
    let filter = |name| call.query.get(name);
    let key = filter("key");
    let buyer = [(By::Key, "customer.key"), (By::Email, "customer.email"), (By::Id, "customer.id")];
    let buyer = buyer.map(|(by, name)| filter(name).map(|value| customer_key(world, by, value)));
    let partner = [(By::Key, "partner.key"), (By::Email, "partner.email")];
    let partner =
        partner.map(|(by, name)| filter(name).map(|value| world.partner(by, value).map(|partner| partner.key.clone())));
    let rows = world.ledger.transactions.iter().enumerate().filter(|(_, row)| {
        row.deleted_at.is_none()
            && key.is_none_or(|key| row.key == key)
            && buyer.iter().flatten().all(|buyer| buyer.is_some() && row.customer == *buyer)
            && partner.iter().flatten().all(|partner| partner.is_some() && referrer(world, row) == partner.as_deref())
    });
    pages::list(world, call, rows.map(|(index, _)| index).collect(), |index| body(world, *index))
}

/// `GET /customers/{key}/transactions`.
pub(super) fn of_customer(world: &World, call: &Call, who: &str) -> Outcome {
    let key = &world.ledger.customers[customer(world, who)?].key;
    let rows = world.ledger.transactions.iter().enumerate();
    let rows = rows.filter(|(_, row)| row.deleted_at.is_none() && row.customer.as_ref() == Some(key));
    pages::list(world, call, rows.map(|(index, _)| index).collect(), |index| body(world, *index))
}

fn customer_key(world: &World, by: By, value: &str) -> Option<String> {
    world.customer(by, value).map(|index| world.ledger.customers[index].key.clone())
}

fn referrer<'a>(world: &'a World, row: &TransactionRow) -> Option<&'a str> {
    let index = world.customer(By::Key, row.customer.as_deref()?)?;
    world.ledger.customers[index].referrer.as_deref()
}

/// `DELETE /transactions/{key}`, and `DELETE /transactions` with the key in the body. The commission is reversed.
pub(super) fn delete(world: &mut World, call: &Call, key: Option<&str>) -> Outcome {
    let index = if let Some(key) = key {
        if !world.switches.delete_by_path {
            return Err(Failure::not_found("Transaction"));
        }
        must_find(world, key)?
    } else {
        let mut errors = Errors::new();
        let key = call.body.required_text("key", &mut errors);
        check(errors)?;
        must_find(world, &key.unwrap_or_default())?
    };
    world.ledger.transactions[index].deleted_at = Some(clock::now());
    events::transaction(world, "transaction.deleted", index);
    Ok(Reply::done())
}

/// `POST /transactions/{key}/archive` and `/revoke-archive`: affiliate programs only.
pub(super) fn archive(world: &mut World, key: &str, archived: bool) -> Outcome {
    let index = must_find(world, key)?;
    let row = &mut world.ledger.transactions[index];
    if row.archived_at.is_some() == archived {
        return Err(Failure::bad_request("Action failed."));
    }
    row.archived_at = archived.then(clock::now);
    Ok(Reply::done())
}
