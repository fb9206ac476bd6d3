//! Every way in which a network can fail, for every kind of call: one live transaction per sale, none per refund.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use axum_partnero::{
    HoldReason, SqliteOutbox,
    delivery::PartneroBuilder,
    sandbox::{Answer, DuplicateTransaction, Fault},
};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::support::{Log, SHORT_TIMEOUT, World, dollars, each, ms, name, referred, sale, secs, shop, until, within};

fn faults() -> Vec<Fault> {
    vec![
        Fault::Refuse,
        Fault::Hang,
        Fault::Slow(ms(20)),
        // Beyond the time-out: carried out when nobody waits any more.
        Fault::Slow(SHORT_TIMEOUT + ms(50)),
        Fault::StoreThenDrop,
        Fault::StoreThenHang,
        Fault::store_then_500(),
        Fault::DropThenStore(ms(0)),
        Fault::DropThenStore(ms(100)),
        Answer::too_many_requests(None).into(),
        Answer::too_many_requests(Some(secs(3))).into(),
        Answer::status(401).into(),
        Answer::status(403).into(),
        Answer::redirect(301, "https://elsewhere.test/").into(),
        Answer::redirect(307, "/v1/test").into(),
        Answer::status(500).into(),
        Answer::garbage(502).into(),
        Answer::html(403).into(),
        Answer::html(404).into(),
        Answer::html(503).into(),
        Fault::StoreThenAnswer(Answer::garbage(200)),
        Fault::StoreThenAnswer(Answer::html(200)),
    ]
}

async fn open() -> World {
    World::open_to_hangs(shop()).await
}

#[tokio::test]
async fn a_sale_that_meets_any_fault_once_is_recorded_once() {
    each(faults(), async |fault| {
        let world = open().await;
        world.sandbox.fault(fault.clone()).on("POST", "/transactions").times(1);
        let end = within(world.partnero.track_sale(sale("o1", 50)).delivered()).await;
        assert_eq!((name(end).as_str(), world.live("o1")), ("recorded", vec![dollars(50)]), "{fault:?}");
    })
    .await;
}

#[tokio::test]
async fn a_sale_whose_every_request_meets_a_fault_three_times_is_recorded_once() {
    each(faults(), async |fault| {
        let world = open().await;
        let forbidden = matches!(&fault, Fault::Answer(answer) if !answer_is_trouble(answer));
        for (method, path) in [("POST", "/transactions"), ("GET", "/transactions/*")] {
            // One call that is refused twice while the key is good is a dead letter, which is another test.
            world.sandbox.fault(fault.clone()).on(method, path).times(if forbidden { 1 } else { 3 });
        }
        let end = within(world.partnero.track_sale(sale("o1", 50)).delivered()).await;
        assert_eq!((name(end).as_str(), world.live("o1")), ("recorded", vec![dollars(50)]), "{fault:?}");
    })
    .await;
}

/// Whether it passes by itself, unlike a refusal or a redirect.
fn answer_is_trouble(answer: &Answer) -> bool {
    ![Answer::status(401), Answer::status(403), Answer::html(403)].contains(answer)
        && ![Answer::redirect(301, "https://elsewhere.test/"), Answer::redirect(307, "/v1/test")].contains(answer)
}

#[tokio::test]
async fn a_refund_that_meets_any_fault_once_leaves_nothing() {
    each(faults(), async |fault| {
        let world = open().await;
        assert_eq!(name(within(world.partnero.track_sale(sale("o1", 50)).delivered()).await), "recorded");
        world.sandbox.fault(fault.clone()).on("DELETE", "*").times(1);
        let end = within(world.partnero.track_refund("o1").delivered()).await;
        assert_eq!((name(end).as_str(), world.live("o1")), ("refunded", vec![]), "{fault:?}");
    })
    .await;
}

#[tokio::test]
async fn an_adjustment_whose_steps_meet_any_fault_leaves_what_remains_once() {
    each(faults(), async |fault| {
        let world = open().await;
        assert_eq!(name(within(world.partnero.track_sale(sale("o1", 50)).delivered()).await), "recorded");
        for method in ["DELETE", "POST"] {
            world.sandbox.fault(fault.clone()).on(method, "/transactions*").times(1);
        }
        let end = within(world.partnero.track_adjustment(sale("o1", 30)).delivered()).await;
        assert_eq!((name(end).as_str(), world.live("o1")), ("adjusted", vec![dollars(30)]), "{fault:?}");
        // Nothing comes late either.
        until("all is quiet", async || world.partnero.status().await.unwrap().uncertain == 0).await;
        assert_eq!(world.live("o1"), [dollars(30)], "{fault:?}");
    })
    .await;
}

#[tokio::test]
async fn a_sign_up_that_meets_any_fault_is_there_once_and_its_sale_comes_after_it() {
    each(faults(), async |fault| {
        let world = open().await;
        world.sandbox.fault(fault.clone()).on("POST", "/customers").times(1);
        world.partnero.track_sign_up(referred("8"));
        let sale = axum_partnero::NewTransaction::new("o8", dollars(9)).customer("8");
        let end = within(world.partnero.track_sale(sale).delivered()).await;
        assert_eq!((name(end).as_str(), world.live("o8")), ("recorded", vec![dollars(9)]), "{fault:?}");
        let ledger = world.sandbox.ledger();
        assert_eq!(ledger.customers().iter().filter(|row| row.key == "8").count(), 1, "{fault:?}");
        assert_eq!(
            ledger.owed_to("anna"),
            axum_partnero::Amount::from(dollars(9)).value() * dollars(30) / dollars(100)
        );
    })
    .await;
}

