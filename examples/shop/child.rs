//! The shop as a process of its own, which can be killed and started again.

use std::{
    env, io,
    process::{ExitStatus, Stdio},
    time::Duration,
};

use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
    time::timeout,
};

/// Tells this program that it is the shop.
pub const ARGUMENT: &str = "--be-the-shop";

/// What a shop finds in its environment.
pub type Settings = Vec<(&'static str, String)>;

pub struct ShopProcess {
    settings: Settings,
    running: Running,
    /// Where it serves: the same after each start.
    pub url: String,
}

struct Running {
    process: Child,
    /// A line tells it to say what it does. The end of it tells it to end, also when this process is killed.
    orders: ChildStdin,
    says: Lines<BufReader<ChildStdout>>,
}

impl ShopProcess {
    /// Starts it on port 3000, or on a free one if that is taken.
    pub async fn start(settings: Settings) -> io::Result<Self> {
        let (running, url) = start(&settings, "3000").await?;
        Ok(Self { settings, running, url })
    }

    /// Ends it as a crash or an impatient supervisor does (SIGKILL): it can't do anything about it.
    pub async fn kill(&mut self) -> io::Result<ExitStatus> {
        self.running.process.start_kill()?;
        self.running.process.wait().await
    }

    pub async fn start_again(&mut self) -> io::Result<()> {
        let port = self.url.rsplit(':').next().unwrap_or_default();
        let (running, url) = start(&self.settings, port).await?;
        self.running = running;
        if url == self.url { Ok(()) } else { Err(io::Error::other("somebody has taken its port meanwhile")) }
    }

    /// Has it log what it is told of its calls.
    pub async fn talk(&mut self) {
        // An error means that it has ended, and that will be seen.
        let _ = self.running.orders.write_all(b"talk\n").await;
    }

    /// Waits until it ends by itself, which it shouldn't.
    pub async fn ended(&mut self) {
        let _ = self.running.process.wait().await;
    }

    /// Has it end in good order. Whether it did, and what it reports.
    pub async fn end(self) -> io::Result<(bool, String)> {
        let Running { mut process, orders, mut says } = self.running;
        drop(orders);
        let ended = async {
            let mut report = String::from("the shop says nothing");
            while let Some(line) = says.next_line().await? {
                report = line;
            }
            Ok((process.wait().await?.success(), report))
        };
        match timeout(Duration::from_secs(15), ended).await {
            Ok(ended) => ended,
            Err(_) => Ok((false, String::from("the shop doesn't end"))),
        }
    }
}

async fn start(settings: &Settings, port: &str) -> io::Result<(Running, String)> {
    let mut command = Command::new(env::current_exe()?);
    command.arg(ARGUMENT).envs(settings.iter().map(|(name, value)| (name, value))).env("SHOP_PORT", port);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
    // Ctrl-C is for this process, which then ends the shop.
    #[cfg(unix)]
    command.process_group(0);
    let mut process = command.spawn()?;
    let (Some(orders), Some(says)) = (process.stdin.take(), process.stdout.take()) else {
        return Err(io::Error::other("no pipes"));
    };
    let mut says = BufReader::new(says).lines();
    // It has said why on its standard error.
    let url = says.next_line().await?.ok_or_else(|| io::Error::other("its process has ended"))?;
    Ok((Running { process, orders, says }, url))
}
