//! The middle of the sandbox: what every request goes through, whether it came by socket or by router.

use std::{
    future::{pending, poll_fn},
    pin::Pin,
    sync::Arc,
    time::Duration,
};

use axum::{body::Body, response::Response};
use bytes::Bytes;
use futures_core::Stream;
use http::{Request, StatusCode, header, request::Parts};
use tokio::{
    sync::{Semaphore, watch},
    task::JoinHandle,
    time::sleep,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::sandbox::{
    call::Call,
    changes::{Locked, Watched},
    envelope::{Failure, Reply},
    events::Event,
    fault::{Fault, Faults},
    record::{Log, RecordedRequest},
    routes::route,
    sending::Post,
    world::World,
};

/// The largest body accepted.
const MAX_BODY: usize = 1024 * 1024;

/// How many of the sandbox's pages may be open at once.
const MAX_PAGES: usize = 16;

/// The target of what the sandbox logs.
pub(super) const TARGET: &str = "axum_partnero::sandbox";

/// The connection is to be cut without an answer.
#[derive(Debug, thiserror::Error)]
#[error("the sandbox cuts this connection")]
pub(super) struct Cut;

#[derive(Debug)]
pub(super) struct Core {
    state: Watched<State>,
    /// Ends everything that belongs to this sandbox.
    pub(super) end: CancellationToken,
    /// What sends webhooks.
    pub(super) tasks: TaskTracker,
    /// How many more pages may be open.
    pub(super) pages: Arc<Semaphore>,
}

pub(super) struct State {
    pub(super) api_key: String,
    pub(super) latency: Duration,
    pub(super) world: World,
    pub(super) faults: Faults<Fault>,
    pub(super) log: Log<RecordedRequest>,
    pub(super) post: Post,
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State").field("world", &self.world).field("faults", &self.faults).finish_non_exhaustive()
    }
}

/// A request that is recorded, and what is to happen to it.
struct Arrival {
    number: u64,
    authorized: bool,
    fault: Option<Fault>,
    latency: Duration,
}

impl Core {
    pub(super) fn new(state: State) -> Self {
        Self {
            state: Watched::new(state),
            end: CancellationToken::new(),
            tasks: TaskTracker::new(),
            pages: Arc::new(Semaphore::new(MAX_PAGES)),
        }
    }

