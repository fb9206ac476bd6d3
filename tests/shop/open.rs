//! A shop that is open: its pages, its odd requests, and its end by a signal.

use std::{
    io::{BufRead, BufReader, Read},
    net::TcpStream,
    process::{Child, ChildStdout, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use axum_partnero::{Partnero, SqliteOutbox};
use reqwest::{Client, StatusCode, redirect::Policy};
use serde_json::Value;
use tempfile::TempDir;

use super::{
    shop, text,
    wait::{DEADLINE, until},
};

/// A shop that is open. It doesn't outlive its test.
struct Open {
    shop: Child,
    /// Where its files are.
    folder: TempDir,
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
    /// It walks.
    fn begin(arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut shop = shop(arguments);
        let mut shop = shop.current_dir(folder.path()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let stdout = BufReader::new(shop.stdout.take().unwrap());
        Self { shop, folder, stdout, url: String::new(), sandbox: String::new() }
    }

    /// It serves.
    fn start() -> Self {
        let mut open = Self::begin(&[]);
        open.url = open.line("by yourself");
        open.sandbox = open.line("the sandbox");
        open
    }

    /// Waits for a line, and gives what follows its label.
    fn line(&mut self, label: &str) -> String {
        loop {
            let mut line = String::new();
            assert_ne!(self.stdout.read_line(&mut line).unwrap(), 0, "it ends before `{label}`");
            if let Some(link) = line.trim().strip_prefix(label) {
                return link.trim().trim_end_matches('/').to_owned();
            }
        }
    }

    fn has_child(&self) -> bool {
        self.find_child().is_some()
    }

    /// The shop's own process.
    fn child(&self) -> String {
        self.find_child().expect("it has a child")
    }

    fn find_child(&self) -> Option<String> {
        let all = Command::new("ps").args(["-eo", "pid=,ppid="]).output().unwrap();
        let ours = self.shop.id().to_string();
        text(&all.stdout).lines().find_map(|line| {
            let (pid, parent) = line.trim().split_once(' ')?;
            (parent.trim() == ours).then(|| pid.to_owned())
        })
    }

    fn end(self, signal: &str) -> (ExitStatus, String, String) {
        send(signal, &self.shop.id().to_string());
        self.wait()
    }

    fn wait(mut self) -> (ExitStatus, String, String) {
        let deadline = Instant::now() + DEADLINE;
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

fn send(signal: &str, process: &str) {
    assert!(Command::new("kill").args([signal, process]).status().unwrap().success());
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

// The onlooker at its file goes on while the test waits for the shop's end.
#[tokio::test(flavor = "multi_thread")]
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
        assert_eq!(status(zoe.post(url("/refund/order-1007/part")).form(&part)).await, see_other);
    }
    assert!(page("/orders").await.contains("9.00 of it refunded"));

    let other = sign_up(&open, "max", None).await;
    assert_eq!(status(other.post(url("/refund/order-1007"))).await, StatusCode::NOT_FOUND, "another user's order");
    assert_eq!(status(other.post(url("/logout"))).await, see_other);
    assert_eq!(status(other.get(url("/orders"))).await, see_other, "signed out");

    // What isn't delivered by the end would be left for the next start, and this sandbox ends, too.
    let remains = async || {
        let request = browser().get(format!("{}/transactions/order-1007", open.sandbox)).bearer_auth("sandbox-key");
        let sale = request.send().await.unwrap().json::<Value>().await.unwrap();
        sale["data"]["amount"].as_f64() == Some(80.0)
    };
    until("Partnero has what remains", remains).await;
    let folders: Vec<_> = std::fs::read_dir(open.folder.path().join("target")).unwrap().collect();
    let [Ok(folder)] = &folders[..] else { panic!("its files are in one folder") };
    let outbox = SqliteOutbox::open(folder.path().join("partnero.db")).await.unwrap();
    let onlooker = Partnero::builder("none").outbox(outbox).dispatch(false).build().unwrap();
    let is_idle = async || {
        let status = onlooker.status().await.unwrap();
        status.pending + status.in_flight + status.uncertain + status.untold == 0
    };
    until("all is through, and the observer was told", is_idle).await;
    let (status, stdout, stderr) = open.end("-TERM");
    assert!(status.success(), "{status}\n{stdout}\n{stderr}");
    // Anna has 30 % of the 143.80 of the walk, and of these 80.00.
    assert!(stdout.contains(" 0 dead letters, 0 lost, 0 refused; 67.14 owed to anna"), "{stdout}");
    assert!(stderr.contains("Partnero has what remains of the sale order=order-1007"), "{stderr}");
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

#[tokio::test]
async fn a_step_that_is_off_ends_the_walk_with_status_1() {
    let mut walking = Open::begin(&["--once"]);
    walking.line("✓ is dead: two calls in its outbox");
    // The new shop is killed, too, and nobody starts another one.
    until("the new shop", async || walking.has_child()).await;
    send("-KILL", &walking.child());
    let (status, stdout, _) = walking.wait();
    assert_eq!(status.code(), Some(1), "{stdout}");
    assert!(stdout.contains('✗') || stdout.contains("This is off:"), "{stdout}");
}

#[tokio::test]
async fn the_end_before_the_walk_is_over_is_a_failure_where_the_walk_is_all() {
    let mut walking = Open::begin(&["--once"]);
    walking.line("✓ is dead: two calls in its outbox");
    let (status, stdout, stderr) = walking.end("-TERM");
    assert_eq!((status.code(), stderr.as_str()), (Some(1), ""), "{stdout}");
}

#[tokio::test]
async fn the_shop_s_process_does_not_outlive_the_stage_nor_the_stage_the_shop() {
    let open = Open::start();
    let child = open.child();
    send("-KILL", &child);
    let (status, stdout, stderr) = open.wait();
    assert_eq!(status.code(), Some(1), "{stdout}\n{stderr}");
    assert!(stdout.contains("The shop's process has ended."), "{stdout}");

    let mut open = Open::start();
    open.shop.kill().unwrap();
    until("it has closed", async || browser().get(&open.url).send().await.is_err()).await;
}
