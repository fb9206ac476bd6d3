//! Receivers that fail, and subscriptions that change meanwhile.

use std::{net::Ipv4Addr, time::Duration};

use axum::{
    http::{StatusCode, header},
    response::IntoResponse,
};
use axum_partnero::sandbox::{DeliveryState, Sandbox, Switches, WebhookAnswer, WebhookDelivery, WebhookRepeat};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use crate::{
    client::{Client, sale, start},
    receiver::{Received, Receiver, sign, subscribe},
    wait::within,
};

const MILLISECOND: Duration = Duration::from_millis(1);

/// A shop whose webhooks are repeated at once.
async fn hasty(change: impl FnOnce(&mut Switches) + Send + 'static) -> Client {
    let builder = Sandbox::affiliate().referred_customer("mia", "anna").switch(|switches| {
        switches.webhook_backoff = MILLISECOND..=MILLISECOND * 4;
        change(switches);
    });
    start(builder).await
}

async fn sell(client: &Client, key: &str) {
    assert!(sale(client, key).send().await.unwrap().status().is_success());
}

fn deliveries(client: &Client) -> Vec<WebhookDelivery> {
    client.sandbox.webhook_deliveries()
}

fn answers(delivery: &WebhookDelivery) -> Vec<WebhookAnswer> {
    delivery.attempts.iter().map(|attempt| attempt.answer.clone().unwrap()).collect()
}

#[tokio::test]
async fn what_isn_t_answered_2xx_is_sent_again_in_the_same_bytes() {
    let statuses = [500, 404, 401, 302, 410, 204];
    let answer = move |number: usize, _| async move { StatusCode::from_u16(statuses[number]).unwrap() };
    let (client, app) = (hasty(|_| {}).await, Receiver::answering(answer).await);
    let (_, secret) = subscribe(&client, &app.url(), &["transaction.created"]).await;
    sell(&client, "order-1").await;
    within(client.sandbox.webhooks_settled()).await;
    assert_eq!(answers(&deliveries(&client)[0]), statuses.map(WebhookAnswer::Status));
    assert_eq!(deliveries(&client)[0].state, DeliveryState::Delivered);
    let received = app.received();
    assert_eq!(received.len(), 6);
    assert!(received.iter().all(|it| it.body == received[0].body));
    assert!(received.iter().all(|it| it.headers["signature"] == sign(&secret, &it.body)));
}

#[tokio::test]
async fn a_repeat_may_have_the_time_of_its_sending_and_a_signature_of_its_own() {
    let answer = |number: usize, _| async move { if number < 3 { StatusCode::BAD_GATEWAY } else { StatusCode::OK } };
    let client = hasty(|switches| switches.webhook_repeat = WebhookRepeat::FreshTime).await;
    let app = Receiver::answering(answer).await;
    let (_, secret) = subscribe(&client, &app.url(), &["transaction.created"]).await;
    sell(&client, "order-1").await;
    within(client.sandbox.webhooks_settled()).await;
    let received = app.received();
    assert!(received.iter().all(|it| it.headers["signature"] == sign(&secret, &it.body)));
    let times: Vec<_> = received.iter().map(|it| it.json()["created_at"].as_str().unwrap().to_owned()).collect();
    assert!(times.is_sorted_by(|a, b| a < b), "{times:?}");
    let data = |it: &Received| it.json()["data"].clone();
    assert!(received.iter().all(|it| data(it) == data(&received[0]) && it.event() == "transaction.created"));
}

#[tokio::test]
async fn it_is_given_up_after_so_many_tries_and_what_comes_later_doesn_t_wait_for_it() {
    let answer = |_, it: Received| async move {
        if it.about() == "bad" { StatusCode::INTERNAL_SERVER_ERROR } else { StatusCode::OK }
    };
    let (client, app) = (hasty(|switches| switches.webhook_tries = 4).await, Receiver::answering(answer).await);
    subscribe(&client, &app.url(), &["transaction.created"]).await;
    sell(&client, "bad").await;
    sell(&client, "good").await;
    within(client.sandbox.webhooks_settled()).await;
    let [bad, good] = &deliveries(&client)[..] else { panic!("not two deliveries") };
    assert_eq!((bad.state, answers(bad)), (DeliveryState::GivenUp, vec![WebhookAnswer::Status(500); 4]));
    assert_eq!((good.state, answers(good)), (DeliveryState::Delivered, vec![WebhookAnswer::Status(200)]));
    assert_eq!(app.received().len(), 5);
}

#[tokio::test]
async fn what_takes_too_long_is_sent_again() {
    let answer = |number, _| async move {
        if number == 0 {
            std::future::pending::<()>().await;
        }
    };
    let client = hasty(|switches| switches.webhook_timeout = Duration::from_millis(200)).await;
    let app = Receiver::answering(answer).await;
    subscribe(&client, &app.url(), &["transaction.created"]).await;
    sell(&client, "order-1").await;
    within(client.sandbox.webhooks_settled()).await;
    assert_eq!(answers(&deliveries(&client)[0]), [WebhookAnswer::TimedOut, WebhookAnswer::Status(200)]);
}

