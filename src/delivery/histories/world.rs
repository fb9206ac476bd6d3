//! A table, a Partnero, and processes that carry calls from the one to the other.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use rust_decimal::Decimal;

use crate::delivery::{
    body::Body,
    call::{CallKind, NewCall},
    clock::Clock,
    course::millis,
    dead::DeadReason,
    decide::State,
    outbox::{Claim, ClaimedCall, Settlement, Terms, Transition},
    outcome::End,
    room::Room,
    settings::Keeping,
};

use super::{
    oracle,
    partnero::{NaivePartnero, Request},
    steps::{Came, Carried, Fate, Step, Tracked},
    subject::{Seen, Subject},
};

pub(super) const LEASE: u64 = 60_000;
pub(super) const SETTLE: u64 = 30_000;
const REQUEST: u64 = 10_000;
const BACKOFF: u64 = 1_500;
pub(super) const TERMS: Terms =
    Terms { lease: Duration::from_millis(LEASE), settle_delay: Duration::from_millis(SETTLE), notices: false };

pub(super) struct World {
    pub(super) store: Arc<dyn Subject>,
    clock: Clock,
    pub(super) partnero: NaivePartnero,
    /// The id before the first one.
    pub(super) base: u64,
    pub(super) now: u64,
    pub(super) keeping: Keeping,
    pub(super) room: Arc<Room>,
    pub(super) tracked: Vec<Tracked>,
    /// Calls, by id, whose sale Partnero has no customer for.
    pub(super) ignored: BTreeSet<u64>,
    flights: Vec<(ClaimedCall, u64)>,
    /// Settlements, and when the request was over that they tell of.
    late: Vec<(Settlement, u64)>,
}

impl World {
    pub(super) async fn new(max_dead: usize, store: Arc<dyn Subject>, clock: Clock) -> Self {
        let day = Duration::from_secs(86_400);
        Self {
            base: store.mark().await.unwrap() - 1,
            store,
            clock,
            partnero: NaivePartnero::default(),
            now: 0,
            keeping: Keeping { settled: day * 400, dead: day, max_dead, notices: false },
            room: Room::new(1_000),
            tracked: Vec::new(),
            ignored: BTreeSet::new(),
            flights: Vec::new(),
            late: Vec::new(),
        }
    }

    pub(super) async fn step(&mut self, step: Step) {
        let dead = self.dead().await;
        match step {
            Step::Track(tracked) => self.track(tracked).await,
            Step::Claim(limit) => {
                self.claim(limit).await;
            }
            Step::Answer(which, fate) => self.answer(which, fate).await,
            Step::Turn(which, fate, limit) => self.turn(which, fate, limit).await,
            Step::LoseLease(which, carried) => self.lose_lease(which, carried),
            Step::SettleLate(which) => {
                let came_back = |(_, at): &(Settlement, u64)| *at <= self.now;
                if let Some(which) = which.checked_rem(self.late.iter().filter(|late| came_back(late)).count()) {
                    let which = (0..self.late.len()).filter(|n| came_back(&self.late[*n])).nth(which);
                    let (settlement, _) = self.late.swap_remove(which.unwrap());
                    self.settle(&settlement).await;
                }
            }
            Step::Pass(time) => self.pass(time),
            Step::Retry(which) => {
                if let Some(which) = which.checked_rem(dead.len()) {
                    assert!(self.store.retry(dead[which]).await.unwrap());
                }
            }
            Step::Discard(which) => {
                if let Some(which) = which.checked_rem(dead.len()) {
                    assert!(self.store.discard(dead[which]).await.unwrap());
                }
            }
            Step::Forget(customer) => {
                self.store.forget(&customer_key(customer)).await.unwrap();
            }
            Step::Prune => {
                self.store.prune(self.keeping).await.unwrap();
            }
        }
        self.check().await;
    }

    pub(super) async fn rows(&self) -> BTreeMap<u64, Seen> {
        self.store.rows().await.unwrap()
    }

    pub(super) async fn dead(&self) -> Vec<u64> {
        self.rows().await.into_iter().filter(|(_, row)| row.course.state == State::Dead).map(|(id, _)| id).collect()
    }

