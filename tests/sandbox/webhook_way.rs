//! In what order webhooks arrive, how often, and that nobody waits for them.

use std::time::Duration;

use axum_partnero::sandbox::{DeliveryState, Sandbox, WebhookAnswer, WebhookFault};
use serde_json::json;

use crate::{
    client::{Client, sale, shop, start},
    receiver::{Receiver, sign, subscribe},
    wait::within,
};

async fn sell(client: &Client, keys: impl IntoIterator<Item = impl AsRef<str>>) {
    for key in keys {
        assert!(sale(client, key.as_ref()).send().await.unwrap().status().is_success());
    }
}

fn states(client: &Client) -> Vec<DeliveryState> {
    client.sandbox.webhook_deliveries().iter().map(|it| it.state).collect()
}

#[tokio::test]
async fn a_thousand_events_arrive_once_each_and_in_order_while_the_receiver_makes_the_api_wait_for_nothing() {
    let (app, gate) = Receiver::behind_a_gate().await;
    let client = start(Sandbox::affiliate().referred_customer("mia", "anna").switch(|switches| {
        switches.webhook_timeout = Duration::from_secs(60);
    }))
    .await;
    let (_, secret) = subscribe(&client, &app.url(), &["transaction.created"]).await;
    let batch = |from: usize| {
        let sales: Vec<_> = (from..from + 100).map(|n| json!({ "key": format!("o-{n}"), "amount": 1 })).collect();
        json!({ "customer": { "key": "mia" }, "transactions": sales })
    };
    for from in (0..1000).step_by(100) {
        // Each call is answered while the first event still hangs.
        client.create("transactions", batch(from)).await;
    }
    app.has(1).await;
    assert_eq!((app.received().len(), states(&client)), (1, vec![DeliveryState::Waiting; 1000]));
    gate.close();
    within(client.sandbox.webhooks_settled()).await;
    assert_eq!(app.about(), (0..1000).map(|n| format!("o-{n}")).collect::<Vec<_>>());
    assert!(app.received().iter().all(|it| it.headers["signature"] == sign(&secret, &it.body)));
    assert_eq!(states(&client), vec![DeliveryState::Delivered; 1000]);
}

#[tokio::test]
async fn what_was_sent_is_listed_as_it_was_received() {
    let (client, app) = (shop().await, Receiver::start().await);
    let (key, secret) = subscribe(&client, &app.url(), &["transaction.created"]).await;
    sell(&client, ["order-1"]).await;
    within(client.sandbox.webhooks_settled()).await;
    let [delivery] = &client.sandbox.webhook_deliveries()[..] else { panic!("not one delivery") };
    assert_eq!((&*delivery.event, &delivery.webhook_key), ("transaction.created", &key));
    assert_eq!(delivery.state, DeliveryState::Delivered);
    let [attempt] = &delivery.attempts[..] else { panic!("not one attempt") };
    assert_eq!((&attempt.url, &attempt.body), (&app.url(), &app.received()[0].body));
    assert_eq!(attempt.signature, sign(&secret, &attempt.body));
    assert_eq!(attempt.answer, Some(WebhookAnswer::Status(200)));
    assert_eq!(attempt.json().unwrap()["data"]["key"], "order-1");
}

#[tokio::test]
async fn duplicates_are_the_same_bytes_and_only_of_what_was_asked_for() {
    let (client, app) = (shop().await, Receiver::start().await);
    subscribe(&client, &app.url(), &["transaction.created", "transaction.deleted"]).await;
    client.sandbox.webhook_fault(WebhookFault::Duplicate(2)).on("transaction.cre*").mentioning("order-2").times(1);
    sell(&client, ["order-1", "order-2", "order-2"]).await;
    client.delete("transactions/order-2").await;
    within(client.sandbox.webhooks_settled()).await;
    assert_eq!(app.about(), ["order-1", "order-2", "order-2", "order-2", "order-2", "order-2"]);
    let bodies: Vec<_> = app.received().into_iter().map(|it| it.body).collect();
    assert!(bodies[1] == bodies[2] && bodies[2] == bodies[3] && bodies[3] != bodies[4]);
    assert_eq!(app.events()[5], "transaction.deleted");
}

#[tokio::test]
async fn late_events_come_after_so_many_others_and_in_the_end_without_them() {
    let (client, app) = (shop().await, Receiver::start().await);
    subscribe(&client, &app.url(), &["transaction.created"]).await;
    client.sandbox.webhook_fault(WebhookFault::Late(2)).mentioning("order-1").times(1);
    client.sandbox.webhook_fault(WebhookFault::Late(1)).mentioning("order-2").times(1);
    client.sandbox.webhook_fault(WebhookFault::Late(9)).mentioning("order-4").times(1);
    sell(&client, ["order-1", "order-2", "order-3", "order-4", "order-5", "order-6"]).await;
    within(client.sandbox.webhooks_settled()).await;
    assert_eq!(app.about(), ["order-3", "order-2", "order-5", "order-1", "order-6", "order-4"]);
    client.sandbox.webhook_fault(WebhookFault::Late(9));
    client.sandbox.clear_faults();
    sell(&client, ["order-7", "order-8"]).await;
    within(client.sandbox.webhooks_settled()).await;
    assert_eq!(app.about()[6..], ["order-7", "order-8"]);
}

