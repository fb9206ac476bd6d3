//! A bad day at Partnero's: nearly a third of all requests go wrong, in every way at once.

use std::collections::HashMap;

use axum_partnero::{
    NewCustomer, NewTransaction, ReferralKey,
    delivery::DeadReason,
    sandbox::{Answer, Fault, RecordedRequest, Sandbox},
};
use rust_decimal::Decimal;
use serde_json::Value;

use crate::support::{DEADLINE, LONG_SETTLE, SHORT_TIMEOUT, World, dollars, ms, secs, within};

/// Each with the same chance: together 30 %.
fn let_it_rain(sandbox: &Sandbox) {
    let faults: [Fault; 16] = [
        Fault::Refuse,
        Fault::Hang,
        Fault::Slow(ms(8)),
        Fault::Slow(SHORT_TIMEOUT + ms(40)),
        Fault::StoreThenDrop,
        Fault::StoreThenHang,
        Fault::store_then_500(),
        Fault::DropThenStore(ms(40)),
        Answer::too_many_requests(Some(secs(2))).into(),
        Answer::status(500).into(),
        Answer::html(404).into(),
        Answer::html(503).into(),
        Answer::garbage(500).into(),
        Fault::StoreThenAnswer(Answer::garbage(200)),
        Answer::status(401).into(),
        Answer::redirect(307, "/v1/test").into(),
    ];
    for fault in faults {
        sandbox.fault(fault).probability(0.0215);
    }
}

/// What customer `i` does: an order that stays, another that may be refunded, what remains of the first.
struct Plan(i64);

impl Plan {
    fn refunds(&self) -> bool {
        self.0 % 3 == 0
    }

    fn adjusts(&self) -> bool {
        self.0 % 4 == 0
    }

    /// What is live in the end.
    fn a(&self) -> Vec<Decimal> {
        vec![dollars(if self.adjusts() { 5 + self.0 } else { 1000 + self.0 })]
    }

    fn b(&self) -> Vec<Decimal> {
        if self.refunds() { Vec::new() } else { vec![dollars(2000 + self.0)] }
    }
}

async fn rain_on(customers: i64, seed: u64) -> World {
    let sandbox = Sandbox::affiliate().partner("anna").seed(seed);
    let world = World::open_with(sandbox, |builder| {
        builder.request_timeout(SHORT_TIMEOUT).settle_delay(LONG_SETTLE).max_in_flight(32)
    })
    .await;
    let_it_rain(&world.sandbox);
    let partnero = &world.partnero;
    let key = |i| format!("c{i}");
    let order = |i, name: &str, amount| NewTransaction::new(format!("{name}{i}"), dollars(amount)).customer(key(i));
    let anna = || ReferralKey::new("anna").unwrap();
    for i in 0..customers {
        let customer = NewCustomer::new(key(i)).email(format!("mia{i}@mail.test")).name("Mia").surname("Kochanski");
        partnero.track_sign_up(customer.referred_by(anna()));
        partnero.track_sale(order(i, "a", 1000 + i));
        partnero.track_sale(order(i, "b", 2000 + i));
    }
    // Half of what follows meets calls that are under way.
    world.seen("POST /transactions", usize::try_from(customers / 2).unwrap()).await;
    for i in 0..customers {
        let plan = Plan(i);
        if plan.refunds() {
            partnero.track_refund(format!("b{i}"));
        }
        if plan.adjusts() {
            partnero.track_adjustment(order(i, "a", 5 + i));
        }
        // What payment providers do: the same news once more.
        if i % 2 == 0 {
            partnero.track_sale(order(i, "a", 1000 + i));
            partnero.track_sale(order(i, "b", 2000 + i));
        }
    }
    within(partnero.flush(DEADLINE)).await.unwrap();
    world
}

/// What a call that was refused twice in a row while the key was good becomes, and nothing else.
async fn mend(world: &World) {
    for letter in world.letters().await {
        assert_eq!(letter.reason, DeadReason::NotAllowed, "{letter}");
        assert!(letter.message.starts_with("401") || letter.message.starts_with("307"), "{letter}");
    }
    world.sandbox.clear_faults();
    world.partnero.dead_letters().retry_all().await.unwrap();
    world.flush().await;
    let status = world.partnero.status().await.unwrap();
    assert_eq!((status.pending, status.in_flight, status.uncertain, status.parked, status.dead), (0, 0, 0, 0, 0));
}

#[tokio::test]
async fn through_all_faults_at_once_every_sale_is_paid_once_and_every_refund_is_gone() {
    for seed in [1, 20_260_301] {
        let world = rain_on(200, seed).await;
        mend(&world).await;
        let ledger = world.sandbox.ledger();
        assert_eq!(ledger.customers().len(), 200);
        let mut owed = Decimal::ZERO;
        for i in 0..200 {
            let plan = Plan(i);
            let customer = ledger.customer(&format!("c{i}")).unwrap();
            assert_eq!(customer.referrer.as_deref(), Some("anna"));
            let (a, b) = (format!("a{i}"), format!("b{i}"));
            assert_eq!((world.live(&a), world.live(&b)), (plan.a(), plan.b()), "of customer {i}");
            // Not even for a moment was anything there twice.
            assert!(world.rows(&a) <= 1 + usize::from(plan.adjusts()), "{a}");
            assert!(world.rows(&b) <= 1, "{b}");
            owed += plan.a().into_iter().chain(plan.b()).sum::<Decimal>() * dollars(30) / dollars(100);
        }
        assert_eq!(ledger.owed_to("anna"), owed);
        let requests = world.sandbox.requests();
        assert!(requests.iter().filter(|request| request.fault.is_some()).count() > 200, "it did rain");
        in_order(&requests);

        let report = within(world.partnero.shutdown(DEADLINE)).await;
        assert_eq!((report.lost, report.left, report.refused), (0, Some(0), 0));
        let tracked = 200 * 3 + 67 + 50 + 200;
        assert_eq!(report.delivered, tracked, "each call has come to its end");
    }
}

/// No sale before its customer's sign-up was settled; nothing posted after its deletion but what remains.
fn in_order(requests: &[RecordedRequest]) {
    let text = |value: &Value, path: &str| value.pointer(path).and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut first_sale: HashMap<String, usize> = HashMap::new();
    let mut deleted: HashMap<String, usize> = HashMap::new();
    for (at, request) in requests.iter().enumerate() {
        let body = request.json().unwrap_or_default();
        match (request.method.as_str(), request.path.as_str()) {
            ("POST", "/v1/transactions") => {
                first_sale.entry(text(&body, "/customer/key")).or_insert(at);
                let (key, amount) = (text(&body, "/key"), body["amount"].as_f64().unwrap());
                let remains = key.starts_with('a') && amount < 1000.0;
                assert_eq!(deleted.contains_key(&key), remains, "{key} of {amount}");
            }
            ("DELETE", path) => {
                deleted.entry(path.rsplit('/').next().unwrap().to_owned()).or_insert(at);
            }
            _ => {}
        }
    }
    for (at, request) in requests.iter().enumerate() {
        if (request.method.as_str(), request.path.as_str()) == ("POST", "/v1/customers") {
            let key = text(&request.json().unwrap(), "/key");
            assert!(
                first_sale.get(&key).is_none_or(|sale| *sale > at),
                "a sale of {key} came before its sign-up ended"
            );
        }
    }
    assert_eq!(first_sale.len(), 200);
}
