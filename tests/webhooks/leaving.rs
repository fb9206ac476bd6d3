//! Senders that don't wait for the answer leave a line in the log.

use std::time::Instant;

use axum_partnero::{SqliteOutbox, WebhookEvent, webhook::EventId};
use tokio::{io::AsyncWriteExt as _, net::TcpStream};

use crate::{
    log::Log,
    support::{App, sale, signature, until, webhooks},
};

async fn done(_: EventId, _: WebhookEvent) -> Result<(), String> {
    Ok(())
}

/// The beginning of a request, with so much of its body.
async fn begin(app: &App, body: &str, bytes: usize) -> TcpStream {
    let mut stream = TcpStream::connect(app.address).await.unwrap();
    let (signature, length) = (signature(body.as_bytes()), body.len());
    let head = format!(
        "POST /webhooks/partnero HTTP/1.1\r\nhost: shop\r\nsignature: {signature}\r\ncontent-length: {length}\r\n\r\n"
    );
    stream.write_all(format!("{head}{}", &body[..bytes]).as_bytes()).await.unwrap();
    stream
}

#[tokio::test]
async fn one_that_leaves_before_its_event_is_stored_is_logged_with_the_event() {
    let (log, _guard) = Log::start();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("partnero.db");
    let inbox = webhooks::<()>().inbox(SqliteOutbox::open(&file).await.unwrap()).on_event(done);
    let app = App::new(inbox.build().unwrap()).await;
    let pool = sqlx::SqlitePool::connect(file.to_str().unwrap()).await.unwrap();
    let lock = pool.begin_with("BEGIN IMMEDIATE").await.unwrap();
    let body = sale("1");
    drop(begin(&app, &body, body.len()).await);
    until("it is logged", async || log.count("a webhook came") > 0).await;
    let text = log.text();
    let line = text.lines().find(|line| line.contains("a webhook came")).unwrap();
    assert!(line.contains("not answered: the sender left") && line.contains("transaction.created"), "{line}");
    lock.rollback().await.unwrap();
}

#[tokio::test]
async fn those_that_leave_before_all_is_sent_make_a_line_a_second() {
    let (log, _guard) = Log::start();
    let app = App::new(webhooks::<()>().on_event(done).build().unwrap()).await;
    let began = Instant::now();
    for _ in 0..50 {
        drop(begin(&app, &sale("1"), 9).await);
    }
    let said = || log.count("a webhook is refused") + log.count("before it was read");
    until("it is logged", async || said() > 0).await;
    assert_eq!(app.send(sale("2")).await, 200);
    let most = usize::try_from(began.elapsed().as_secs()).unwrap() + 1;
    assert!(said() <= most, "{} lines in {most} seconds", said());
}
