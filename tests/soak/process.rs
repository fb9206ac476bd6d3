//! The process of the application, as its operator sees it.

use std::{collections::HashSet, process::Stdio};

use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, ChildStdin, Command},
    sync::oneshot,
    task::JoinHandle,
};

use crate::{
    app::{HANDLED, JOB, Job, LISTENS, REPORT, Vitals},
    wait::within,
};

/// Killed at the latest when it is dropped.
pub(crate) struct Process {
    child: Child,
    orders: Option<ChildStdin>,
    heard: JoinHandle<(HashSet<String>, String)>,
    client: reqwest::Client,
    pub(crate) url: String,
}

impl Process {
    /// Started, and up.
    pub(crate) async fn up(job: &Job) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["app::process", "--exact", "--nocapture"]).env(JOB, serde_json::to_string(job).unwrap());
        // Its handlers panic on purpose.
        command.env("RUST_BACKTRACE", "0").stderr(Stdio::null());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let (up, is_up) = oneshot::channel();
        let mut up = Some(up);
        let heard = tokio::spawn(async move {
            let (mut handled, mut report) = (HashSet::new(), String::new());
            while let Some(line) = lines.next_line().await.unwrap() {
                if let Some(url) = line.strip_prefix(LISTENS) {
                    up.take().unwrap().send(url.to_owned()).unwrap();
                } else if let Some(event) = line.strip_prefix(HANDLED) {
                    handled.insert(event.to_owned());
                } else if let Some(last) = line.strip_prefix(REPORT) {
                    last.clone_into(&mut report);
                }
            }
            (handled, report)
        });
        let url = within(is_up).await.expect("it ended, and never said where it listens");
        Self { orders: child.stdin.take(), child, heard, client: reqwest::Client::new(), url }
    }

    pub(crate) async fn vitals(&self) -> Vitals {
        let answer = within(self.client.get(format!("{}/vitals", self.url)).send()).await.unwrap();
        answer.error_for_status().unwrap().json().await.unwrap()
    }

    /// The memory that it has, in KiB, as `ps` says.
    pub(crate) async fn memory(&self) -> u64 {
        let pid = self.child.id().expect("it runs").to_string();
        let said = Command::new("ps").args(["-o", "rss=", "-p", &pid]).output().await.unwrap();
        String::from_utf8_lossy(&said.stdout).trim().parse().expect("a number")
    }

    /// In good order. The events that it handled, and its last words.
    pub(crate) async fn end(&mut self) -> (HashSet<String>, String) {
        self.orders = None;
        assert!(within(self.child.wait()).await.unwrap().success());
        within(&mut self.heard).await.unwrap()
    }
}
