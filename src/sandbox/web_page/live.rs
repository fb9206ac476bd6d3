//! What an open page is told: all there is to show, and each part of it again when it has changed (server-sent events).

use std::{
    convert::Infallible,
    fmt::Write as _,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum::{body::Body, response::Response};
use bytes::Bytes;
use futures_core::Stream;
use http::header::{self, HeaderValue};
use tokio::{
    sync::{OwnedSemaphorePermit, mpsc},
    time::sleep,
};

use crate::sandbox::{core::Core, web_page::sections};

/// A page is told of what has changed no more often than this.
const PAUSE: Duration = Duration::from_millis(100);

/// When nothing changes, it is told so this often. The script gives up on a sandbox that it hasn't heard of for longer.
const ALIVE: Duration = Duration::from_secs(5);

/// `None` if too many are open.
pub(super) fn open(core: &Arc<Core>) -> Option<Response> {
    let place = Arc::clone(&core.pages).try_acquire_owned().ok()?;
    // One frame waits at most: who reads slowly is told less often.
    let (frames, body) = mpsc::channel(1);
    core.tasks.spawn(run(Arc::clone(core), frames, place));
    let mut response = Response::new(Body::from_stream(Frames(body)));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    Some(response)
}

/// Until the page is closed, or the sandbox ends.
async fn run(core: Arc<Core>, frames: mpsc::Sender<Bytes>, place: OwnedSemaphorePermit) {
    let end = core.end.clone();
    end.run_until_cancelled(tell(&core, &frames)).await;
    drop(place);
}

/// An error means that the page is closed.
async fn tell(core: &Core, frames: &mpsc::Sender<Bytes>) -> Option<Infallible> {
    let mut changes = core.changes();
    let mut shown = Vec::new();
    frames.send(Bytes::from_static(b"retry: 1000\n\n")).await.ok()?;
    loop {
        changes.mark_unchanged();
        let now = sections::all(&core.lock());
        let news = news(&shown, &now);
        if !news.is_empty() {
            frames.send(news.into()).await.ok()?;
        }
        shown = now;
        sleep(PAUSE).await;
        tokio::select! {
            changed = changes.changed() => changed.ok()?,
            () = sleep(ALIVE) => frames.send(Bytes::from_static(b"event: alive\ndata: yes\n\n")).await.ok()?,
            () = frames.closed() => return None,
        }
    }
}

/// The parts that aren't as they were shown.
fn news(shown: &[(&'static str, String)], now: &[(&'static str, String)]) -> String {
    let mut news = String::new();
    for part @ (name, json) in now {
        if !shown.contains(part) {
            // JSON has no line break of its own.
            let _ = write!(news, "event: {name}\ndata: {json}\n\n");
        }
    }
    news
}

struct Frames(mpsc::Receiver<Bytes>);

impl Stream for Frames {
    type Item = Result<Bytes, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_recv(context).map(|frame| frame.map(Ok))
    }
}
