//! A server in a process of its own, which answers each request as Partnero answers a sale: at once, soon, or never.
//!
//! Or the sandbox, whose ledger takes more time than an answer: the others measure the client's side alone.

use std::{
    env,
    io::{BufRead as _, BufReader, Write as _},
    process::{Child, ChildStdin, Command, Stdio},
    time::Duration,
};

use axum::{Router, http::header::CONTENT_TYPE};
use axum_partnero::sandbox::Sandbox;

use super::sales::API_KEY;

const ROLE: &str = "BENCH_SERVER";
const ANSWER: &str = r#"{"data":{"id":"trx_8f3b1c0a5d","key":"order-100001","action":"sale","amount":49.9,"amount_units":"USD","product_id":"plan-pro","product_type":null,"is_rewardable":true,"created_at":"2026-07-10T09:21:44.000000Z","deleted_at":null,"customer":{"id":"cus_1d2e9b7f","key":"customer-4711","email":null,"status":"active"},"rewards":[{"id":"rew_77aa01","key":"rew_77aa01","amount":14.97,"amount_units":"USD","status":"pending","partner":{"id":"par_0c5d","key":"anna-2025"}}]},"status":1}"#;

/// How it answers.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Answers {
    AtOnce,
    /// After five milliseconds: sooner than any API at the other end of a wire.
    Soon,
    /// As the sandbox does, which keeps a ledger.
    Sandbox,
    Never,
}

/// A running server. It ends with this value, and with this process.
pub(crate) struct Server {
    process: Child,
    _stdin: Option<ChildStdin>,
    url: String,
}

impl Server {
    pub(crate) fn start(answers: Answers) -> Self {
        let role = match answers {
            Answers::AtOnce => "at once",
            Answers::Soon => "soon",
            Answers::Sandbox => "sandbox",
            Answers::Never => "never",
        };
        let mut process = Command::new(env::current_exe().expect("this program"))
            .env(ROLE, role)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a second process");
        let mut url = String::new();
        let stdout = process.stdout.take().expect("its output");
        BufReader::new(stdout).read_line(&mut url).expect("its address");
        Self { _stdin: process.stdin.take(), process, url: url.trim().to_owned() }
    }

    /// The base URL, as `Partnero` wants it.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Whether this process is a server: then it was one until now.
pub(crate) fn was_server() -> bool {
    let Ok(role) = env::var(ROLE) else { return false };
    // The other process is gone when there is nothing more to read from it.
    std::thread::spawn(|| {
        let _ = std::io::stdin().read_line(&mut String::new());
        std::process::exit(0);
    });
    let delay = match role.as_str() {
        "never" => Some(Duration::MAX),
        "soon" => Some(Duration::from_millis(5)),
        _ => None,
    };
    let answer = async move || {
        if let Some(delay) = delay {
            tokio::time::sleep(delay).await;
        }
        ([(CONTENT_TYPE, "application/json")], ANSWER)
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let socket = tokio::net::TcpSocket::new_v4().expect("a socket");
        socket.bind(([127, 0, 0, 1], 0).into()).expect("a port");
        let listener = socket.listen(4096).expect("a listener");
        println!("http://{}/v1/", listener.local_addr().expect("its address"));
        let _ = std::io::stdout().flush();
        if role == "sandbox" {
            let record = |switches: &mut axum_partnero::sandbox::Switches| {
                switches.unknown_customer = axum_partnero::sandbox::UnrewardedSale::Record;
            };
            let sandbox = Sandbox::affiliate().api_key(API_KEY).switch(record).keep_requests(0);
            let _sandbox = sandbox.serve(listener).await.expect("it serves");
            return std::future::pending().await;
        }
        axum::serve(listener, Router::new().fallback(answer)).await.expect("it serves");
    });
    true
}
