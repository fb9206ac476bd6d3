//! What is logged of a call. In a process of its own: other tests would register the spans without this subscriber.

#[path = "api/server.rs"]
#[allow(dead_code, clippy::needless_pass_by_value, reason = "the tests of the API use the rest")]
mod server;

use std::{
    io::Write,
    sync::{Arc, Mutex},
};

use axum_partnero::{NewCustomer, api::PartnerBy};
use tracing_subscriber::fmt::format::FmtSpan;

use server::{KEY, Server};

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn the_path_is_logged_without_keys_and_the_status() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_span_events(FmtSpan::FULL)
        .with_writer({
            let log = log.clone();
            move || log.clone()
        })
        .finish();
    let guard = tracing::subscriber::set_default(subscriber);

    let server = Server::always(422, r#"{"message":"mia@x.test is taken","errors":{"email":["mia@x.test"]}}"#).await;
    let client = server.client();
    client.customers().get("mia@x.test").await.unwrap_err();
    client.customers().create(&NewCustomer::new("mia@x.test").name("Mia Koch")).await.unwrap_err();
    client.partners().find(PartnerBy::Email("mia@x.test")).await.unwrap_err();
    client.transactions().delete("mia@x.test").await.unwrap_err();
    client.request(http::Method::GET, "leads?email=mia%40x.test", None).await.unwrap_err();
    drop(guard);

    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    for expected in ["partnero.request", "method=GET", "path=\"/customers/{key}\"", "status=422", "elapsed_ms="] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
    for secret in ["mia", "Mia", "%40", KEY] {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
}
