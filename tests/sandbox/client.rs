//! A plain HTTP client for a sandbox.

use std::time::Duration;

use axum_partnero::sandbox::{Sandbox, SandboxBuilder};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

pub(crate) struct Client {
    pub(crate) sandbox: Sandbox,
    http: reqwest::Client,
}

pub(crate) async fn start(builder: SandboxBuilder) -> Client {
    let http = reqwest::Client::builder()
        .timeout(Duration::from_secs(5))
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .build()
        .unwrap();
    Client { sandbox: builder.spawn().await.unwrap(), http }
}

/// An affiliate program with the partner `anna`.
pub(crate) async fn affiliate() -> Client {
    start(Sandbox::affiliate().partner("anna")).await
}

/// An affiliate program with the partner `anna` and her customer `mia`.
pub(crate) async fn shop() -> Client {
    start(Sandbox::affiliate().referred_customer("mia", "anna")).await
}

/// A refer-a-friend program with the customer `ann`, who referred `ben`.
pub(crate) async fn friends() -> Client {
    start(Sandbox::refer_a_friend().referred_customer("ben", "ann")).await
}

impl Client {
    /// With the right key.
    pub(crate) fn request(&self, method: &str, path: &str) -> RequestBuilder {
        self.anonymous(method, path).bearer_auth(self.sandbox.api_key())
    }

    pub(crate) fn anonymous(&self, method: &str, path: &str) -> RequestBuilder {
        let url = format!("{}{}", self.sandbox.url(), path.trim_start_matches('/'));
        self.http.request(Method::from_bytes(method.as_bytes()).unwrap(), url)
    }

    pub(crate) async fn get(&self, path: &str) -> (u16, Value) {
        answer(self.request("GET", path)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> (u16, Value) {
        answer(self.request("DELETE", path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        answer(self.request("POST", path).json(&body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> (u16, Value) {
        answer(self.request("PUT", path).json(&body)).await
    }

    /// Creates, and gives `data`.
    pub(crate) async fn create(&self, path: &str, body: Value) -> Value {
        let (status, answer) = self.post(path, body).await;
        assert!(matches!(status, 200 | 201), "{status} {answer}");
        answer["data"].clone()
    }

    /// The message and the paths in `errors` of a refused post.
    pub(crate) async fn refused(&self, path: &str, body: Value) -> (u16, Vec<String>) {
        let (status, answer) = self.post(path, body.clone()).await;
        assert_eq!(answer["status"], 0, "{body} was answered {status} {answer}");
        assert!(answer["message"].as_str().is_some_and(|message| !message.is_empty()));
        let paths = answer["errors"].as_object().map(|errors| errors.keys().cloned().collect());
        (status, paths.unwrap_or_default())
    }
}

pub(crate) async fn answer(request: RequestBuilder) -> (u16, Value) {
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let bytes = response.bytes().await.unwrap();
    (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
}

/// The keys of a list.
pub(crate) fn keys(answer: &Value) -> Vec<&str> {
    answer["data"].as_array().unwrap().iter().map(|row| row["key"].as_str().unwrap()).collect()
}

/// A decimal from text.
pub(crate) fn dec(text: &str) -> rust_decimal::Decimal {
    text.parse().unwrap()
}

/// A sale of 10 to `mia`.
pub(crate) fn sale(client: &Client, key: &str) -> RequestBuilder {
    client.request("POST", "transactions").json(&json!({ "key": key, "amount": 10, "customer": { "key": "mia" } }))
}
