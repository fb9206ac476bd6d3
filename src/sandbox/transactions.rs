//! `POST /transactions`: one, a batch, and with `options.create_customer`.

use rust_decimal::Decimal;
use serde_json::Value;

use crate::sandbox::{
    call::{Call, person},
    clock,
    customers::register,
    envelope::{Errors, Failure, Outcome, Reply, check},
    events,
    input::Input,
    ledger::{RewardRow, TransactionRow},
    switches::{CreatedAt, DuplicateTransaction, UnrewardedSale},
    transaction_body::body,
    transaction_calls::find,
    world::World,
};

/// What one element says, checked.
struct Sale {
    key: Option<String>,
    amount: Decimal,
    reward: Option<Decimal>,
    amount_units: Option<String>,
    action: Option<String>,
    product_id: Option<Value>,
    product_type: Option<Value>,
    rewardable: bool,
    created_at: Option<String>,
}

/// `POST /transactions`.
pub(super) fn create(world: &mut World, call: &Call) -> Outcome {
    let mut errors = Errors::new();
    let batch = call.body.objects("transactions", &mut errors);
    let mut sales = Vec::new();
    for fields in batch.as_deref().unwrap_or(std::slice::from_ref(&call.body)) {
        sales.push(read(world, fields, &mut errors));
    }
    if sales.is_empty() {
        call.body.complain("transactions", "is required", &mut errors);
    }
    let customer = call.body.object("customer", &mut errors);
    let named = customer.as_ref().and_then(|customer| person(customer, &mut errors));
    if named.is_none() && errors.is_empty() {
        call.body.complain("customer.key", "is required", &mut errors);
    }
    let options = call.body.object("options", &mut errors);
    let create = options.and_then(|options| options.flag("create_customer", &mut errors)).unwrap_or(false);
    check(errors)?;
    if let Some(refused) = refuse_repeats(world, &sales) {
        return refused;
    }

    let found = named.and_then(|(by, value, _)| world.customer(by, &value));
    let customers = world.ledger.customers.len();
    let index = match (found, &customer) {
        (None, Some(customer)) if create => {
            // The older form has `partner` at the top.
            let source = if customer.has("partner") { customer } else { &call.body };
            let source = if world.is_raf() { customer } else { source };
            register(world, customer, source)?
        }
        _ => found,
    };
    let referred = index.is_some_and(|index| world.ledger.customers[index].referrer.is_some());
    let switch = match index {
        None => world.switches.unknown_customer,
        Some(_) if referred => UnrewardedSale::Record,
        Some(_) => world.switches.unreferred_customer,
    };
    if switch != UnrewardedSale::Record {
        // A refused call leaves no customer behind.
        world.ledger.customers.truncate(customers);
    }
    match switch {
        UnrewardedSale::Record => {}
        UnrewardedSale::Ignore => return Ok(Reply::done()),
        UnrewardedSale::NotFound404 => return Err(Failure::not_found("Customer")),
        UnrewardedSale::Reject422 => {
            return Err(Failure::field("customer", "The selected customer is invalid."));
        }
    }
    if let Some(created) = index.filter(|index| *index >= customers) {
        events::customer(world, "customer.created", created);
    }
    let stored: Vec<usize> = sales.into_iter().map(|sale| store(world, sale, index)).collect();
    let status = world.created();
    Ok(match (&batch, stored.as_slice()) {
        (None, [one]) => Reply::data_with(status, body(world, *one)),
        _ => Reply::data_with(status, stored.iter().map(|index| body(world, *index)).collect::<Vec<_>>()),
    })
}

