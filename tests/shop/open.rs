//! A shop that is open: its pages, its odd requests, and its end by a signal.

use std::{
    io::{BufRead, BufReader, Read},
    net::TcpStream,
    process::{Child, ChildStdout, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use reqwest::{Client, StatusCode, redirect::Policy};

use super::shop;

/// A shop that is open. It doesn't outlive its test.
struct Open {
    shop: Child,
    stdout: BufReader<ChildStdout>,
    url: String,
    sandbox: String,
}

impl Drop for Open {
    fn drop(&mut self) {
        let _ = self.shop.kill();
        let _ = self.shop.wait();
    }
}

impl Open {
    fn start() -> Self {
        let mut shop = shop(&[]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stdout = BufReader::new(shop.stdout.take().unwrap());
        let mut line = |label: &str| loop {
            let mut line = String::new();
            assert_ne!(stdout.read_line(&mut line).unwrap(), 0, "it ends before `{label}`");
            if let Some(link) = line.trim().strip_prefix(label) {
                return link.trim().trim_end_matches('/').to_owned();
            }
        };
        let (url, sandbox) = (line("by yourself"), line("the sandbox"));
        Self { shop, stdout, url, sandbox }
    }

    fn end(mut self, signal: &str) -> (ExitStatus, String, String) {
        assert!(Command::new("kill").args([signal, &self.shop.id().to_string()]).status().unwrap().success());
        let deadline = Instant::now() + Duration::from_secs(20);
        let status = loop {
            if let Some(status) = self.shop.try_wait().unwrap() {
                break status;
            }
            assert!(Instant::now() < deadline, "it doesn't end");
            std::thread::sleep(Duration::from_millis(20));
        };
        let (mut stdout, mut stderr) = (String::new(), String::new());
        self.stdout.read_to_string(&mut stdout).unwrap();
        self.shop.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        (status, stdout, stderr)
    }
}

/// A browser that follows no redirect.
fn browser() -> Client {
    Client::builder().cookie_store(true).redirect(Policy::none()).no_proxy().build().unwrap()
}

fn hidden(page: &str, name: &str) -> String {
    let (_, value) = page.split_once(&format!(r#"name="{name}" value=""#)).expect("a hidden field");
    value.split('"').next().unwrap().to_owned()
}

async fn sign_up(open: &Open, name: &str, cookie: Option<&str>) -> Client {
    let browser = browser();
    let form = [("name", name), ("email", &format!("{name}@example.com"))];
    let mut request = browser.post(format!("{}/signup", open.url)).form(&form);
    if let Some(cookie) = cookie {
        request = request.header("cookie", cookie);
    }
    let response = request.send().await.unwrap();
    assert_eq!(
        (response.status(), &response.headers()["location"]),
        (StatusCode::SEE_OTHER, &"/welcome".parse().unwrap())
    );
    let session = response.headers()["set-cookie"].to_str().unwrap();
    assert!(session.contains("; HttpOnly; SameSite=Lax; Path=/"), "{session}");
    browser
}

#[tokio::test]
async fn a_visitor_s_clicks_earn_what_the_walk_earns_and_sigterm_ends_it_cleanly() {
    let open = Open::start();
    let url = |path: &str| format!("{}{path}", open.url);
    let zoe = sign_up(&open, "zoe", Some("partnero_partner=anna")).await;
    let status = async |request: reqwest::RequestBuilder| request.send().await.unwrap().status();
    let page = async |path: &str| zoe.get(url(path)).send().await.unwrap().text().await.unwrap();
    let see_other = StatusCode::SEE_OTHER;

    let form = [("order", hidden(&page("/").await, "order")), ("product", "grinder".to_owned())];
    let posted = futures_util::future::join_all((0..8).map(|_| status(zoe.post(url("/checkout")).form(&form)))).await;
    assert_eq!(posted, [see_other; 8]);
    let orders = page("/orders").await;
    assert_eq!(orders.matches("<li>").count(), 1, "one form is one order: {orders}");

    let part = [("refund", hidden(&orders, "refund")), ("amount", "9.00".to_owned())];
    for _ in 0..2 {
        assert_eq!(status(zoe.post(url("/refund/order-1005/part")).form(&part)).await, see_other);
    }
    assert!(page("/orders").await.contains("9.00 of it refunded"));

    let other = sign_up(&open, "max", None).await;
    assert_eq!(status(other.post(url("/refund/order-1005"))).await, StatusCode::NOT_FOUND, "another user's order");
    assert_eq!(status(other.post(url("/logout"))).await, see_other);
    assert_eq!(status(other.get(url("/orders"))).await, see_other, "signed out");

    let (status, stdout, stderr) = open.end("-TERM");
    assert!(status.success(), "{status}\n{stdout}\n{stderr}");
    // Anna has 30 % of the 69.00 of the walk, and of these 80.00.
    assert!(stdout.contains("0 lost, 0 refused; 44.70 owed to anna"), "{stdout}");
    assert!(stderr.contains("Partnero has what remains of the sale order=order-1005"), "{stderr}");
    assert!(!stderr.contains("WARN") && !stderr.contains("ERROR") && !stderr.contains("panicked"), "{stderr}");
}

#[tokio::test]
async fn what_makes_no_sense_is_a_page_that_says_so() {
    let open = Open::start();
    let zoe = sign_up(&open, "zoe", None).await;
    let refund = "refund=00000000000000000000000000000000&amount=";
    let requests = [
        (404, "/nope", None),
        (405, "/checkout", None),
        (422, "/checkout", Some("order=1&product=kettle".to_owned())),
        (422, "/checkout", Some("product=kettle".to_owned())),
        (404, "/checkout", Some("order=00000000000000000000000000000000&product=moon".to_owned())),
        (404, "/refund/order-1001", Some(String::new())),
        (404, "/refund/order-1001/part", Some(format!("{refund}1"))),
        (400, "/refund/%ff", Some(String::new())),
        (413, "/checkout", Some("x".repeat(3 << 20))),
    ];
    for (status, path, form) in requests {
        let url = format!("{}{path}", open.url);
        let request = match form {
            Some(form) => zoe.post(url).header("content-type", "application/x-www-form-urlencoded").body(form),
            None => zoe.get(url),
        };
        let response = request.send().await.unwrap();
        assert_eq!(
            (response.status().as_u16(), &response.headers()["cache-control"]),
            (status, &"no-store".parse().unwrap())
        );
        let page = response.text().await.unwrap();
        assert!(page.starts_with("<!doctype html>") && page.contains("Back to the shop"), "{path}: {page}");
    }
    let partnero =
        browser().get(format!("{}/customers", open.sandbox)).bearer_auth("sandbox-key").send().await.unwrap();
    assert_eq!(partnero.status(), StatusCode::OK, "the curl that is shown");
    // Somebody is connected and says nothing.
    let _idle = TcpStream::connect(open.url.trim_start_matches("http://")).unwrap();
    let (status, stdout, stderr) = open.end("-INT");
    assert!(status.success(), "{status}\n{stdout}\n{stderr}");
    assert!(stdout.contains("Shut down: "), "{stdout}");
}
