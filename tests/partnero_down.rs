//! Partnero down for six hours, as `docs/partnero-down.md` describes it: real sockets, and time that flies.
#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

#[path = "shared/log.rs"]
mod log;
#[path = "shared/postgres.rs"]
mod postgres;
#[allow(dead_code, reason = "the support of another program of tests")]
#[path = "delivery/support.rs"]
mod support;
#[path = "shared/wait.rs"]
mod wait;

use std::{
    collections::HashMap,
    fs,
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum_partnero::{
    Clock, NewTransaction, Observer, Partnero, PostgresOutbox, SqliteOutbox,
    delivery::{BoxError, DeadLetter, HoldReason},
    sandbox::{Answer, RecordedRequest, Sandbox},
};
use postgres::Postgres;
use support::{Log, Turning, dollars, ms, referred, secs, until, within};

const HOUR: Duration = Duration::from_secs(60 * 60);
const MINUTE: Duration = Duration::from_secs(60);
/// How far time flies at once.
const STEP: Duration = Duration::from_secs(10);

/// What an observer is told of Partnero's health.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Vec<&'static str>>>);

impl Told {
    fn note(&self, what: &'static str) {
        self.0.lock().unwrap().push(what);
    }

    fn all(&self) -> Vec<&'static str> {
        self.0.lock().unwrap().clone()
    }
}

impl Observer for Told {
    async fn held(&self, reason: HoldReason) -> Result<(), BoxError> {
        self.note(if reason == HoldReason::Unavailable { "held" } else { "held for another reason" });
        Ok(())
    }

    async fn resumed(&self) -> Result<(), BoxError> {
        self.note("resumed");
        Ok(())
    }

    async fn failed(&self, _: &DeadLetter) -> Result<(), BoxError> {
        self.note("failed");
        Ok(())
    }
}

enum Kind {
    Memory,
    Sqlite(tempfile::TempDir),
    Postgres(String),
}

/// A shop that goes on for six hours without Partnero.
struct Day {
    kind: Kind,
    sandbox: Sandbox,
    clock: Clock,
    told: Told,
    partnero: Partnero,
    /// Visitors so far, one each minute.
    visitors: usize,
}

impl Day {
    async fn begin(kind: Kind) -> Self {
        let sandbox = Sandbox::affiliate().partner("anna").keep_requests(100_000).spawn().await.unwrap();
        let (clock, told) = (Clock::manual(), Told::default());
        let partnero = open(&kind, &sandbox, &clock, &told).await;
        Self { kind, sandbox, clock, told, partnero, visitors: 0 }
    }

    /// One minute in which one visitor signs up and buys, and each tenth wants half an hour later the money back.
    async fn minute(&mut self) {
        let now = self.visitors;
        self.visitors += 1;
        self.partnero.track_sign_up(referred(name(now)));
        let sale = NewTransaction::new(format!("order-{now}"), dollars(10)).customer(name(now));
        self.partnero.track_sale(sale).stored().await.unwrap();
        if let Some(order) = now.checked_sub(30).filter(|order| is_returned(*order)) {
            self.partnero.track_refund(format!("order-{order}"));
        }
        for _ in 0..6 {
            self.clock.advance(STEP);
            tokio::time::sleep(ms(1)).await;
        }
    }

    /// The application is deployed anew.
    async fn deploy(&mut self) {
        let report = self.partnero.shutdown(secs(10)).await;
        assert!(report.left > Some(0) && report.lost == 0, "{report:?}");
        self.partnero = open(&self.kind, &self.sandbox, &self.clock, &self.told).await;
    }

    async fn must_be_held(&self) {
        let is_held = async || self.partnero.status().await.unwrap().held == Some(HoldReason::Unavailable);
        until("it is held", is_held).await;
    }

