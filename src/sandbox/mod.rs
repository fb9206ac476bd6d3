//! A faithful local Partnero: stateful, on a real socket, and able to fail in every way that a network can.
//!
//! For development without an account, and for your tests:
//!
//! ```
//! use axum_partnero::sandbox::{Fault, Sandbox};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> std::io::Result<()> {
//! let sandbox = Sandbox::affiliate().partner("anna").spawn().await?;
//! let url = sandbox.url();            // http://127.0.0.1:PORT/v1/
//! let key = sandbox.api_key();
//! sandbox.fault(Fault::Hang).on("POST", "/transactions").times(1);
//! // … let your application work with it …
//! assert!(sandbox.ledger().owed_to("anna").is_zero());
//! assert!(sandbox.requests().is_empty());
//! # Ok(())
//! # }
//! ```
//!
//! The page on [testing](crate::guide::testing) begins with a whole test.
//!
//! # What it knows
//!
//! Customers, transactions, webhook subscriptions, the program; partners in an affiliate program; balance, referrals,
//! links and invitations in a refer-a-friend program. It is as strict as Partnero is where that is documented. Where
//! the sources disagree or are silent, [`Switches`] has the question, and the default is the likeliest answer. Some
//! answers have no known shape at all and are guesses: `stats`, `balance/credit`, `customers:invite`,
//! `partners:sign-in-url`, a batch of transactions, and the deletion of a webhook. Archiving shows as `deleted_at`, and
//! an archived customer's sales earn nothing: guesses, too.
//!
//! A commission is an exact percentage of the amount, not rounded. Deleting or archiving a transaction takes it back.
//!
//! # Webhooks
//!
//! What happens through its API, or by [`Sandbox::add_partner`], is signed and sent to the webhooks that were registered
//! through its API, are on and name the event: `partner.created`; `customer.created`, `.updated`, `.deleted`, and in a
//! refer-a-friend program `.credited` and `.rewarded`; `transaction.created` and `.deleted`. Their data is what the API
//! says of the same thing, which is a guess for most of them; so is that deleting a customer deletes each of their
//! transactions with an event of its own. [`Sandbox::send_webhook`] sends any other event.
//!
//! Each webhook gets its events in the order they happened, one at a time. One that isn't answered 2xx within 5 seconds
//! is sent again after a wait that doubles, and the others don't wait for it. How often and how long is a switch, as
//! are the fields around the data; [`Sandbox::webhook_fault`] repeats or shuffles. [`Sandbox::webhook_deliveries`] says
//! what was sent, and [`sign_webhook`] signs an event without a sandbox.
//!
//! # What can go wrong
//!
//! [`Sandbox::fault`] takes a [`Fault`], or an [`Answer`] to give instead of Partnero's, and narrows it to some requests.
//! [`Sandbox::stop_listening`] closes the port, [`Sandbox::set_api_key`] makes a client's key wrong, and
//! [`Sandbox::set_latency`] makes everything slow.
//!
//! # Its page
//!
//! [`Sandbox::page_url`] in a browser shows what Partnero would have, while it happens: partners and their links,
//! customers, transactions, commissions, the requests that came with what they met, and the webhooks that were sent. Its
//! buttons are the faults. It shows the newest 100 of each, and is for this machine: other addresses, other host names
//! and the pages of other sites are refused. A [router](Sandbox::router) has no page.
//!
//! # Why it shares no code with the client
//!
//! It has its own idea of every field and of every rule, so that a mistake in the client's types can't hide in it.

mod answer;
mod builder;
mod call;
mod changes;
mod clock;
mod core;
mod customer_body;
mod customer_calls;
mod customers;
mod dashboard;
mod envelope;
mod events;
mod fault;
mod handle;
mod input;
mod ledger;
mod pages;
mod partners;
mod program;
mod record;
mod routes;
mod sending;
mod serve;
mod switches;
mod transaction_body;
mod transaction_calls;
mod transactions;
mod web_page;
mod webhook_switches;
mod webhooks;
mod world;

