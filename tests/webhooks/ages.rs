//! How old an event may be, and for how long a repeat is known.

use std::{
    sync::{Arc, Mutex},
    time::SystemTime,
};

use axum::extract::State;
use axum_partnero::{Clock, EventId, WebhookEvent};
use serde_json::json;

use crate::{
    log::Log,
    support::{App, ms, sale, secs, until, webhooks},
};

const HOUR: u64 = 60 * 60;
const DAY: u64 = 24 * HOUR;

type Seen = Arc<Mutex<Vec<String>>>;

async fn note(State(seen): State<Seen>, _: EventId, event: WebhookEvent) -> Result<(), String> {
    seen.lock().unwrap().push(event.envelope().created_at().unwrap_or("none").to_owned());
    Ok(())
}

/// What is handled of a sale that names each of these times, by an application whose clock shows 05:30 on the day of
/// those, and that wants nothing that is older than an hour.
async fn handled(times: &[&str]) -> Vec<String> {
    let (seen, clock) = (Seen::default(), Clock::manual());
    clock.set_wall(SystemTime::UNIX_EPOCH + secs(1_772_602_200));
    let webhooks = webhooks().on_event(note).max_age(secs(HOUR)).clock(clock).with_state(Arc::clone(&seen));
    let app = App::new(webhooks.build().unwrap()).await;
    for time in times {
        assert_eq!(app.send(json!({"event": "transaction.created", "created_at": time}).to_string()).await, 200);
    }
    until("all is over", async || app.inbox.status().await.unwrap().oldest.is_none()).await;
    app.inbox.shutdown(secs(10)).await;
    let mut seen = seen.lock().unwrap().clone();
    seen.sort();
    seen
}

#[tokio::test]
async fn an_event_beyond_its_age_is_answered_200_and_dropped() {
    let times = ["2026-03-04T05:06:07.000000Z", "2026-03-04T04:30:00Z", "2026-03-04T04:29:59Z", "2025-03-04T05:06:07Z"];
    assert_eq!(handled(&times).await, ["2026-03-04T04:30:00Z", "2026-03-04T05:06:07.000000Z"]);
}

#[tokio::test]
async fn an_offset_is_part_of_the_time() {
    let times = ["2026-03-04T07:06:07+02:00", "2026-03-04T05:06:07+02:00", "2026-03-04T02:06:07-03:00"];
    assert_eq!(handled(&times).await, ["2026-03-04T02:06:07-03:00", "2026-03-04T07:06:07+02:00"]);
}

#[tokio::test]
async fn a_time_that_cannot_be_read_counts_from_the_arrival_and_the_log_says_so() {
    let (log, _guard) = Log::start();
    assert_eq!(handled(&["2025-03-04T05:06:07", "1741064767"]).await.len(), 2);
    assert_eq!(log.count("WARN"), 2);
    assert_eq!(log.count("a webhook's time can't be read"), 2, "{}", log.text());
}

#[tokio::test]
async fn an_event_that_names_no_time_is_as_old_as_its_arrival_by_the_clock_of_the_inbox() {
    let (log, _guard) = Log::start();
    let (seen, clock) = (Seen::default(), Clock::manual());
    let webhooks = webhooks().on_event(note).max_age(secs(HOUR)).clock(clock.clone()).with_state(Arc::clone(&seen));
    let app = App::new(webhooks.build().unwrap()).await;
    clock.advance(secs(2 * HOUR));
    assert_eq!(app.send(r#"{"event": "transaction.created"}"#).await, 200);
    assert_eq!(log.count("verdict=\"stored\""), 1, "{}", log.text());
    assert_eq!(app.inbox.shutdown(secs(10)).await.handled, 1);
    assert_eq!((seen.lock().unwrap().len(), log.count("WARN")), (1, 0));
}

#[tokio::test]
async fn by_default_a_repeat_is_known_for_thirty_days() {
    let (seen, clock) = (Seen::default(), Clock::manual());
    let webhooks = webhooks().on_event(note).clock(clock.clone()).with_state(Arc::clone(&seen));
    let app = App::new(webhooks.build().unwrap()).await;
    assert_eq!(app.send(sale("1")).await, 200);
    until("it is handled", async || app.inbox.status().await.unwrap().oldest.is_none()).await;
    for _ in 0..30 {
        // The inbox looks for what is old each time that it wakes.
        clock.advance(secs(DAY - 1));
        tokio::time::sleep(ms(5)).await;
        assert_eq!(app.send(sale("1")).await, 200);
    }
    until("nothing waits", async || app.inbox.status().await.unwrap().oldest.is_none()).await;
    assert_eq!(seen.lock().unwrap().len(), 1, "it is a repeat");
    clock.advance(secs(DAY));
    until("it is new", async || app.send(sale("1")).await == 200 && seen.lock().unwrap().len() == 2).await;
}
