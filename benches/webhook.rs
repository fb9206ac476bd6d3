//! What it takes to verify a webhook, read it and find who handles it, beside the least that can be done and the usual.
//!
//! ```text
//! cargo bench --bench webhook
//! ```
//!
//! Every candidate gets the same signed body of 1 KB, in process, and hands the same fields of it to the same function.
//! Times are medians of interleaved rounds.

#[path = "webhook/body.rs"]
mod body;
#[path = "shared/figures.rs"]
#[allow(dead_code, reason = "other benches use the rest")]
mod figures;
#[path = "webhook/peers.rs"]
mod peers;
#[path = "../tests/shared/sign.rs"]
mod sign;

use std::{hint::black_box, time::Instant};

use axum::body::Bytes;
use axum_partnero::{Decimal, WebhookEvent, WebhookSecret};
use http::HeaderMap;

use figures::{at_most, is_measured, median};
use peers::Peer;

const ROUNDS: usize = 201;
const CALLS: u32 = 500;
/// As a multiple of the least.
const MOST: f64 = 1.3;

type Candidate<'a> = (&'a str, Box<dyn Fn() -> Sale + 'a>);

/// What a handler is given: enough to know that all was read.
#[derive(Debug, PartialEq)]
struct Sale {
    key: String,
    amount: Decimal,
    customer: String,
    rewards: usize,
    /// How many fields are there altogether.
    fields: usize,
}

fn ours(secret: &WebhookSecret, headers: &HeaderMap, raw: &Bytes) -> Sale {
    let verified = secret.verify(headers, raw.clone()).expect("it is genuine");
    match verified.event() {
        WebhookEvent::TransactionCreated(event) => {
            let (envelope, data) = (&event.envelope, &event.data);
            let there = [
                envelope.url().is_some(),
                envelope.webhook_key().is_some(),
                envelope.created_at().is_some(),
                data.action.is_some(),
                data.amount_units.is_some(),
                data.partner.is_some(),
                data.created_at.is_some(),
                data.deleted_at.is_some(),
                data.rewards.iter().all(|it| it.product_id.is_some() && it.product_type.is_some()),
            ];
            Sale {
                key: event.data.key.expect("a key"),
                amount: event.data.amount.expect("an amount"),
                customer: event.data.customer.expect("a customer"),
                rewards: event.data.rewards.len(),
                fields: there.into_iter().filter(|it| *it).count(),
            }
        }
        other => panic!("{other:?}"),
    }
}

fn main() {
    let raw = Bytes::from_static(body::TRANSACTION_CREATED);
    let headers = body::headers(&raw);
    let secret = WebhookSecret::new(body::SECRET).expect("a secret");
    let peer = Peer::new();

    let candidates: [Candidate<'_>; 3] = [
        ("ours: secret.verify(..)?.event()", Box::new(|| ours(&secret, &headers, &raw))),
        ("least: a key made before, a strict type", Box::new(|| peer.least(&headers, &raw))),
        ("usual: hmac, then Value, then an enum", Box::new(|| Peer::usual(&headers, &raw))),
    ];
    let expected = candidates[0].1();
    for (name, call) in &candidates {
        assert_eq!(call(), expected, "{name}");
    }
    if !is_measured() {
        return;
    }

    let mut times = vec![Vec::new(); candidates.len()];
    for round in 0..=ROUNDS {
        for ((_, call), times) in candidates.iter().zip(&mut times) {
            let start = Instant::now();
            for _ in 0..CALLS {
                black_box(call());
            }
            // The first round warms up.
            if round > 0 {
                times.push(start.elapsed().as_secs_f64() * 1e9 / f64::from(CALLS));
            }
        }
    }
    let medians: Vec<_> = times.iter_mut().map(|times| median(times)).collect();
    println!("\n{:44}{:>10}{:>18}", format!("a webhook of {} bytes", raw.len()), "ns", "beside the least");
    for ((name, _), nanoseconds) in candidates.iter().zip(&medians) {
        println!("{name:44}{nanoseconds:>10.0}{:>18.2}", nanoseconds / medians[1]);
    }
    let ratio = medians[0] / medians[1];
    println!("\nours beside the least {ratio:.2}, of at most {MOST}: {}", at_most(ratio, MOST));
}
