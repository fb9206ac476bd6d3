//! A copy of a production database, opened with the key of a test program.

use axum_partnero::{Partnero, delivery::HoldReason, sandbox::Sandbox};

use crate::{
    child::{Job, builder, track},
    log::Log,
    plan::Call,
    postgres::connect,
    support::{DEADLINE, Place, ms, secs, until, within},
};

async fn program(id: &str) -> Sandbox {
    Sandbox::affiliate().partner("anna").program_id(id).spawn().await.unwrap()
}

async fn open(place: &Place, sandbox: &Sandbox) -> Partnero {
    builder(Job::new(place.database.clone(), sandbox)).await.build().unwrap()
}

async fn ends(partnero: Partnero) {
    within(partnero.flush(DEADLINE)).await.unwrap();
    within(partnero.shutdown(secs(10))).await;
}

#[tokio::test]
async fn a_copy_in_sqlite_opened_with_another_program_s_key_is_held_and_nothing_is_sent() {
    let (place, copy) = (Place::sqlite(), Place::sqlite());
    let production = program("Produce1").await;
    live_with(&place, &production).await;
    place.meddle(&format!("VACUUM INTO '{}'", copy.path().display())).await;
    held(&copy, &production).await;
}

#[tokio::test]
async fn a_copy_in_postgres_opened_with_another_program_s_key_is_held_and_nothing_is_sent() {
    let Some(place) = Place::postgres().await else { return };
    let production = program("Produce1").await;
    live_with(&place, &production).await;
    let (server, original) = place.url().rsplit_once('/').unwrap();
    let create = format!("CREATE DATABASE {original}_copy TEMPLATE {original}");
    connect(&format!("{server}/postgres")).await.unwrap().batch_execute(&create).await.unwrap();
    held(&Place::in_postgres(format!("{server}/{original}_copy")), &production).await;
}

/// A day in production, at whose end a sale waits.
async fn live_with(place: &Place, production: &Sandbox) {
    let partnero = open(place, production).await;
    within(track(&partnero, Call::sign_up("mia"))).await.unwrap();
    ends(partnero).await;
    let front = builder(Job { dispatch: false, ..Job::new(place.database.clone(), production) }).await.build().unwrap();
    within(track(&front, Call::sale("mia", "order-1", 100))).await.unwrap();
    within(front.shutdown(secs(10))).await;
}

async fn held(copy: &Place, production: &Sandbox) {
    let tests = program("Testing1").await;
    let (log, _logging) = Log::start();
    let partnero = open(copy, &tests).await;
    within(track(&partnero, Call::sale("mia", "order-2", 100))).await.unwrap();
    let is_held = async || partnero.status().await.unwrap().held == Some(HoldReason::AnotherProgram);
    until("it is held", is_held).await;
    tokio::time::sleep(ms(2_500)).await;
    let sent: Vec<_> = tests.requests().into_iter().map(|request| request.path).collect();
    assert!(sent.iter().all(|path| path == "/v1/test"), "{sent:?}");
    assert_eq!(partnero.status().await.unwrap().pending, 2);
    assert_eq!(log.count("belongs to another program"), 1, "{}", log.text());
    within(partnero.shutdown(secs(10))).await;

    // With the right one, all of it is sent, and only there.
    ends(open(copy, production).await).await;
    assert_eq!(production.ledger().transactions().len(), 2);
    assert_eq!(tests.ledger().transactions().len(), 0);
}
