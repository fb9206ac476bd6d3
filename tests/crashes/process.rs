//! A process that tracks and delivers, and that can be killed.

use std::process::Stdio;

use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    process::{Child, Command},
    sync::mpsc,
};

use crate::{
    child::{JOB, Job, MARK, News, Order},
    support::within,
};

/// Killed at the latest when it is dropped.
pub(crate) struct Process {
    child: Child,
    orders: mpsc::UnboundedSender<Order>,
    news: mpsc::UnboundedReceiver<News>,
}

impl Process {
    /// Started, not yet up.
    pub(crate) fn start(job: &Job) -> Self {
        Self::run(Command::new(std::env::current_exe().unwrap()), job)
    }

    /// Started by `command`, to which the rest is added.
    pub(crate) fn run(mut command: Command, job: &Job) -> Self {
        command.args(["child::process", "--exact"]).env(JOB, serde_json::to_string(job).unwrap());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().unwrap();
        let (mut input, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let (orders, mut to_give) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Some(order) = to_give.recv().await {
                let line = serde_json::to_string(&order).unwrap() + "\n";
                if input.write_all(line.as_bytes()).await.is_err() {
                    return;
                }
            }
        });
        let (said, news) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            let mut lines = BufReader::new(output).lines();
            while let Ok(Some(line)) = lines.next_line().await {
                let Some(line) = line.strip_prefix(MARK) else { continue };
                // The last line of one that was killed may be half a line: it said nothing then.
                let Ok(news) = serde_json::from_str(line) else { continue };
                let _ = said.send(news);
            }
        });
        Self { child, orders, news }
    }

    /// Started, and up.
    pub(crate) async fn up(job: &Job) -> Self {
        let mut process = Self::start(job);
        process.wait_for(&News::Up).await;
        process
    }

    pub(crate) fn order(&self, order: Order) {
        let _ = self.orders.send(order);
    }

    /// The next that it says; `None` if that was all.
    pub(crate) async fn hear(&mut self) -> Option<News> {
        self.news.recv().await
    }

    /// What it has said by now.
    pub(crate) fn heard(&mut self) -> Vec<News> {
        std::iter::from_fn(|| self.news.try_recv().ok()).collect()
    }

    /// Hears until it says this.
    pub(crate) async fn wait_for(&mut self, what: &News) -> Vec<News> {
        within(async {
            let mut heard = Vec::new();
            while let Some(news) = self.news.recv().await {
                if news == *what {
                    return heard;
                }
                heard.push(news);
            }
            panic!("it ended, and never said {what:?}, but {heard:?}");
        })
        .await
    }

    /// `kill -9`, and what it had said by then that wasn't heard yet.
    pub(crate) async fn kill(mut self) -> Vec<News> {
        self.child.kill().await.unwrap();
        self.last_words().await
    }

    /// Ends in good order, and leaves nothing to others: everything that it said.
    pub(crate) async fn shut_down(self) -> Vec<News> {
        self.leave(0).await
    }

    /// Ends in good order, and leaves so many calls to others: everything that it said.
    pub(crate) async fn leave(mut self, left: usize) -> Vec<News> {
        self.order(Order::ShutDown);
        let heard = within(self.last_words()).await;
        assert_eq!(heard.last(), Some(&News::Down(left, 0)), "{heard:?}");
        let status = within(self.child.wait()).await.unwrap();
        assert!(status.success(), "{status}");
        heard
    }

    async fn last_words(&mut self) -> Vec<News> {
        let mut heard = Vec::new();
        while let Some(news) = self.news.recv().await {
            heard.push(news);
        }
        heard
    }

    /// Stops it where it is, as a debugger or a frozen machine does.
    pub(crate) async fn freeze(&self) {
        self.signal("STOP").await;
    }

    pub(crate) async fn thaw(&self) {
        self.signal("CONT").await;
    }

    async fn signal(&self, signal: &str) {
        let pid = self.child.id().expect("it runs");
        let sent = Command::new("sh").arg("-c").arg(format!("kill -{signal} {pid}")).status().await.unwrap();
        assert!(sent.success());
    }
}
