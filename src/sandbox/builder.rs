//! Setting up a sandbox.

use std::{fmt, io, net::Ipv4Addr, sync::Arc, time::Duration};

use fastrand::Rng;
use rust_decimal::Decimal;
use tokio::net::TcpListener;

use crate::sandbox::{
    Sandbox,
    core::{Core, State},
    fault::Faults,
    record::Log,
    sending::Post,
    serve::Server,
    switches::Switches,
    world::{By, Kind, World},
};

/// Sets up a [`Sandbox`]; from [`Sandbox::affiliate`] or [`Sandbox::refer_a_friend`].
#[must_use = "finish it with `spawn`, `serve` or `build`"]
pub struct SandboxBuilder {
    kind: Kind,
    seed: Option<u64>,
    api_key: Option<String>,
    program_id: Option<String>,
    currency: Option<String>,
    site: Option<String>,
    commission: Option<Decimal>,
    latency: Duration,
    kept_requests: usize,
    webhook_capacity: usize,
    people: Vec<Seed>,
    switches: Vec<Change>,
}

type Change = Box<dyn FnOnce(&mut Switches) + Send>;

enum Seed {
    Partner(String),
    Customer(String, Option<String>),
}

impl fmt::Debug for SandboxBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SandboxBuilder").field("kind", &self.kind).finish_non_exhaustive()
    }
}

impl SandboxBuilder {
    pub(super) fn new(kind: Kind) -> Self {
        Self {
            kind,
            seed: None,
            api_key: None,
            program_id: None,
            currency: None,
            site: None,
            commission: None,
            latency: Duration::ZERO,
            kept_requests: 10_000,
            webhook_capacity: 10_000,
            people: Vec::new(),
            switches: Vec::new(),
        }
    }

    /// A partner with this referral key (affiliate programs).
    pub fn partner(mut self, key: impl Into<String>) -> Self {
        self.people.push(Seed::Partner(key.into()));
        self
    }

    /// A customer whom nobody referred.
    pub fn customer(mut self, key: impl Into<String>) -> Self {
        self.people.push(Seed::Customer(key.into(), None));
        self
    }

    /// A customer whom this partner, or in a refer-a-friend program this customer, referred. A referrer that isn't there
    /// is added.
    pub fn referred_customer(mut self, key: impl Into<String>, referrer: impl Into<String>) -> Self {
        self.people.push(Seed::Customer(key.into(), Some(referrer.into())));
        self
    }

    /// The API key to accept. Default: a generated one.
    pub fn api_key(mut self, key: impl Into<String>) -> Self {
        self.api_key = Some(key.into());
        self
    }

    /// The public program id. Default: a generated one of 8 characters.
    pub fn program_id(mut self, id: impl Into<String>) -> Self {
        self.program_id = Some(id.into());
        self
    }

    /// The program's currency. Default: `USD`.
    pub fn currency(mut self, currency: impl Into<String>) -> Self {
        self.currency = Some(currency.into());
        self
    }

    /// What referral links begin with. Default: `https://shop.example`.
    pub fn site(mut self, url: impl Into<String>) -> Self {
        self.site = Some(url.into());
        self
    }

    /// The commission in percent of a transaction's amount. Default: 30.
    pub fn commission(mut self, percent: impl Into<Decimal>) -> Self {
        self.commission = Some(percent.into());
        self
    }

    /// How long every request takes before it is processed. Default: no time at all.
    pub fn latency(mut self, latency: Duration) -> Self {
        self.latency = latency;
        self
    }

    /// The seed of generated keys and of faults with a probability. Default: another one each time.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// How many of the last requests [`Sandbox::requests`] keeps, and how many deliveries
    /// [`Sandbox::webhook_deliveries`]. Default: 10,000.
    pub fn keep_requests(mut self, count: usize) -> Self {
        self.kept_requests = count;
        self
    }

    /// How many events may wait to be sent to webhooks, or to be sent again. More are dropped. Default: 10,000.
    pub fn webhook_capacity(mut self, count: usize) -> Self {
        self.webhook_capacity = count;
        self
    }

    /// Answers an open question about Partnero in another way than by default.
    pub fn switch(mut self, change: impl FnOnce(&mut Switches) + Send + 'static) -> Self {
        self.switches.push(Box::new(change));
        self
    }

    /// A sandbox without a socket, for [`Sandbox::router`].
    pub fn build(self) -> Sandbox {
        Sandbox::new(Arc::new(self.core()), None)
    }

    /// A sandbox on a free port of the loopback interface.
    ///
    /// # Errors
    ///
    /// If no port can be bound.
    pub async fn spawn(self) -> io::Result<Sandbox> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        self.serve(listener).await
    }

    /// A sandbox on a listener of your own. It is not meant to be reachable by others.
    ///
    /// # Errors
    ///
    /// If the listener has no local address.
    #[expect(clippy::unused_async, reason = "it needs a running Tokio, which an async fn has")]
    pub async fn serve(self, listener: TcpListener) -> io::Result<Sandbox> {
        let core = Arc::new(self.core());
        let server = Server::start(&core, listener)?;
        Ok(Sandbox::new(core, Some(server)))
    }

    fn core(self) -> Core {
        let mut rng = self.seed.map_or_else(Rng::new, Rng::with_seed);
        let dice = rng.fork();
        let mut world = World::new(self.kind, rng);
        let api_key = self.api_key.unwrap_or_else(|| format!("sandbox_{}", world.fresh(24)));
        world.program_id = self.program_id.unwrap_or(world.program_id);
        world.currency = self.currency.unwrap_or(world.currency);
        world.commission = self.commission.unwrap_or(world.commission);
        if let Some(site) = self.site {
            site.trim_end_matches('/').clone_into(&mut world.site);
        }
        for change in self.switches {
            change(&mut world.switches);
        }
        for seed in self.people {
            match seed {
                Seed::Partner(key) => add_partner(&mut world, &key),
                Seed::Customer(key, referrer) => add_customer(&mut world, key, referrer),
            }
        }
        let post_dice = Rng::with_seed(!dice.get_seed());
        Core::new(State {
            api_key,
            latency: self.latency,
            world,
            faults: Faults::new(dice),
            log: Log::new(self.kept_requests),
            post: Post::new(Faults::new(post_dice), self.kept_requests, self.webhook_capacity),
        })
    }
}

pub(super) fn add_partner(world: &mut World, key: &str) {
    if world.partner(By::Key, key).is_none() {
        let user: String = key.chars().map(|c| if c.is_alphanumeric() { c } else { '-' }).collect();
        world.add_partner(key, format!("{user}@partner.example"));
    }
}

pub(super) fn add_customer(world: &mut World, key: String, referrer: Option<String>) {
    match &referrer {
        Some(referrer) if !world.is_raf() => add_partner(world, referrer),
        Some(referrer) if world.customer(By::Key, referrer).is_none() => {
            add_customer(world, referrer.clone(), None);
        }
        _ => {}
    }
    if world.customer(By::Key, &key).is_none() {
        let id = (world.is_raf()).then(|| key.clone());
        world.add_customer(id, key, referrer);
    }
}
