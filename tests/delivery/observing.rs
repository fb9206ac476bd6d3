//! What an observer is told, and what its failures do: nothing to any delivery.

use std::{
    future::pending,
    sync::{Arc, Mutex},
};

use axum_partnero::{
    CustomerKey, NewCustomer, NewTransaction, Observer, ReferralKey, TransactionKey,
    api::{Customer, Transaction},
    delivery::{BoxError, DeadLetter, HoldReason, RefusedCall},
    sandbox::{Answer, Fault, Sandbox, SandboxBuilder},
};

use crate::support::{Log, World, dollars, ms, name, referred, sale, secs, shop, until, within};

#[derive(Clone, Copy, PartialEq)]
enum Mood {
    Well,
    Errs,
    Panics,
    Hangs,
    ErrsTwice,
}

#[derive(Clone)]
struct Watcher {
    mood: Mood,
    told: Arc<Mutex<Vec<String>>>,
}

impl Watcher {
    fn new(mood: Mood) -> Self {
        Self { mood, told: Arc::default() }
    }

    fn told(&self) -> Vec<String> {
        self.told.lock().unwrap().clone()
    }

    fn count(&self, what: &str) -> usize {
        self.told().iter().filter(|told| *told == what).count()
    }

    async fn note(&self, what: String) -> Result<(), BoxError> {
        let times = {
            let mut told = self.told.lock().unwrap();
            told.push(what.clone());
            told.iter().filter(|other| **other == what).count()
        };
        match self.mood {
            Mood::Well => Ok(()),
            Mood::ErrsTwice if times > 2 => Ok(()),
            Mood::Errs | Mood::ErrsTwice => Err("mia@x.test could not be saved".into()),
            Mood::Panics => panic!("told: {what}"),
            Mood::Hangs => pending().await,
        }
    }
}

impl Observer for Watcher {
    async fn signed_up(&self, key: &CustomerKey, customer: &Customer) -> Result<(), BoxError> {
        let link = customer.referral_link.as_deref().unwrap_or("no link");
        self.note(format!("signed up {} {link}", key.as_str())).await
    }

    async fn sold(&self, key: &TransactionKey, sold: &Transaction) -> Result<(), BoxError> {
        self.note(format!("sold {} {}", key.as_str(), sold.rewards.len())).await
    }

    async fn adjusted(&self, key: &TransactionKey, _: &Transaction) -> Result<(), BoxError> {
        self.note(format!("adjusted {}", key.as_str())).await
    }

    async fn refunded(&self, key: &TransactionKey) -> Result<(), BoxError> {
        self.note(format!("refunded {}", key.as_str())).await
    }

    async fn failed(&self, letter: &DeadLetter) -> Result<(), BoxError> {
        self.note(format!("failed {} {}", letter.kind.as_str(), letter.reason.as_str())).await
    }

    async fn refused(&self, call: &RefusedCall) -> Result<(), BoxError> {
        self.note(format!("refused {:?}", call.error)).await
    }

    async fn held(&self, reason: HoldReason) -> Result<(), BoxError> {
        self.note(format!("held {reason:?}")).await
    }

    async fn resumed(&self) -> Result<(), BoxError> {
        self.note("resumed".to_owned()).await
    }
}

async fn watched(sandbox: SandboxBuilder, mood: Mood) -> (World, Watcher) {
    let watcher = Watcher::new(mood);
    let observer = watcher.clone();
    let world = World::open_with(sandbox, |builder| builder.observer(observer).observer_timeout(ms(20))).await;
    (world, watcher)
}

#[tokio::test]
async fn every_end_is_told_once_where_all_is_well() {
    let (world, watcher) = watched(shop(), Mood::Well).await;
    world.partnero.track_sign_up(referred("8"));
    world.partnero.track_sale(NewTransaction::new("o1", dollars(5)).customer("8"));
    world.flush().await;
    world.partnero.track_sale(NewTransaction::new("o1", dollars(5)).customer("8"));
    world.partnero.track_adjustment(NewTransaction::new("o1", dollars(4)).customer("8"));
    world.flush().await;
    world.partnero.track_refund("o1");
    world.sandbox.fault(Answer::status(400)).mentioning("bad");
    world.partnero.track_sale(sale("bad", 5));
    world.partnero.track_sale(NewTransaction::new("o2", dollars(5)));
    let report = within(world.partnero.shutdown(crate::support::DEADLINE)).await;
    assert_eq!((report.dead, report.refused, report.lost), (1, 1, 0));
    let mut told = watcher.told();
    told.sort();
    let all = [
        "adjusted o1",
        "failed sale rejected",
        "refunded o1",
        "refused NoCustomer",
        "signed up 8 no link",
        "sold o1 1",
    ];
    assert_eq!(told, all);
}

