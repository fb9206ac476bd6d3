//! A Partnero that sends what happened again and again until it is answered 2xx, amid repeats, forgeries and broken
//! requests.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, RwLock,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use fastrand::Rng;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use tokio::{io::AsyncWriteExt as _, net::TcpStream};

use crate::{
    process::Process,
    support::{body, ms, signature},
};

/// The processes that run, and how many are yet to be killed.
pub(crate) struct Front {
    urls: RwLock<Vec<String>>,
    to_kill: AtomicU64,
}

impl Front {
    pub(crate) fn new(to_kill: u64, running: &[Process]) -> Self {
        Self { urls: RwLock::new(urls(running)), to_kill: AtomicU64::new(to_kill) }
    }

    /// One more was killed, and these run now.
    pub(crate) fn killed(&self, running: &[Process]) {
        *self.urls.write().unwrap() = urls(running);
        self.to_kill.store(self.to_kill.load(Relaxed).saturating_sub(1), Relaxed);
    }
}

fn urls(running: &[Process]) -> Vec<String> {
    running.iter().map(|it| it.url.clone()).collect()
}

/// What is sent one after the other: of a few resources, nothing of which any other lane sends.
pub(crate) struct Lane {
    number: usize,
    dice: Rng,
    front: Arc<Front>,
    client: reqwest::Client,
    sent: Vec<String>,
    tally: Tally,
}

/// What was sent.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    /// Ids of genuine events, with their resources and their numbers in these.
    pub(crate) genuine: BTreeMap<String, (String, i64)>,
    pub(crate) deliveries: usize,
    pub(crate) repeats: usize,
    pub(crate) forged: usize,
    pub(crate) truncated: usize,
    pub(crate) unanswered: usize,
}

impl Tally {
    pub(crate) fn add(&mut self, other: Self) {
        self.genuine.extend(other.genuine);
        self.deliveries += other.deliveries;
        self.repeats += other.repeats;
        self.forged += other.forged;
        self.truncated += other.truncated;
        self.unanswered += other.unanswered;
    }
}

impl Lane {
    pub(crate) fn new(number: usize, seed: u64, client: reqwest::Client, front: Arc<Front>) -> Self {
        let dice = Rng::with_seed(seed + number as u64);
        Self { number, dice, front, client, sent: Vec::new(), tally: Tally::default() }
    }

    /// Makes so many deliveries, or some more, and goes on until enough processes were killed.
    pub(crate) async fn run(mut self, deliveries: usize) -> Tally {
        let mut n = 0;
        while self.tally.deliveries < deliveries || self.front.to_kill.load(Relaxed) > 0 {
            match self.dice.u32(..100) {
                0..=19 if !self.sent.is_empty() => self.repeat().await,
                20..=31 => self.forge().await,
                32..=39 => self.truncate().await,
                _ => {
                    n += 1;
                    self.happen(n).await;
                }
            }
        }
        self.tally
    }

    fn url(&mut self) -> String {
        let urls = self.front.urls.read().unwrap();
        self.dice.choice(urls.iter()).unwrap().clone()
    }

    /// Something new. It is sent until it is answered 200.
    async fn happen(&mut self, n: i64) {
        let (kind, name) = *self.dice.choice(&EVENTS).unwrap();
        let key = format!("{}-{}", self.number, self.dice.u32(..3));
        let body = match kind {
            // No event at all, but signed: it is handed on, and is about nothing.
            "" => format!("odd {key} {n}"),
            _ => body(name, &json!({"key": key, "n": n, "email": "mia@mail.test"})),
        };
        let (resource, n) = if kind.is_empty() { (String::new(), 0) } else { (format!("{kind}:{key}"), n) };
        self.tally.genuine.insert(id(&body), (resource, n));
        self.sent.push(body.clone());
        while self.send(&body, &signature(body.as_bytes())).await != Some(200) {
            tokio::time::sleep(ms(50)).await;
        }
    }

    async fn repeat(&mut self) {
        let body = self.dice.choice(&self.sent).unwrap().clone();
        self.tally.repeats += 1;
        let status = self.send(&body, &signature(body.as_bytes())).await;
        assert!(matches!(status, Some(200 | 503) | None), "{status:?}");
    }

    /// Signed by somebody else, or changed on its way.
    async fn forge(&mut self) {
        let body = body("transaction.created", &json!({"key": "forged", "n": self.dice.u32(..)}));
        let mut signature = signature(body.as_bytes()).into_bytes();
        let at = self.dice.usize(0..64);
        signature[at] = if signature[at] == b'0' { b'1' } else { b'0' };
        self.tally.forged += 1;
        let status = self.send(&body, &String::from_utf8(signature).unwrap()).await;
        assert!(matches!(status, Some(401) | None), "{status:?}");
    }

    /// A body that breaks off: within itself, or within its connection.
    async fn truncate(&mut self) {
        let body = body("transaction.created", &json!({"key": "truncated", "n": self.dice.u32(..)}));
        let end = self.dice.usize(0..body.len());
        let signature = signature(body.as_bytes());
        self.tally.truncated += 1;
        if self.dice.bool() {
            let status = self.send(&body[..end], &signature).await;
            assert!(matches!(status, Some(401) | None), "{status:?}");
        } else {
            self.tally.deliveries += 1;
            let url = self.url();
            let (address, path) = url.trim_start_matches("http://").split_once('/').unwrap();
            let Ok(mut stream) = TcpStream::connect(address).await else { return };
            let head = format!(
                "POST /{path} HTTP/1.1\r\nhost: {address}\r\nsignature: {signature}\r\ncontent-length: {}\r\n\r\n",
                body.len()
            );
            let _ = stream.write_all(&[head.as_bytes(), &body.as_bytes()[..end]].concat()).await;
        }
    }

    async fn send(&mut self, body: &str, signature: &str) -> Option<u16> {
        let url = self.url();
        let request = self.client.post(url).header("signature", signature).body(body.to_owned());
        let answer = request.timeout(ms(5_000)).send().await;
        // One that met with no process at all is none.
        let refused = answer.as_ref().is_err_and(reqwest::Error::is_connect);
        self.tally.deliveries += usize::from(!refused);
        self.tally.unanswered += usize::from(answer.is_err() && !refused);
        // A stranger who has the port now of one that was killed knows no such path.
        answer.ok().map(|answer| answer.status().as_u16()).filter(|status| *status != 404)
    }
}

/// What an event is about, and its name.
const EVENTS: [(&str, &str); 6] = [
    ("transaction", "transaction.created"),
    ("transaction", "transaction.updated"),
    ("transaction", "transaction.deleted"),
    ("customer", "customer.created"),
    ("customer", "customer.updated"),
    ("", ""),
];

fn id(body: &str) -> String {
    Sha256::digest(body).iter().map(|byte| format!("{byte:02x}")).collect()
}
