//! How an event moves from state to state: the same in every inbox.

use std::time::Duration;

use crate::delivery::{Millis, backoff, later};

/// Where an event stands. Times are milliseconds of the inbox's own clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Course {
    pub(crate) state: State,
    /// When it is to be looked at, or when its lease ends. `None`: when an earlier one of its resource is over.
    pub(crate) due: Option<Millis>,
    /// That of the last claim, which alone may settle it.
    pub(crate) token: u64,
    /// How often it was handled in vain.
    pub(crate) attempts: u32,
}

/// The states of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Pending,
    Claimed,
    Dead,
    Done,
}

/// The terms of a claim.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms {
    /// How long the claimant has.
    pub(crate) lease: Duration,
    /// After so many attempts it is a dead letter.
    pub(crate) attempts: u32,
    /// The shortest and the longest wait between two of them.
    pub(crate) backoff: (Duration, Duration),
}

/// What a look at an event that is due comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// It can be handled now.
    Claimed,
    /// An earlier one of its resource isn't over.
    Waits,
    /// Its claimant is gone: it is handled again later.
    Lost,
    /// Its claimants were gone too often.
    Died,
}

/// Where a claimed event goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum To {
    /// It is handled, or dropped.
    Done,
    /// The handler failed: again after that long.
    Again { after: Duration, message: String },
    /// It failed once too often.
    Dead { message: String },
    /// The handler was cut off, which is nobody's fault: it goes back as it was.
    Back,
    /// The handler is still at it: its claim goes on for that long.
    Held { lease: Duration },
}

impl Course {
    pub(crate) fn new(now: Millis) -> Self {
        Self { state: State::Pending, due: Some(now), token: 0, attempts: 0 }
    }

    /// A look at it, now that it is due, in the turn of this token. `first`: no earlier one of its resource is open, nor a
    /// dead letter.
    pub(crate) fn look(&mut self, first: bool, token: u64, terms: Terms, now: Millis) -> Look {
        match self.state {
            State::Claimed => {
                self.attempts = self.attempts.saturating_add(1);
                if self.attempts >= terms.attempts {
                    (self.state, self.due) = (State::Dead, None);
                    return Look::Died;
                }
                // One that takes its process with it each time must come ever more rarely.
                let wait = backoff(terms.backoff, self.attempts - 1, 0.5);
                (self.state, self.due) = (State::Pending, Some(later(now, wait)));
                Look::Lost
            }
            State::Pending if first => {
                self.token = token;
                (self.state, self.due) = (State::Claimed, Some(later(now, terms.lease)));
                Look::Claimed
            }
            State::Pending | State::Dead | State::Done => {
                self.due = None;
                Look::Waits
            }
        }
    }

    /// Whether the claim of this token may still say what came of it. That it is done counts also after its lease, for as
    /// long as nobody else has claimed it.
    pub(crate) fn takes(&self, token: u64, to: &To) -> bool {
        let done = matches!(to, To::Done);
        self.token == token && (self.state == State::Claimed || (done && self.state != State::Done))
    }

    /// What came of its handler.
    pub(crate) fn settle(&mut self, to: &To, now: Millis) {
        (self.state, self.due) = match to {
            To::Done => (State::Done, None),
            To::Back => (State::Pending, Some(now)),
            To::Held { lease } => (State::Claimed, Some(later(now, *lease))),
            To::Again { after, .. } => (State::Pending, Some(later(now, *after))),
            To::Dead { .. } => (State::Dead, None),
        };
        if matches!(to, To::Again { .. } | To::Dead { .. }) {
            self.attempts = self.attempts.saturating_add(1);
        }
    }

    /// A dead letter goes back to its place.
    pub(crate) fn retry(&mut self, now: Millis) {
        (self.state, self.due, self.attempts) = (State::Pending, Some(now), 0);
    }
}

#[cfg(any(feature = "sqlx-sqlite", feature = "sqlx-postgres"))]
impl State {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Claimed => "claimed",
            Self::Dead => "dead",
            Self::Done => "done",
        }
    }

    pub(crate) fn parse(name: &str) -> Option<Self> {
        [Self::Pending, Self::Claimed, Self::Dead, Self::Done].into_iter().find(|state| state.as_str() == name)
    }
}

