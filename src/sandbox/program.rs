//! The program itself: the credential check, its description, totals and settings.

use rust_decimal::Decimal;
use serde::Serialize;
use serde_json::{Value, json};

use crate::sandbox::{
    call::Call,
    envelope::{Errors, Number, Outcome, Reply, check},
    world::World,
};

/// `GET /test`. Only `data.program.pub_id` is known.
pub(super) fn test(world: &World) -> Reply {
    Reply::data(json!({ "program": { "pub_id": world.program_id, "name": name(world) } }))
}

/// `GET /program`. Documented for newsletters only; these are the fields it has in common with them.
pub(super) fn program(world: &World) -> Reply {
    Reply::data(json!({ "id": world.program_id, "name": name(world), "created_at": world.created_at }))
}

#[derive(Serialize)]
#[expect(clippy::struct_field_names, reason = "Partnero's names")]
struct Overview {
    overview_program_current_settings: Value,
    total_partners: usize,
    total_partners_growth: u8,
    total_signups: usize,
    total_signups_growth: u8,
    total_paid_accounts: usize,
    total_paid_accounts_growth: u8,
    total_purchases: usize,
    total_purchases_growth: u8,
    total_revenue: Number,
    total_revenue_growth: u8,
    total_reward: Number,
    total_reward_growth: u8,
    total_paid: u8,
}

/// `GET /program/overview`, as the vendor's shop plugin reads it.
pub(super) fn overview(world: &World) -> Reply {
    let live: Vec<_> = world.ledger.transactions.iter().filter(|row| row.is_live()).collect();
    let mut buyers: Vec<_> = live.iter().filter_map(|row| row.customer.as_deref()).collect();
    buyers.sort_unstable();
    buyers.dedup();
    Reply::data(Overview {
        overview_program_current_settings: json!({
            "program_name": name(world),
            "program_initials": "SB",
            "program_type_title": if world.is_raf() { "Refer-a-friend" } else { "Affiliate" },
            "partner_portal_url": format!("{}/partner-portal", world.site),
            "commission_description": format!("{}%", world.commission.normalize()),
            "cookie_lifetime": 30,
            "currency": world.currency,
            "payout_threshold": 0,
        }),
        total_partners: world.ledger.partners.len(),
        total_partners_growth: 0,
        total_signups: world.ledger.customers.iter().filter(|row| row.deleted_at.is_none()).count(),
        total_signups_growth: 0,
        total_paid_accounts: buyers.len(),
        total_paid_accounts_growth: 0,
        total_purchases: live.len(),
        total_purchases_growth: 0,
        total_revenue: Number(live.iter().fold(Decimal::ZERO, |sum, row| sum.saturating_add(row.amount))),
        total_revenue_growth: 0,
        total_reward: Number(world.ledger.owed()),
        total_reward_growth: 0,
        total_paid: 0,
    })
}

/// `PUT /settings`. What settings there are is unknown, so they are accepted and forgotten.
pub(super) fn settings(call: &Call) -> Outcome {
    let mut errors = Errors::new();
    if !call.body.has("settings") {
        call.body.complain("settings", "is required", &mut errors);
    }
    call.body.object("settings", &mut errors);
    check(errors)?;
    Ok(Reply::done())
}

fn name(world: &World) -> &'static str {
    if world.is_raf() { "Sandbox friends" } else { "Sandbox partners" }
}
