//! The end of an inbox, and its next beginning.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use axum_partnero::{Clock, SqliteOutbox, WebhookEvent, webhook::EventId};
use tokio::sync::Semaphore;

use crate::support::{App, ms, sale, secs, until, webhooks};

/// A handler that waits until it is let through, and counts those who began and those who ended.
#[derive(Clone)]
struct Gate {
    through: Arc<Semaphore>,
    began: Arc<AtomicU32>,
    ended: Arc<AtomicU32>,
}

impl Gate {
    fn new() -> Self {
        Self { through: Arc::new(Semaphore::new(0)), began: Arc::default(), ended: Arc::default() }
    }

    fn handler(
        &self,
    ) -> impl Fn(EventId, WebhookEvent) -> futures_util::future::BoxFuture<'static, Result<(), String>> + use<> {
        let gate = self.clone();
        move |_, _| {
            let gate = gate.clone();
            Box::pin(async move {
                gate.began.fetch_add(1, Ordering::SeqCst);
                gate.through.acquire().await.unwrap().forget();
                gate.ended.fetch_add(1, Ordering::SeqCst);
                Ok(())
            })
        }
    }

    async fn begun(&self, count: u32) {
        until("handlers are at work", async || self.began.load(Ordering::SeqCst) == count).await;
    }
}

#[tokio::test]
async fn shutting_down_lets_handlers_end_that_are_at_work_and_begins_no_more() {
    let gate = Gate::new();
    let folder = tempfile::tempdir().unwrap();
    let outbox = SqliteOutbox::open(folder.path().join("partnero.db")).await.unwrap();
    let inbox = webhooks::<()>().inbox(outbox).on_event(gate.handler()).max_in_progress(1).build().unwrap();
    let app = App::new(inbox.clone()).await;
    assert_eq!([app.send(sale("1")).await, app.send(sale("2")).await], [200, 200]);
    gate.begun(1).await;
    let ending = tokio::spawn(async move { inbox.shutdown(secs(60)).await });
    until("no more is taken", async || app.send(sale("3")).await == 503).await;
    gate.through.add_permits(9);
    let report = ending.await.unwrap();
    assert_eq!((report.handled, report.left, gate.began.load(Ordering::SeqCst)), (1, Some(1), 1));
    assert_eq!(app.inbox.shutdown(secs(0)).await, report, "asked again, it says the same");
}

#[tokio::test]
async fn what_was_claimed_ahead_is_not_begun_any_more_while_the_inbox_ends() {
    let gate = Gate::new();
    let folder = tempfile::tempdir().unwrap();
    let outbox = SqliteOutbox::open(folder.path().join("partnero.db")).await.unwrap();
    // Its time stands still: what is claimed ahead isn't given back for waiting too long.
    let webhooks = webhooks::<()>().inbox(outbox).on_event(gate.handler()).max_in_progress(1).clock(Clock::manual());
    let inbox = webhooks.build().unwrap();
    let app = App::new(inbox.clone()).await;
    for sent in ["1", "2", "3"] {
        assert_eq!(app.send(sale(sent)).await, 200);
    }
    gate.through.add_permits(1);
    until("one is claimed ahead", async || inbox.status().await.unwrap().in_progress == 2).await;
    gate.begun(2).await;
    let ending = tokio::spawn(async move { inbox.shutdown(secs(60)).await });
    until("no more is taken", async || app.send(sale("4")).await == 503).await;
    gate.through.add_permits(9);
    let report = ending.await.unwrap();
    assert_eq!((report.handled, report.left, gate.began.load(Ordering::SeqCst)), (2, Some(1), 2));
}

#[tokio::test]
async fn a_handler_that_does_not_end_in_time_is_cut_off_and_the_next_process_begins_it_anew_at_once() {
    let (first, second) = (Gate::new(), Gate::new());
    let folder = tempfile::tempdir().unwrap();
    let outbox = SqliteOutbox::open(folder.path().join("partnero.db")).await.unwrap();
    let app = App::new(webhooks::<()>().inbox(outbox.clone()).on_event(first.handler()).build().unwrap()).await;
    assert_eq!(app.send(sale("1")).await, 200);
    first.begun(1).await;
    // None: on a busy machine, there may be no time left for the inbox to say it.
    let left = app.inbox.shutdown(secs(0)).await.left;
    assert!(left.is_none_or(|left| left == 1), "{left:?}");
    assert_eq!(first.ended.load(Ordering::SeqCst), 0);

    let inbox = webhooks::<()>().inbox(outbox).on_event(second.handler()).build().unwrap();
    second.begun(1).await;
    second.through.add_permits(1);
    until("it is handled", async || inbox.status().await.unwrap().oldest.is_none()).await;
}

