//! How a call moves from state to state: the same in every outbox.

use std::time::Duration;

use rust_decimal::Decimal;

use crate::delivery::{
    call::CallKind,
    decide::{Facts, Millis, State},
    outbox::{Terms, Transition},
    outcome::End,
};

impl End {
    /// Whether a call of this kind that ended like this must be found again: what would come later depends on it.
    pub(crate) fn is_memorable(self, kind: CallKind) -> bool {
        match kind {
            CallKind::SignUp => matches!(self, Self::Recorded | Self::Existed),
            // Also one that had nothing to do: a call with an earlier id may come after it, be it a dead letter that is
            // retried, or one whose transaction is committed late.
            CallKind::Refund => true,
            _ => self != Self::Duplicate,
        }
    }
}

/// Where a call stands. Times are milliseconds of the outbox's own clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Course {
    /// When it is to be looked at, or when its lease ends. `None`: when a call that it shares a key with is settled.
    pub(crate) due: Option<Millis>,
    /// Until then, a request of this call may still be under way.
    pub(crate) quiet_until: Millis,
    /// How long it has waited between its own attempts.
    pub(crate) waited: Millis,
    /// Counts the claims: only the last one may settle it.
    pub(crate) token: u64,
    pub(crate) amount: Option<Decimal>,
    pub(crate) attempts: u32,
    pub(crate) kind: CallKind,
    pub(crate) state: State,
    pub(crate) uncertain: bool,
    pub(crate) deleted: bool,
    pub(crate) referred: bool,
    pub(crate) suspect: bool,
}

impl Course {
    pub(crate) fn new(kind: CallKind, amount: Option<Decimal>, referred: bool, now: Millis) -> Self {
        Self {
            due: Some(now),
            quiet_until: 0,
            waited: 0,
            token: 0,
            amount,
            attempts: 0,
            kind,
            state: State::Pending,
            uncertain: false,
            deleted: false,
            referred,
            suspect: false,
        }
    }

    pub(crate) fn facts(&self, id: u64) -> Facts {
        Facts {
            id,
            kind: self.kind,
            state: self.state,
            uncertain: self.uncertain,
            deleted: self.deleted,
            quiet_until: self.quiet_until,
            amount: self.amount,
        }
    }

    /// Neither settled nor out of the way.
    pub(crate) fn is_open(&self) -> bool {
        matches!(self.state, State::Pending | State::Claimed)
    }

    /// In flight, or maybe so, or between its two steps.
    pub(crate) fn is_busy(&self) -> bool {
        self.state == State::Claimed || (self.state == State::Pending && self.is_begun())
    }

    /// Waits, and nothing of it was ever sent.
    pub(crate) fn is_untouched(&self) -> bool {
        self.state == State::Pending && !self.is_begun()
    }

    fn is_begun(&self) -> bool {
        self.uncertain || self.deleted
    }

    /// Whether its next request is a `POST /transactions`.
    pub(crate) fn posts(&self) -> bool {
        self.kind == CallKind::Sale || (self.kind == CallKind::Adjustment && self.deleted)
    }

    /// A sign-up that Partnero has.
    pub(crate) fn is_known(&self) -> bool {
        self.kind == CallKind::SignUp && matches!(self.state, State::Done(End::Recorded | End::Existed))
    }

    /// A sign-up with a referrer that is a dead letter.
    pub(crate) fn is_dead_sign_up(&self) -> bool {
        self.kind == CallKind::SignUp && self.referred && self.state == State::Dead
    }

    /// Whether a call of this kind that ended like this must be found again: what would come later depends on it.
    pub(crate) fn is_memorable(&self) -> bool {
        if let State::Done(end) = self.state { end.is_memorable(self.kind) } else { self.kind != CallKind::SignUp }
    }

    pub(crate) fn claim(&mut self, terms: Terms, now: Millis) {
        self.state = State::Claimed;
        self.token += 1;
        self.due = Some(later(now, terms.lease));
    }

    /// The claimant is gone, or hangs: what it sent, if anything, ended with its lease. That is counted from the moment
    /// it is seen, for a clock may have been set.
    pub(crate) fn lose_lease(&mut self, terms: Terms, now: Millis) {
        self.state = State::Pending;
        self.attempts += 1;
        // One that takes its process with it each time ages, too, and comes ever more rarely.
        self.waited = later(self.waited, terms.lease);
        self.due = Some(now.saturating_add(1_000 << self.attempts.min(11)));
        if self.kind != CallKind::SignUp {
            self.uncertain = true;
            self.quiet_until = self.quiet_until.max(later(now, terms.settle_delay));
        }
        if self.posts() {
            self.due = self.due.max(Some(self.quiet_until));
        }
    }

    /// What came of an attempt.
    pub(crate) fn settle(&mut self, to: &Transition, now: Millis) {
        match to {
            Transition::End { end, .. } => {
                self.uncertain = false;
                self.end(*end);
            }
            Transition::Deleted => {
                self.pend(now);
                self.deleted = true;
                self.uncertain = false;
                // What was refused before was another request.
                self.suspect = false;
                (self.attempts, self.waited) = (0, 0);
            }
            Transition::Release { after, suspect } => {
                self.pend(later(now, *after));
                self.suspect |= suspect;
            }
            // Ids are the order among those of one time.
            Transition::Back => self.pend(0),
            Transition::Again { after } => {
                self.wait(*after, now);
                // A deletion says nothing of a post before it.
                self.uncertain &= !self.posts();
            }
            Transition::Uncertain { after, quiet } => {
                self.wait(*after, now);
                self.uncertain = true;
                self.quiet_until = self.quiet_until.max(later(now, *quiet));
            }
            Transition::Dead { uncertain, quiet, .. } => {
                self.uncertain = *uncertain || (self.uncertain && !self.posts());
                self.state = State::Dead;
                self.due = None;
                self.quiet_until = self.quiet_until.max(later(now, *quiet));
                self.attempts += 1;
            }
        }
    }

    pub(crate) fn end(&mut self, end: End) {
        self.state = State::Done(end);
        self.due = None;
    }

    /// A dead letter stands in its way.
    pub(crate) fn park(&mut self) {
        self.state = State::Parked;
        self.due = None;
        // Its key may have been posted by the time it goes on: an adjustment starts over.
        self.deleted = false;
    }

    /// A dead letter goes back to its place.
    pub(crate) fn retry(&mut self, now: Millis) {
        self.pend(now);
        self.suspect = false;
        // As when it is parked.
        self.deleted = false;
        (self.attempts, self.waited) = (0, 0);
    }

    pub(crate) fn pend(&mut self, due: Millis) {
        self.state = State::Pending;
        self.due = Some(due);
    }

    fn wait(&mut self, after: Duration, now: Millis) {
        self.pend(later(now, after));
        self.attempts += 1;
        self.waited = later(self.waited, after);
        self.suspect = false;
    }
}

pub(crate) fn millis(duration: Duration) -> Millis {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

pub(crate) fn later(time: Millis, by: Duration) -> Millis {
    time.saturating_add(millis(by))
}
