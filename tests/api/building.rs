//! What makes a client, and what doesn't.

use axum_partnero::{ApiClient, api::ApiBuildError};
use secrecy::SecretString;

use crate::server::{KEY, Server};

#[tokio::test]
async fn the_api_key_is_trimmed_and_never_shown() {
    let server = Server::always(200, r#"{"data":{}}"#).await;
    let key = SecretString::from(format!(" {KEY}\r\n"));
    let builder = ApiClient::builder(key).base_url(format!("http://{}", server.address));
    assert!(!format!("{builder:?}").contains(KEY));
    let client = builder.build().unwrap();
    assert!(!format!("{client:?} {client:#?}").contains(KEY), "{client:?}");
    assert!(!format!("{:?}", client.customers()).contains(KEY));
    client.test().await.unwrap();
    assert_eq!(server.request().header("authorization"), Some(&*format!("Bearer {KEY}")));
    assert_eq!(server.request().asked(), "GET /test", "a base URL without a path is one too");
}

#[test]
fn what_can_not_be_an_api_key_is_refused_without_showing_it() {
    for blank in ["", " ", "\r\n\t"] {
        assert!(matches!(ApiClient::new(blank), Err(ApiBuildError::NoApiKey)), "{blank:?}");
    }
    for bad in [
        "Bearer s3cret",
        "s3cret\r\nX-Evil: 1",
        "s3cret\0",
        "s3cret\u{e9}",
        "s3 cret",
        "s3cret\u{200b}",
        "\"s3cret\"",
        "'s3cret'",
    ] {
        let error = ApiClient::new(bad).unwrap_err();
        assert!(matches!(error, ApiBuildError::MalformedApiKey), "{bad:?}");
        assert!(!format!("{error} {error:?}").contains("s3"), "{error}");
    }
}

#[test]
fn base_urls_that_would_leak_the_api_key_are_refused() {
    let build = |url: &str| ApiClient::builder(KEY).base_url(url).build();
    for bad in [
        "",
        "api.partnero.com",
        "http://api.partnero.com/v1/",
        "http://192.168.0.1/",
        "https://user:pa55@api.partnero.com/",
        "https://api.partnero.com/?pa55=1",
        "ftp://127.0.0.1/",
        "unix:/run/x",
    ] {
        let error = build(bad).unwrap_err();
        assert!(matches!(error, ApiBuildError::BaseUrl(_)), "{bad}");
        assert!(!error.to_string().contains("pa55"), "{error}");
    }
    assert!(ApiClient::builder(KEY).base_url("http://192.168.0.1/").allow_plain_http().build().is_ok());
    assert!(build("http://[::1]:9/v1").is_ok());
    assert!(format!("{:?}", ApiClient::new(KEY).unwrap()).contains("https://api.partnero.com/v1/"));
}

#[test]
fn a_system_without_certificates_is_an_error_and_no_panic() {
    const CHILD: &str = "AXUM_PARTNERO_TEST_WITHOUT_CERTIFICATES";
    if std::env::var_os(CHILD).is_some() {
        let error = ApiClient::new(KEY).unwrap_err();
        assert!(matches!(error, ApiBuildError::HttpClient(_)), "{error}");
        assert!(error.to_string().contains("ca-certificates"), "{error}");
        // The sandbox needs none.
        assert!(ApiClient::builder(KEY).base_url("http://127.0.0.1:1").build().is_ok());
        return;
    }
    // Certificates are looked for in the environment's files: only of another process can that be changed.
    let child = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "building::a_system_without_certificates_is_an_error_and_no_panic"])
        .env(CHILD, "1")
        .env("SSL_CERT_FILE", "/nowhere/cert.pem")
        .env("SSL_CERT_DIR", "/nowhere")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&child.stdout);
    assert!(child.status.success() && text.contains("1 passed"), "{text}");
}

#[test]
fn clients_are_shared_between_tasks() {
    static_assertions::assert_impl_all!(ApiClient: Clone, Send, Sync);
}
