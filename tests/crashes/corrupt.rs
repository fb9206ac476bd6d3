//! Rows that are damaged: each becomes a dead letter, and nobody else's calls wait for it.

use axum_partnero::{
    Partnero,
    delivery::{CallKind, DeadReason},
};

use crate::{
    child::{Job, builder, track},
    plan::Call,
    support::{DEADLINE, Place, ms, partnero, until, within},
};

/// To a sale.
const DAMAGES: [&str; 11] = [
    "kind = 'gift'",
    "amount = 'a lot'",
    "amount = NULL",
    "state = 'asleep'",
    "call_id = call_id || '?'",
    "customer_key = NULL",
    "transaction_key = NULL",
    "payload = ''",
    "payload = 'a sale'",
    "payload = '[]'",
    "outcome = 'lucky'",
];
/// What a text can only be in SQLite, which checks none.
const NO_TEXTS: [&str; 4] = [
    "kind = CAST(x'ff' AS TEXT)",
    "amount = CAST(x'31ff' AS TEXT)",
    "payload = CAST(x'7bff7d' AS TEXT)",
    "customer_key = CAST(x'ff' AS TEXT)",
];

#[tokio::test]
async fn damaged_rows_in_sqlite_become_dead_letters_and_hold_nobody_up() {
    become_dead_letters(Place::sqlite(), &[&DAMAGES[..], &NO_TEXTS[..]].concat()).await;
}

#[tokio::test]
async fn damaged_rows_in_postgres_become_dead_letters_and_hold_nobody_up() {
    if let Some(place) = Place::postgres().await {
        become_dead_letters(place, &DAMAGES).await;
    }
}

async fn become_dead_letters(place: Place, damages: &[&'static str]) {
    let sandbox = partnero(7).await;
    let job = Job::new(place.database.clone(), &sandbox);
    let front = builder(Job { dispatch: false, ..job.clone() }).await.build().unwrap();
    for number in 0..damages.len() {
        for of in ["damaged", "whole"] {
            let customer = format!("{of}-{number}");
            for call in [Call::sign_up(&customer), Call::sale(&customer, &format!("order-{customer}"), 100)] {
                within(track(&front, call)).await.unwrap();
            }
        }
    }
    for (number, damage) in damages.iter().enumerate() {
        let update = format!("UPDATE partnero_calls SET {damage} WHERE transaction_key = 'order-damaged-{number}'");
        assert_eq!(place.meddle(&update).await, 1, "{damage}");
    }
    let partnero = builder(job).await.build().unwrap();
    within(partnero.flush(DEADLINE)).await.unwrap();
    let ledger = sandbox.ledger();
    assert_eq!(ledger.customers().len(), 2 * damages.len());
    for number in 0..damages.len() {
        assert_eq!(ledger.live_transactions(&format!("order-whole-{number}")).len(), 1);
    }
    assert_eq!(ledger.transactions().len(), damages.len(), "nothing of what is damaged was sent");
    listed_and_discarded(&partnero, damages).await;
    // What comes after goes on.
    for number in 0..damages.len() {
        let customer = format!("damaged-{number}");
        within(track(&partnero, Call::sale(&customer, &format!("next-{number}"), 100))).await.unwrap();
    }
    within(partnero.flush(DEADLINE)).await.unwrap();
    until("the next ones", async || sandbox.ledger().transactions().len() == 2 * damages.len()).await;
}

async fn listed_and_discarded(partnero: &Partnero, damages: &[&str]) {
    let letters = partnero.dead_letters().page(0, 100).await.unwrap();
    assert_eq!(letters.len(), damages.len(), "{letters:?}");
    for (letter, damage) in letters.iter().zip(damages) {
        assert_eq!(letter.reason, DeadReason::Unreadable, "{damage}: {letter}");
        let kind = if damage.starts_with("kind") { CallKind::Unknown } else { CallKind::Sale };
        assert_eq!(letter.kind, kind, "{damage}: {letter}");
        assert!(partnero.dead_letters().discard(letter.id).await.unwrap(), "{damage}");
    }
    let status = partnero.status().await.unwrap();
    assert_eq!((status.dead, status.parked, status.pending), (0, 0, 0));
    tokio::time::sleep(ms(10)).await;
}
