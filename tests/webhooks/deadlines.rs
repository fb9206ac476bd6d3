//! Partnero waits five seconds: whatever hangs, it is answered before. Time is virtual here: it passes when all wait.

use std::{convert::Infallible, time::Duration};

use axum::{
    Router,
    body::{Body, Bytes},
};
use axum_partnero::{Clock, WebhookEvent, webhook::EventId};
use futures_util::{StreamExt as _, stream};
use http::Request;
use tower::ServiceExt as _;

use crate::{
    log::Log,
    support::{ms, sale, secs, signature, webhooks},
};

const FIVE: Duration = secs(5);

async fn done(_: EventId, _: WebhookEvent) -> Result<(), String> {
    Ok(())
}

/// The route of an inbox that never stores anything: its tasks are on a runtime that nobody runs.
struct Stuck {
    runtime: tokio::runtime::Runtime,
    route: Router,
}

impl Stuck {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let entered = runtime.enter();
        let route = webhooks::<()>().on_event(done).into_router().unwrap();
        drop(entered);
        Self { runtime, route }
    }

    /// The status of the answer, and after how long it comes.
    async fn answer(self, body: Body) -> (u16, Duration) {
        let began = tokio::time::Instant::now();
        let status = send(self.route, body).await;
        // To drop a runtime is refused here.
        self.runtime.shutdown_background();
        (status, began.elapsed())
    }
}

async fn send(route: Router, body: Body) -> u16 {
    let request = Request::post("/").header("signature", signature(sale("1").as_bytes())).body(body).unwrap();
    route.oneshot(request).await.unwrap().status().as_u16()
}

/// A sale's body, of which the end comes after this time.
fn after(time: Duration) -> Body {
    let mut first = Bytes::from(sale("1"));
    let rest = first.split_off(10);
    let late = stream::once(async move {
        tokio::time::sleep(time).await;
        rest
    });
    Body::from_stream(stream::iter([first]).chain(late).map(Ok::<_, Infallible>))
}

#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_come_to_its_end_is_cut_off_after_three_seconds() {
    for time in [ms(3_100), secs(60), Duration::from_secs(u64::from(u32::MAX))] {
        let (status, took) = Stuck::new().answer(after(time)).await;
        assert_eq!(status, 400);
        assert!(took >= secs(3) && took < ms(3_100), "{took:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_not_stored_is_answered_503_within_five_seconds() {
    let (status, took) = Stuck::new().answer(after(secs(0))).await;
    assert_eq!(status, 503);
    assert!(took < FIVE, "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn the_time_of_a_slow_body_and_of_the_store_are_within_five_seconds_together() {
    let (status, took) = Stuck::new().answer(after(ms(2_900))).await;
    assert_eq!(status, 503);
    assert!(took >= ms(2_900) && took < FIVE, "{took:?}");
}

#[tokio::test]
async fn the_latency_that_is_logged_begins_before_the_body_is_read() {
    let (log, _guard) = Log::start();
    let clock = Clock::manual();
    let route = webhooks::<()>().on_event(done).clock(clock.clone()).into_router().unwrap();
    let read = stream::once(async move {
        clock.advance(ms(1_234));
        Ok::<_, Infallible>(Bytes::from(sale("1")))
    });
    assert_eq!(send(route, Body::from_stream(read)).await, 200);
    let text = log.text();
    let came = text.lines().find(|line| line.contains("a webhook came")).unwrap();
    assert!(came.contains("latency=1.234s"), "{came}");
}
