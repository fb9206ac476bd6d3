//! Reads have a budget of their own: what goes wrong with them is no business of deliveries, and the other way round.

use axum_partnero::{
    NewCustomer,
    sandbox::{Answer, Fault},
};
use futures_util::future::join_all;

use crate::{
    app::{anna_with, parts, passing},
    wait::{secs, within},
};

#[tokio::test]
async fn a_partnero_that_hangs_leaves_the_page_without_parts_and_deliveries_go_on() {
    let (sandbox, partnero, clock) = anna_with(&[]).await;
    sandbox.fault(Fault::Hang).on("GET", "/customers/*");
    let looking = tokio::spawn({
        let partnero = partnero.clone();
        async move { join_all((0..100).map(|number| partnero.dashboard(format!("customer-{number}")))).await }
    });
    crate::wait::until("all places are taken", async || sandbox.requests().len() >= 8).await;
    partnero.track_sign_up(NewCustomer::new("mia"));
    let delivered = partnero.flush(secs(60)).await;
    assert!(delivered.is_ok() && sandbox.ledger().customer("mia").is_some());
    let reads = sandbox.requests().iter().filter(|request| request.method == "GET").count();
    assert_eq!(reads, 8, "no more than the places that there are");
    let dashboards = passing(&clock, looking).await.unwrap();
    assert!(dashboards.iter().all(|dashboard| parts(dashboard) == "-----" && dashboard.registered));
}

#[tokio::test]
async fn too_many_reads_pause_reads_and_nothing_else() {
    let (sandbox, partnero, clock) = anna_with(&[]).await;
    sandbox.fault(Answer::too_many_requests(Some(secs(30)))).on("GET", "/customers/*").times(4);
    assert_eq!(parts(&partnero.dashboard("anna").await), "-----");
    let asked = sandbox.requests().len();
    clock.advance(secs(29));
    assert_eq!(parts(&partnero.dashboard("anna").await), "-----");
    assert_eq!(parts(&partnero.dashboard("ben").await), "-----");
    assert_eq!(sandbox.requests().len(), asked, "whoever looks");

    assert!(partnero.status().await.unwrap().held.is_none());
    partnero.track_sign_up(NewCustomer::new("mia"));
    within(partnero.flush(secs(60))).await.unwrap();
    assert!(sandbox.ledger().customer("mia").is_some(), "deliveries weren't paused");

    clock.advance(secs(1));
    assert_eq!(parts(&partnero.dashboard("ben").await), "-----");
    clock.advance(secs(10));
    assert_eq!(parts(&partnero.dashboard("anna").await), "+++++");
}

#[tokio::test]
async fn a_pause_ends_after_a_minute_whatever_was_asked_for() {
    for (named, almost) in [(Some(secs(86_400)), secs(59)), (None, secs(9))] {
        let (sandbox, partnero, clock) = anna_with(&[]).await;
        sandbox.fault(Answer::too_many_requests(named)).on("GET", "/customers/*").times(4);
        partnero.dashboard("anna").await;
        let asked = sandbox.requests().len();
        clock.advance(almost);
        partnero.dashboard("anna").await;
        assert_eq!(sandbox.requests().len(), asked);
        clock.advance(secs(11));
        assert_eq!(parts(&partnero.dashboard("anna").await), "+++++");
    }
}

#[tokio::test]
async fn deliveries_that_are_held_hold_no_dashboard() {
    let (sandbox, partnero, _) = anna_with(&["mia"]).await;
    sandbox.fault(Answer::too_many_requests(Some(secs(600)))).on("POST", "*");
    partnero.track_sign_up(NewCustomer::new("ben"));
    crate::wait::until("it is refused", async || sandbox.requests().iter().any(|it| it.method == "POST")).await;
    assert_eq!(parts(&partnero.dashboard("anna").await), "+++++");
}

#[tokio::test]
async fn nothing_personal_is_logged() {
    let (log, _guard) = crate::log::Log::start();
    let (sandbox, partnero, _) = anna_with(&["mia@example.test"]).await;
    sandbox.fault(Answer::status(500)).on("GET", "/customers/anna/balance");
    partnero.dashboard("anna").await;
    partnero.dashboard("mia@example.test").await;
    assert_eq!(log.count("dashboards lack"), 1);
    for secret in ["example.test", "shop.example", "Mia"] {
        assert!(!log.text().contains(secret), "{}", log.text());
    }
}