    pub(super) async fn check(&self) {
        self.store.check();
        oracle::assert_parked_behind_letters(&self.rows().await);
    }

    async fn track(&mut self, tracked: Tracked) {
        let amount = matches!(tracked.kind, CallKind::Sale | CallKind::Adjustment);
        let call = NewCall {
            customer: (tracked.kind != CallKind::Refund).then(|| Arc::from(customer_key(tracked.customer))),
            transaction: (tracked.kind != CallKind::SignUp).then(|| Arc::from(transaction_key(tracked.key))),
            amount: amount.then(|| Decimal::from(tracked.amount)),
            referred: tracked.referred,
            body: Body::Text("{}".to_owned()),
            slot: self.room.take().ok(),
            ..NewCall::new(tracked.kind)
        };
        self.store.insert(&mut vec![call]).await.unwrap();
        self.tracked.push(tracked);
    }

    /// How long until there may be more, if that is known.
    pub(super) async fn claim(&mut self, limit: usize) -> Option<u64> {
        let claim = self.store.claim(limit, TERMS).await.unwrap();
        self.take_off(claim, limit).await
    }

    async fn take_off(&mut self, claim: Claim, limit: usize) -> Option<u64> {
        assert!(claim.calls.len() <= limit);
        let full = claim.calls.len() == limit;
        let rows = self.rows().await;
        for call in claim.calls {
            oracle::assert_may_be_sent(&rows, &call);
            self.flights.push((call, self.now + LEASE));
        }
        if full { Some(0) } else { claim.next.map(millis) }
    }

    pub(super) fn in_flight(&self) -> usize {
        self.flights.len()
    }

    pub(super) async fn answer(&mut self, which: usize, fate: Fate) {
        if let Some(settlement) = self.come_back(which, fate) {
            self.settle(&settlement).await;
        }
    }

    async fn turn(&mut self, which: usize, fate: Fate, limit: usize) {
        let Some(settlement) = self.come_back(which, fate) else { return };
        let settlements = std::slice::from_ref(&settlement);
        if let (_, Some(claim)) = self.store.turn(settlements, self.keeping, limit, TERMS).await.unwrap() {
            self.take_off(claim, limit).await;
        }
    }

    fn come_back(&mut self, which: usize, fate: Fate) -> Option<Settlement> {
        let which = which.checked_rem(self.flights.len())?;
        let (call, lease_ends) = self.flights.swap_remove(which);
        let in_time = self.now + REQUEST <= lease_ends;
        let to = if in_time { self.send(&call, fate, self.now) } else { release(false) };
        Some(Settlement::of(&call, to))
    }

    fn lose_lease(&mut self, which: usize, carried: Carried) {
        let Some(which) = which.checked_rem(self.flights.len()) else { return };
        let (call, lease_ends) = self.flights.swap_remove(which);
        if self.now + REQUEST <= lease_ends {
            let fate = Fate { request: Came::NoAnswer(carried), ..Fate::GOOD };
            let to = self.send(&call, fate, lease_ends);
            self.late.push((Settlement::of(&call, to), lease_ends));
        }
    }

    async fn settle(&mut self, settlement: &Settlement) {
        self.store.settle(std::slice::from_ref(settlement), self.keeping).await.unwrap();
    }

    pub(super) fn pass(&mut self, time: u64) {
        self.now += time;
        self.clock.advance(Duration::from_millis(time));
        self.partnero.pass_time(self.now);
    }

    /// What the courier does: `ends` is when the process is done with it, whether it knows it or not.
    fn send(&mut self, call: &ClaimedCall, fate: Fate, ends: u64) -> Transition {
        let to = match call.kind {
            CallKind::SignUp => sign_up(fate.request),
            CallKind::Refund => self.delete(call, fate.request, ends),
            CallKind::Adjustment if !call.deleted => self.delete(call, fate.request, ends),
            _ => self.post(call, fate, ends),
        };
        match to {
            Transition::Again { .. } if fate.too_old => dead(DeadReason::TooOld, false),
            Transition::Uncertain { quiet, .. } if fate.too_old => {
                let (reason, message) = (DeadReason::TooOld, String::new());
                Transition::Dead { reason, message, uncertain: true, quiet, notice: true }
            }
            _ => to,
        }
    }