#[tokio::test]
async fn the_same_seed_shuffles_in_the_same_way() {
    let order = async |seed| {
        let client = start(Sandbox::affiliate().referred_customer("mia", "anna").seed(seed)).await;
        let app = Receiver::start().await;
        subscribe(&client, &app.url(), &["transaction.created"]).await;
        client.sandbox.webhook_fault(WebhookFault::Late(3)).probability(0.3);
        client.sandbox.webhook_fault(WebhookFault::Duplicate(1)).probability(0.3);
        let sales: Vec<_> = (0..40).map(|n| json!({ "key": format!("o-{n}"), "amount": 1 })).collect();
        client.create("transactions", json!({ "customer": { "key": "mia" }, "transactions": sales })).await;
        within(client.sandbox.webhooks_settled()).await;
        app.about()
    };
    let (once, again, other) = tokio::join!(order(7), order(7), order(8));
    assert_eq!(once, again);
    assert_ne!(once, other);
    let mut each = once;
    each.sort();
    each.dedup();
    assert_eq!(each.len(), 40);
}

#[tokio::test]
async fn one_webhook_that_hangs_holds_no_other_up() {
    let stuck = Receiver::answering(|_, _| std::future::pending::<()>()).await;
    let (client, app) = (shop().await, Receiver::start().await);
    subscribe(&client, &stuck.url(), &["transaction.created"]).await;
    subscribe(&client, &app.url(), &["transaction.created"]).await;
    sell(&client, ["order-1", "order-2", "order-3"]).await;
    app.has(3).await;
    assert_eq!(app.about(), ["order-1", "order-2", "order-3"]);
    assert_eq!(stuck.about(), ["order-1"]);
}

#[tokio::test]
async fn more_than_the_queue_holds_is_dropped_and_the_rest_arrives() {
    let (app, gate) = Receiver::behind_a_gate().await;
    let client = start(Sandbox::affiliate().referred_customer("mia", "anna").webhook_capacity(3)).await;
    subscribe(&client, &app.url(), &["transaction.created"]).await;
    sell(&client, ["a", "b", "c", "d", "e"]).await;
    gate.close();
    within(client.sandbox.webhooks_settled()).await;
    sell(&client, ["f"]).await;
    within(client.sandbox.webhooks_settled()).await;
    assert_eq!(app.about(), ["a", "b", "c", "f"]);
    let (sent, lost) = (DeliveryState::Delivered, DeliveryState::Dropped);
    assert_eq!(states(&client), [sent, sent, sent, lost, lost, sent]);
    client.sandbox.webhook_fault(WebhookFault::Duplicate(u32::MAX)).times(1);
    sell(&client, ["g"]).await;
    within(client.sandbox.webhooks_settled()).await;
    assert_eq!(states(&client)[6..], [sent, sent, sent, lost]);
}

#[tokio::test]
async fn a_sandbox_that_is_shut_down_sends_nothing_more() {
    let (app, gate) = Receiver::behind_a_gate().await;
    let client = shop().await;
    subscribe(&client, &app.url(), &["transaction.created"]).await;
    sell(&client, ["a", "b", "c"]).await;
    app.has(1).await;
    within(client.sandbox.shutdown()).await;
    gate.close();
    within(client.sandbox.webhooks_settled()).await;
    client.sandbox.send_webhook("transaction.created", &json!({ "key": "d" }));
    // Whatever it still had to send would have been sent by now, as another sandbox's is.
    let other = shop().await;
    subscribe(&other, &app.url(), &["transaction.created"]).await;
    sell(&other, ["z"]).await;
    within(other.sandbox.webhooks_settled()).await;
    assert_eq!(app.about(), ["a", "z"]);
    assert_eq!(client.sandbox.webhook_deliveries()[0].attempts[0].answer, None);
}

#[tokio::test]
async fn the_last_handle_that_goes_takes_what_waits_with_it() {
    let app = Receiver::answering(|_, _| async { axum::http::StatusCode::INTERNAL_SERVER_ERROR }).await;
    let client = start(Sandbox::affiliate().referred_customer("mia", "anna").switch(|switches| {
        switches.webhook_backoff = Duration::from_millis(1)..=Duration::from_millis(1);
        switches.webhook_tries = u32::MAX;
    }))
    .await;
    subscribe(&client, &app.url(), &["transaction.created"]).await;
    sell(&client, ["a"]).await;
    app.has(5).await;
    drop(client);
    // It ends within: then nothing comes any more.
    within(async {
        loop {
            let before = app.received().len();
            tokio::time::sleep(Duration::from_millis(50)).await;
            if app.received().len() == before {
                break;
            }
        }
    })
    .await;
}
