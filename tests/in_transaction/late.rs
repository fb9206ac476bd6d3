//! Transactions that were begun before others, and end after those were delivered: their calls have the earlier ids.
//!
//! Of SQLite there are none: it lets one transaction write at a time.

use axum_partnero::{Decimal, Partnero, delivery::InTransaction};

use crate::{
    database::{App, Kind},
    support::{dollars, each, referred, sale, shop, within},
};

#[derive(Clone, Copy, Debug)]
enum Step {
    Sale(i64),
    Adjustment(i64),
    Refund,
}

use Step::{Adjustment, Refund, Sale};

impl Step {
    fn track(self, partnero: &Partnero, key: &str) {
        match self {
            Sale(amount) => drop(partnero.track_sale(sale(key, amount).customer(key))),
            Adjustment(amount) => drop(partnero.track_adjustment(sale(key, amount).customer(key))),
            Refund => drop(partnero.track_refund(key)),
        }
    }

    async fn store(self, mut calls: InTransaction<'_>, key: &str) {
        match self {
            Sale(amount) => calls.track_sale(sale(key, amount).customer(key)).await,
            Adjustment(amount) => calls.track_adjustment(sale(key, amount).customer(key)).await,
            Refund => calls.track_refund(key).await,
        }
        .unwrap();
    }
}

struct Case {
    /// Delivered before the transaction begins.
    before: &'static [Step],
    /// What the transaction tracks.
    late: Step,
    /// Delivered while it is open.
    after: &'static [Step],
    /// What becomes of the late one.
    outcome: &'static str,
    /// What is live at the end.
    live: &'static [i64],
    /// How many sales Partnero ever had of it.
    posts: usize,
}

const fn case(
    before: &'static [Step],
    late: Step,
    after: &'static [Step],
    outcome: &'static str,
    live: &'static [i64],
    posts: usize,
) -> Case {
    Case { before, late, after, outcome, live, posts }
}

const CASES: &[Case] = &[
    // Refunded before it was there: it is never posted.
    case(&[], Sale(10), &[Refund], "done: refunded", &[], 0),
    // The other one was first at Partnero.
    case(&[], Sale(10), &[Sale(10)], "gone: duplicate", &[10], 1),
    case(&[], Sale(10), &[Sale(20)], "gone: duplicate", &[20], 1),
    case(&[], Sale(10), &[Adjustment(8)], "gone: duplicate", &[8], 1),
    case(&[], Sale(10), &[Sale(10), Refund], "done: refunded", &[], 1),
    case(&[], Sale(10), &[Refund, Adjustment(8)], "gone: duplicate", &[8], 1),
    // What was said later stands.
    case(&[], Adjustment(5), &[Sale(10)], "done: adjusted", &[5], 2),
    case(&[], Adjustment(5), &[Refund], "done: cancelled", &[], 0),
    case(&[Sale(10)], Adjustment(5), &[Refund], "done: cancelled", &[], 1),
    case(&[Sale(10)], Adjustment(5), &[Adjustment(8)], "done: cancelled", &[8], 2),
    case(&[Sale(10)], Adjustment(5), &[Adjustment(8), Refund], "done: cancelled", &[], 2),
    case(&[Sale(10), Refund], Adjustment(5), &[Refund], "done: cancelled", &[], 1),
    // A refund takes away what was sold after it, and not what was adjusted after it.
    case(&[], Refund, &[Sale(10)], "done: refunded", &[], 1),
    case(&[Sale(10)], Refund, &[Sale(10)], "done: refunded", &[], 1),
    case(&[Sale(10)], Refund, &[Adjustment(8)], "done: cancelled", &[8], 2),
    case(&[Sale(10)], Refund, &[Refund], "done: cancelled", &[], 1),
];

