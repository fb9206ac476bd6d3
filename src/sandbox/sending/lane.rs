//! The way to one webhook: in order, one at a time. What fails is tried again beside it, and nothing waits for that.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http::header;
use tokio::{
    sync::mpsc::UnboundedReceiver,
    time::{sleep, timeout},
};

use crate::sandbox::{
    clock,
    core::{Core, TARGET},
    sending::{
        Parcel,
        body::{Letter, signature},
        delivery::{DeliveryState, WebhookAnswer, WebhookAttempt},
    },
    webhook_switches::{SignatureHeader, WebhookRepeat},
    world::World,
};

/// What is late waits no longer than this for others to go first.
const PATIENCE: Duration = Duration::from_secs(1);

/// Sends what comes until the sandbox ends or the webhook is deleted.
pub(super) async fn run(core: Arc<Core>, parcels: UnboundedReceiver<Parcel>) {
    let end = core.end.clone();
    end.run_until_cancelled(drive(core, parcels)).await;
}

async fn drive(core: Arc<Core>, mut parcels: UnboundedReceiver<Parcel>) {
    let mut late: Vec<Parcel> = Vec::new();
    loop {
        let patience = if late.is_empty() { Duration::MAX } else { PATIENCE };
        match timeout(patience, parcels.recv()).await {
            Ok(Some(parcel)) if parcel.late > 0 => late.push(parcel),
            Ok(Some(parcel)) => {
                begin(&core, parcel).await;
                for parcel in &mut late {
                    parcel.late -= 1;
                }
                for parcel in late.extract_if(.., |parcel| parcel.late == 0) {
                    begin(&core, parcel).await;
                }
            }
            // No more have come in time, or none will.
            end => {
                for parcel in late.drain(..) {
                    begin(&core, parcel).await;
                }
                if end.is_ok() {
                    return;
                }
            }
        }
    }
}

/// Sends it for the first time, and sees to it that it is sent again if it must be.
async fn begin(core: &Arc<Core>, parcel: Parcel) {
    if let Some(wait) = attempt(core, &parcel, 1).await {
        core.tasks.spawn(repeat(Arc::clone(core), parcel, wait));
    }
}

async fn repeat(core: Arc<Core>, parcel: Parcel, mut wait: Duration) {
    let end = core.end.clone();
    let trying = async {
        for number in 2.. {
            sleep(wait).await;
            match attempt(&core, &parcel, number).await {
                Some(longer) => wait = longer,
                None => return,
            }
        }
    };
    end.run_until_cancelled(trying).await;
}

/// Sends it once. How long to wait before the next time, if there is to be one.
async fn attempt(core: &Core, parcel: &Parcel, number: u32) -> Option<Duration> {
    let Some(sending) = Sending::prepare(core, parcel, number) else {
        core.lock().post.settle(parcel, DeliveryState::Cancelled);
        return None;
    };
    let answer = sending.send(core).await;
    let mut state = core.lock();
    tracing::info!(
        target: TARGET, event = parcel.event.name, webhook = parcel.webhook_key, attempt = number, "webhook: {answer:?}"
    );
    let success = answer.is_success();
    if let Some(attempt) = state.post.log.get_mut(parcel.number).and_then(|record| record.attempts.last_mut()) {
        attempt.answer = Some(answer);
    }
    if success {
        state.post.settle(parcel, DeliveryState::Delivered);
    } else if number >= state.world.switches.webhook_tries {
        state.post.settle(parcel, DeliveryState::GivenUp);
    } else {
        return Some(wait_after(number, &state.world));
    }
    None
}

fn wait_after(number: u32, world: &World) -> Duration {
    let backoff = &world.switches.webhook_backoff;
    let doubled = 2_u32.saturating_pow(number.saturating_sub(1));
    backoff.start().saturating_mul(doubled).min(*backoff.end())
}

/// One request.
struct Sending {
    url: String,
    header: SignatureHeader,
    signature: String,
    body: Bytes,
    limit: Duration,
}

impl Sending {
    /// As the webhook is now; `None` if it is gone or off. It is recorded before it is sent.
    fn prepare(core: &Core, parcel: &Parcel, number: u32) -> Option<Self> {
        let mut guard = core.lock();
        let state = &mut *guard;
        let switches = &state.world.switches;
        let row = state.world.ledger.webhooks.iter().find(|row| row.key == parcel.webhook_key && row.is_active)?;
        let body = if number > 1 && switches.webhook_repeat == WebhookRepeat::FreshTime {
            let event = &parcel.event;
            let at = &clock::of_event(switches.webhook_whole_seconds);
            let letter = Letter { event: &event.name, url: &row.url, webhook_key: &row.key, at, data: &event.data };
            letter.bytes(switches.webhook_envelope)
        } else {
            parcel.body.clone()
        };
        let signature = signature(&row.signature, &body);
        if let Some(record) = state.post.log.get_mut(parcel.number) {
            record.attempts.push(WebhookAttempt {
                url: row.url.clone(),
                body: body.clone(),
                signature: signature.clone(),
                answer: None,
            });
        }
        let (header, limit) = (switches.signature_header, switches.webhook_timeout);
        Some(Self { url: row.url.clone(), header, signature, body, limit })
    }

    async fn send(self, core: &Core) -> WebhookAnswer {
        let client = core.lock().post.http.clone();
        let Some(client) = client.to(&self.url) else {
            return WebhookAnswer::Failed("its TLS could not be set up".to_owned());
        };
        let request = client
            .post(&self.url)
            .header(header::CONTENT_TYPE, "application/json")
            .header(self.header.name(), self.signature)
            .body(self.body);
        match timeout(self.limit, request.send()).await {
            Ok(Ok(response)) => WebhookAnswer::Status(response.status().as_u16()),
            Ok(Err(error)) => WebhookAnswer::Failed(reason(error)),
            Err(_) => WebhookAnswer::TimedOut,
        }
    }
}

/// An error and its causes. Without the URL, which may hold a secret.
fn reason(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
