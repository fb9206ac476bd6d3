//! How long a dashboard is kept, and for whom.

use axum_partnero::sandbox::{Answer, Fault, Sandbox};
use futures_util::future::join_all;

use crate::{
    app::{anna_with, handle, parts},
    wait::secs,
};

#[tokio::test]
async fn for_a_minute_nothing_is_asked_again() {
    let (sandbox, partnero, clock) = anna_with(&[]).await;
    let first = partnero.dashboard("anna").await;
    clock.advance(secs(59));
    assert_eq!(partnero.dashboard("anna").await, first);
    assert_eq!(sandbox.requests().len(), 4);
    clock.advance(secs(1));
    partnero.dashboard("anna").await;
    assert_eq!(sandbox.requests().len(), 8);
}

#[tokio::test]
async fn what_partnero_does_not_have_is_not_asked_for_sooner() {
    let (sandbox, partnero, clock) = anna_with(&[]).await;
    sandbox.fault(Answer::json(404, &serde_json::json!({"status": 0}))).on("GET", "/customers/anna/stats");
    assert_eq!(parts(&partnero.dashboard("anna").await), "+-+++");
    clock.advance(secs(59));
    partnero.dashboard("anna").await;
    assert_eq!(sandbox.requests().len(), 4);
}

#[tokio::test]
async fn fifty_who_look_at_once_ask_once() {
    let (sandbox, partnero, clock) = anna_with(&["mia"]).await;
    for asked in [4, 8] {
        let all = join_all((0..50).map(|_| partnero.dashboard("anna"))).await;
        assert!(all.iter().all(|dashboard| dashboard == &all[0]) && all[0].is_complete());
        assert_eq!(sandbox.requests().len(), asked);
        clock.advance(secs(60));
    }
}

#[tokio::test]
async fn who_gives_up_takes_nobody_along() {
    let (sandbox, partnero, _) = anna_with(&["mia"]).await;
    sandbox.fault(Fault::Slow(crate::wait::ms(200)));
    let (other, handle) = (partnero.clone(), partnero.clone());
    let first = tokio::spawn(async move { handle.dashboard("anna").await });
    let second = tokio::spawn(async move { other.dashboard("anna").await });
    crate::wait::until("it is asked", async || !sandbox.requests().is_empty()).await;
    first.abort();
    assert!(second.await.unwrap().is_complete());
}

#[tokio::test]
async fn each_customer_has_their_own_and_a_handle_knows_nothing_of_another() {
    let sandbox = Sandbox::refer_a_friend().referred_customer("mia", "anna").customer("ben").spawn().await.unwrap();
    let ((partnero, _), (other, _)) = (handle(&sandbox), handle(&sandbox));
    let (anna, ben) = tokio::join!(partnero.dashboard("anna"), partnero.dashboard("ben"));
    assert_eq!(anna.friends.loaded().unwrap().list.len(), 1);
    assert_eq!(ben.friends.loaded().unwrap().list.len(), 0);
    assert_ne!(anna.link, ben.link);
    let asked = sandbox.requests().len();
    other.dashboard("anna").await;
    assert_eq!(sandbox.requests().len(), asked + 4);
}

#[tokio::test]
async fn who_has_just_signed_up_waits_two_seconds() {
    let sandbox = Sandbox::refer_a_friend().spawn().await.unwrap();
    let (partnero, clock) = handle(&sandbox);
    assert!(!partnero.dashboard("anna").await.registered);
    partnero.track_sign_up(axum_partnero::NewCustomer::new("anna"));
    partnero.flush(secs(60)).await.unwrap();
    assert!(!partnero.dashboard("anna").await.registered, "it is kept, for two seconds");
    clock.advance(secs(2));
    assert!(partnero.dashboard("anna").await.registered);
}

#[tokio::test]
async fn what_cannot_be_had_anew_is_as_it_was_for_ten_minutes() {
    let (sandbox, partnero, clock) = anna_with(&["mia"]).await;
    let whole = partnero.dashboard("anna").await;
    sandbox.fault(Answer::status(500)).on("GET", "/customers/anna/balance");
    sandbox.fault(Answer::status(500)).on("GET", "/customers/anna");
    let mut passed = 0;
    while passed < 600 {
        clock.advance(secs(60));
        passed += 60;
        let dashboard = partnero.dashboard("anna").await;
        if passed < 600 {
            assert_eq!((dashboard.stale, parts(&dashboard).as_str()), (true, "+++++"), "after {passed} seconds");
            assert_eq!((&dashboard.link, &dashboard.share), (&whole.link, &whole.share));
        } else {
            assert_eq!((dashboard.stale, parts(&dashboard).as_str()), (false, "-----"));
        }
    }
    sandbox.clear_faults();
    clock.advance(secs(10));
    let again = partnero.dashboard("anna").await;
    assert_eq!((again.stale, parts(&again).as_str()), (false, "+++++"));
}

#[tokio::test]
async fn a_part_that_failed_is_asked_for_after_ten_seconds() {
    let (sandbox, partnero, clock) = anna_with(&[]).await;
    sandbox.fault(Answer::status(503)).on("GET", "/customers/anna/stats").times(1);
    assert_eq!(parts(&partnero.dashboard("anna").await), "+-+++");
    clock.advance(secs(9));
    assert_eq!(parts(&partnero.dashboard("anna").await), "+-+++");
    clock.advance(secs(1));
    assert_eq!(parts(&partnero.dashboard("anna").await), "+++++");
}

#[tokio::test]
async fn who_is_forgotten_is_dropped() {
    let (sandbox, partnero, _) = anna_with(&["mia"]).await;
    partnero.dashboard("anna").await;
    sandbox.fault(Answer::status(500)).on("GET", "*");
    partnero.forget("ben").await.unwrap();
    assert_eq!(parts(&partnero.dashboard("anna").await), "+++++");
    partnero.forget("anna").await.unwrap();
    let dashboard = partnero.dashboard("anna").await;
    assert_eq!((parts(&dashboard).as_str(), dashboard.stale), ("-----", false));
}

#[tokio::test]
async fn who_is_forgotten_while_they_are_read_is_not_kept() {
    let (sandbox, partnero, _) = anna_with(&["mia"]).await;
    sandbox.fault(Fault::Slow(crate::wait::ms(200)));
    let handle = partnero.clone();
    let reading = tokio::spawn(async move { handle.dashboard("anna").await });
    crate::wait::until("it is asked", async || !sandbox.requests().is_empty()).await;
    partnero.forget("anna").await.unwrap();
    reading.await.unwrap();
    sandbox.clear_faults();
    sandbox.fault(Answer::status(500)).on("GET", "*");
    assert_eq!(parts(&partnero.dashboard("anna").await), "-----");
}
