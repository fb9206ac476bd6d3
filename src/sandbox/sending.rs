//! Webhooks on their way: events go to each webhook in the order they happened, one at a time, and again if they fail.

mod body;
mod delivery;
mod http_client;
mod lane;
mod signed;

use std::{collections::HashMap, sync::Arc};

use bytes::Bytes;
use tokio::{
    runtime::Handle,
    sync::{mpsc, watch},
};

use self::body::Letter;
pub use self::{
    delivery::{DeliveryState, WebhookAnswer, WebhookAttempt, WebhookDelivery},
    signed::{SignedWebhook, sign_webhook},
};
use crate::sandbox::{
    core::{Core, TARGET},
    events::Event,
    fault::{Faults, WebhookFault},
    ledger::WebhookRow,
    record::Log,
    world::World,
};

/// An event for one webhook.
#[derive(Debug)]
struct Parcel {
    /// Its number in the log.
    number: u64,
    webhook_key: String,
    event: Arc<Event>,
    /// The body as it was when the event happened.
    body: Bytes,
    /// How many others go first.
    late: u32,
}

/// Everything that is to be sent, and what was.
pub(super) struct Post {
    pub(super) faults: Faults<WebhookFault>,
    pub(super) log: Log<WebhookDelivery>,
    pub(super) http: http_client::HttpClient,
    /// How many are neither delivered nor given up.
    open: watch::Sender<usize>,
    capacity: usize,
    /// It is full, and that was logged.
    full: bool,
    /// The queue of each webhook, by its key.
    lanes: HashMap<String, mpsc::UnboundedSender<Parcel>>,
    /// Where the lanes run: nobody can subscribe without it.
    runtime: Option<Handle>,
}

impl Post {
    pub(super) fn new(faults: Faults<WebhookFault>, kept: usize, capacity: usize) -> Self {
        Self {
            faults,
            log: Log::new(kept),
            http: http_client::HttpClient::default(),
            open: watch::Sender::new(0),
            capacity,
            full: false,
            lanes: HashMap::new(),
            runtime: None,
        }
    }

    /// To be called where there is a runtime, before anybody can subscribe.
    pub(super) fn run_here(&mut self) {
        if self.runtime.is_none() {
            self.runtime = Handle::try_current().ok();
        }
    }

    pub(super) fn open(&self) -> watch::Receiver<usize> {
        self.open.subscribe()
    }

    /// Queues an event for each webhook that wants it. It waits for nothing.
    pub(super) fn send(&mut self, core: &Arc<Core>, world: &World, event: Event) {
        let event = Arc::new(event);
        self.lanes.retain(|key, _| world.ledger.webhooks.iter().any(|row| row.key == *key));
        for row in world.ledger.webhooks.iter().filter(|row| row.wants(&event.name)) {
            let letter =
                Letter { event: &event.name, url: &row.url, webhook_key: &row.key, at: &event.at, data: &event.data };
            let body = letter.bytes(world.switches.webhook_envelope);
            let fault = self.faults.draw("", &event.name, "", event.data.get().as_bytes());
            let (copies, late) = match fault {
                None => (1, 0),
                Some(WebhookFault::Duplicate(more)) => (more.saturating_add(1), 0),
                Some(WebhookFault::Late(others)) => (1, others),
            };
            for _ in 0..copies {
                if !self.queue(core, row, &event, body.clone(), late) {
                    break;
                }
            }
        }
    }

    /// Whether there was room.
    fn queue(&mut self, core: &Arc<Core>, row: &WebhookRow, event: &Arc<Event>, body: Bytes, late: u32) -> bool {
        if *self.open.borrow() >= self.capacity {
            if !std::mem::replace(&mut self.full, true) {
                tracing::warn!(target: TARGET, "{} webhooks wait: more are dropped", self.capacity);
            }
            self.log.push(WebhookDelivery::new(event, &row.key, DeliveryState::Dropped));
            return false;
        }
        self.full = false;
        let Some(runtime) = &self.runtime else { return false };
        let lane = self.lanes.entry(row.key.clone()).or_insert_with(|| {
            let (lane, parcels) = mpsc::unbounded_channel();
            core.tasks.spawn_on(lane::run(Arc::clone(core), parcels), runtime);
            lane
        });
        let number = self.log.push(WebhookDelivery::new(event, &row.key, DeliveryState::Waiting));
        let parcel = Parcel { number, webhook_key: row.key.clone(), event: Arc::clone(event), body, late };
        // An error means that the sandbox has ended.
        if lane.send(parcel).is_ok() {
            self.open.send_modify(|open| *open += 1);
        }
        true
    }

    /// It isn't sent again.
    fn settle(&mut self, parcel: &Parcel, state: DeliveryState) {
        if let Some(record) = self.log.get_mut(parcel.number) {
            record.state = state;
        }
        self.open.send_modify(|open| *open = open.saturating_sub(1));
    }
}
