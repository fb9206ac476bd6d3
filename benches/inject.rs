//! What pages cost with the tag put into them, beside the same pages without.
//!
//! ```text
//! cargo bench --bench inject
//! ```
//!
//! In process: a router answers, and the body is read to its end. Over HTTP: the same on loopback, on one connection that
//! stays open. Times are medians of interleaved rounds, so that what else the machine does hits both alike.

#[path = "shared/figures.rs"]
#[allow(dead_code, reason = "other benches use the rest")]
mod figures;

use std::{hint::black_box, time::Instant};

use axum::{
    Router,
    body::{Body, Bytes},
    http::Request,
    response::Html,
    routing::get,
};
use axum_partnero::{Snippet, SnippetLayer};
use http_body_util::BodyExt as _;
use tokio::{net::TcpListener, runtime::Runtime};
use tower::ServiceExt as _;

use figures::{is_measured, median};

const ROUNDS: usize = 501;

/// A page with a head of 2 KB, of this size altogether.
fn page(size: usize) -> Bytes {
    let link = |number| {
        format!("<link rel=\"stylesheet\" href=\"/{number}.css\">\n<meta property=\"og:{number}\" content=\"x\">\n")
    };
    let (links, code): (String, _) = ((1..=10).map(link).collect(), "s".repeat(900));
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>Shop</title>\n{links}\
         <script>const settings = '{code}';</script>\n</head>\n<body>\n"
    );
    while page.len() < size - 100 {
        page += "<p class=\"item\"><a href=\"/products/grinder\">A coffee grinder</a> <b>89.00</b></p>\n";
    }
    page += "</body>\n</html>\n";
    page.into()
}

/// Few, so that a round is seldom interrupted.
const PAGES: usize = 8;

async fn in_process(app: &Router, pages: usize) -> usize {
    let mut read = 0;
    for _ in 0..pages {
        let request = Request::get("/").body(Body::empty()).expect("a request");
        let Ok(response) = app.clone().oneshot(request).await;
        let mut body = response.into_body();
        while let Some(frame) = body.frame().await {
            read += black_box(frame.expect("a frame").into_data().expect("data")).len();
        }
    }
    read
}

async fn over_http(client: &reqwest::Client, url: &str, pages: usize) -> usize {
    let mut read = 0;
    for _ in 0..pages {
        let mut response = client.get(url).send().await.expect("an answer");
        while let Some(chunk) = response.chunk().await.expect("a chunk") {
            read += black_box(chunk).len();
        }
    }
    read
}

async fn serve(app: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/", listener.local_addr().expect("its address"));
    tokio::spawn(async move { axum::serve(listener, app).await });
    url
}

fn main() {
    let runtime = Runtime::new().expect("a runtime");
    let snippet = Snippet::new("KHV3KEHI").expect("an id");
    let tag = snippet.to_string().len();
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    println!("{:24}{:>14}{:>14}{:>14}{:>20}", "", "without", "with", "µs a page", "of the throughput");
    for size in [10_000, 1_000_000] {
        let page = page(size);
        let length = page.len();
        let without = Router::new().route("/", get(async move || Html(page)));
        let with = without.clone().layer(SnippetLayer::new(snippet.clone()));
        let apps = [without, with];
        let urls = apps.clone().map(|app| runtime.block_on(serve(app)));
        for is_over_http in [false, true] {
            let pages = if is_measured() { PAGES } else { 1 };
            let mut times = [vec![], vec![]];
            for round in 0..=if is_measured() { ROUNDS } else { 0 } {
                for which in 0..2 {
                    let start = Instant::now();
                    let read = if is_over_http {
                        runtime.block_on(over_http(&client, &urls[which], pages))
                    } else {
                        runtime.block_on(in_process(&apps[which], pages))
                    };
                    let seconds = start.elapsed().as_secs_f64() / pages as f64;
                    assert_eq!(read, pages * (length + which * tag), "the tag is in one of them");
                    // The first round warms up.
                    if round > 0 {
                        times[which].push(seconds * 1e6);
                    }
                }
            }
            if is_measured() {
                let [without, with] = times.map(|mut times| median(&mut times));
                let what = format!("{} KB {}", size / 1_000, if is_over_http { "over HTTP" } else { "in process" });
                println!("{what:24}{without:>12.1}µs{with:>12.1}µs{:>+14.1}{:>20.2}", with - without, without / with);
            }
        }
    }
}