    /// Never held across an await.
    pub(super) fn lock(&self) -> Locked<'_, State> {
        self.state.lock()
    }

    /// Learns of each change of the state.
    pub(super) fn changes(&self) -> watch::Receiver<()> {
        self.state.changes()
    }

    /// Answers a request, or says that its connection is to be cut.
    pub(super) async fn exchange(self: &Arc<Self>, request: Request<Body>) -> Result<Response, Cut> {
        let (parts, body) = request.into_parts();
        let Some(body) = read(body, MAX_BODY).await? else {
            return Ok(self.too_large(&parts).into_response());
        };
        let Arrival { number, authorized, fault, latency } = self.arrive(&parts, &body);
        let start = |delay| self.start(number, parts, body, authorized, delay);
        let reply = match fault {
            None => finish(start(latency)).await?,
            Some(Fault::Slow(delay)) => finish(start(latency.saturating_add(delay))).await?,
            Some(Fault::Refuse) => return Err(Cut),
            Some(Fault::Hang) => pending().await,
            Some(Fault::StoreThenDrop) => {
                finish(start(latency)).await?;
                return Err(Cut);
            }
            Some(Fault::StoreThenHang) => {
                finish(start(latency)).await?;
                pending().await
            }
            Some(Fault::DropThenStore(delay)) => {
                drop(start(delay));
                return Err(Cut);
            }
            Some(Fault::Answer(answer)) => {
                wait(latency).await;
                answer.0
            }
            Some(Fault::StoreThenAnswer(answer)) => {
                finish(start(latency)).await?;
                answer.0
            }
        };
        if let Some(record) = self.lock().log.get_mut(number) {
            record.status = Some(reply.status.as_u16());
        }
        Ok(reply.into_response())
    }

    fn arrive(&self, parts: &Parts, body: &Bytes) -> Arrival {
        let mut state = self.lock();
        let authorized = is_authorized(parts, &state.api_key);
        let path = parts.uri.path().strip_prefix("/v1").unwrap_or(parts.uri.path());
        let fault = state.faults.draw(parts.method.as_str(), path, parts.uri.query().unwrap_or_default(), body);
        if let Some(fault) = &fault {
            tracing::info!(target: TARGET, "{} {} meets {fault:?}", parts.method, parts.uri);
        }
        let record = RecordedRequest::new(parts, body.clone(), authorized, fault.clone());
        let number = state.log.push(record);
        Arrival { number, authorized, fault, latency: state.latency }
    }

    fn too_large(&self, parts: &Parts) -> Reply {
        let mut state = self.lock();
        let authorized = is_authorized(parts, &state.api_key);
        let failure = Failure::new(StatusCode::PAYLOAD_TOO_LARGE, "The body is larger than 1 MiB.");
        let reply = failure.into_reply(state.world.switches.error_body);
        let mut record = RecordedRequest::new(parts, Bytes::new(), authorized, None);
        record.status = Some(reply.status.as_u16());
        record.processed = record.status;
        state.log.push(record);
        reply
    }

    /// Processes a request in a task of its own, so that a client that gives up waiting can't undo it.
    fn start(
        self: &Arc<Self>,
        number: u64,
        parts: Parts,
        body: Bytes,
        authorized: bool,
        delay: Duration,
    ) -> JoinHandle<Option<Reply>> {
        let core = Arc::clone(self);
        tokio::spawn(async move {
            let end = core.end.clone();
            end.run_until_cancelled(wait(delay)).await?;
            Some(core.answer(number, &parts, &body, authorized))
        })
    }

    fn answer(self: &Arc<Self>, number: u64, parts: &Parts, body: &[u8], authorized: bool) -> Reply {
        let mut guard = self.lock();
        let state = &mut *guard;
        state.post.run_here();
        let max_length = state.world.switches.max_length;
        let answer = if authorized {
            let call = Call::read(parts.method.clone(), &parts.uri, &parts.headers, body, max_length);
            call.and_then(|call| route(&mut state.world, &call))
        } else {
            Err(Failure::unauthenticated())
        };
        // What was refused has not happened.
        if answer.is_err() {
            state.world.happened.clear();
        }
        self.publish(state);
        let reply = answer.unwrap_or_else(|failure| failure.into_reply(state.world.switches.error_body));
        if let Some(record) = state.log.get_mut(number) {
            record.processed = Some(reply.status.as_u16());
        }
        tracing::info!(target: TARGET, "{} {} -> {}", parts.method, parts.uri, reply.status.as_u16());
        reply
    }

    /// Queues what has happened for the webhooks that want to know.
    pub(super) fn publish(self: &Arc<Self>, state: &mut State) {
        for event in std::mem::take(&mut state.world.happened) {
            self.send(state, event);
        }
    }

    pub(super) fn send(self: &Arc<Self>, state: &mut State, event: Event) {
        state.post.send(self, &state.world, event);
    }
}

fn is_authorized(parts: &Parts, api_key: &str) -> bool {
    let bearer = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()?.split_once(' '));
    bearer.is_some_and(|(scheme, key)| scheme.eq_ignore_ascii_case("bearer") && key == api_key)
}

/// The whole body; `None` if it is too large. A client that leaves in the middle of it has sent nothing.
pub(super) async fn read(body: Body, limit: usize) -> Result<Option<Bytes>, Cut> {
    let mut stream = body.into_data_stream();
    let mut whole = Vec::new();
    while let Some(chunk) = poll_fn(|context| Pin::new(&mut stream).poll_next(context)).await {
        whole.extend_from_slice(&chunk.map_err(|_| Cut)?);
        if whole.len() > limit {
            return Ok(None);
        }
    }
    Ok(Some(whole.into()))
}

async fn finish(processing: JoinHandle<Option<Reply>>) -> Result<Reply, Cut> {
    processing.await.ok().flatten().ok_or(Cut)
}

async fn wait(delay: Duration) {
    if !delay.is_zero() {
        sleep(delay).await;
    }
}