    /// Lets time fly until Partnero is asked again, and told again. How long it took to ask.
    async fn resumes(&self, before: usize) -> Duration {
        let mut flown = Duration::ZERO;
        let is_well = |request: &RecordedRequest| is_probe(request) && request.status == Some(200);
        while !self.sandbox.requests()[before..].iter().any(is_well) {
            // What is under way takes real time.
            if self.sandbox.requests()[before..].iter().all(|request| request.status.is_some()) {
                self.clock.advance(secs(1));
                flown += secs(1);
            }
            tokio::time::sleep(ms(5)).await;
            assert!(flown < HOUR, "it never asks");
        }
        until("it resumes", async || self.partnero.status().await.unwrap().held.is_none()).await;
        flown
    }

    /// Watches the first requests: how many are under way, for how many that were answered.
    async fn must_ramp_up(&self, before: usize) {
        let mut answered = 0;
        while answered <= 30 {
            let requests = self.sandbox.requests();
            let calls: Vec<_> = requests[before..].iter().filter(|request| !is_probe(request)).collect();
            let under_way = calls.iter().filter(|call| call.status.is_none()).count();
            answered = calls.len() - under_way;
            let may_be = 8.min(1 << answered.min(3));
            assert!(under_way <= may_be, "{under_way} requests at once after {answered} answers");
            // An outbox that is busy is asked again a moment later.
            self.clock.advance(ms(1));
            tokio::time::sleep(ms(1)).await;
        }
    }
}

async fn open(kind: &Kind, sandbox: &Sandbox, clock: &Clock, told: &Told) -> Partnero {
    // An hour of its own, which six of outage don't touch. A lease ends by the clock, and requests take real time.
    let builder = sandbox.partnero_builder().clock(clock.clone()).lease(secs(1_000_000)).max_age(HOUR);
    let builder = builder.observer(told.clone());
    let builder = match kind {
        Kind::Memory => builder,
        Kind::Sqlite(folder) => builder.outbox(SqliteOutbox::open(folder.path().join("partnero.db")).await.unwrap()),
        Kind::Postgres(url) => {
            let outbox = PostgresOutbox::connect(url).await.unwrap();
            outbox.create_schema().await.unwrap();
            builder.outbox(outbox)
        }
    };
    builder.build().unwrap()
}

fn name(visitor: usize) -> String {
    format!("visitor-{visitor}")
}

fn is_returned(order: usize) -> bool {
    order % 10 == 5
}

fn is_probe(request: &RecordedRequest) -> bool {
    request.path.ends_with("/test")
}

async fn six_hours(kind: Kind) {
    let (log, _guard) = Log::start();
    let is_durable = !matches!(kind, Kind::Memory);
    let mut day = Day::begin(kind).await;
    day.minute().await;
    day.partnero.flush(secs(30)).await.unwrap();
    assert_eq!(day.sandbox.ledger().live_transactions("order-0").len(), 1, "all is well at first");
    let well = day.sandbox.requests().len();

    // For three hours nobody listens. It takes five customers to tell that from a customer's trouble.
    day.sandbox.stop_listening().await;
    for _ in 0..10 {
        day.minute().await;
    }
    day.must_be_held().await;
    for _ in 10..180 {
        day.minute().await;
    }
    let status = day.partnero.status().await.unwrap();
    assert!(status.held.is_some() && status.pending > 350 && status.dead == 0, "{status:?}");
    let oldest = status.oldest.unwrap();
    assert!(oldest.abs_diff(HOUR * 3) <= MINUTE * 5, "{oldest:?}");
    if is_durable {
        day.deploy().await;
    }

    // For three more, something answers that isn't Partnero.
    day.sandbox.fault(Answer::html(503));
    day.sandbox.resume_listening().await.unwrap();
    day.must_be_held().await;
    for _ in 180..360 {
        day.minute().await;
    }
    let status = day.partnero.status().await.unwrap();
    assert!(status.held.is_some() && status.pending > 700 && status.dead == 0 && status.refused == 0, "{status:?}");
    let asked = day.sandbox.requests().split_off(well);
    assert!(asked.iter().all(is_probe), "nothing but probes: {:?}", asked.iter().find(|it| !is_probe(it)));
    // A minute apart at most, and half of that as a rule; while one is under way, time flies on.
    assert!((60..=600).contains(&asked.len()), "{} probes in three hours", asked.len());
    let tried = log.count("Partnero didn't take it");
    assert!(tried < 60, "{tried}: five customers' calls were tried again, and no others");

    // It is back, and isn't run over.
    let before = day.sandbox.requests().len();
    day.sandbox.set_latency(ms(20));
    day.sandbox.clear_faults();
    let (flown, ()) = tokio::join!(day.resumes(before), within(day.must_ramp_up(before)));
    assert!(flown <= MINUTE * 2, "it took {flown:?} to see it");
    day.sandbox.set_latency(Duration::ZERO);
    let _flying = Turning::start(&day.clock);
    day.partnero.flush(support::DEADLINE).await.unwrap();

    delivered_once_and_in_order(&day, before);
    until("the observer was told", async || day.told.all().contains(&"resumed")).await;
    let must_be: &[_] = if is_durable { &["held", "held", "resumed"] } else { &["held", "resumed"] };
    assert_eq!(day.told.all(), must_be, "once by each process that met it");
    let status = day.partnero.status().await.unwrap();
    assert_eq!((status.held, status.dead, status.parked, status.refused), (None, 0, 0, 0));
    assert_eq!(log.count("Partnero is unavailable"), must_be.len() - 1);
    assert_eq!(log.count("Partnero takes calls again"), 1);
    assert_eq!(log.count("ERROR"), 0, "{}", log.text());
    the_page_quotes_the_log(&log.text());
}

