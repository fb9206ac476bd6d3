//! Sends one claimed call, and says what is to be recorded of it.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    time::{Duration, SystemTime},
};

use serde_json::Value;

use crate::{
    api::{
        ApiClient, Call,
        attempt::{Answer, Attempt},
        envelope,
    },
    delivery::{
        answer::{self, Hold, Presence, Refusal, RefusedSignUp, Request, Trouble, Verdict},
        call::{CallKind, Keys},
        clock::Clock,
        dead::DeadReason,
        gate::Signal,
        notice::Notice,
        outbox::{ClaimedCall, Transition},
        outcome::End,
        payload,
        retry::{backoff, chance, with_retry_after},
        settings::Settings,
    },
    model::ProgramType,
};

/// What a delivery needs.
#[derive(Clone)]
pub(crate) struct Courier {
    pub(crate) api: ApiClient,
    pub(crate) clock: Clock,
    pub(crate) settings: Settings,
}

/// Until when a claim lasts, by both clocks: the monotonic one stands still while the machine sleeps, the other can be
/// set.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lease {
    monotonic: Duration,
    wall: SystemTime,
}

impl Lease {
    /// To be taken before the claim is asked for, so that the outbox's own count ends later.
    pub(crate) fn begin(clock: &Clock, length: Duration) -> Self {
        Self { monotonic: clock.monotonic() + length, wall: clock.wall() + length }
    }
}

/// What came of a delivery.
#[derive(Debug)]
pub(crate) struct Delivered {
    pub(crate) to: Transition,
    pub(crate) signal: Signal,
    /// What Partnero has now, for whoever awaits it.
    pub(crate) answer: Option<Value>,
}

/// The way out of a delivery: what is to be recorded, and what it says of Partnero's health.
type Way<T> = Result<T, (Transition, Signal)>;

impl Courier {
    pub(crate) async fn deliver(&self, call: &ClaimedCall, lease: Lease) -> Delivered {
        let mut seen = None;
        let delivery = Delivery { courier: self, call, lease };
        let way = match call.kind {
            CallKind::SignUp => delivery.sign_up(&mut seen).await,
            CallKind::Refund => delivery.delete().await,
            CallKind::Adjustment if !call.deleted => delivery.delete().await,
            _ => delivery.post(&mut seen).await,
        };
        let (to, signal) = way.unwrap_or_else(|way| way);
        Delivered { to: delivery.within_age(to), signal, answer: seen }
    }

    /// Whether Partnero takes the key.
    pub(crate) async fn probe(&self) -> Signal {
        match self.api.send(Call::test()).await {
            Attempt::Answered(answer) => match answer::everyones(&answer) {
                Some(Verdict::Hold(hold)) => Signal::Held(hold),
                Some(Verdict::Pause(after)) => Signal::Paused(after),
                _ if is_good(&answer) => Signal::Answered,
                _ => Signal::Failed(0),
            },
            Attempt::NotSent(_) | Attempt::Uncertain(_) => Signal::Failed(0),
        }
    }
}

fn is_good(answer: &Answer) -> bool {
    answer.status.is_success() && answer.json.as_ref().is_some_and(|json| !envelope::says_failed(json))
}

struct Delivery<'a> {
    courier: &'a Courier,
    call: &'a ClaimedCall,
    lease: Lease,
}