fn read(world: &World, fields: &Input, errors: &mut Errors) -> Sale {
    let amount = fields.amount("amount", errors);
    let reward = fields.amount("reward", errors);
    if !fields.has("amount") && !fields.has("reward") {
        fields.complain("amount", "is required when reward is not present", errors);
    }
    let action = fields.text("action", errors);
    if world.switches.action_required && !fields.has("action") {
        fields.complain("action", "is required", errors);
    }
    for name in ["gross_amount", "discount_amount"] {
        fields.amount(name, errors);
    }
    fields.text("discount_code", errors);
    let rewarded = fields.flag("rewarded", errors).unwrap_or(false);
    let rewardable = fields.flag("rewardable", errors).unwrap_or(true);
    Sale {
        key: fields.text("key", errors),
        amount: amount.unwrap_or_default(),
        reward,
        amount_units: fields.text("amount_units", errors),
        action,
        product_id: product(fields, "product_id", errors),
        product_type: product(fields, "product_type", errors),
        // What was rewarded elsewhere isn't rewarded here.
        rewardable: rewardable && !rewarded,
        created_at: created_at(world, fields, errors),
    }
}

/// A string; or an array of them, as the vendor's shop plugin sends it for an order of several products.
fn product(fields: &Input, name: &str, errors: &mut Errors) -> Option<Value> {
    let value = fields.value(name)?;
    if value.is_array() {
        fields.texts(name, errors).map(Value::from)
    } else {
        fields.text(name, errors).map(Value::from)
    }
}

fn created_at(world: &World, fields: &Input, errors: &mut Errors) -> Option<String> {
    let value = fields.value("created_at")?;
    let seconds = match (world.switches.created_at, &value) {
        (CreatedAt::Either | CreatedAt::UnixSeconds, Value::Number(number)) => number.as_i64(),
        (CreatedAt::Either | CreatedAt::DateTime, Value::String(text)) => clock::parse(text),
        _ => None,
    };
    let moment = seconds.and_then(clock::from_unix);
    if moment.is_none() {
        fields.complain("created_at", "is not a valid date", errors);
    }
    moment
}

/// The answer for a key that is taken, unless repeats are accepted.
fn refuse_repeats(world: &World, sales: &[Sale]) -> Option<Outcome> {
    let switch = world.switches.duplicate_transaction;
    // A long ledger isn't searched for nothing.
    let sales = if switch == DuplicateTransaction::AcceptAgain { &[] } else { sales };
    let repeat = sales.iter().find_map(|sale| find(world, sale.key.as_deref()?))?;
    match switch {
        DuplicateTransaction::AcceptAgain => None,
        DuplicateTransaction::Conflict409 => Some(Err(Failure::conflict("The transaction already exists."))),
        DuplicateTransaction::Reject422 => Some(Err(Failure::field("key", "The key has already been taken."))),
        DuplicateTransaction::Idempotent => Some(Ok(Reply::data(body(world, repeat)))),
    }
}

fn store(world: &mut World, sale: Sale, customer: Option<usize>) -> usize {
    let row = customer.map(|index| &world.ledger.customers[index]);
    let earner = row.filter(|row| row.archived_at.is_none()).and_then(|row| row.referrer.clone());
    let percentage = sale.amount.saturating_mul(world.commission) / Decimal::ONE_HUNDRED;
    let amount = sale.reward.unwrap_or(percentage);
    let reward = earner.filter(|_| sale.rewardable).map(|to| RewardRow { to, amount });
    let customer = row.map(|row| row.key.clone());
    let key = sale.key.unwrap_or_else(|| world.fresh(12));
    world.ledger.transactions.push(TransactionRow {
        key,
        customer,
        amount: sale.amount,
        amount_units: sale.amount_units.map_or_else(|| world.currency.clone(), |units| units.to_uppercase()),
        action: sale.action,
        product_id: sale.product_id,
        product_type: sale.product_type,
        reward,
        created_at: sale.created_at.unwrap_or_else(clock::now),
        archived_at: None,
        deleted_at: None,
    });
    let index = world.ledger.transactions.len() - 1;
    events::transaction(world, "transaction.created", index);
    events::rewarded(world, index);
    index
}
