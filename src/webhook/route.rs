//! The route that Partnero sends its webhooks to.

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{FromRef, FromRequest as _, Request, State},
    response::{IntoResponse as _, Response},
    routing::post,
};
use http::StatusCode;
use tower_http::timeout::{RequestBodyDeadlineLayer, TimeoutLayer};

use crate::{
    model::Loggable,
    webhook::{
        VerifiedWebhook, WebhookEvent, WebhookRejection, WebhookSecret,
        age::time_of,
        inbox::{Added, Inner, NewEvent, log},
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
        let (status, verdict) = if !shared.handlers.handles(event.name()) {
            (StatusCode::OK, "no handler".to_owned())
        } else if self.is_too_old(&event) {
            (StatusCode::OK, "too old: dropped unhandled".to_owned())
        } else {
            let new = NewEvent {
                digest: *id.as_bytes(),
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
            (status, log::verdict(stored))
        };
        log::came(&shared.name, id, &event, &verdict, shared.clock.monotonic().saturating_sub(began));
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

/// Reads the request itself, for what an extractor takes would be no part of the latency.
async fn receive(State(door): State<Door>, request: Request) -> Response {
    let began = door.inbox.shared.clock.monotonic();
    match VerifiedWebhook::from_request(request, &door).await {
        Ok(webhook) => door.take(webhook, began).await.into_response(),
        Err(rejection) => {
            // Anybody can send what Partnero didn't sign: one line for each is enough, and that is written.
            if matches!(rejection, WebhookRejection::NotVerified(_)) {
                return rejection.into_response();
            }
            let (inbox, status) = (&door.inbox.shared.name, rejection.status().as_u16());
            tracing::warn!(inbox, status, verdict = %rejection, "a webhook is refused");
            rejection.into_response()
        }
    }
}
