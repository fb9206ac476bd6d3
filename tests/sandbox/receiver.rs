//! An application that receives webhooks: a real server, which checks each signature with code that isn't ours.

use std::{
    future::Future,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::Bytes,
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::Semaphore, task::JoinHandle};

pub(crate) use crate::sign::sign;
use crate::{client::Client, wait::until};

/// Something that came.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Received {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn event(&self) -> String {
        self.json()["event"].as_str().unwrap().to_owned()
    }

    /// The key of the transaction, customer or whatever it is about.
    pub(crate) fn about(&self) -> String {
        self.json()["data"]["key"].as_str().unwrap().to_owned()
    }
}

/// Ends when dropped.
pub(crate) struct Receiver {
    pub(crate) address: SocketAddr,
    received: Arc<Mutex<Vec<Received>>>,
    server: JoinHandle<()>,
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Receiver {
    /// Answers 200.
    pub(crate) async fn start() -> Self {
        Self::answering(|_, _| async {}).await
    }

    /// Answers as told by the number of the request, from 0, and the request.
    pub(crate) async fn answering<F, A>(answer: impl Fn(usize, Received) -> F + Clone + Send + Sync + 'static) -> Self
    where
        F: Future<Output = A> + Send + 'static,
        A: IntoResponse,
    {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let received: Arc<Mutex<Vec<Received>>> = Arc::default();
        let seen = Arc::clone(&received);
        let handler = async move |headers: HeaderMap, body: Bytes| -> Response {
            let it = Received { headers, body };
            let number = {
                let mut seen = seen.lock().unwrap();
                seen.push(it.clone());
                seen.len() - 1
            };
            answer(number, it).await.into_response()
        };
        let address = listener.local_addr().unwrap();
        let app = Router::new().fallback(handler);
        let server = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { address, received, server }
    }

    /// Answers nothing until the semaphore is closed.
    pub(crate) async fn behind_a_gate() -> (Self, Arc<Semaphore>) {
        let gate = Arc::new(Semaphore::new(0));
        let closed = Arc::clone(&gate);
        let answer = move |_, _| {
            let closed = Arc::clone(&closed);
            async move { drop(closed.acquire().await) }
        };
        (Self::answering(answer).await, gate)
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    pub(crate) fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }

    /// What came of each event that came: its name and the key in its data.
    pub(crate) fn events(&self) -> Vec<String> {
        self.received().iter().map(Received::event).collect()
    }

    pub(crate) fn about(&self) -> Vec<String> {
        self.received().iter().map(Received::about).collect()
    }

    /// Waits until so many have come.
    pub(crate) async fn has(&self, count: usize) {
        until("all came", async || self.received().len() >= count).await;
    }
}

/// Subscribes through the API. The webhook's key and secret.
pub(crate) async fn subscribe(client: &Client, url: &str, events: &[&str]) -> (String, String) {
    let data = client.create("webhooks", json!({ "name": "test", "url": url, "events": events })).await;
    (data["key"].as_str().unwrap().to_owned(), data["signature"].as_str().unwrap().to_owned())
}