#[tokio::test]
async fn a_receiver_that_is_down_gets_it_when_it_is_up() {
    let client = hasty(|switches| switches.webhook_tries = u32::MAX).await;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let (key, _) = subscribe(&client, &format!("http://{address}/hook?token=t0ken"), &["transaction.created"]).await;
    sell(&client, "order-1").await;
    let failed_twice = async {
        while deliveries(&client)[0].attempts.len() < 3 {
            tokio::time::sleep(MILLISECOND).await;
        }
    };
    within(failed_twice).await;
    let Some(WebhookAnswer::Failed(reason)) = &deliveries(&client)[0].attempts[0].answer else {
        panic!("{:?}", deliveries(&client)[0])
    };
    assert!(reason.to_lowercase().contains("refused") && !reason.contains("t0ken"), "{reason}");
    // At another address, for somebody may have taken the port.
    let app = Receiver::start().await;
    client.put(&format!("webhooks/{key}"), json!({ "url": app.url() })).await;
    within(client.sandbox.webhooks_settled()).await;
    assert_eq!((app.about(), deliveries(&client)[0].state), (vec!["order-1".to_owned()], DeliveryState::Delivered));
}

#[tokio::test]
async fn no_host_no_tls_and_no_http_are_failures_and_no_more() {
    let client = hasty(|switches| switches.webhook_tries = 2).await;
    let app = Receiver::start().await;
    // Answers something that isn't HTTP, and nothing at all.
    let odd = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let odd_url = format!("http://{}/", odd.local_addr().unwrap());
    let odd = tokio::spawn(async move {
        for answer in ["\u{1}\u{2}\r\n\r\n", ""] {
            let (mut stream, _) = odd.accept().await.unwrap();
            stream.read_exact(&mut [0; 64]).await.unwrap();
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    let urls = ["http://", "http://nowhere.invalid/", "http://[::1", &odd_url, &app.url().replace("http:", "https:")];
    for url in urls {
        subscribe(&client, url, &["transaction.created"]).await;
    }
    sell(&client, "order-1").await;
    within(client.sandbox.webhooks_settled()).await;
    within(odd).await.unwrap();
    for delivery in deliveries(&client) {
        assert_eq!((delivery.state, delivery.attempts.len()), (DeliveryState::GivenUp, 2), "{delivery:?}");
        assert!(answers(&delivery).iter().all(|it| matches!(it, WebhookAnswer::Failed(_))), "{delivery:?}");
    }
    assert!(app.received().is_empty());
}

#[tokio::test]
async fn a_redirect_is_a_failure_and_is_not_followed() {
    let elsewhere = Receiver::start().await;
    let location = elsewhere.url();
    let answer = move |number: usize, _| {
        let status = [StatusCode::FOUND, StatusCode::TEMPORARY_REDIRECT, StatusCode::PERMANENT_REDIRECT][number];
        let response = (status, [(header::LOCATION, location.clone())]).into_response();
        async move { response }
    };
    let (client, app) = (hasty(|switches| switches.webhook_tries = 3).await, Receiver::answering(answer).await);
    subscribe(&client, &app.url(), &["transaction.created"]).await;
    sell(&client, "order-1").await;
    within(client.sandbox.webhooks_settled()).await;
    assert_eq!(answers(&deliveries(&client)[0]), [302, 307, 308].map(WebhookAnswer::Status));
    assert!(elsewhere.received().is_empty());
}

#[tokio::test]
async fn a_webhook_that_is_deleted_or_turned_off_gets_nothing_more() {
    let fail = |_, _| async { StatusCode::SERVICE_UNAVAILABLE };
    let client = hasty(|switches| switches.webhook_tries = u32::MAX).await;
    let (deleted, turned_off) = (Receiver::answering(fail).await, Receiver::answering(fail).await);
    let (gone, _) = subscribe(&client, &deleted.url(), &["transaction.created"]).await;
    let (off, _) = subscribe(&client, &turned_off.url(), &["transaction.created"]).await;
    sell(&client, "order-1").await;
    deleted.has(2).await;
    turned_off.has(2).await;
    assert_eq!(client.delete(&format!("webhooks/{gone}")).await.0, 200);
    assert_eq!(client.put(&format!("webhooks/{off}"), json!({ "is_active": false })).await.0, 200);
    within(client.sandbox.webhooks_settled()).await;
    assert!(deliveries(&client).iter().all(|it| it.state == DeliveryState::Cancelled));
    sell(&client, "order-2").await;
    assert_eq!(deliveries(&client).len(), 2);
    // Under the same key, it is another one.
    let app = Receiver::start().await;
    let hook = json!({ "key": gone, "name": "n", "url": app.url(), "events": ["transaction.created"] });
    client.create("webhooks", hook).await;
    sell(&client, "order-3").await;
    within(client.sandbox.webhooks_settled()).await;
    assert_eq!(app.about(), ["order-3"]);
}

#[tokio::test]
async fn what_waits_for_a_slow_webhook_is_cancelled_with_it() {
    let stuck = Receiver::answering(|_, _| std::future::pending::<()>()).await;
    let client = hasty(|switches| switches.webhook_timeout = Duration::from_millis(300)).await;
    let (key, _) = subscribe(&client, &stuck.url(), &["transaction.created"]).await;
    for order in ["a", "b", "c"] {
        sell(&client, order).await;
    }
    stuck.has(1).await;
    client.delete(&format!("webhooks/{key}")).await;
    within(client.sandbox.webhooks_settled()).await;
    assert!(deliveries(&client).iter().all(|it| it.state == DeliveryState::Cancelled));
    assert_eq!(stuck.about(), ["a"]);
}
