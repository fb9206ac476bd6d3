//! Rows that are damaged: each becomes a dead letter, and nobody else's calls wait for it.

use axum_partnero::{
    Partnero,
    delivery::{CallKind, DeadReason},
    sandbox::Answer,
};
use serde_json::json;

use crate::{
    child::{Job, builder, track},
    plan::Call,
    support::{DEADLINE, Place, ms, partnero, until, within},
};

/// To a sale.
const DAMAGES: [&str; 16] = [
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
    "attempts = 4294967295",
    "attempts = 9223372036854775807",
    "token = 9223372036854775807",
    "waited = 9223372036854775807",
    "quiet_until = 9223372036854775807",
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

#[tokio::test]
async fn a_hand_that_makes_all_of_sqlite_due_sends_nothing_again() {
    make_all_due(Place::sqlite()).await;
}

#[tokio::test]
async fn a_hand_that_makes_all_of_postgres_due_sends_nothing_again() {
    if let Some(place) = Place::postgres().await {
        make_all_due(place).await;
    }
}

async fn make_all_due(place: Place) {
    let sandbox = partnero(7).await;
    let partnero = builder(Job::new(place.database.clone(), &sandbox)).await.build().unwrap();
    let no = Answer::json(422, &json!({"message": "Not so.", "errors": {"email": ["Not so."]}}));
    sandbox.fault(no).on("POST", "/customers").mentioning("refused");
    let calls = [
        Call::sign_up("refused"),
        Call::sale("refused", "order-parked", 100),
        Call::sign_up("mia"),
        Call::sale("mia", "order-kept", 100),
        Call::sale("mia", "order-refunded", 100),
        Call::Refund { key: "order-refunded".to_owned() },
    ];
    for call in calls {
        within(track(&partnero, call)).await.unwrap();
        within(partnero.flush(DEADLINE)).await.unwrap();
    }
    sandbox.clear_faults();
    let requests = sandbox.requests().len();
    let letters = partnero.dead_letters().page(0, 9).await.unwrap();
    assert_eq!((letters.len(), letters[0].parked), (1, 1));

    assert_eq!(place.meddle("UPDATE partnero_calls SET due = 1").await, 6);
    within(track(&partnero, Call::sale("mia", "order-next", 100))).await.unwrap();
    within(partnero.flush(DEADLINE)).await.unwrap();
    assert_eq!(place.meddle("UPDATE partnero_calls SET name = name WHERE due IS NOT NULL").await, 0);
    assert_eq!(sandbox.requests().len(), requests + 1, "{:?}", sandbox.requests());
    assert_eq!(partnero.dead_letters().page(0, 9).await.unwrap(), letters);
}
