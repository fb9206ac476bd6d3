//! A shop whose pages report sales, and don't care where they are kept.

use std::time::Instant;

use axum::{
    Router,
    body::Body,
    extract::{Path, State},
    http::{Request, StatusCode},
    routing::get,
};
use axum_partnero::{Partnero, delivery::Outbox, sandbox::Sandbox};
use tower::ServiceExt as _;

use crate::{
    log::Log,
    plan,
    support::{DEADLINE, hasty, ms, secs, within},
};

/// Customers whom anna referred.
const CUSTOMERS: usize = 10;
/// No page takes longer, whatever the outbox does.
const PAGE: std::time::Duration = ms(500);

pub(crate) struct Shop {
    pub(crate) sandbox: Sandbox,
    pub(crate) partnero: Partnero,
    router: Router,
    visits: usize,
}

async fn buy(State(partnero): State<Partnero>, Path(number): Path<usize>) -> String {
    let customer = format!("c{}", number % CUSTOMERS);
    partnero.track_sale(plan::transaction(&customer, &format!("order-{number}"), 4990));
    "thank you".to_owned()
}

impl Shop {
    pub(crate) async fn open(outbox: impl Outbox) -> Self {
        let sandbox = Sandbox::affiliate().partner("anna");
        let sandbox = (0..CUSTOMERS).fold(sandbox, |sandbox, i| sandbox.referred_customer(format!("c{i}"), "anna"));
        let sandbox = sandbox.spawn().await.unwrap();
        let partnero = hasty(sandbox.partnero_builder()).outbox(outbox).build().unwrap();
        let router = Router::new().route("/buy/{number}", get(buy)).with_state(partnero.clone());
        Self { sandbox, partnero, router, visits: 0 }
    }

    /// Somebody buys something, and has the page at once.
    pub(crate) async fn visit(&mut self) {
        let request = Request::get(format!("/buy/{}", self.visits)).body(Body::empty()).unwrap();
        self.visits += 1;
        let begun = Instant::now();
        let response = self.router.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        assert!(begun.elapsed() < PAGE, "a page took {:?}", begun.elapsed());
    }

    /// The same for that long.
    pub(crate) async fn open_for(&mut self, time: std::time::Duration) {
        let end = Instant::now() + time;
        while Instant::now() < end {
            self.visit().await;
            tokio::time::sleep(ms(100)).await;
        }
    }

    pub(crate) async fn flush(&self) {
        within(self.partnero.flush(DEADLINE)).await.unwrap();
    }

    /// Every sale is there, and was there once only.
    pub(crate) async fn close(self) {
        self.flush().await;
        let ledger = self.sandbox.ledger();
        for number in 0..self.visits {
            let key = format!("order-{number}");
            let rows: Vec<_> = ledger.transactions().iter().filter(|row| row.key == key).collect();
            assert!(rows.len() == 1 && rows[0].is_live(), "{rows:?}");
        }
        assert_eq!(ledger.transactions().len(), self.visits);
        let report = within(self.partnero.shutdown(secs(10))).await;
        assert_eq!((report.left, report.lost, report.refused, report.dead), (Some(0), 0, 0, 0));
    }
}

/// That the outbox is lost was said once, and once that it is back.
pub(crate) fn said_once(log: &Log) {
    let (lost, back) = ("reach: calls and deliveries wait until the outbox is back", "reach: the outbox is back");
    assert_eq!((log.count(lost), log.count(back)), (1, 1), "{}", log.text());
    assert_eq!(log.count("ERROR"), 1, "{}", log.text());
}
