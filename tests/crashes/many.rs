//! Several processes share one outbox, and none of them lives long.

use std::collections::VecDeque;

use fastrand::Rng;
use tokio::time::{Instant, sleep};

use crate::{
    books::Books,
    child::{Job, Order},
    kills::{finish, report},
    plan,
    process::Process,
    support::{LEASE, Place, let_it_rain, ms, partnero, seed, setting},
};

/// Customers who come at the same time.
const AT_ONCE: usize = 48;
/// Between two looks at what there is to do.
const TICK: std::time::Duration = ms(4);

/// One of the processes.
struct Instance {
    number: u64,
    process: Process,
    frozen_until: Option<Instant>,
}

/// A customer who comes, and the process that serves them.
struct Visit {
    customer: String,
    served_by: Option<u64>,
    to_say: VecDeque<usize>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_processes_on_postgres_that_are_killed_frozen_and_restarted_lose_nothing_and_pay_nothing_twice() {
    if let Some(place) = Place::postgres().await {
        come_and_go("four processes, postgres", &place, 4, setting("PARTNERO_CRASH_CALLS", 5_000)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_on_sqlite_that_are_killed_frozen_and_restarted_lose_nothing_and_pay_nothing_twice() {
    come_and_go("two processes, sqlite", &Place::sqlite(), 2, setting("PARTNERO_CRASH_CALLS", 5_000) / 5).await;
}

async fn come_and_go(test: &str, place: &Place, processes: usize, calls: u64) {
    let seed = seed(test);
    let sandbox = partnero(seed).await;
    let_it_rain(&sandbox, 0.2);
    let job = Job::new(place.database.clone(), &sandbox);
    let (dice, books) = (Rng::with_seed(seed), Books::default());
    let mut shop = Shop { job, processes, dice, books, started: 0, killed: 0, frozen: 0 };
    let mut instances = shop.serve(usize::try_from(calls).unwrap()).await;

    let last = instances.pop().unwrap();
    last.process.order(Order::Flush);
    finish(last.process, place).await;
    for instance in instances {
        instance.process.shut_down().await;
    }
    shop.books.audit(&sandbox);
    let what = format!("{} processes started, {} killed, {} frozen", shop.started, shop.killed, shop.frozen);
    report(test, &what, &shop.books, &sandbox);
}

struct Shop {
    job: Job,
    processes: usize,
    dice: Rng,
    books: Books,
    started: u64,
    killed: u32,
    frozen: u32,
}

impl Shop {
    /// Until so many calls are confirmed, and every customer's last one.
    async fn serve(&mut self, most: usize) -> Vec<Instance> {
        let mut instances: Vec<_> = (0..self.processes).map(|_| self.start()).collect();
        let mut visits: Vec<Visit> = Vec::new();
        let (mut planned, mut customers) = (0, 0);
        loop {
            while visits.len() < AT_ONCE && planned < most {
                let customer = format!("c{customers}");
                let plan = plan::of(&customer, &mut self.dice);
                let to_say = (0..plan.len()).collect();
                (planned, customers) = (planned + plan.len(), customers + 1);
                self.books.open(&customer, plan);
                visits.push(Visit { customer, served_by: None, to_say });
            }
            for instance in &mut instances {
                self.books.note(&instance.process.heard());
            }
            visits.retain(|visit| !visit.to_say.is_empty() || self.books.unconfirmed(&visit.customer).is_some());
            if visits.is_empty() {
                break;
            }
            // No faster than that, so that it is delivered while processes come and go.
            let visit = self.dice.usize(0..visits.len());
            self.say(&mut visits[visit], &instances);
            self.let_something_happen(&mut instances).await;
            sleep(TICK).await;
        }
        for instance in &mut instances {
            instance.process.thaw().await;
        }
        instances
    }

    fn start(&mut self) -> Instance {
        self.started += 1;
        Instance { number: self.started, process: Process::start(&self.job), frozen_until: None }
    }

    /// The next call of a customer: to another process only once the last one has confirmed all, or is dead.
    fn say(&mut self, visit: &mut Visit, instances: &[Instance]) {
        let unconfirmed = self.books.unconfirmed(&visit.customer);
        let lives = visit.served_by.is_some_and(|number| instances.iter().any(|it| it.number == number));
        if visit.served_by.is_some() && !lives {
            // What a payment provider does that got no answer.
            visit.to_say =
                (unconfirmed.unwrap_or(usize::MAX)..self.books.customers[&visit.customer].plan.len()).collect();
            visit.served_by = None;
        }
        if visit.served_by.is_none() || unconfirmed == visit.to_say.front().copied() {
            visit.served_by = Some(self.dice.choice(instances).unwrap().number);
        }
        let (Some(number), Some(instance)) =
            (visit.to_say.pop_front(), instances.iter().find(|it| Some(it.number) == visit.served_by))
        else {
            return;
        };
        instance.process.order(self.books.say(instance.number, &visit.customer, number));
    }

    /// About three times a second, one is killed and another started; about once, one is frozen past its lease.
    async fn let_something_happen(&mut self, instances: &mut [Instance]) {
        for instance in instances.iter_mut().filter(|it| it.frozen_until.is_some_and(|end| end < Instant::now())) {
            instance.process.thaw().await;
            instance.frozen_until = None;
        }
        let dice = self.dice.u32(0..1000);
        let unlucky = self.dice.usize(0..instances.len());
        if dice < 14 {
            self.killed += 1;
            let new = self.start();
            let old = std::mem::replace(&mut instances[unlucky], new);
            self.books.note(&old.process.kill().await);
        } else if dice < 19 && instances[unlucky].frozen_until.is_none() {
            self.frozen += 1;
            instances[unlucky].process.freeze().await;
            let time = LEASE + ms(self.dice.u64(100..2_000));
            instances[unlucky].frozen_until = Some(Instant::now() + time);
        }
    }
}
