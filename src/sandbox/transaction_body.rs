//! How a transaction looks in an answer.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::sandbox::{
    envelope::Number,
    ledger::{RewardRow, TransactionRow},
    world::{By, World},
};

#[derive(Serialize)]
pub(super) struct TransactionBody {
    key: String,
    action: Option<String>,
    amount: Number,
    #[serde(flatten)]
    program: Program,
    credit: bool,
    is_currency: bool,
    amount_units: String,
    created_at: String,
    rewards: Vec<RewardBody>,
}

#[derive(Serialize)]
struct RewardBody {
    key: String,
    action: Option<String>,
    status: &'static str,
    #[serde(flatten)]
    program: Program,
    amount: Number,
    amount_units: String,
    is_currency: bool,
    credit: bool,
    created_at: String,
    product_type_data: Map<String, Value>,
}

/// What differs between program types: who bought, and who referred. In a refer-a-friend program `customer` is the one who referred.
#[derive(Serialize, Clone)]
#[serde(untagged)]
enum Program {
    Affiliate { partner: Option<String>, customer: Option<String>, deleted_at: Option<String> },
    Raf { customer: Option<String>, referred_customer: Option<String> },
}

pub(super) fn body(world: &World, index: usize) -> TransactionBody {
    let row = &world.ledger.transactions[index];
    let program = program(world, row);
    TransactionBody {
        key: row.key.clone(),
        action: row.action.clone(),
        amount: Number(row.amount),
        credit: false,
        is_currency: true,
        amount_units: row.amount_units.clone(),
        created_at: row.created_at.clone(),
        rewards: row.reward.iter().map(|reward| reward_body(row, reward, program.clone())).collect(),
        program,
    }
}

fn reward_body(row: &TransactionRow, reward: &RewardRow, program: Program) -> RewardBody {
    let product = [("product_id", &row.product_id), ("product_type", &row.product_type)];
    RewardBody {
        key: row.key.clone(),
        action: row.action.clone(),
        status: "ok",
        program,
        amount: Number(reward.amount),
        amount_units: row.amount_units.clone(),
        is_currency: true,
        credit: false,
        created_at: row.created_at.clone(),
        product_type_data: product
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value.clone()?)))
            .collect(),
    }
}

fn program(world: &World, row: &TransactionRow) -> Program {
    let buyer = row
        .customer
        .as_deref()
        .and_then(|key| world.customer(By::Key, key))
        .map(|index| &world.ledger.customers[index]);
    let referrer = buyer.and_then(|buyer| buyer.referrer.as_deref());
    if world.is_raf() {
        let id = |key: &str| world.customer(By::Key, key).map(|index| world.ledger.customers[index].id.clone());
        Program::Raf { customer: referrer.and_then(id), referred_customer: buyer.map(|buyer| buyer.id.clone()) }
    } else {
        Program::Affiliate {
            partner: referrer.map(|key| world.partner_field(key)),
            customer: row.customer.clone(),
            // No answer shows a deleted one, but an event does.
            deleted_at: row.deleted_at.clone().or_else(|| row.archived_at.clone()),
        }
    }
}
