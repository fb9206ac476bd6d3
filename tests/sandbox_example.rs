//! The example `sandbox`, run as a developer runs it, to its end.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

#[path = "shared/example.rs"]
mod example;
#[path = "shared/wait.rs"]
mod wait;

use std::process::Stdio;

use example::text;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader},
    process::Command,
};
use wait::within;

#[tokio::test]
async fn it_says_how_to_reach_it_takes_a_sale_and_ends_when_it_is_told_to() {
    let program = example::build("sandbox");
    let mut run = Command::from(example::run(&program, &["0"]));
    run.env("SANDBOX_API_KEY", "a-key").env_remove("PORT");
    let mut sandbox = run.stdout(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
    let mut lines = BufReader::new(sandbox.stdout.take().unwrap()).lines();
    let (mut base, mut page) = (String::new(), String::new());
    while base.is_empty() || page.is_empty() {
        let line = within(lines.next_line()).await.unwrap().expect("it goes on");
        match line.trim().split_once("  ") {
            Some(("base URL", url)) => url.trim().clone_into(&mut base),
            Some(("its page", url)) => url.trim().clone_into(&mut page),
            _ => {}
        }
    }
    let client = reqwest::Client::new();
    let shown = within(client.get(&page).send()).await.unwrap();
    assert_eq!(
        (shown.status().as_u16(), shown.headers()["content-type"].to_str().unwrap().starts_with("text/html")),
        (200, true)
    );
    for (path, body) in [
        ("customers", json!({"key": "mia", "partner": {"key": "anna"}})),
        ("transactions", json!({"key": "order-1", "amount": 49.90, "customer": {"key": "mia"}})),
    ] {
        let request = client.post(format!("{base}{path}")).bearer_auth("a-key").json(&body);
        let answer: Value = within(request.send()).await.unwrap().json().await.unwrap();
        assert_eq!(answer["status"], 1, "{answer}");
    }
    let pid = sandbox.id().unwrap().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().await.unwrap().success());
    assert!(within(sandbox.wait()).await.unwrap().success());
    let mut rest = Vec::new();
    within(lines.into_inner().read_to_end(&mut rest)).await.unwrap();
    assert!(text(&rest).contains("1 live sales"), "{}", text(&rest));
}

#[tokio::test]
async fn what_it_doesn_t_understand_is_answered_with_its_usage() {
    let program = example::build("sandbox");
    for odd in ["harbour", "70000", "-1"] {
        let run = within(Command::from(example::run(&program, &[odd])).output()).await.unwrap();
        assert_eq!((run.status.code(), text(&run.stdout)), (Some(2), ""), "{odd}");
        assert!(text(&run.stderr).starts_with("usage: sandbox"), "{odd}");
    }
}
