//! The least that can be done, and what is done in most applications.

use axum_partnero::Decimal;
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::HeaderMap;
use serde::Deserialize;
use serde_json::Value;
use sha2::Sha256;

use crate::{Sale, body};

#[derive(Deserialize)]
#[expect(clippy::struct_field_names, reason = "Partnero's name")]
struct Webhook {
    event: String,
    url: Option<String>,
    webhook_key: Option<String>,
    created_at: Option<String>,
    data: Transaction,
}

/// The fields that ours reads, of the types that Partnero documents and no others.
#[derive(Deserialize)]
struct Transaction {
    key: String,
    action: Option<String>,
    amount: Decimal,
    amount_units: Option<String>,
    #[allow(dead_code)]
    is_currency: Option<bool>,
    #[allow(dead_code)]
    credit: Option<bool>,
    partner: Option<String>,
    customer: String,
    rewards: Vec<Reward>,
    created_at: Option<String>,
    deleted_at: Option<String>,
}

#[derive(Deserialize)]
#[allow(dead_code)]
struct Reward {
    key: String,
    action: Option<String>,
    status: Option<String>,
    partner: Option<String>,
    customer: Option<String>,
    amount: Decimal,
    amount_units: Option<String>,
    is_currency: Option<bool>,
    credit: Option<bool>,
    product_type_data: Product,
    created_at: Option<String>,
    deleted_at: Option<String>,
}

#[derive(Deserialize)]
struct Product {
    product_id: Option<String>,
    product_type: Option<String>,
}

#[expect(clippy::large_enum_variant, reason = "it goes nowhere")]
enum Event {
    TransactionCreated(Transaction),
    Other,
}

pub(crate) struct Peer {
    keyed: Hmac<Sha256>,
}

impl Peer {
    pub(crate) fn new() -> Self {
        Self { keyed: keyed() }
    }

    pub(crate) fn least(&self, headers: &HeaderMap, raw: &[u8]) -> Sale {
        verify(self.keyed.clone(), headers, raw);
        let webhook: Webhook = serde_json::from_slice(raw).expect("it is one");
        let there = [webhook.url.is_some(), webhook.webhook_key.is_some(), webhook.created_at.is_some()];
        match webhook.event.as_str() {
            "transaction.created" => sale(webhook.data, there),
            other => panic!("{other}"),
        }
    }

    pub(crate) fn usual(headers: &HeaderMap, raw: &[u8]) -> Sale {
        verify(keyed(), headers, raw);
        let mut webhook: Value = serde_json::from_slice(raw).expect("JSON");
        let event = match webhook["event"].as_str() {
            Some("transaction.created") => {
                Event::TransactionCreated(serde_json::from_value(webhook["data"].take()).expect("a transaction"))
            }
            _ => Event::Other,
        };
        let there = ["url", "webhook_key", "created_at"].map(|name| webhook[name].is_string());
        match event {
            Event::TransactionCreated(data) => sale(data, there),
            Event::Other => panic!("{webhook}"),
        }
    }
}

fn keyed() -> Hmac<Sha256> {
    Hmac::new_from_slice(body::SECRET.as_bytes()).expect("any length")
}

fn verify(mut mac: Hmac<Sha256>, headers: &HeaderMap, raw: &[u8]) {
    let hex = headers["signature"].as_bytes();
    let mut digest = [0; 32];
    for (byte, pair) in digest.iter_mut().zip(hex.chunks_exact(2)) {
        let digit = |character: u8| char::from(character).to_digit(16).expect("a digit");
        *byte = u8::try_from(digit(pair[0]) << 4 | digit(pair[1])).expect("a byte");
    }
    mac.update(raw);
    mac.verify_slice(&digest).expect("it is genuine");
}

fn sale(data: Transaction, envelope: [bool; 3]) -> Sale {
    let there = [
        data.action.is_some(),
        data.amount_units.is_some(),
        data.partner.is_some(),
        data.created_at.is_some(),
        data.deleted_at.is_some(),
        data.rewards
            .iter()
            .all(|it| it.product_type_data.product_id.is_some() && it.product_type_data.product_type.is_some()),
    ];
    Sale {
        key: data.key,
        amount: data.amount,
        customer: data.customer,
        rewards: data.rewards.len(),
        fields: there.into_iter().chain(envelope).filter(|it| *it).count(),
    }
}
