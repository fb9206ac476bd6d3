//! Over a socket: what a client of HTTP sees of it.

use std::io;

use axum::{
    Router,
    body::{Body, Bytes},
    http::header,
    response::{Html, IntoResponse as _, Response},
    routing::get,
};
use axum_partnero::SnippetLayer;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};
use tower::Layer as _;

use crate::{PAGE, pieces, snippet, tagged};

#[path = "../shared/wait.rs"]
mod wait;

use wait::within;

fn app() -> Router {
    let in_pieces = async || {
        let bytes = PAGE.bytes().map(|byte| vec![byte]);
        ([(header::CONTENT_TYPE, "text/html")], pieces(bytes)).into_response()
    };
    let with_length =
        async || ([(header::CONTENT_LENGTH, PAGE.len().to_string()), (header::ETAG, "\"a\"".into())], Html(PAGE));
    let breaks = async || -> Response {
        let frames = [Ok(Bytes::from("<html><head></head><body>half")), Err(io::Error::other("no more"))];
        let body = Body::from_stream(futures_util::stream::iter(frames));
        ([(header::CONTENT_TYPE, "text/html")], body).into_response()
    };
    Router::new()
        .route("/", get(async || Html(PAGE)))
        .route("/in-pieces", get(in_pieces))
        .route("/with-length", get(with_length))
        .route("/long", get(async || Html(format!("{PAGE}{}", "x".repeat(3_000_000)))))
        .route("/json", get(async || axum::Json(1)))
        .route("/breaks", get(breaks))
}

async fn serve(app: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    address.to_string()
}

/// In the router, and around a finished one.
async fn servers() -> [String; 2] {
    let layer = SnippetLayer::new(snippet());
    [serve(app().layer(layer.clone())).await, serve(Router::new().fallback_service(layer.layer(app()))).await]
}

#[tokio::test]
async fn clients_get_whole_pages_over_one_connection() {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    for server in servers().await {
        for path in ["/", "/in-pieces", "/with-length", "/"] {
            let response = within(client.get(format!("http://{server}{path}")).send()).await.unwrap();
            assert_eq!(response.content_length(), None);
            assert_eq!(within(response.text()).await.unwrap(), tagged());
        }
        let long = within(client.get(format!("http://{server}/long")).send()).await.unwrap();
        assert_eq!(within(long.text()).await.unwrap(), tagged() + &"x".repeat(3_000_000));
        let json = within(client.get(format!("http://{server}/json")).send()).await.unwrap();
        assert_eq!((json.content_length(), within(json.text()).await.unwrap()), (Some(1), "1".to_owned()));
        let broken = async { client.get(format!("http://{server}/breaks")).send().await?.text().await };
        assert!(within(broken).await.is_err(), "half a page isn't passed off as a whole one");
    }
}

/// All that the server says until it closes the connection.
async fn said(server: &str, request: &str) -> String {
    let mut stream = TcpStream::connect(server).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut said = Vec::new();
    within(stream.read_to_end(&mut said)).await.unwrap();
    String::from_utf8(said).unwrap()
}

#[tokio::test]
async fn head_says_nothing_that_get_would_not() {
    for server in servers().await {
        for path in ["/", "/with-length"] {
            let of = async |method| {
                said(&server, &format!("{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")).await
            };
            let (got, head) = (of("GET").await, of("HEAD").await);
            let (headers, body) = got.split_once("\r\n\r\n").unwrap();
            assert!(body.contains("KHV3KEHI"));
            assert!(head.ends_with("\r\n\r\n") && head.matches("\r\n\r\n").count() == 1, "{head}");
            let named = |text: &str| {
                let lines = text.lines().skip(1).filter_map(|line| line.split_once(": "));
                let mut lines: Vec<_> =
                    lines.filter(|(name, _)| !["date", "transfer-encoding"].contains(name)).collect();
                lines.sort_unstable();
                lines.iter().map(|(name, value)| format!("{name}: {value}")).collect::<Vec<_>>()
            };
            assert_eq!(named(headers), named(&head));
        }
    }
}

/// Which knows no chunks: the end of the connection is that of the page.
#[tokio::test]
async fn http_1_0_gets_the_page_as_well() {
    for server in servers().await {
        let said = said(&server, "GET /with-length HTTP/1.0\r\nhost: x\r\n\r\n").await;
        let (headers, body) = said.split_once("\r\n\r\n").unwrap();
        assert_eq!(body, tagged());
        assert!(!headers.to_ascii_lowercase().contains("content-length"), "{headers}");
    }
}