use std::{fmt, io, net::SocketAddr, sync::Arc, time::Duration};

use axum::{Router, routing::any};
use serde_json::Value;
use tokio::sync::Mutex;
use tokio_util::sync::DropGuard;

pub use self::{
    answer::Answer,
    builder::SandboxBuilder,
    fault::{Fault, FaultRule, WebhookFault},
    ledger::{CustomerRow, Ledger, PartnerRow, RewardRow, TransactionRow, WebhookRow},
    record::RecordedRequest,
    sending::{DeliveryState, SignedWebhook, WebhookAnswer, WebhookAttempt, WebhookDelivery, sign_webhook},
    switches::{
        CreatedAt, CreatedStatus, DuplicateCustomer, DuplicateTransaction, ErrorBody, PartnerField, RafIdentity,
        SearchMiss, SeveralMatches, Switches, UnknownReferrer, UnrewardedSale, UpdateBody, WebhookEvents,
    },
    webhook_switches::{SignatureHeader, WebhookEnvelope, WebhookRepeat, WebhookTransaction},
};
use self::{core::Core, events::Event, serve::Server, world::Kind};

/// A running sandbox. Clones are handles of the same one; when the last is dropped, it ends.
#[derive(Clone)]
pub struct Sandbox(Arc<Handle>);

struct Handle {
    core: Arc<Core>,
    address: Option<SocketAddr>,
    server: Mutex<Option<Server>>,
    _end: DropGuard,
}

impl Sandbox {
    /// An affiliate program: partners refer customers.
    pub fn affiliate() -> SandboxBuilder {
        SandboxBuilder::new(Kind::Affiliate)
    }

    /// A refer-a-friend program: customers refer customers.
    pub fn refer_a_friend() -> SandboxBuilder {
        SandboxBuilder::new(Kind::ReferAFriend)
    }

    fn new(core: Arc<Core>, server: Option<Server>) -> Self {
        let end = core.end.clone().drop_guard();
        let address = server.as_ref().map(Server::address);
        Self(Arc::new(Handle { core, address, server: Mutex::new(server), _end: end }))
    }

    /// The base URL for a client, `http://127.0.0.1:PORT/v1/`; `http://localhost/v1/` if there is no socket.
    pub fn url(&self) -> String {
        match self.0.address {
            Some(address) => format!("http://{address}/v1/"),
            None => "http://localhost/v1/".to_owned(),
        }
    }

    /// The address of its own [web page](self#its-page), `http://127.0.0.1:PORT/`, if there is a socket.
    pub fn page_url(&self) -> Option<String> {
        self.0.address.map(|address| format!("http://{address}/"))
    }

    /// The address it listens on, if there is a socket.
    pub fn local_addr(&self) -> Option<SocketAddr> {
        self.0.address
    }

    /// The API key it accepts.
    pub fn api_key(&self) -> String {
        self.0.core.lock().api_key.clone()
    }

    /// The program's public id.
    pub fn program_id(&self) -> String {
        self.0.core.lock().world.program_id.clone()
    }

    fn is_refer_a_friend(&self) -> bool {
        self.0.core.lock().world.is_raf()
    }

    /// Accepts this API key from now on, and no other.
    pub fn set_api_key(&self, key: impl Into<String>) {
        self.0.core.lock().api_key = key.into();
    }

    /// Lets every request take this long before it is processed.
    pub fn set_latency(&self, latency: Duration) {
        self.0.core.lock().latency = latency;
    }

    /// Changes how it answers open questions about Partnero.
    pub fn switch(&self, change: impl FnOnce(&mut Switches)) {
        // Not under the lock: `change` may well ask the sandbox something.
        let mut switches = self.0.core.lock().world.switches.clone();
        change(&mut switches);
        self.0.core.lock().world.switches = switches;
    }

    /// Adds a partner with this referral key, unless it is there.
    pub fn add_partner(&self, key: &str) {
        let mut state = self.0.core.lock();
        let known = state.world.ledger.partners.len();
        builder::add_partner(&mut state.world, key);
        if state.world.ledger.partners.len() > known {
            events::partner(&mut state.world, "partner.created", known);
        }
        self.0.core.publish(&mut state);
    }

