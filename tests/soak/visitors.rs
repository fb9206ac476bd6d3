//! A steady load: people who look, buy, send back and leave in the middle, and some who forge.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use fastrand::Rng;
use reqwest::Client;
use tokio::{io::AsyncWriteExt as _, net::TcpStream, task::JoinSet};

use crate::{
    app::Sent,
    books::{Books, Order},
    sign::sign,
    wait::{ms, setting, within},
};

/// What the keys of orders begin with that Partnero never takes.
pub(crate) const BAD: &str = "bad-";
/// A referral key, kept by a cookie, behind what else may be in one.
const COOKIES: [&str; 4] = [
    "partnero_referral=anna",
    "a=b; theme=dark; partnero_referral=anna",
    "partnero_referral=%FF%FE; partnero_referral=\"anna\"",
    "partnero_referral=; =;;; partnero_referral=anna; x",
];
/// An order is paid, taken back or adjusted while it is still remembered here.
const REMEMBERED: usize = 8;

/// How often each thing was done.
#[derive(Debug, Default)]
pub(crate) struct Visits(BTreeMap<&'static str, u64>);

impl fmt::Display for Visits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all: u64 = self.0.values().sum();
        write!(f, "{all} requests of visitors:")?;
        self.0.iter().try_for_each(|(what, times)| write!(f, " {times} x {what},"))
    }
}

pub(crate) struct Visitors {
    tasks: JoinSet<Visitor>,
    enough: Arc<AtomicBool>,
}

impl Visitors {
    /// `PARTNERO_SOAK_VISITORS` of them (16). Each waits for an answer, and then for a while.
    pub(crate) fn start(url: &str) -> Self {
        let enough = Arc::new(AtomicBool::new(false));
        let mut tasks = JoinSet::new();
        let client = Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        for number in 0..setting("PARTNERO_SOAK_VISITORS", 16) {
            let mut visitor = Visitor::new(number, url, &client);
            let enough = Arc::clone(&enough);
            tasks.spawn(async move {
                visitor.sign_up().await;
                while !enough.load(Relaxed) {
                    visitor.visit().await;
                    tokio::time::sleep(ms(visitor.dice.u64(20..60))).await;
                }
                visitor
            });
        }
        Self { tasks, enough }
    }

    pub(crate) async fn leave(self) -> (Books, Visits) {
        self.enough.store(true, Relaxed);
        let (mut books, mut visits) = (Books::default(), Visits::default());
        for visitor in within(self.tasks.join_all()).await {
            books.add(visitor.books);
            visitor.visits.0.into_iter().for_each(|(what, times)| *visits.0.entry(what).or_default() += times);
        }
        (books, visits)
    }
}

struct Visitor {
    number: u64,
    /// Of customers and orders.
    next: u64,
    customer: String,
    /// The last orders, which nothing was done to.
    recent: Vec<(String, i64)>,
    books: Books,
    visits: Visits,
    dice: Rng,
    url: String,
    client: Client,
}

impl Visitor {
    fn new(number: u64, url: &str, client: &Client) -> Self {
        let (url, client) = (url.to_owned(), client.clone());
        let (books, visits) = (Books::default(), Visits::default());
        let dice = Rng::with_seed(number);
        Self { number, next: 0, customer: String::new(), recent: Vec::new(), books, visits, dice, url, client }
    }

    async fn visit(&mut self) {
        match self.dice.u32(..1000) {
            0..700 => self.look().await,
            700..740 => self.sign_up().await,
            740..890 => self.buy().await,
            890..920 => self.send_back().await,
            920..940 => self.keep_some().await,
            940..942 => self.order("orders that Partnero refuses", format!("{BAD}{}", self.key()), Order::Never).await,
            942..955 => self.look_at_friends().await,
            955..980 => self.forge().await,
            _ => self.hang_up().await,
        }
    }

    fn key(&self) -> String {
        format!("{}-{}", self.number, self.next)
    }