#[tokio::test]
async fn while_it_ends_the_inbox_waits_for_one_that_is_busy_with_what_handlers_came_back_with() {
    let (first, second) = (Gate::new(), Gate::new());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("partnero.db");
    let outbox = SqliteOutbox::open(&file).await.unwrap();
    let app = App::new(webhooks::<()>().inbox(outbox.clone()).on_event(first.handler()).build().unwrap()).await;
    assert_eq!([app.send(sale("1")).await, app.send(sale("2")).await], [200, 200]);
    first.begun(2).await;
    // What came of the first can't be recorded, and meanwhile the second comes back, too.
    let pool = sqlx::SqlitePool::connect(file.to_str().unwrap()).await.unwrap();
    let lock = pool.begin_with("BEGIN IMMEDIATE").await.unwrap();
    for ended in 1..=2 {
        first.through.add_permits(1);
        until("a handler comes back", async || first.ended.load(Ordering::SeqCst) == ended).await;
        tokio::time::sleep(ms(50)).await;
    }
    let (report, ()) = tokio::join!(app.inbox.shutdown(secs(300)), async {
        lock.rollback().await.unwrap();
    });
    assert_eq!((report.handled, report.left), (2, Some(0)));

    let inbox = webhooks::<()>().inbox(outbox).on_event(second.handler()).build().unwrap();
    inbox.shutdown(secs(10)).await;
    assert_eq!(second.began.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn an_inbox_in_memory_is_emptied_before_it_ends_and_says_what_it_loses() {
    let gate = Gate::new();
    let app = App::new(webhooks::<()>().on_event(gate.handler()).max_in_progress(2).build().unwrap()).await;
    for number in 0..5 {
        assert_eq!(app.send(sale(&number.to_string())).await, 200);
    }
    gate.through.add_permits(5);
    let report = app.inbox.shutdown(secs(60)).await;
    assert_eq!((report.handled, report.left), (5, Some(0)));

    let app = App::new(webhooks::<()>().on_event(Gate::new().handler()).build().unwrap()).await;
    assert_eq!(app.send(sale("1")).await, 200);
    assert_eq!(app.inbox.shutdown(secs(0)).await.left, Some(1));
}

#[tokio::test]
async fn when_the_router_and_every_handle_are_gone_what_is_in_memory_is_still_handled() {
    let gate = Gate::new();
    let inbox = webhooks::<()>().on_event(gate.handler()).max_in_progress(1).build().unwrap();
    let app: axum::Router = inbox.router();
    for body in ["1", "2"] {
        let request = axum::http::Request::post("/").header("signature", crate::support::signature(body.as_bytes()));
        let request = request.body(axum::body::Body::from(body)).unwrap();
        let answer = tower::ServiceExt::oneshot(app.clone(), request).await.unwrap();
        assert_eq!(answer.status(), 200);
    }
    drop((app, inbox));
    gate.through.add_permits(2);
    until("both are handled", async || gate.ended.load(Ordering::SeqCst) == 2).await;
}

#[test]
fn an_inbox_in_memory_that_ends_with_its_runtime_says_what_is_lost() {
    let (log, _guard) = crate::log::Log::start();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let sent = runtime.block_on(async {
        let inbox = webhooks::<()>().on_event(Gate::new().handler()).build().unwrap();
        let app = App::new(inbox).await;
        [app.send(sale("1")).await, app.send(sale("2")).await]
    });
    assert_eq!((sent, log.count("lost=")), ([200, 200], 0), "there is still hope");
    drop(runtime);
    assert_eq!(log.count("lost=2"), 1, "{}", log.text());
}

#[tokio::test]
async fn what_an_inbox_in_memory_loses_is_said_once_and_dead_letters_count() {
    let (log, _guard) = crate::log::Log::start();
    let failing = async |_: EventId, _: WebhookEvent| Err::<(), _>("no");
    let app = App::new(webhooks::<()>().on_event(failing).attempts(1).build().unwrap()).await;
    assert_eq!(app.send(sale("1")).await, 200);
    until("it is dead", async || app.inbox.status().await.unwrap().dead == 1).await;
    let report = app.inbox.shutdown(secs(10)).await;
    assert_eq!((report.dead, report.left), (1, Some(0)));
    drop(app);
    assert_eq!(log.count("lost=1"), 1, "{}", log.text());
}