impl Delivery<'_> {
    async fn sign_up(&self, seen: &mut Option<Value>) -> Way<(Transition, Signal)> {
        let key = self.call.customer.as_deref().unwrap_or_default();
        match self.send(Request::SignUp, Call::create_customer(&self.call.payload)).await? {
            Verdict::Done(End::Existed, _) => self.existing(key, seen).await,
            Verdict::Done(end, answer) => Ok(self.signed_up(end, answer, seen)),
            Verdict::AskCustomer(refusal) => match self.customer(key).await? {
                Some(answer) => Ok(self.signed_up(End::Existed, Some(answer), seen)),
                None => self.refused(&refusal, seen).await,
            },
            Verdict::Rejected(refusal) | Verdict::AskTransaction(refusal) => Ok(self.rejected(&refusal)),
            Verdict::Again(trouble) | Verdict::Uncertain(trouble) => Ok(self.again(&trouble)),
            Verdict::Pause(after) => Err(self.pause(after)),
            Verdict::Hold(hold) => Err(self.hold(hold).await),
        }
    }

    /// There already. An observer wants its referral link, so it is fetched where somebody listens.
    async fn existing(&self, key: &str, seen: &mut Option<Value>) -> Way<(Transition, Signal)> {
        let answer = if self.courier.settings.keeping.notices { self.customer(key).await? } else { None };
        Ok(self.signed_up(End::Existed, answer, seen))
    }

    async fn refused(&self, refusal: &Refusal, seen: &mut Option<Value>) -> Way<(Transition, Signal)> {
        let keys = Keys(self.call.customer.as_deref(), None);
        match answer::refused_sign_up(refusal, self.program(), self.call.referred) {
            RefusedSignUp::Rejected => Ok(self.rejected(refusal)),
            RefusedSignUp::Ignored(unknown_referrer) => {
                if unknown_referrer {
                    tracing::warn!(%keys, answer = refusal.message, "the sign-up names a partner whom Partnero doesn't know");
                } else {
                    tracing::debug!(%keys, answer = refusal.message, "the sign-up names no partner: ignored");
                }
                Ok((Transition::End { end: End::Ignored, notice: None }, Signal::Answered))
            }
            RefusedSignUp::WithoutReferrer => {
                tracing::warn!(%keys, answer = refusal.message, "the referrer is refused: signing up without");
                let Some(body) = payload::without_referrer(&self.call.payload) else {
                    return Ok(self.unreadable());
                };
                match self.send(Request::SignUp, Call::create_customer(&body)).await? {
                    Verdict::Done(end, answer) => Ok(self.signed_up(end, answer, seen)),
                    Verdict::AskCustomer(refusal) | Verdict::Rejected(refusal) | Verdict::AskTransaction(refusal) => {
                        Ok(self.rejected(&refusal))
                    }
                    Verdict::Again(trouble) | Verdict::Uncertain(trouble) => Ok(self.again(&trouble)),
                    Verdict::Pause(after) => Err(self.pause(after)),
                    Verdict::Hold(hold) => Err(self.hold(hold).await),
                }
            }
        }
    }

    fn signed_up(&self, end: End, answer: Option<Value>, seen: &mut Option<Value>) -> (Transition, Signal) {
        let customer = self.call.customer.as_deref().unwrap_or_default().to_owned();
        let notice = answer.clone().map(|answer| Notice::SignedUp { customer, answer });
        *seen = answer;
        (Transition::End { end, notice }, Signal::Answered)
    }

    /// Posts a sale, or what remains of one.
    async fn post(&self, seen: &mut Option<Value>) -> Way<(Transition, Signal)> {
        let key = self.call.transaction.as_deref().unwrap_or_default();
        if self.call.check_first {
            match self.transaction(key).await? {
                Presence::There(answer) => return Ok(self.recorded(answer, seen)),
                Presence::Differs(_) => return Ok(self.another_amount()),
                _ => {}
            }
        }
        match self.send(Request::Sale, Call::create_transaction(&self.call.payload)).await? {
            Verdict::Done(_, answer) => Ok(self.recorded(answer.unwrap_or_default(), seen)),
            Verdict::AskCustomer(refusal) => {
                let customer = self.call.customer.as_deref().unwrap_or_default();
                let nobody = answer::sale_of_nobody(&refusal, self.call.referred);
                if nobody && self.customer(customer).await?.is_none() {
                    let keys = Keys(Some(customer), Some(key));
                    tracing::debug!(%keys, answer = refusal.message, "the sale is of a customer whom Partnero doesn't know");
                    return Ok((Transition::End { end: End::Ignored, notice: None }, Signal::Answered));
                }
                Ok(self.rejected(&refusal))
            }
            Verdict::AskTransaction(refusal) => match self.transaction(key).await? {
                Presence::There(answer) => Ok(self.recorded(answer, seen)),
                Presence::Differs(_) => Ok(self.another_amount()),
                _ => Ok(self.rejected(&refusal)),
            },
            Verdict::Rejected(refusal) => Ok(self.rejected(&refusal)),
            Verdict::Again(trouble) => Ok(self.again(&trouble)),
            Verdict::Uncertain(trouble) => Ok(self.uncertain(&trouble)),
            Verdict::Pause(after) => Err(self.pause(after)),
            Verdict::Hold(hold) => Err(self.hold(hold).await),
        }
    }

    fn recorded(&self, answer: Value, seen: &mut Option<Value>) -> (Transition, Signal) {
        let transaction = self.call.transaction.as_deref().unwrap_or_default().to_owned();
        *seen = Some(answer.clone());
        let (end, notice) = match self.call.kind {
            CallKind::Adjustment => (End::Adjusted, Notice::Adjusted { transaction, answer }),
            _ => (End::Recorded, Notice::Sold { transaction, answer }),
        };
        (Transition::End { end, notice: Some(notice) }, Signal::Answered)
    }

    /// Deletes a transaction: all of a refund, the first step of an adjustment.
    async fn delete(&self) -> Way<(Transition, Signal)> {
        let key = self.call.transaction.as_deref().unwrap_or_default();
        match self.send(Request::Delete, Call::delete_transaction(key)).await? {
            Verdict::Done(..) if self.call.kind == CallKind::Adjustment => Ok((Transition::Deleted, Signal::Answered)),
            Verdict::Done(..) => {
                let notice = Some(Notice::Refunded { transaction: key.to_owned() });
                Ok((Transition::End { end: End::Refunded, notice }, Signal::Answered))
            }
            Verdict::Rejected(refusal) | Verdict::AskCustomer(refusal) | Verdict::AskTransaction(refusal) => {
                Ok(self.rejected(&refusal))
            }
            Verdict::Again(trouble) => Ok(self.again(&trouble)),
            // It can be repeated at once; only the next post of its key must wait.
            Verdict::Uncertain(trouble) => {
                let after = self.delay(&trouble);
                self.log(&trouble.reason, after, "Partnero may or may not have deleted it: trying again");
                Ok((Transition::Uncertain { after, quiet: self.settle_delay() }, self.failed()))
            }
            Verdict::Pause(after) => Err(self.pause(after)),
            Verdict::Hold(hold) => Err(self.hold(hold).await),
        }
    }

    /// Sends, if the lease has time for it.
    async fn send(&self, request: Request, call: Call<'_>) -> Way<Verdict> {
        self.check_lease()?;
        Ok(answer::judge(request, self.courier.api.send(call).await))
    }

    /// Whether the customer is there.
    async fn customer(&self, key: &str) -> Way<Option<Value>> {
        self.check_lease()?;
        match answer::customer(self.courier.api.send(Call::get_customer(key)).await, key) {
            Presence::There(answer) | Presence::Differs(answer) => Ok(Some(answer)),
            Presence::Absent => Ok(None),
            // The refusal was certain: the whole call can be made again.
            Presence::Unknown(trouble) => Err(self.again(&trouble)),
            Presence::Pause(after) => Err(self.pause(after)),
            Presence::Hold(hold) => Err(self.hold(hold).await),
        }
    }

    /// `There`, `Differs` or `Absent`.
    async fn transaction(&self, key: &str) -> Way<Presence> {
        self.check_lease()?;
        let attempt = self.courier.api.send(Call::find_transaction(key)).await;
        match answer::transaction(attempt, key, self.call.amount) {
            Presence::Unknown(trouble) => {
                let after = self.delay(&trouble);
                self.log(&trouble.reason, after, "can't tell whether Partnero has the transaction: asking again");
                Err((Transition::Uncertain { after, quiet: Duration::ZERO }, self.failed()))
            }
            Presence::Pause(after) => Err(self.pause(after)),
            // It is a question that is refused: what it asks for is as unknown as before.
            Presence::Hold(hold) => Err(in_doubt(self.hold(hold).await)),
            presence => Ok(presence),
        }
    }

    /// The last look before the first byte: a request that outlived its lease could meet its own repetition.
    fn check_lease(&self) -> Way<()> {
        let clock = &self.courier.clock;
        let takes = self.courier.api.request_timeout();
        if clock.monotonic() + takes <= self.lease.monotonic && clock.wall() + takes <= self.lease.wall {
            return Ok(());
        }
        tracing::debug!(keys = %self.keys(), "no time left to send it: giving it back");
        Err((Transition::Release { after: Duration::ZERO, suspect: false }, Signal::Silent))
    }

    fn again(&self, trouble: &Trouble) -> (Transition, Signal) {
        let after = self.delay(trouble);
        self.log(&trouble.reason, after, "Partnero didn't take it: trying again");
        (Transition::Again { after }, self.failed())
    }

    fn uncertain(&self, trouble: &Trouble) -> (Transition, Signal) {
        let quiet = self.settle_delay();
        let after = self.delay(trouble).max(quiet);
        self.log(&trouble.reason, after, "Partnero may or may not have recorded it: asking before it is sent again");
        (Transition::Uncertain { after, quiet }, self.failed())
    }

    fn pause(&self, after: Option<Duration>) -> (Transition, Signal) {
        (Transition::Release { after: Duration::ZERO, suspect: false }, Signal::Paused(after))
    }

    /// Refused for want of rights, or sent elsewhere. If that happened to this call before and the key is good now,
    /// then it is this call.
    async fn hold(&self, hold: Hold) -> (Transition, Signal) {
        if self.call.suspect && self.check_lease().is_ok() && self.courier.probe().await == Signal::Answered {
            let message = match hold {
                Hold::NotAllowed(status) => format!("{status} for this call alone, while the API key is good"),
                Hold::Redirected(status) => format!("{status}: a redirect for this call alone"),
            };
            return self.dead(DeadReason::NotAllowed, message);
        }
        (Transition::Release { after: Duration::ZERO, suspect: true }, Signal::Held(hold))
    }

    fn rejected(&self, refusal: &Refusal) -> (Transition, Signal) {
        self.dead(DeadReason::Rejected, refusal.message.clone())
    }

    fn unreadable(&self) -> (Transition, Signal) {
        self.dead(DeadReason::Unreadable, "the stored call isn't what it was when it was stored".to_owned())
    }

    fn another_amount(&self) -> (Transition, Signal) {
        let message = "Partnero has this transaction with another amount: see which one is right".to_owned();
        in_doubt(self.dead(DeadReason::AnotherAmount, message))
    }

    fn dead(&self, reason: DeadReason, message: String) -> (Transition, Signal) {
        (Transition::Dead { reason, message, uncertain: false, notice: true }, Signal::Answered)
    }

    /// A call that would wait longer than it may is a dead letter.
    fn within_age(&self, to: Transition) -> Transition {
        let (after, uncertain) = match &to {
            Transition::Again { after } => (*after, false),
            Transition::Uncertain { after, .. } => (*after, true),
            _ => return to,
        };
        if self.call.waited + after <= self.courier.settings.max_age {
            return to;
        }
        let message = format!("given up after {} attempts", self.call.attempts + 1);
        Transition::Dead { reason: DeadReason::TooOld, message, uncertain, notice: true }
    }

    fn delay(&self, trouble: &Trouble) -> Duration {
        let wait = backoff(self.courier.settings.backoff, self.call.attempts, chance());
        with_retry_after(wait, trouble.retry_after)
    }

    fn settle_delay(&self) -> Duration {
        self.courier.settings.settle_delay
    }

    fn failed(&self) -> Signal {
        let mut hasher = DefaultHasher::new();
        self.call.customer.as_ref().or(self.call.transaction.as_ref()).hash(&mut hasher);
        Signal::Failed(hasher.finish())
    }

    fn program(&self) -> ProgramType {
        let by_field = if self.call.payload.contains("\"referring_customer\"") {
            ProgramType::ReferAFriend
        } else {
            ProgramType::Affiliate
        };
        self.courier.api.program_type().unwrap_or(by_field)
    }

    fn keys(&self) -> Keys<'_> {
        Keys(self.call.customer.as_deref(), self.call.transaction.as_deref())
    }

    fn log(&self, reason: &str, after: Duration, what: &str) {
        let (kind, attempt) = (self.call.kind.as_str(), self.call.attempts + 1);
        tracing::info!(call = kind, keys = %self.keys(), reason, attempt, next_in = ?after, "{what}");
    }
}

/// A dead letter whose sale may be recorded all the same: retried, it is asked for first.
fn in_doubt((mut to, signal): (Transition, Signal)) -> (Transition, Signal) {
    if let Transition::Dead { uncertain, .. } = &mut to {
        *uncertain = true;
    }
    (to, signal)
}
