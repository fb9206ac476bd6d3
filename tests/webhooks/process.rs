//! A process that takes webhooks, and that can be killed.

use std::process::Stdio;

use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
};

use crate::{
    child::{JOB, Job, MARK},
    support::within,
};

/// Killed at the latest when it is dropped.
pub(crate) struct Process {
    child: Child,
    pub(crate) url: String,
}

impl Process {
    /// Started, and up.
    pub(crate) async fn up(job: &Job) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["child::process", "--exact", "--nocapture"]).env(JOB, serde_json::to_string(job).unwrap());
        // Its handlers panic on purpose.
        command.env("RUST_BACKTRACE", "0").stderr(Stdio::null());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let url = within(async {
            while let Some(line) = lines.next_line().await.unwrap() {
                if let Some((_, url)) = line.split_once(MARK) {
                    return url.to_owned();
                }
            }
            panic!("it ended, and never said where it listens")
        })
        .await;
        Self { child, url }
    }

    /// `kill -9`.
    pub(crate) async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }

    /// The memory that it has, in KiB, as `ps` says.
    pub(crate) async fn memory(&self) -> u64 {
        let pid = self.child.id().expect("it runs").to_string();
        let said = Command::new("ps").args(["-o", "rss=", "-p", &pid]).output().await.unwrap();
        String::from_utf8_lossy(&said.stdout).trim().parse().expect("a number")
    }
}