    /// Sends an event as if it had happened, to the webhooks that are on and for it: `partner.approved`, which the
    /// sandbox never does by itself, or data of your own. Nothing else changes.
    pub fn send_webhook(&self, event: &str, data: &Value) {
        let mut state = self.0.core.lock();
        if let Some(event) = Event::new(&state.world, event, data) {
            self.0.core.send(&mut state, event);
        }
    }

    /// Lets webhooks go wrong on their way: all of them, or those that the [`FaultRule`] is narrowed to.
    pub fn webhook_fault(&self, fault: WebhookFault) -> FaultRule<WebhookFault> {
        FaultRule::of_webhooks(Arc::clone(&self.0.core), fault)
    }

    /// What was sent to webhooks, or is to be, in the order it happened, and how it was answered; the last 10,000, or
    /// as many as [`keep_requests`](SandboxBuilder::keep_requests) says.
    pub fn webhook_deliveries(&self) -> Vec<WebhookDelivery> {
        self.0.core.lock().post.log.all()
    }

    /// Waits until no event waits for a webhook: each is delivered, given up or cancelled, or the sandbox has ended.
    pub async fn webhooks_settled(&self) {
        let mut open = self.0.core.lock().post.open();
        let settled = open.wait_for(|open| *open == 0);
        self.0.core.end.run_until_cancelled(settled).await;
    }

    /// Lets requests go wrong: all of them, or those that the [`FaultRule`] is narrowed to.
    pub fn fault(&self, fault: impl Into<Fault>) -> FaultRule {
        FaultRule::new(Arc::clone(&self.0.core), fault.into())
    }

    /// Ends all faults.
    pub fn clear_faults(&self) {
        let mut state = self.0.core.lock();
        state.faults.clear();
        state.post.faults.clear();
    }

    /// What is stored now.
    pub fn ledger(&self) -> Ledger {
        self.0.core.lock().world.ledger.clone()
    }

    /// What came, in the order of arrival; the last 10,000, or as many as
    /// [`keep_requests`](SandboxBuilder::keep_requests) says.
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.0.core.lock().log.all()
    }

    /// Forgets the requests so far.
    pub fn clear_requests(&self) {
        self.0.core.lock().log.clear();
    }

    /// The sandbox as a router with the paths `/v1/…`. Where a socket would be cut, it answers an empty 502 at once; a
    /// hang hangs. The router is a handle: the sandbox lives as long as it.
    pub fn router(&self) -> Router {
        let sandbox = self.clone();
        Router::new().fallback_service(any(move |request| {
            let core = Arc::clone(&sandbox.0.core);
            serve::in_process(core, request)
        }))
    }

    /// Goes down: closes the listening socket, so that connects are refused, and cuts all connections. What is already
    /// being processed goes on. Nothing, if there is no socket or it is down.
    pub async fn stop_listening(&self) {
        if let Some(server) = &mut *self.0.server.lock().await {
            server.stop().await;
        }
    }

    /// Listens on the same port again.
    ///
    /// # Errors
    ///
    /// If somebody else has taken the port, or the sandbox was shut down.
    pub async fn resume_listening(&self) -> io::Result<()> {
        if self.0.core.end.is_cancelled() {
            return Err(io::Error::other("the sandbox was shut down"));
        }
        match &mut *self.0.server.lock().await {
            Some(server) => server.resume(&self.0.core),
            None => Ok(()),
        }
    }

    /// Ends it for all handles: the socket is closed when this returns, nothing more is processed, and no webhook is
    /// sent any more. What was stored and sent stays readable.
    pub async fn shutdown(&self) {
        self.0.core.end.cancel();
        if let Some(server) = &mut *self.0.server.lock().await {
            server.end().await;
        }
        self.0.core.tasks.close();
        self.0.core.tasks.wait().await;
    }
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sandbox").field("url", &self.url()).finish_non_exhaustive()
    }
}
