//! The route that Partnero sends its webhooks to.

use std::{
    convert::Infallible,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    Router,
    extract::{FromRef, FromRequest, Request, State},
    response::{IntoResponse as _, Response},
    routing::post,
};
use http::StatusCode;
use tower_http::timeout::{RequestBodyDeadlineLayer, TimeoutLayer};

use crate::{
    measure,
    model::Loggable,
    webhook::{
        EventId, VerifiedWebhook, WebhookEvent, WebhookRejection, WebhookSecret,
        age::time_of,
        inbox::{
            Added, Inner, NewEvent, Shared,
            log::{self, Verdict},
        },
    },
};

/// For the body to arrive, all of it.
const BODY: Duration = Duration::from_secs(3);
/// For the answer. Partnero waits five seconds, and the way takes time, too.
const ANSWER: Duration = Duration::from_millis(4_500);

/// The state of the route.
#[derive(Clone)]
pub(crate) struct Door {
    secret: WebhookSecret,
    inbox: Arc<Inner>,
}

impl FromRef<Door> for WebhookSecret {
    fn from_ref(door: &Door) -> Self {
        door.secret.clone()
    }
}

impl Door {
    pub(crate) fn new(secret: WebhookSecret, inbox: Arc<Inner>) -> Self {
        Self { secret, inbox }
    }

    pub(crate) fn into_router<S: Clone + Send + Sync + 'static>(self) -> Router<S> {
        Router::new()
            .route("/", post(receive))
            .layer(RequestBodyDeadlineLayer::new(BODY))
            .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, ANSWER))
            .with_state(self)
    }

    /// Keeps an event that Partnero signed, and says what is to be answered.
    async fn take(&self, VerifiedWebhook(webhook): VerifiedWebhook, began: Duration) -> StatusCode {
        let shared = &self.inbox.shared;
        let (id, event) = (webhook.id(), webhook.event());
        let mut came = Came { shared, id, event: &event, began, verdict: Verdict::NOT_ANSWERED };
        let (status, verdict) = if !shared.handlers.handles(event.name()) {
            (StatusCode::OK, Verdict::NO_HANDLER)
        } else if self.is_too_old(&event) {
            Shared::count(&shared.too_old);
            (StatusCode::OK, Verdict::TOO_OLD)
        } else {
            let new = NewEvent {
                id,
                time: event.envelope().created_at().and_then(time_of),
                event: event.name().to_owned(),
                webhook_key: event.envelope().webhook_key().map(str::to_owned),
                resource: event.resource(),
                body: webhook.into_raw(),
            };
            let stored = self.inbox.intake.store(new).await;
            let status = match stored {
                Ok(Added::New | Added::Repeat) => StatusCode::OK,
                Ok(Added::Full) | Err(_) => StatusCode::SERVICE_UNAVAILABLE,
            };
            (status, Verdict::of(stored))
        };
        came.verdict = verdict;
        status
    }

    /// Whether an event that comes now has been on its way for too long.
    fn is_too_old(&self, event: &WebhookEvent) -> bool {
        let shared = &self.inbox.shared;
        let time = event.envelope().created_at();
        if let Some(time) = time.filter(|time| shared.settings.max_age.is_some() && time_of(time).is_none()) {
            let (inbox, time) = (&shared.name, Loggable(time));
            tracing::warn!(inbox, %time, "a webhook's time can't be read: `max_age` counts from its arrival");
        }
        shared.is_too_old(event, shared.clock.wall())
    }
}

/// A webhook that Partnero signed: it is logged and counted whatever becomes of its request.
struct Came<'a> {
    shared: &'a Shared,
    id: EventId,
    event: &'a WebhookEvent,
    began: Duration,
    verdict: Verdict,
}

impl Drop for Came<'_> {
    fn drop(&mut self) {
        let took = self.shared.clock.monotonic().saturating_sub(self.began);
        log::came(&self.shared.name, self.id, self.event, &self.verdict, took);
        measure::webhook(self.event.documented_name(), self.verdict.name);
    }
}

/// A request, once it is read, and when that began.
struct Received {
    webhook: Result<VerifiedWebhook, WebhookRejection>,
    began: Duration,
}

impl FromRequest<Door> for Received {
    type Rejection = Infallible;

    async fn from_request(request: Request, door: &Door) -> Result<Self, Infallible> {
        let began = door.inbox.shared.clock.monotonic();
        let mut reading = Reading { door, is_read: false };
        let webhook = VerifiedWebhook::from_request(request, door).await;
        reading.is_read = true;
        Ok(Self { webhook, began })
    }
}

/// A request that is being read: it may end before that.
struct Reading<'a> {
    door: &'a Door,
    is_read: bool,
}

impl Drop for Reading<'_> {
    fn drop(&mut self) {
        let shared = &self.door.inbox.shared;
        if self.is_read {
            return;
        }
        measure::webhook("unknown", "unread");
        if let Some(more) = shared.unread.say(Instant::now()) {
            tracing::warn!(
                inbox = shared.name,
                more,
                "a webhook's sender left, or its time was up, before it was read"
            );
        }
    }
}

async fn receive(State(door): State<Door>, Received { webhook, began }: Received) -> Response {
    match webhook {
        Ok(webhook) => door.take(webhook, began).await.into_response(),
        Err(rejection) => {
            // That is said where it was found out.
            if matches!(rejection, WebhookRejection::NotVerified(_)) {
                return rejection.into_response();
            }
            measure::webhook("unknown", "unread");
            let shared = &door.inbox.shared;
            if let Some(more) = shared.unread.say(Instant::now()) {
                let (inbox, status) = (&shared.name, rejection.status().as_u16());
                tracing::warn!(inbox, status, verdict = %rejection, more, "a webhook is refused");
            }
            rejection.into_response()
        }
    }
}