#[tokio::test]
async fn what_comes_late_ends_as_if_it_had_come_in_time() {
    let customers = (0..CASES.len()).fold(shop(), |shop, n| shop.referred_customer(n.to_string(), "anna"));
    let Some(app) = App::open(Kind::Postgres, customers).await else { return };
    for nth in 0..2 {
        for (key, case) in CASES.iter().enumerate() {
            case.before.iter().skip(nth).take(1).for_each(|step| step.track(&app.partnero, &key.to_string()));
        }
        app.flush().await;
    }

    let (mut open, mut ids) = (Vec::new(), Vec::new());
    for (key, case) in CASES.iter().enumerate().take(8) {
        let mut tx = app.database.begin().await;
        case.late.store(tx.with(&app.partnero), &key.to_string()).await;
        ids.push(tx.last_call().await);
        open.push(tx);
    }
    // The rest in one transaction.
    let mut tx = app.database.begin().await;
    for (key, case) in CASES.iter().enumerate().skip(8) {
        case.late.store(tx.with(&app.partnero), &key.to_string()).await;
        ids.push(tx.last_call().await);
    }
    open.push(tx);
    for (key, case) in CASES.iter().enumerate() {
        for step in case.after {
            step.track(&app.partnero, &key.to_string());
            // One after the other: what is not yet sent would end each other.
            app.flush().await;
        }
    }
    each(open, async |tx| tx.commit().await).await;
    app.flush().await;

    for (at, case) in CASES.iter().enumerate() {
        let said = format!("{:?}, late {:?}, {:?}", case.before, case.late, case.after);
        let key = at.to_string();
        let live: Vec<Decimal> = case.live.iter().map(|amount| dollars(*amount)).collect();
        assert_eq!((app.live(&key), app.rows(&key)), (live, case.posts), "{said}");
        assert_eq!(app.database.outcome(ids[at]).await, case.outcome, "{said}");
    }
    assert_eq!(app.partnero.status().await.unwrap().dead, 0);
}

/// A late sale whose refund waits: they cancel each other.
#[tokio::test]
async fn a_refund_that_was_not_sent_yet_ends_a_late_sale_with_itself() {
    let Some(app) = App::open(Kind::Postgres, shop()).await else { return };
    let stores = app.database.builder(&app.sandbox).name("quiet").dispatch(false).build().unwrap();
    let mut open = app.database.begin().await;
    open.with(&stores).track_sale(sale("order-1", 10)).await.unwrap();
    stores.track_refund("order-1").stored().await.unwrap();
    open.commit().await;
    let sends = app.database.builder(&app.sandbox).name("quiet").build().unwrap();
    within(sends.flush(crate::support::DEADLINE)).await.unwrap();
    assert_eq!(app.database.outcomes("sale", "order-1").await, ["done: cancelled"]);
    assert_eq!(app.database.outcomes("refund", "order-1").await, ["done: cancelled"]);
    assert_eq!(app.requests(), [""; 0]);
}

#[tokio::test]
async fn a_late_sign_up_is_sent_once_or_not_at_all() {
    let Some(app) = App::open(Kind::Postgres, shop()).await else { return };
    let mut open = app.database.begin().await;
    open.with(&app.partnero).track_sign_up(referred("8")).await.unwrap();
    let late = open.last_call().await;
    open.with(&app.partnero).track_sign_up(referred("9")).await.unwrap();
    // It was there in time, by another way.
    app.partnero.track_sign_up(referred("8"));
    // A sale of a customer whom nobody signed up yet. That is why both belong in one transaction.
    app.partnero.track_sale(sale("too-early", 10).customer("9"));
    app.flush().await;
    open.commit().await;
    app.partnero.track_sale(sale("in-time", 10).customer("9"));
    app.flush().await;
    assert_eq!(app.database.outcome(late).await, "gone: duplicate");
    assert_eq!(app.database.outcomes("sign_up", "8").await, ["done: recorded"]);
    assert_eq!(app.database.outcomes("sign_up", "9").await, ["done: recorded"]);
    assert_eq!(app.database.outcomes("sale", "too-early").await, ["done: ignored"]);
    assert_eq!((app.rows("too-early"), app.rows("in-time")), (0, 1));
    assert_eq!(app.requests().iter().filter(|line| *line == "POST /customers").count(), 2);
}
