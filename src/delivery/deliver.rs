//! Sends one claimed call, and says what is to be recorded of it.

#![expect(clippy::result_large_err, reason = "one per request, moved once")]

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    time::Duration,
};

use serde_json::Value;

use crate::{
    api::Call,
    delivery::{
        answer::{self, Hold, Presence, Refusal, RefusedSignUp, Request, Trouble, Verdict},
        call::CallKind,
        courier::{Courier, Delivered, Lease, Probe},
        dead::DeadReason,
        gate::Signal,
        notice::Notice,
        outbox::{ClaimedCall, Transition},
        outcome::End,
        payload,
        retry::{backoff, chance, with_retry_after},
        way::{Way, another_amount, dead, given_back, in_doubt, pause, rejected, unreadable},
    },
    model::ProgramType,
};

/// One claimed call on its way.
pub(crate) struct Delivery<'a> {
    pub(crate) courier: &'a Courier,
    pub(crate) call: &'a ClaimedCall,
    pub(crate) lease: Lease,
}

impl Delivery<'_> {
    pub(crate) async fn run(self) -> Delivered {
        let mut seen = None;
        let way = match self.call.kind {
            _ if !self.is_whole() => Err(unreadable(self.call.check_first)),
            CallKind::SignUp => self.sign_up(&mut seen).await,
            CallKind::Refund => self.delete().await,
            CallKind::Adjustment if !self.call.deleted => self.delete().await,
            _ => self.post(&mut seen).await,
        };
        let (to, signal) = way.unwrap_or_else(|way| way);
        Delivered { to: self.within_age(to), signal, answer: seen }
    }

    /// Whether what is stored can be sent: damage is for a person to see, not for Partnero to guess at.
    fn is_whole(&self) -> bool {
        let call = self.call;
        match call.kind {
            CallKind::SignUp => call.customer.is_some() && payload::is_object(&call.payload),
            CallKind::Sale | CallKind::Adjustment => {
                // One that states its reward has no amount.
                let says_what = call.amount.is_some() || payload::has(&call.payload, "reward");
                call.transaction.is_some() && payload::is_object(&call.payload) && says_what
            }
            CallKind::Refund => call.transaction.is_some(),
            CallKind::Unknown => false,
        }
    }

    async fn sign_up(&self, seen: &mut Option<Value>) -> Way<(Transition, Signal)> {
        let key = self.call.customer.as_deref().unwrap_or_default();
        match self.send(Request::SignUp, Call::create_customer(&self.call.payload)).await? {
            Verdict::Done(End::Existed, _) => self.existing(key, seen).await,
            Verdict::Done(end, answer) => Ok(self.signed_up(end, answer, seen)),
            Verdict::AskCreated(trouble) => match self.customer(key).await? {
                Some(answer) => Ok(self.signed_up(End::Recorded, Some(answer), seen)),
                None => Ok(self.again(&trouble)),
            },
            Verdict::AskCustomer(refusal) => match self.customer(key).await? {
                Some(answer) => Ok(self.signed_up(End::Existed, Some(answer), seen)),
                None => self.refused(&refusal, seen).await,
            },
            Verdict::Rejected(refusal) | Verdict::AskTransaction(refusal) | Verdict::NothingThere(refusal) => {
                Ok(rejected(&refusal))
            }
            Verdict::Again(trouble) | Verdict::AskOwed(trouble) | Verdict::Uncertain(trouble) => {
                Ok(self.again(&trouble))
            }
            Verdict::Pause(after) => Err(pause(after)),
            Verdict::Hold(hold) => Err(self.hold(hold).await),
        }
    }

    /// There already. An observer wants its referral link, so it is fetched where somebody listens.
    async fn existing(&self, key: &str, seen: &mut Option<Value>) -> Way<(Transition, Signal)> {
        let answer = if self.listened() { self.customer(key).await? } else { None };
        Ok(self.signed_up(End::Existed, answer, seen))
    }

    async fn refused(&self, refusal: &Refusal, seen: &mut Option<Value>) -> Way<(Transition, Signal)> {
        match answer::refused_sign_up(refusal, self.program(), self.call.referred) {
            RefusedSignUp::Rejected => Ok(rejected(refusal)),
            RefusedSignUp::Ignored(unknown_referrer) => {
                if unknown_referrer {
                    tracing::warn!(
                        answer = refusal.message,
                        "the sign-up names a partner whom Partnero doesn't know: ignored, so see where the key comes from"
                    );
                } else {
                    tracing::debug!(answer = refusal.message, "the sign-up names no partner: ignored");
                }
                Ok((Transition::End { end: End::Ignored, notice: None }, Signal::Answered))
            }
            RefusedSignUp::WithoutReferrer => {
                tracing::warn!(answer = refusal.message, "refused with its referrer: signing up without one");
                let Some(body) = payload::without_referrer(&self.call.payload) else {
                    return Ok(unreadable(false));
                };
                match self.send(Request::SignUp, Call::create_customer(&body)).await? {
                    Verdict::Done(end, answer) => Ok(self.signed_up(end, answer, seen)),
                    Verdict::AskCustomer(refusal)
                    | Verdict::Rejected(refusal)
                    | Verdict::AskTransaction(refusal)
                    | Verdict::NothingThere(refusal) => Ok(rejected(&refusal)),
                    Verdict::Again(trouble)
                    | Verdict::AskCreated(trouble)
                    | Verdict::AskOwed(trouble)
                    | Verdict::Uncertain(trouble) => Ok(self.again(&trouble)),
                    Verdict::Pause(after) => Err(pause(after)),
                    Verdict::Hold(hold) => Err(self.hold(hold).await),
                }
            }
        }
    }

    fn signed_up(&self, end: End, answer: Option<Value>, seen: &mut Option<Value>) -> (Transition, Signal) {
        let customer = self.call.customer.as_deref().unwrap_or_default().to_owned();
        let notice = self.listened().then(|| answer.clone()).flatten();
        let notice = notice.map(|answer| Notice::SignedUp { customer, answer });
        *seen = answer;
        (Transition::End { end, notice }, Signal::Answered)
    }

    /// Posts a sale, or what remains of one.
    async fn post(&self, seen: &mut Option<Value>) -> Way<(Transition, Signal)> {
        let key = self.call.transaction.as_deref().unwrap_or_default();
        if self.call.check_first {
            match self.transaction(key).await? {
                Presence::There(answer) => return Ok(self.recorded(answer, seen)),
                Presence::Differs(_) => return Ok(another_amount()),
                _ => {}
            }
        }
        match self.send(Request::Sale, Call::create_transaction(&self.call.payload)).await? {
            Verdict::Done(_, answer) => Ok(self.recorded(answer.unwrap_or_default(), seen)),
            Verdict::AskCustomer(refusal) => {
                let customer = self.call.customer.as_deref().unwrap_or_default();
                let owed = match self.customer(customer).await? {
                    Some(there) => self.has_link() || answer::was_referred(&there),
                    None => !answer::sale_of_nobody(&refusal, self.has_link() || self.call.referred),
                };
                if owed {
                    return Ok(rejected(&refusal));
                }
                self.ensure_it_was_partnero().await?;
                tracing::debug!(answer = refusal.message, "the sale is refused, and nobody is owed for it");
                Ok((Transition::End { end: End::Ignored, notice: None }, Signal::Answered))
            }
            Verdict::AskTransaction(refusal) => match self.transaction(key).await? {
                Presence::There(answer) => Ok(self.recorded(answer, seen)),
                Presence::Differs(_) => Ok(another_amount()),
                _ => Ok(rejected(&refusal)),
            },
            Verdict::Rejected(refusal) | Verdict::NothingThere(refusal) => Ok(rejected(&refusal)),
            Verdict::Again(trouble) => Ok(self.again(&trouble)),
            Verdict::AskOwed(trouble) => Ok(self.taken_in_silence(&trouble).await),
            Verdict::Uncertain(trouble) | Verdict::AskCreated(trouble) => Ok(self.uncertain(&trouble)),
            Verdict::Pause(after) => Err(pause(after)),
            Verdict::Hold(hold) => Err(self.hold(hold).await),
        }
    }

    /// The guide: Partnero silently ignores the sales of those whom nobody referred. Anybody else's may be recorded.
    async fn taken_in_silence(&self, trouble: &Trouble) -> (Transition, Signal) {
        let customer = self.call.customer.as_deref().unwrap_or_default();
        let presence = match self.check_lease() {
            Ok(()) => answer::customer(self.courier.ask(Call::get_customer(customer)).await, customer),
            Err(_) => return self.uncertain(trouble),
        };
        let owed = match presence {
            Presence::There(there) => self.has_link() || answer::was_referred(&there),
            Presence::Absent => self.has_link() || self.call.referred,
            _ => true,
        };
        if owed {
            return self.uncertain(trouble);
        }
        (Transition::End { end: End::Ignored, notice: None }, Signal::Answered)
    }

    fn recorded(&self, answer: Value, seen: &mut Option<Value>) -> (Transition, Signal) {
        let end = if self.call.kind == CallKind::Adjustment { End::Adjusted } else { End::Recorded };
        let notice = self.listened().then(|| {
            let transaction = self.call.transaction.as_deref().unwrap_or_default().to_owned();
            let answer = answer.clone();
            match self.call.kind {
                CallKind::Adjustment => Notice::Adjusted { transaction, answer },
                _ => Notice::Sold { transaction, answer },
            }
        });
        *seen = Some(answer);
        (Transition::End { end, notice }, Signal::Answered)
    }

    /// Deletes a transaction: all of a refund, the first step of an adjustment.
    async fn delete(&self) -> Way<(Transition, Signal)> {
        let key = self.call.transaction.as_deref().unwrap_or_default();
        let mut verdict = self.send(Request::Delete, Call::delete_transaction(key)).await?;
        // Partnero's own shop plugin says that nothing was deleted by path, only by body. What that one can't do, either,
        // is done: the path said so.
        if let (Verdict::NothingThere(_), Some(call)) = (&verdict, Call::delete_transaction_otherwise(key)) {
            verdict = match self.send(Request::Delete, call).await? {
                Verdict::Rejected(refusal) => Verdict::NothingThere(refusal),
                other => other,
            };
        }
        if matches!(verdict, Verdict::Done(..) | Verdict::NothingThere(_)) {
            self.ensure_it_was_partnero().await?;
        }
        match verdict {
            Verdict::Done(..) | Verdict::NothingThere(_) if self.call.kind == CallKind::Adjustment => {
                Ok((Transition::Deleted, Signal::Answered))
            }
            Verdict::Done(..) | Verdict::NothingThere(_) => {
                let notice = Some(Notice::Refunded { transaction: key.to_owned() });
                Ok((Transition::End { end: End::Refunded, notice }, Signal::Answered))
            }
            Verdict::Rejected(refusal) | Verdict::AskCustomer(refusal) | Verdict::AskTransaction(refusal) => {
                Ok(rejected(&refusal))
            }
            Verdict::Again(trouble) | Verdict::AskCreated(trouble) | Verdict::AskOwed(trouble) => {
                Ok(self.again(&trouble))
            }
            // It can be repeated; the next post of its key must wait until this one can come no more.
            Verdict::Uncertain(trouble) => {
                let after = self.delay(&trouble);
                Self::log(&trouble.reason, after, "Partnero may or may not have deleted it: trying again");
                Ok((Transition::Uncertain { after, quiet: self.settle_delay() }, self.failed()))
            }
            Verdict::Pause(after) => Err(pause(after)),
            Verdict::Hold(hold) => Err(self.hold(hold).await),
        }
    }

    /// Sends, if the lease has time for it.
    async fn send(&self, request: Request, call: Call<'_>) -> Way<Verdict> {
        self.check_lease()?;
        Ok(answer::judge(request, self.courier.ask(call).await))
    }

    /// Whether the customer is there.
    async fn customer(&self, key: &str) -> Way<Option<Value>> {
        self.check_lease()?;
        match answer::customer(self.courier.ask(Call::get_customer(key)).await, key) {
            Presence::There(answer) | Presence::Differs(answer) => Ok(Some(answer)),
            Presence::Absent => Ok(None),
            // The refusal was certain: the whole call can be made again.
            Presence::Unknown(trouble) => Err(self.again(&trouble)),
            Presence::Pause(after) => Err(pause(after)),
            Presence::Hold(hold) => Err(self.hold(hold).await),
        }
    }

    /// `There`, `Differs` or `Absent`.
    async fn transaction(&self, key: &str) -> Way<Presence> {
        self.check_lease()?;
        let attempt = self.courier.ask(Call::find_transaction(key)).await;
        match answer::transaction(attempt, key, self.call.amount) {
            Presence::Unknown(trouble) => {
                let after = self.delay(&trouble);
                Self::log(&trouble.reason, after, "can't tell whether Partnero has the transaction: asking again");
                Err((Transition::Uncertain { after, quiet: Duration::ZERO }, self.failed()))
            }
            Presence::Pause(after) => Err(pause(after)),
            // It is a question that is refused: what it asks for is as unknown as before.
            Presence::Hold(hold) => Err(in_doubt(self.hold(hold).await)),
            presence => Ok(presence),
        }
    }

    /// The last look before the first byte: a request that outlived its lease could meet its own repetition.
    fn check_lease(&self) -> Way<()> {
        if self.lease.has_time(&self.courier.clock, self.courier.api.request_timeout()) {
            return Ok(());
        }
        tracing::debug!("no time left to send it: giving it back");
        Err((Transition::Release { after: self.courier.settings.backoff.0, suspect: false }, Signal::Silent))
    }

    fn again(&self, trouble: &Trouble) -> (Transition, Signal) {
        let after = self.delay(trouble);
        Self::log(&trouble.reason, after, "Partnero didn't take it: trying again");
        (Transition::Again { after }, self.failed())
    }

    fn uncertain(&self, trouble: &Trouble) -> (Transition, Signal) {
        let quiet = self.settle_delay();
        let after = self.delay(trouble).max(quiet);
        Self::log(&trouble.reason, after, "Partnero may or may not have recorded it: asking before it is sent again");
        (Transition::Uncertain { after, quiet }, self.failed())
    }

    /// Refused for want of rights, or sent elsewhere. If that happened to this call before and the key is good now,
    /// then it is this call.
    async fn hold(&self, hold: Hold) -> (Transition, Signal) {
        if self.call.suspect && self.check_lease().is_ok() && matches!(self.courier.probe().await, Probe::Good(_)) {
            let message = match hold {
                Hold::NotAllowed(status) => {
                    format!("{status} for this call alone, while the API key is good: see what the key may do")
                }
                Hold::Redirected(status) => {
                    format!("{status}: a redirect for this call alone, so see what is on the way to Partnero")
                }
            };
            return dead(DeadReason::NotAllowed, message, false);
        }
        (Transition::Release { after: Duration::ZERO, suspect: true }, Signal::Held(hold))
    }

    /// Nothing ends by a 404 before Partnero has answered as it should.
    async fn ensure_it_was_partnero(&self) -> Way<()> {
        if self.courier.has_met_partnero() {
            return Ok(());
        }
        self.check_lease()?;
        self.courier.meet_partnero().await.map_err(given_back)
    }

    /// A call that would wait longer than it may is a dead letter.
    fn within_age(&self, to: Transition) -> Transition {
        let (after, uncertain, quiet) = match &to {
            Transition::Again { after } => (*after, false, Duration::ZERO),
            Transition::Uncertain { after, quiet } => (*after, true, *quiet),
            _ => return to,
        };
        if self.call.waited + after <= self.courier.settings.max_age {
            return to;
        }
        let message =
            format!("given up after {} attempts: retry it once Partnero takes such calls", self.call.attempts + 1);
        Transition::Dead { reason: DeadReason::TooOld, message, uncertain, quiet, notice: true }
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

    /// Whether there is an observer to be told.
    fn listened(&self) -> bool {
        self.courier.settings.keeping.notices
    }

    /// Whether it says itself whom it is owed to, whoever referred the buyer.
    fn has_link(&self) -> bool {
        payload::has_link(&self.call.payload)
    }

    fn program(&self) -> ProgramType {
        let friend = payload::has(&self.call.payload, "referring_customer");
        let by_field = if friend { ProgramType::ReferAFriend } else { ProgramType::Affiliate };
        self.courier.api.program_type().unwrap_or(by_field)
    }

    fn log(reason: &str, after: Duration, what: &str) {
        tracing::info!(reason, next_in = ?after, "{what}");
    }
}
