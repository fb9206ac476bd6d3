use axum_partnero::sandbox::Fault;
use reqwest::{RequestBuilder, Response};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{
    client::{Client, affiliate},
    wait::within,
};

const PATHS: [&str; 4] = ["", "page/script.js", "page/events", "page/nothing"];

fn ask(client: &Client, method: &str, path: &str) -> RequestBuilder {
    // Its paths begin at the API's.
    client.anonymous(method, &format!("../{path}"))
}

/// From the page, unless it is told otherwise.
fn press(client: &Client) -> RequestBuilder {
    ask(client, "POST", "page/faults").body(r#"{ "fault": "error", "often": "always" }"#)
}

fn origin(client: &Client) -> String {
    format!("http://{}", client.sandbox.local_addr().unwrap())
}

async fn send(request: RequestBuilder) -> Response {
    within(request.send()).await.unwrap()
}

/// What is answered to these bytes.
async fn raw(client: &Client, request: &str) -> String {
    let mut stream = TcpStream::connect(client.sandbox.local_addr().unwrap()).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    within(stream.read_to_end(&mut answer)).await.unwrap();
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn every_answer_forbids_what_the_page_does_not_need() {
    let client = affiliate().await;
    let refused = ask(&client, "GET", "").header("host", "evil.example");
    let requests = [
        ask(&client, "GET", ""),
        ask(&client, "GET", "page/events"),
        ask(&client, "GET", "page/x"),
        press(&client),
        refused,
    ];
    for request in requests {
        let answer = send(request).await;
        let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
        let policy = header("content-security-policy");
        assert!(
            policy.starts_with("default-src 'none'; ") && !policy.contains("unsafe") && !policy.contains("http"),
            "{policy}"
        );
        assert!(policy.contains("frame-ancestors 'none'"));
        assert_eq!(
            (header("x-frame-options"), header("cross-origin-resource-policy")),
            ("DENY".into(), "same-origin".into())
        );
        assert_eq!((header("cache-control"), header("x-content-type-options")), ("no-store".into(), "nosniff".into()));
        assert!(!answer.headers().contains_key("access-control-allow-origin"));
    }
}

#[tokio::test]
async fn the_page_and_its_files_are_there_and_need_nothing_from_elsewhere() {
    let client = affiliate().await;
    assert_eq!(client.sandbox.page_url().unwrap(), format!("{}/", origin(&client)));
    let page = send(ask(&client, "GET", "")).await;
    assert_eq!(page.headers()["content-type"], "text/html; charset=utf-8");
    let page = page.text().await.unwrap();
    let links = page.split(['"']).filter(|text| text.starts_with("page/")).collect::<Vec<_>>();
    assert_eq!(links, ["page/icon.svg", "page/style.css", "page/script.js"]);
    for file in links.into_iter().chain(["page/tables.js"]) {
        assert_eq!(send(ask(&client, "GET", file)).await.status(), 200, "{file}");
        assert_eq!(send(ask(&client, "HEAD", file)).await.status(), 200, "{file}");
    }
    let has_handler = page.split_whitespace().any(|word| word.starts_with("on") && word.contains('='));
    assert!(!has_handler && !["://", "<style", " style="].iter().any(|inline| page.contains(inline)), "{page}");
}

#[tokio::test]
async fn a_name_that_is_not_this_machine_s_gets_nothing() {
    let client = affiliate().await;
    let hosts = [
        "evil.example",
        "evil.example:80",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "evil.localhost",
        "127.0.0.1@evil.example",
        "evil.example@127.0.0.1",
        "192.168.0.1",
        "0.0.0.0",
        "[::]",
        "[fe80::1]",
        "2130706433",
        "localhost.",
        "localhost:80:80",
    ];
    for host in hosts {
        for path in PATHS {
            let answer = send(ask(&client, "GET", path).header("host", host)).await;
            assert!(matches!(answer.status().as_u16(), 400 | 403), "{host} {path}: {}", answer.status());
        }
        let origin = format!("http://{host}");
        let answer = send(press(&client).header("host", host).header("origin", origin)).await;
        assert!(matches!(answer.status().as_u16(), 400 | 403), "{host}: {}", answer.status());
    }
    assert_eq!(client.get("test").await.0, 200, "no fault has begun");
}

#[tokio::test]
async fn each_name_of_this_machine_will_do() {
    let client = affiliate().await;
    for host in ["127.0.0.1", "127.0.0.1:4010", "127.1.2.3", "localhost", "LocalHost:80", "[::1]", "[::1]:4010"] {
        assert_eq!(send(ask(&client, "GET", "").header("host", host)).await.status(), 200, "{host}");
        let pressed = press(&client).header("host", host).header("origin", format!("http://{host}"));
        assert_eq!(send(pressed).await.status(), 204, "{host}");
    }
}

#[tokio::test]
async fn a_request_without_one_host_gets_nothing() {
    let client = affiliate().await;
    let host = client.sandbox.local_addr().unwrap();
    for request in [
        "GET / HTTP/1.0\r\n\r\n".to_owned(),
        format!("GET / HTTP/1.1\r\nHost: {host}\r\nHost: evil.example\r\nConnection: close\r\n\r\n"),
        format!("GET / HTTP/1.1\r\nHost: \r\nConnection: close\r\nX: {host}\r\n\r\n"),
        format!("GET http://evil.example/ HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"),
        format!("GET http://{host}/ HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n"),
    ] {
        let answer = raw(&client, &request).await;
        assert!(answer.contains(" 403 ") || answer.contains(" 400 "), "{request} {answer}");
    }
    let whole =
        raw(&client, &format!("GET http://{host}/ HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")).await;
    assert!(whole.starts_with("HTTP/1.1 200 "), "{whole}");
}

#[tokio::test]
async fn a_page_of_another_site_can_press_nothing() {
    let client = affiliate().await;
    let own = origin(&client);
    let (secure, other_port) = (own.replace("http:", "https:"), format!("{}1", &own[..own.len() - 1]));
    let other_port = if other_port == own { format!("{}2", &own[..own.len() - 1]) } else { other_port };
    for from in
        ["http://evil.example", "null", "", "http://localhost", &secure, &other_port, &format!("{own}.evil.example")]
    {
        assert_eq!(send(press(&client).header("origin", from)).await.status(), 403, "{from}");
        assert_eq!(send(ask(&client, "DELETE", "page/faults").header("origin", from)).await.status(), 403, "{from}");
        assert_eq!(send(ask(&client, "GET", "page/events").header("origin", from)).await.status(), 403, "{from}");
    }
    assert_eq!(send(press(&client)).await.status(), 403, "it doesn't say where it comes from");
    let two = press(&client).header("origin", &own).header("origin", "http://evil.example");
    assert_eq!(send(two).await.status(), 403);
    for site in ["cross-site", "same-site", "odd"] {
        let pressed = press(&client).header("origin", &own).header("sec-fetch-site", site);
        assert_eq!(send(pressed).await.status(), 403, "{site}");
    }
    assert_eq!(client.get("test").await.0, 200, "no fault has begun");
    assert_eq!(send(press(&client).header("origin", &own).header("sec-fetch-site", "same-origin")).await.status(), 204);
    assert_eq!(client.get("test").await.0, 500, "the page's own does");
}

#[tokio::test]
async fn another_site_may_link_to_the_page_and_load_nothing_of_it() {
    let client = affiliate().await;
    let from = |path: &str, mode: &str| {
        ask(&client, "GET", path).header("sec-fetch-site", "cross-site").header("sec-fetch-mode", mode.to_owned())
    };
    assert_eq!(send(from("", "navigate")).await.status(), 200);
    assert_eq!(send(from("", "no-cors")).await.status(), 403);
    for path in ["page/events", "page/script.js", "page/style.css"] {
        assert_eq!(send(from(path, "navigate")).await.status(), 403, "{path}");
        assert_eq!(send(from(path, "no-cors")).await.status(), 403, "{path}");
    }
}

#[tokio::test]
async fn the_page_meets_no_fault_and_is_no_request_and_the_rest_is_the_api_s() {
    let client = affiliate().await;
    client.sandbox.fault(Fault::Refuse);
    for (path, status) in
        [("", 200), ("page/style.css", 200), ("favicon.ico", 404), (".well-known/x", 404), ("page/", 404)]
    {
        assert_eq!(send(ask(&client, "GET", path)).await.status(), status, "{path}");
    }
    assert!(client.sandbox.requests().is_empty());
    client.sandbox.clear_faults();
    // A client whose base URL lacks `v1/`.
    for (method, path) in [("GET", "customers"), ("POST", ""), ("POST", "transactions"), ("GET", "page")] {
        assert_eq!(send(ask(&client, method, path)).await.status(), 401, "{path}");
    }
    assert_eq!(client.sandbox.requests().len(), 4);
}