impl To {
    /// What went wrong.
    pub(crate) fn message(&self) -> Option<&str> {
        match self {
            Self::Again { message, .. } | Self::Dead { message } => Some(message),
            Self::Done | Self::Back | Self::Held { .. } => None,
        }
    }

    /// The same without words: a database may refuse them.
    pub(crate) fn wordless(self) -> Self {
        match self {
            Self::Again { after, .. } => Self::Again { after, message: String::new() },
            Self::Dead { .. } => Self::Dead { message: String::new() },
            other => other,
        }
    }
}

/// What is said of one whose claimants were gone.
pub(crate) const LOST: &str = "its handler never came back: the process ended or hung, so see its log";

#[cfg(test)]
mod tests {
    use super::*;

    const TERMS: Terms = Terms {
        lease: Duration::from_secs(60),
        attempts: 3,
        backoff: (Duration::from_secs(1), Duration::from_secs(3600)),
    };

    fn course(state: State, due: Option<Millis>, token: u64, attempts: u32) -> Course {
        Course { state, due, token, attempts }
    }

    #[test]
    fn a_look_at_what_is_due_claims_the_first_of_a_resource_alone() {
        use State::{Claimed, Dead, Pending};
        for (before, first, look, after) in [
            (course(Pending, Some(5), 0, 0), true, Look::Claimed, course(Claimed, Some(60_005), 9, 0)),
            (course(Pending, Some(5), 7, 2), true, Look::Claimed, course(Claimed, Some(60_005), 9, 2)),
            (course(Pending, Some(5), 7, 2), false, Look::Waits, course(Pending, None, 7, 2)),
            // Lost leases are failures: a second and a half in the middle of 1..=2, then of 1..=4.
            (course(Claimed, Some(5), 7, 0), true, Look::Lost, course(Pending, Some(1_505), 7, 1)),
            (course(Claimed, Some(5), 7, 1), true, Look::Lost, course(Pending, Some(2_505), 7, 2)),
            (course(Claimed, Some(5), 7, 2), true, Look::Died, course(Dead, None, 7, 3)),
            (course(Claimed, Some(5), 7, u32::MAX), true, Look::Died, course(Dead, None, 7, u32::MAX)),
        ] {
            let mut course = before.clone();
            assert_eq!((course.look(first, 9, TERMS, 5), &course), (look, &after), "{before:?}");
        }
    }

    #[test]
    fn a_failure_counts_and_being_cut_off_does_not() {
        let message = || String::from("no");
        let settled = |to: &To| {
            let mut course = course(State::Claimed, Some(9), 4, 1);
            course.settle(to, 100);
            course
        };
        assert_eq!(settled(&To::Done), course(State::Done, None, 4, 1));
        assert_eq!(settled(&To::Back), course(State::Pending, Some(100), 4, 1));
        assert_eq!(settled(&To::Held { lease: TERMS.lease }), course(State::Claimed, Some(60_100), 4, 1));
        let after = Duration::from_millis(50);
        assert_eq!(settled(&To::Again { after, message: message() }), course(State::Pending, Some(150), 4, 2));
        assert_eq!(settled(&To::Dead { message: message() }), course(State::Dead, None, 4, 2));
    }

    #[test]
    fn a_settlement_is_good_for_the_last_claim_alone() {
        let mut event = Course::new(0);
        event.look(true, 1, TERMS, 0);
        let first = event.token;
        let again = To::Again { after: Duration::ZERO, message: String::new() };
        let dead = To::Dead { message: String::new() };
        let others = [To::Back, again, dead];
        assert!(event.takes(first, &To::Done) && others.iter().all(|to| event.takes(first, to)));
        event.look(true, 2, TERMS, 60_000);
        assert!(others.iter().all(|to| !event.takes(first, to)), "its lease ended");
        assert!(event.takes(first, &To::Done), "but nobody else has it");
        event.look(true, 2, TERMS, 70_000);
        assert!(!event.takes(first, &To::Done) && event.takes(first + 1, &To::Done), "it is another's now");
        event.settle(&To::Done, 70_000);
        assert!(!event.takes(first + 1, &To::Done), "once");
    }

    #[test]
    fn a_retried_letter_starts_over() {
        let mut letter = course(State::Dead, None, 4, 50);
        letter.retry(7);
        assert_eq!(letter, course(State::Pending, Some(7), 4, 0));
    }
}