fn delivered_once_and_in_order(day: &Day, before: usize) {
    let ledger = day.sandbox.ledger();
    for visitor in 0..day.visitors {
        let key = name(visitor);
        assert!(ledger.customer(&key).is_some(), "{key}");
        let rows = ledger.transactions().iter().filter(|row| row.key == format!("order-{visitor}")).count();
        // What was bought and given back while Partnero was away, it never hears of.
        let must_be = usize::from(!(is_returned(visitor) && visitor + 30 < day.visitors));
        assert_eq!(rows, must_be, "order-{visitor}");
    }
    // Each with one request, and the customer first.
    let mut seen: HashMap<String, Vec<&'static str>> = HashMap::new();
    for request in day.sandbox.requests()[before..].iter().filter(|request| request.method == "POST") {
        let body = request.json().unwrap();
        let (key, what) = match body["customer"]["key"].as_str() {
            Some(customer) => (customer, "sale"),
            None => (body["key"].as_str().unwrap(), "sign-up"),
        };
        seen.entry(key.to_owned()).or_default().push(what);
    }
    for visitor in 1..day.visitors {
        let (key, returned) = (name(visitor), is_returned(visitor) && visitor + 30 < day.visitors);
        let must_be: &[_] = if returned { &["sign-up"] } else { &["sign-up", "sale"] };
        assert_eq!(seen[&key], must_be, "{key}");
    }
}

/// Each line of the page's log is one that was logged.
fn the_page_quotes_the_log(log: &str) {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/partnero-down.md")).unwrap();
    let quoted: Vec<_> = page.lines().filter(|line| line.contains(" axum_partnero::")).collect();
    assert_eq!(quoted.len(), 4);
    for line in quoted {
        // The time of day and the attempts are never the same, and the reason is the operating system's.
        let line = line.split_once(' ').unwrap().1.split(" reason=").next().unwrap();
        let line = line.split(" attempts=").next().unwrap();
        assert!(log.contains(line), "not logged: {line}");
    }
}

#[tokio::test]
async fn six_hours_without_partnero_and_an_outbox_in_memory() {
    six_hours(Kind::Memory).await;
}

#[tokio::test]
async fn six_hours_without_partnero_and_an_outbox_in_sqlite() {
    six_hours(Kind::Sqlite(tempfile::tempdir().unwrap())).await;
}

#[tokio::test]
async fn six_hours_without_partnero_and_an_outbox_in_postgresql() {
    let Some(postgres) = Postgres::shared() else { return };
    six_hours(Kind::Postgres(postgres.database().await)).await;
}