    fn delete(&mut self, call: &ClaimedCall, came: Came, ends: u64) -> Transition {
        let request = Request::Delete(call.transaction.as_deref().unwrap().to_owned());
        match came {
            Came::Answer | Came::Ignored => {
                self.partnero.carry_out(request);
                let end = Transition::End { end: End::Refunded, notice: None };
                if call.kind == CallKind::Adjustment { Transition::Deleted } else { end }
            }
            Came::NoAnswer(carried) => {
                self.carry_out(request, carried, ends);
                uncertain(BACKOFF, SETTLE)
            }
            other => unsent(call, other),
        }
    }

    fn post(&mut self, call: &ClaimedCall, fate: Fate, ends: u64) -> Transition {
        let key = call.transaction.as_deref().unwrap().to_owned();
        let amount = call.amount.unwrap();
        let end = if call.kind == CallKind::Adjustment { End::Adjusted } else { End::Recorded };
        if call.check_first {
            if fate.no_telling {
                return uncertain(BACKOFF, 0);
            }
            match self.partnero.live.get(&key) {
                Some(there) if *there == amount => return Transition::End { end, notice: None },
                Some(_) => return dead(DeadReason::AnotherAmount, true),
                None => {}
            }
        }
        let request = Request::Post(key, amount);
        match fate.request {
            Came::Ignored if call.kind == CallKind::Sale => {
                self.ignored.insert(call.row);
                Transition::End { end: End::Ignored, notice: None }
            }
            Came::Answer | Came::Ignored => {
                self.partnero.carry_out(request);
                Transition::End { end, notice: None }
            }
            Came::NoAnswer(carried) => {
                self.carry_out(request, carried, ends);
                uncertain(SETTLE, SETTLE)
            }
            other => unsent(call, other),
        }
    }

    fn carry_out(&mut self, request: Request, carried: Carried, ends: u64) {
        match carried {
            Carried::NotOut => {}
            Carried::Out => self.partnero.carry_out(request),
            Carried::Later(part) => {
                // At the latest just before the delay after the end of the attempt is over.
                let most = ends + SETTLE - self.now - 1;
                self.partnero.carry_out_at(self.now + most * part / 1000, request);
            }
        }
    }
}

fn sign_up(came: Came) -> Transition {
    match came {
        Came::Answer => Transition::End { end: End::Recorded, notice: None },
        Came::Ignored => Transition::End { end: End::Ignored, notice: None },
        Came::NotSent | Came::NoAnswer(_) => Transition::Again { after: Duration::from_millis(BACKOFF) },
        Came::Refused => dead(DeadReason::Rejected, false),
        Came::TooMany => release(false),
        Came::NotAllowed(alone) => {
            if alone {
                dead(DeadReason::NotAllowed, false)
            } else {
                release(true)
            }
        }
    }
}

fn unsent(call: &ClaimedCall, came: Came) -> Transition {
    match came {
        Came::Refused => dead(DeadReason::Rejected, false),
        Came::TooMany => release(false),
        Came::NotAllowed(false) => release(true),
        // It says nothing of an earlier attempt.
        Came::NotAllowed(true) => dead(DeadReason::NotAllowed, call.check_first),
        _ => Transition::Again { after: Duration::from_millis(BACKOFF) },
    }
}

fn uncertain(after: u64, quiet: u64) -> Transition {
    Transition::Uncertain { after: Duration::from_millis(after), quiet: Duration::from_millis(quiet) }
}

fn release(suspect: bool) -> Transition {
    Transition::Release { after: Duration::ZERO, suspect }
}

fn dead(reason: DeadReason, uncertain: bool) -> Transition {
    Transition::Dead { reason, message: String::new(), uncertain, quiet: Duration::ZERO, notice: true }
}

pub(super) fn customer_key(customer: u8) -> String {
    format!("customer-{customer}")
}

pub(super) fn transaction_key(key: u8) -> String {
    format!("order-{key}")
}