    async fn look(&mut self) {
        let request = if self.dice.bool() {
            let cookie = self.dice.choice(COOKIES).unwrap();
            self.client.get(&self.url).header("cookie", cookie)
        } else {
            self.client.get(format!("{}/?ref={}", self.url, "x".repeat(self.dice.usize(..600))))
        };
        self.send("pages", request, 200).await;
    }

    async fn sign_up(&mut self) {
        self.next += 1;
        self.customer = format!("c{}", self.key());
        let cookie = self.dice.choice(COOKIES).unwrap();
        let request = self.post("/signup", "", 0).header("cookie", cookie);
        self.send("sign-ups", request, 200).await;
        self.books.customers.push(self.customer.clone());
    }

    /// Now and then the form comes twice.
    async fn buy(&mut self) {
        self.next += 1;
        let (key, cents) = (format!("o{}", self.key()), self.dice.i64(100..100_000));
        self.order("orders", key.clone(), Order::Stays(cents)).await;
        if self.dice.u32(..10) == 0 {
            self.order("repeated orders", key.clone(), Order::Stays(cents)).await;
        }
        self.recent.push((key, cents));
        if self.recent.len() > REMEMBERED {
            self.recent.remove(0);
        }
    }

    async fn order(&mut self, what: &'static str, key: String, order: Order) {
        self.next += 1;
        let cents = if let Order::Stays(cents) = order { cents } else { 100 };
        self.send(what, self.post("/order", &key, cents), 200).await;
        self.books.orders.insert(key, order);
    }

    async fn send_back(&mut self) {
        let Some((key, _)) = self.recent.pop() else { return };
        self.send("refunds", self.post("/refund", &key, 0), 200).await;
        self.books.orders.insert(key, Order::Refunded);
    }

    async fn keep_some(&mut self) {
        let Some((key, cents)) = self.recent.pop() else { return };
        let left = cents - self.dice.i64(1..100);
        self.send("adjustments", self.post("/adjust", &key, left), 200).await;
        self.books.orders.insert(key, Order::Adjusted(left));
    }

    /// Partnero may be away: the page comes all the same.
    async fn look_at_friends(&mut self) {
        let request = self.client.get(format!("{}/friends/data", self.url)).header("x-user", &self.customer);
        self.send("dashboards", request, 200).await;
    }

    async fn forge(&mut self) {
        let body = format!(r#"{{"event":"transaction.created","data":{{"key":"forged-{}"}}}}"#, self.key());
        let signature = sign("a secret of somebody else's", body.as_bytes());
        let request = self.client.post(format!("{}/webhooks/partnero", self.url)).header("Signature", signature);
        self.send("forged webhooks", request.body(body), 401).await;
    }

    /// In the middle of a request: of a page, a form or a webhook.
    async fn hang_up(&mut self) {
        let path = self.dice.choice(["/", "/order", "/webhooks/partnero"]).unwrap();
        let host = self.url.strip_prefix("http://").unwrap();
        let half =
            format!("POST {path} HTTP/1.1\r\nhost: {host}\r\nsignature: 00\r\ncontent-length: 1000\r\n\r\nkey=x");
        let mut socket = within(TcpStream::connect(host)).await.unwrap();
        let end = self.dice.usize(1..=half.len());
        socket.write_all(&half.as_bytes()[..end]).await.unwrap();
        *self.visits.0.entry("hung up").or_default() += 1;
    }

    fn post(&self, path: &str, key: &str, cents: i64) -> reqwest::RequestBuilder {
        let sent = Sent { key: key.to_owned(), customer: self.customer.clone(), cents };
        self.client.post(format!("{}{path}", self.url)).form(&sent)
    }

    async fn send(&mut self, what: &'static str, request: reqwest::RequestBuilder, status: u16) {
        let answer = within(request.send()).await.unwrap();
        assert_eq!(answer.status(), status, "{what}");
        *self.visits.0.entry(what).or_default() += 1;
    }
}
