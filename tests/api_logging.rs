//! What is logged of a call. In a process of its own: other tests would register the spans without this subscriber.

#[expect(dead_code, reason = "its count is of use elsewhere")]
#[path = "shared/log.rs"]
mod log;
#[path = "api/server.rs"]
#[allow(dead_code, clippy::needless_pass_by_value, reason = "the tests of the API use the rest")]
mod server;

use std::time::Duration;

use axum_partnero::{NewCustomer, api::PartnerBy};

use log::Log;
use server::{KEY, Reply, Server, json};

#[tokio::test]
async fn the_path_is_logged_without_keys_and_the_status() {
    let (log, guard) = Log::start();
    let server = Server::always(422, r#"{"message":"mia@x.test is taken","errors":{"email":["mia@x.test"]}}"#).await;
    let client = server.client();
    client.customers().get("mia@x.test").await.unwrap_err();
    client.customers().create(&NewCustomer::new("mia@x.test").name("Mia Koch")).await.unwrap_err();
    client.partners().find(PartnerBy::Email("mia@x.test")).await.unwrap_err();
    client.transactions().delete("mia@x.test").await.unwrap_err();
    client.request(http::Method::GET, "leads?email=mia%40x.test", None).await.unwrap_err();
    drop(guard);

    let text = log.text();
    let port = format!("server.port={} ", server.address.port());
    let url = format!("url.full=http://{}/v1/customers/REDACTED ", server.address);
    for expected in [
        "INFO partnero.request{",
        "otel.kind=\"client\"",
        "otel.name=GET /customers/{key} ",
        "http.request.method=\"GET\"",
        "server.address=\"127.0.0.1\"",
        &port,
        "url.template=\"/customers/{key}\"",
        &url,
        "http.response.status_code=422",
        "error.type=\"422\"",
        "otel.status_code=\"error\"",
        "elapsed_ms=",
        // Of a path that is none of ours, nothing is told.
        "otel.name=GET http",
        "/v1/REDACTED}",
    ] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
    for secret in ["mia", "Mia", "%40", KEY] {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
}

#[tokio::test]
async fn a_span_says_of_which_kind_the_failure_was_and_nothing_of_a_success() {
    let (log, _guard) = Log::start();
    let good = Server::always(200, r#"{"status":1,"data":{}}"#).await;
    good.client().program().await.unwrap();
    let text_of_success = log.text();
    assert!(text_of_success.contains("http.response.status_code=200"), "{text_of_success}");
    assert!(
        !text_of_success.contains("error.type") && !text_of_success.contains("otel.status_code"),
        "{text_of_success}"
    );

    let hangs = Server::new(|_| Reply::Hang(Vec::new())).await;
    hangs.builder().request_timeout(Duration::from_millis(100)).build().unwrap().program().await.unwrap_err();
    let cuts = Server::new(|_| Reply::Cut(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{".to_vec())).await;
    cuts.client().program().await.unwrap_err();
    let redirects = Server::new(|_| json(302, "{}")).await;
    redirects.client().program().await.unwrap_err();
    let closed = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap()
    };
    let nobody = axum_partnero::ApiClient::builder(KEY).base_url(format!("http://{closed}/v1")).build().unwrap();
    nobody.program().await.unwrap_err();
    nobody.request(http::Method::from_bytes(b"MIA").unwrap(), "leads", None).await.unwrap_err();
    let text = log.text();
    for class in ["timeout", "body", "connect"] {
        assert!(text.contains(&format!("error.type=\"{class}\"")), "{class}: {text}");
    }
    assert!(text.contains("otel.name=HTTP http.request.method=\"_OTHER\""), "{text}");
    assert!(!text.contains("MIA") && !text.contains("error.type=\"302\""), "{text}");
}

#[tokio::test]
async fn a_request_whose_span_is_left_out_says_nothing_in_the_application_s_own() {
    use tracing::Instrument as _;
    use tracing_subscriber::layer::SubscriberExt as _;

    drop(Log::start());
    let log = Log::default();
    let writer = log.clone();
    let filter = tracing_subscriber::filter::filter_fn(|metadata| metadata.name() != "partnero.request");
    let layer = tracing_subscriber::fmt::layer().with_writer(move || writer.clone());
    let _guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(filter).with(layer));
    let server = Server::always(404, "{}").await;
    let span = tracing::info_span!(
        "theirs",
        error.type = tracing::field::Empty,
        otel.status_code = tracing::field::Empty,
        http.response.status_code = tracing::field::Empty
    );
    async {
        server.client().customers().get("7").await.unwrap_err();
        tracing::info!("handled");
    }
    .instrument(span)
    .await;
    let text = log.text();
    assert!(text.contains("handled") && text.contains("theirs"), "{text}");
    assert!(!text.contains("404"), "{text}");
}
