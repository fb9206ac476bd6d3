//! Behind PgBouncer, where each transaction has another connection.

use std::sync::{Arc, Mutex};

use axum_partnero::{PostgresOutbox, WebhookEvent, webhook::EventId};
use futures_util::future::join_all;

use crate::{
    log::Log,
    pgbouncer::PgBouncer,
    postgres::Postgres,
    support::{App, sale, secs, until, webhooks},
};

const EVENTS: usize = 60;

#[tokio::test]
async fn two_inboxes_behind_a_pooler_take_repeats_of_each_other_and_handle_each_event_once() {
    let Some(postgres) = Postgres::shared() else { return };
    let Some(pgbouncer) = PgBouncer::start(postgres) else { return };
    let (log, _guard) = Log::start();
    let url = pgbouncer.url(&postgres.database().await);
    let handled = Arc::new(Mutex::new(Vec::new()));
    let handler = {
        let handled = Arc::clone(&handled);
        move |_: EventId, event: WebhookEvent| {
            handled.lock().unwrap().push(event.transaction_key().unwrap().to_owned());
            std::future::ready(Ok::<_, String>(()))
        }
    };
    let mut apps = Vec::new();
    for _ in 0..2 {
        let outbox = PostgresOutbox::connect(&url).await.unwrap();
        outbox.create_schema().await.unwrap();
        apps.push(App::new(webhooks::<()>().inbox(outbox).on_event(handler.clone()).build().unwrap()).await);
    }
    let sent = (0..EVENTS).flat_map(|number| apps.iter().map(move |app| app.send(sale(&number.to_string()))));
    assert!(join_all(sent).await.into_iter().all(|status| status == 200));
    until("all is handled", async || apps[0].inbox.status().await.unwrap().oldest.is_none()).await;
    for app in &apps {
        app.inbox.shutdown(secs(10)).await;
    }

    let mut handled = handled.lock().unwrap().clone();
    handled.sort();
    let mut expected: Vec<_> = (0..EVENTS).map(|number| number.to_string()).collect();
    expected.sort();
    assert_eq!(handled, expected);
    assert_eq!(log.count("verdict=\"a repeat\""), EVENTS);
    assert_eq!((log.count(" ERROR "), log.count("longer than its lease")), (0, 0), "{}", log.text());
    let complaints: Vec<_> = pgbouncer.log().lines().filter(|line| line.contains("ERROR")).map(str::to_owned).collect();
    assert!(complaints.is_empty(), "{complaints:#?}");
}
