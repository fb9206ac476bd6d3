//! What the tests have in common: an application that takes webhooks, and a Partnero that sends them.

use std::net::SocketAddr;

use axum::Router;
use axum_partnero::{WebhookSecret, Webhooks, webhook::Inbox};
use serde_json::json;
use tokio::net::TcpListener;

use crate::sign::sign;
pub(crate) use crate::{
    sign::SECRET,
    wait::{ms, secs, setting, until, within},
};

pub(crate) fn webhooks<S: Send + Sync + 'static>() -> Webhooks<S> {
    Webhooks::new(WebhookSecret::new(SECRET).unwrap())
}

/// A sale of this key, as Partnero tells it.
pub(crate) fn sale(key: &str) -> String {
    let data = json!({"key": key, "amount": "49.90", "customer": {"key": "mia", "email": "mia@mail.test"}});
    body("transaction.created", &data)
}

pub(crate) fn body(event: &str, data: &serde_json::Value) -> String {
    json!({
        "event": event,
        "url": "https://shop.test/webhooks/partnero",
        "webhook_key": "aB3dE6gH9jK2",
        "created_at": "2026-03-04T05:06:07.000000Z",
        "data": data,
    })
    .to_string()
}

/// As Partnero signs it.
pub(crate) fn signature(body: &[u8]) -> String {
    sign(SECRET, body)
}

/// An application that listens, and nothing but its webhooks.
pub(crate) struct App {
    pub(crate) inbox: Inbox,
    pub(crate) address: SocketAddr,
    client: reqwest::Client,
}

impl App {
    pub(crate) async fn new(inbox: Inbox) -> Self {
        let address = serve(&inbox).await;
        Self { inbox, address, client: reqwest::Client::new() }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/webhooks/partnero", self.address)
    }

    pub(crate) fn post(&self, body: impl Into<reqwest::Body>, signature: &str) -> reqwest::RequestBuilder {
        self.client.post(self.url()).header("Signature", signature).body(body)
    }

    /// Sends it as Partnero does. The answer's status.
    pub(crate) async fn send(&self, body: impl Into<Vec<u8>>) -> u16 {
        let body = body.into();
        let signature = signature(&body);
        within(self.post(body, &signature).send()).await.unwrap().status().as_u16()
    }
}

/// Serves an inbox where an application would.
pub(crate) async fn serve(inbox: &Inbox) -> SocketAddr {
    serve_at("/webhooks/partnero", inbox).await
}

pub(crate) async fn serve_at(path: &str, inbox: &Inbox) -> SocketAddr {
    let app: Router = Router::new().nest(path, inbox.router());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}