#[tokio::test]
async fn a_referral_link_is_told_in_a_refer_a_friend_program_even_after_an_uncertain_sign_up() {
    for fault in [
        None,
        Some(Fault::StoreThenDrop),
        Some(Fault::store_then_500()),
        Some(Fault::StoreThenAnswer(Answer::garbage(200))),
        Some(Fault::StoreThenAnswer(Answer::status(409))),
        Some(Fault::DropThenStore(ms(0))),
    ] {
        let (world, watcher) = watched(Sandbox::refer_a_friend().customer("friend"), Mood::Well).await;
        if let Some(fault) = fault.clone() {
            world.sandbox.fault(fault).on("POST", "/customers").times(1);
        }
        let friend = NewCustomer::new("8").referred_by(ReferralKey::new("friend").unwrap());
        let end = within(world.partnero.track_sign_up(friend).delivered()).await;
        assert!(matches!(name(end).as_str(), "recorded" | "existed"), "{fault:?}");
        let told = "signed up 8 https://shop.example?ref=8";
        until("the link is told", async || watcher.count(told) == 1).await;
        assert_eq!(watcher.told(), [told], "{fault:?}");
    }
}

#[tokio::test]
async fn an_observer_that_always_fails_is_told_five_times_and_blocks_nothing() {
    for mood in [Mood::Errs, Mood::Panics, Mood::Hangs] {
        let (log, _guard) = Log::start();
        let (world, watcher) = watched(shop(), mood).await;
        for i in 0..20 {
            world.partnero.track_sale(sale(&format!("o{i}"), 5));
        }
        world.flush().await;
        assert_eq!(world.sandbox.ledger().transactions().len(), 20, "each was delivered all the same");
        until("it is given up", async || log.count("the observer failed five times") == 20).await;
        let report = within(world.partnero.shutdown(crate::support::DEADLINE)).await;
        assert_eq!((report.delivered, report.lost), (20, 0));
        for i in 0..20 {
            assert_eq!(watcher.count(&format!("sold o{i} 1")), 5);
        }
        assert_eq!(watcher.told().len(), 100);
        assert!(!log.text().contains("mia"), "what an observer says is masked");
    }
}

#[tokio::test]
async fn an_observer_that_recovers_is_told_until_it_has_taken_it() {
    let (world, watcher) = watched(shop(), Mood::ErrsTwice).await;
    world.partnero.track_sale(sale("o1", 5));
    until("it is told a third time", async || watcher.count("sold o1 1") == 3).await;
    within(world.partnero.shutdown(crate::support::DEADLINE)).await;
    assert_eq!(watcher.told().len(), 3);
}

#[tokio::test]
async fn more_hanging_tellings_than_there_is_room_for_delay_no_delivery() {
    let watcher = Watcher::new(Mood::Hangs);
    let observer = watcher.clone();
    let world = World::open_with(shop(), |builder| builder.observer(observer)).await;
    for i in 0..50 {
        world.partnero.track_sale(sale(&format!("o{i}"), 5));
    }
    world.flush().await;
    assert_eq!(world.sandbox.ledger().transactions().len(), 50);
    // The observer has thirty seconds; a shutdown doesn't wait for it beyond its own time.
    let report = within(world.partnero.shutdown(ms(20))).await;
    assert_eq!((report.delivered, report.lost), (50, 0));
}

#[tokio::test]
async fn holds_and_their_ends_are_told_in_order_and_once() {
    let (world, watcher) = watched(shop(), Mood::Well).await;
    let good = world.sandbox.api_key();
    world.sandbox.set_api_key("another");
    for i in 0..10 {
        world.partnero.track_sign_up(referred(format!("c{i}")));
    }
    until("it is held", async || watcher.count("held NotAllowed") == 1).await;
    world.seen("GET /test", 3).await;
    world.sandbox.set_api_key(good);
    until("it resumes", async || watcher.count("resumed") == 1).await;
    world.flush().await;
    let holds = |told: Vec<String>| told.into_iter().filter(|told| !told.starts_with("signed up")).collect::<Vec<_>>();
    assert_eq!(holds(watcher.told()), ["held NotAllowed", "resumed"]);

    world.sandbox.fault(Answer::too_many_requests(Some(secs(30)))).times(1);
    world.partnero.track_sale(sale("o1", 5));
    until("it resumes", async || watcher.count("resumed") == 2).await;
    assert_eq!(holds(watcher.told())[2..4], ["held RateLimited", "resumed"]);
}

#[tokio::test]
async fn a_panic_over_a_hold_or_a_refusal_ends_there() {
    let (world, watcher) = watched(shop(), Mood::Panics).await;
    world.partnero.track_sale(NewTransaction::new("o2", dollars(5)));
    world.sandbox.fault(Answer::status(401)).times(1);
    let end = within(world.partnero.track_sale(sale("o1", 5)).delivered()).await;
    assert_eq!(name(end), "recorded");
    until("both are told", async || watcher.count("resumed") + watcher.count("refused NoCustomer") == 2).await;
}

#[tokio::test]
async fn a_dead_letter_that_is_retried_and_dies_again_is_told_again() {
    let (world, watcher) = watched(shop(), Mood::Well).await;
    world.sandbox.fault(Answer::status(400)).on("POST", "/transactions").times(2);
    world.partnero.track_sale(sale("o1", 5));
    until("it failed", async || watcher.count("failed sale rejected") == 1).await;
    world.partnero.dead_letters().retry_all().await.unwrap();
    until("it failed again", async || watcher.count("failed sale rejected") == 2).await;
    world.partnero.dead_letters().retry_all().await.unwrap();
    until("it is sold", async || watcher.count("sold o1 1") == 1).await;
}
