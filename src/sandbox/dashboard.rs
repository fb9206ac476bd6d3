//! What a refer-a-friend dashboard asks for: stats, balance, referrals, links, invitations.

use http::StatusCode;
use rust_decimal::Decimal;
use serde::Serialize;
use serde_json::{Value, json};

use crate::sandbox::{
    call::{Call, customer},
    customer_body::{self, body, referrals},
    customers::register,
    envelope::{Errors, Number, Outcome, Reply, check},
    events, pages,
    world::World,
};

/// `GET /customers/{id}/stats`. Nobody documents its shape: the guide only has the words "click counts, referral counts,
/// social sharing links". This is a guess, and small.
pub(super) fn stats(world: &World, who: &str) -> Outcome {
    let row = &world.ledger.customers[customer(world, who)?];
    let link = world.link(&row.key);
    let encoded = percent_encoding::utf8_percent_encode(&link, percent_encoding::NON_ALPHANUMERIC);
    Ok(Reply::data(json!({
        "clicks": 0,
        "referrals": referrals(world, &row.key).len(),
        "social": {
            "facebook": format!("https://www.facebook.com/sharer/sharer.php?u={encoded}"),
            "x": format!("https://x.com/intent/post?url={encoded}"),
            "email": format!("mailto:?body={encoded}"),
        },
    })))
}

#[derive(Serialize)]
struct BalanceBody {
    customer: Value,
    balance: Groups,
}

#[derive(Serialize)]
struct Groups {
    currency: Vec<Money>,
}

#[derive(Serialize)]
struct Money {
    amount: Number,
    amount_units: String,
    is_currency: bool,
}

/// `GET /customers/{id}/balance`.
pub(super) fn balance(world: &World, who: &str) -> Outcome {
    Ok(balance_reply(world, customer(world, who)?))
}

fn balance_reply(world: &World, index: usize) -> Reply {
    let row = &world.ledger.customers[index];
    let rewards = world.ledger.transactions.iter().filter(|sale| sale.is_live()).filter_map(|sale| {
        let reward = sale.reward.as_ref().filter(|reward| reward.to == row.key)?;
        Some((&sale.amount_units, reward.amount))
    });
    let mut currency: Vec<Money> = Vec::new();
    for (units, amount) in rewards.chain(row.credits.iter().map(|(units, amount)| (units, *amount))) {
        match currency.iter_mut().find(|money| money.amount_units == *units) {
            Some(money) => money.amount.0 = money.amount.0.saturating_add(amount),
            None => currency.push(Money { amount: Number(amount), amount_units: units.clone(), is_currency: true }),
        }
    }
    Reply::data(BalanceBody { customer: body(world, index), balance: Groups { currency } })
}

/// `POST /customers/{id}/balance/credit`. The answer is a guess: the new balance.
pub(super) fn credit(world: &mut World, call: &Call, who: &str) -> Outcome {
    let index = customer(world, who)?;
    let mut errors = Errors::new();
    let amount = call.body.amount("amount", &mut errors);
    if !call.body.has("amount") || amount.is_some_and(|amount| amount == Decimal::ZERO) {
        call.body.complain("amount", "must be more than 0", &mut errors);
    }
    let units = call.body.text("amount_units", &mut errors);
    call.body.flag("is_currency", &mut errors);
    check(errors)?;
    let units = units.map_or_else(|| world.currency.clone(), |units| units.to_uppercase());
    world.ledger.customers[index].credits.push((units, amount.unwrap_or_default()));
    events::customer(world, "customer.credited", index);
    Ok(balance_reply(world, index))
}

/// `GET /customers/{id}/referrals`.
pub(super) fn referred(world: &World, call: &Call, who: &str) -> Outcome {
    let rows = referrals(world, &world.ledger.customers[customer(world, who)?].key);
    if world.switches.nested_referrals {
        let rows = rows.iter().map(|index| body(world, *index)).collect::<Vec<_>>();
        return Ok(Reply::data(json!({ "data": rows })));
    }
    pages::list(world, call, rows, |index| body(world, *index))
}

/// `GET /customers/{key}/referral_links`.
pub(super) fn referral_links(world: &World, call: &Call, who: &str) -> Outcome {
    let row = &world.ledger.customers[customer(world, who)?];
    let link = json!({
        "id": row.id,
        "key": row.key,
        "url": world.link(&row.key),
        "default": true,
        "is_additional": false,
        "direct_tracking": false,
    });
    pages::list(world, call, vec![link], Value::clone)
}

/// `POST /customers:invite`. Sends nothing; the answer is a guess: the customer, who is created.
pub(super) fn invite(world: &mut World, call: &Call) -> Outcome {
    let mut errors = Errors::new();
    if !call.body.has("email") {
        call.body.complain("email", "is required", &mut errors);
    }
    call.body.object("personalization", &mut errors);
    check(errors)?;
    match register(world, &call.body, &call.body)? {
        Some(index) => {
            events::customer(world, "customer.created", index);
            Ok(customer_body::reply(world, index, StatusCode::OK))
        }
        None => Ok(Reply::done()),
    }
}
