//! One row that the database won't have, among others.

use futures_util::future::join_all;

use crate::{
    child::{Job, builder, track},
    log::Log,
    plan::Call,
    support::{DEADLINE, Place, partnero, within},
};

#[tokio::test]
async fn one_call_that_sqlite_refuses_is_refused_alone() {
    let trigger = "CREATE TRIGGER poison BEFORE INSERT ON partnero_calls WHEN NEW.transaction_key = 'poisoned' \
         BEGIN SELECT RAISE(ABORT, 'poisoned'); END";
    refused_alone(Place::sqlite(), trigger).await;
}

#[tokio::test]
async fn one_call_that_postgres_refuses_is_refused_alone() {
    let check = "ALTER TABLE partnero_calls ADD CONSTRAINT poison CHECK (transaction_key <> 'poisoned')";
    if let Some(place) = Place::postgres().await {
        refused_alone(place, check).await;
    }
}

async fn refused_alone(place: Place, poison: &'static str) {
    let sandbox = partnero(7).await;
    let partnero = builder(Job::new(place.database.clone(), &sandbox)).await.build().unwrap();
    place.meddle(poison).await;
    let (log, _logging) = Log::start();
    // One batch: nothing is awaited in between.
    let mut stored = Vec::new();
    for number in 0..40 {
        let customer = format!("c{number}");
        let key = if number == 17 { "poisoned".to_owned() } else { format!("order-{number}") };
        stored.push(track(&partnero, Call::sign_up(&customer)));
        stored.push(track(&partnero, Call::sale(&customer, &key, 100)));
    }
    let stored = within(join_all(stored)).await;
    let refused: Vec<_> =
        stored.iter().enumerate().filter_map(|(at, it)| it.as_ref().err().map(|it| (at, it))).collect();
    assert!(matches!(refused[..], [(35, error)] if error.to_string().contains("poison")), "{refused:?}");

    within(partnero.flush(DEADLINE)).await.unwrap();
    let ledger = sandbox.ledger();
    assert_eq!((ledger.customers().len(), ledger.transactions().len()), (40, 39));
    assert_eq!((log.count("a call isn't taken"), log.count("ERROR")), (1, 1), "{}", log.text());
    assert_eq!(partnero.status().await.unwrap().refused, 1);
}