#[tokio::test]
async fn a_partnero_that_is_down_gets_nothing_twice_when_it_is_back() {
    let world = open().await;
    world.sandbox.stop_listening().await;
    let calls: Vec<_> = (0..30).map(|i| world.partnero.track_sale(sale(&format!("o{i}"), 1 + i))).collect();
    until("the breaker opens or a call is tried", async || world.partnero.status().await.unwrap().pending == 30).await;
    world.sandbox.resume_listening().await.unwrap();
    for call in calls {
        assert_eq!(name(within(call.delivered()).await), "recorded");
    }
    for i in 0..30 {
        assert_eq!(world.live(&format!("o{i}")), [dollars(1 + i)]);
    }
    // A refused connection sent nothing: there was nothing to ask.
    assert_eq!(world.count("POST /transactions"), 30);
    assert!(world.requests_but_probes().iter().all(|line| line == "POST /transactions"));
}

#[tokio::test]
async fn connections_cut_in_the_middle_of_requests_lose_nothing_and_repeat_nothing() {
    let world = open().await;
    world.sandbox.set_latency(ms(15));
    let calls: Vec<_> = (0..60)
        .map(|i| {
            let key = format!("o{i}");
            let sale = axum_partnero::NewTransaction::new(&key, dollars(1 + i)).customer(format!("c{i}"));
            (world.partnero.track_sign_up(referred(format!("c{i}"))), key, world.partnero.track_sale(sale))
        })
        .collect();
    for part in 1..=4 {
        world.seen("POST /transactions", part * 6).await;
        world.sandbox.stop_listening().await;
        world.sandbox.resume_listening().await.unwrap();
    }
    for (sign_up, key, sale) in calls {
        assert!(matches!(name(within(sign_up.delivered()).await).as_str(), "recorded" | "existed"));
        assert_eq!(name(within(sale.delivered()).await), "recorded");
        assert_eq!(world.live(&key).len(), 1);
    }
    assert_eq!(world.sandbox.ledger().transactions().len(), 60);
}

#[tokio::test]
async fn a_partnero_that_tells_repeats_apart_gets_none_all_the_same() {
    for duplicate in
        [DuplicateTransaction::Conflict409, DuplicateTransaction::Reject422, DuplicateTransaction::Idempotent]
    {
        let world =
            World::open_to_hangs(shop().switch(move |switches| switches.duplicate_transaction = duplicate)).await;
        for fault in [Fault::StoreThenDrop, Fault::StoreThenHang, Fault::DropThenStore(ms(60))] {
            world.sandbox.fault(fault).on("POST", "/transactions").times(1);
            let key = format!("o{}", world.sandbox.ledger().transactions().len());
            let end = within(world.partnero.track_sale(sale(&key, 5)).delivered()).await;
            assert_eq!((name(end).as_str(), world.rows(&key)), ("recorded", 1));
        }
    }
}

/// Somebody's own, which panics when it is first asked.
struct Breaks(AtomicBool);

impl Resolve for Breaks {
    fn resolve(&self, _: Name) -> Resolving {
        assert!(self.0.swap(true, Ordering::Relaxed), "a bug");
        Box::pin(async { Ok(Box::new(std::iter::once(SocketAddr::from(([127, 0, 0, 1], 0)))) as Addrs) })
    }
}

/// One request at a time, the first of which breaks off. Time stands still.
async fn broken(set: impl FnOnce(PartneroBuilder) -> PartneroBuilder) -> World {
    let sandbox = shop().referred_customer("8", "anna").seed(7).spawn().await.unwrap();
    let url = sandbox.url().replace("127.0.0.1", "localhost");
    let client = reqwest::Client::builder().no_proxy().dns_resolver(Arc::new(Breaks(AtomicBool::new(false))));
    let set =
        |builder: PartneroBuilder| set(builder.base_url(url).http_client(client).max_in_flight(1).lease(secs(60)));
    World::of(sandbox, set)
}

#[tokio::test]
async fn a_delivery_that_panics_holds_up_no_other_and_is_taken_up_again() {
    let world = broken(|builder| builder).await;
    let first = world.partnero.track_sale(sale("o1", 50));
    within(world.partnero.track_sale(sale("o2", 50).customer("8")).delivered()).await.unwrap();
    assert_eq!(world.partnero.status().await.unwrap().in_flight, 1);
    world.clock.advance(secs(60));
    until("its lease is over", async || world.partnero.status().await.unwrap().uncertain == 1).await;
    world.clock.advance(secs(30));
    assert_eq!(name(within(first.delivered()).await), "recorded");
    assert_eq!((world.rows("o1"), world.count("GET /transactions/o1")), (1, 1));
}

#[tokio::test]
async fn a_probe_that_panics_is_one_that_failed() {
    let (log, _guard) = Log::start();
    let folder = tempfile::tempdir().unwrap();
    let outbox = SqliteOutbox::open(folder.path().join("partnero.db")).await.unwrap();
    let world = broken(|builder| builder.outbox(outbox)).await;
    let held = async || world.partnero.status().await.unwrap().held;
    until("it is held", async || held().await == Some(HoldReason::Unavailable)).await;
    assert!(world.requests().is_empty(), "the next one has its time");
    assert_eq!((log.count("a probe broke off"), log.count("a delivery broke off")), (1, 0));
    world.clock.advance(secs(2));
    assert_eq!(name(within(world.partnero.track_sale(sale("o1", 50)).delivered()).await), "recorded");
}
