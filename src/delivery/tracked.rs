//! What `track_*` gives back: nothing to wait for, unless you want to.

use std::{
    fmt,
    marker::PhantomData,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use serde_json::Value;
use tokio::sync::Notify;

use crate::{
    api::{Customer, Transaction, response::FromJson},
    delivery::{
        dead::DeadReason,
        outcome::{End, Outcome},
    },
    model::KeyError,
};

/// Why a call wasn't taken. Nothing of it was stored or sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TrackError {
    /// The customer's key can't be one.
    #[error("the customer's key: {0}")]
    CustomerKey(KeyError),
    /// The transaction's key can't be one.
    #[error("the transaction's key: {0}")]
    TransactionKey(KeyError),
    /// A sale without a customer.
    #[error(
        "the sale names no customer: call `.customer(key)` with the key given at sign-up, or `.create_customer(..)`"
    )]
    NoCustomer,
    /// A sale of less than nothing.
    #[error("the amount is negative: give back money with a refund, or an adjustment to what remains")]
    NegativeAmount,
    /// More than `max_call_bytes`.
    #[error("the call takes {bytes} bytes, more than the {most} allowed: shorten its texts, or raise `max_call_bytes`")]
    TooLarge {
        /// What it takes.
        bytes: usize,
        /// The limit.
        most: usize,
    },
    /// `capacity` calls are waiting already.
    #[error("{capacity} calls are waiting already: Partnero or the outbox is out of reach, or `capacity` is too small")]
    QueueFull {
        /// How many may wait.
        capacity: usize,
    },
    /// The handle is for sign-ups only.
    #[error("this handle is for sign-ups only: the payment processor reports the sales, and two reports pay twice")]
    SignUpsOnly,
    /// After `shutdown`.
    #[error("the handle was shut down")]
    ShutDown,
    /// The handle's outbox is in memory: it has no table for a row.
    #[error("the handle's outbox is in memory: build it with the outbox of the database that is to hold the row")]
    InMemory,
}

/// Why there is no [`Outcome`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DeliveryError {
    /// The call wasn't taken.
    #[error(transparent)]
    NotTaken(#[from] TrackError),
    /// It is a dead letter.
    #[error("it is a dead letter ({}): {message}", reason.as_str())]
    Dead {
        /// Why.
        reason: DeadReason,
        /// What Partnero said, cut and without e-mail addresses.
        message: String,
    },
    /// The handle was shut down before. A durable outbox goes on with it later; one in memory has lost it.
    #[error("the handle was shut down before it was delivered")]
    ShutDown,
}

/// A call that is on its way. Dropping it is fire and forget.
///
/// ```no_run
/// # async fn example(partnero: axum_partnero::Partnero) -> Result<(), Box<dyn std::error::Error>> {
/// # use axum_partnero::{NewTransaction, delivery::Outcome};
/// # let sale = || NewTransaction::new("order-1", rust_decimal::Decimal::new(4990, 2)).customer(4711);
/// partnero.track_sale(sale());                            // returns at once, waits for nothing
/// partnero.track_sale(sale()).stored().await?;            // waits until the outbox has it
/// match partnero.track_sale(sale()).delivered().await? {  // waits for Partnero: not in a handler
///     Outcome::Recorded(transaction) => println!("{} rewards", transaction.rewards.len()),
///     other => println!("{other:?}"),
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Tracked<T> {
    state: State,
    answer: PhantomData<fn() -> T>,
}

#[derive(Debug)]
enum State {
    Refused(TrackError),
    Ended(End),
    Queued(Arc<Ticket>),
}

/// What a [`Tracked`] call can be answered with.
pub(crate) trait Answered: Sized {
    fn read(answer: &Value) -> Option<Self>;
}

impl Answered for Customer {
    fn read(answer: &Value) -> Option<Self> {
        Self::from_json(answer)
    }
}

impl Answered for Transaction {
    fn read(answer: &Value) -> Option<Self> {
        Self::from_json(answer)
    }
}

impl Answered for () {
    fn read(_: &Value) -> Option<Self> {
        Some(())
    }
}

impl<T> Tracked<T> {
    pub(crate) fn refused(error: TrackError) -> Self {
        Self { state: State::Refused(error), answer: PhantomData }
    }

    pub(crate) fn ended(end: End) -> Self {
        Self { state: State::Ended(end), answer: PhantomData }
    }

    pub(crate) fn queued(ticket: Arc<Ticket>) -> Self {
        Self { state: State::Queued(ticket), answer: PhantomData }
    }

    /// Waits until the outbox has the call: for your own disk or database, never for Partnero.
    ///
    /// # Errors
    /// When the call wasn't taken, or the handle was shut down before it was stored.
    pub async fn stored(&mut self) -> Result<(), TrackError> {
        match &self.state {
            State::Refused(error) => Err(error.clone()),
            State::Ended(_) => Ok(()),
            State::Queued(ticket) => {
                ticket
                    .when(|progress| match progress {
                        Progress::Queued => None,
                        Progress::Stored | Progress::Ended(..) | Progress::Dead(..) | Progress::Left => Some(Ok(())),
                        Progress::Lost => Some(Err(TrackError::ShutDown)),
                    })
                    .await
            }
        }
    }

    async fn end(self) -> Result<(End, Option<Value>), DeliveryError> {
        match self.state {
            State::Refused(error) => Err(error.into()),
            State::Ended(end) => Ok((end, None)),
            State::Queued(ticket) => {
                ticket
                    .when(|progress| match progress {
                        Progress::Queued | Progress::Stored => None,
                        Progress::Ended(end, answer) => Some(Ok((*end, answer.clone()))),
                        Progress::Dead(reason, message) => {
                            Some(Err(DeliveryError::Dead { reason: *reason, message: message.clone() }))
                        }
                        Progress::Lost | Progress::Left => Some(Err(DeliveryError::ShutDown)),
                    })
                    .await
            }
        }
    }
}

macro_rules! delivered {
    ($answer:ty) => {
        impl Tracked<$answer> {
            /// Waits until Partnero has the call, however long that takes: not for a handler.
            ///
            /// # Errors
            /// When the call wasn't taken, became a dead letter, or the handle was shut down before.
            pub async fn delivered(self) -> Result<Outcome<$answer>, DeliveryError> {
                let (end, answer) = self.end().await?;
                Ok(match end {
                    End::Recorded => {
                        let answer = answer.unwrap_or_default();
                        match <$answer as Answered>::read(&answer) {
                            Some(answer) => Outcome::Recorded(answer),
                            None => Outcome::Existed,
                        }
                    }
                    End::Existed => Outcome::Existed,
                    End::Ignored => Outcome::Ignored,
                    End::Duplicate => Outcome::Duplicate,
                    End::Cancelled | End::Discarded => Outcome::Cancelled,
                    End::Refunded => Outcome::Refunded,
                    End::Adjusted => Outcome::Adjusted,
                })
            }
        }
    };
}

delivered!(Customer);
delivered!(Transaction);
delivered!(());

/// Where a call is, shared by the handler that waits and the tasks that work.
#[derive(Debug, Default)]
pub(crate) struct Ticket {
    progress: Mutex<Progress>,
    moved: Notify,
}

#[derive(Default)]
pub(crate) enum Progress {
    #[default]
    Queued,
    Stored,
    Ended(End, Option<Value>),
    Dead(DeadReason, String),
    /// Shut down before it was stored.
    Lost,
    /// Shut down after it was stored.
    Left,
}

/// Without what Partnero answered, which has names and e-mail addresses in it.
impl fmt::Debug for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Queued => f.write_str("Queued"),
            Self::Stored => f.write_str("Stored"),
            Self::Ended(end, _) => f.debug_tuple("Ended").field(end).finish(),
            Self::Dead(reason, _) => f.debug_tuple("Dead").field(reason).finish(),
            Self::Lost => f.write_str("Lost"),
            Self::Left => f.write_str("Left"),
        }
    }
}

impl Ticket {
    pub(crate) fn move_to(&self, progress: Progress) {
        let mut now = self.progress();
        // What has ended stays so; what ends is news.
        let open = matches!(*now, Progress::Queued | Progress::Stored);
        if open {
            *now = progress;
        }
        drop(now);
        if open {
            self.moved.notify_waiters();
        }
    }

    /// Nobody will store it.
    pub(crate) fn lose(&self) {
        if matches!(*self.progress(), Progress::Queued) {
            self.move_to(Progress::Lost);
        }
    }

    /// Whether anybody still holds the other end.
    pub(crate) fn is_awaited(self: &Arc<Self>) -> bool {
        Arc::strong_count(self) > 1
    }

    async fn when<T>(&self, look: impl Fn(&Progress) -> Option<T>) -> T {
        loop {
            let moved = self.moved.notified();
            tokio::pin!(moved);
            // Registered before the look, so that no move falls between the two.
            moved.as_mut().enable();
            if let Some(seen) = look(&self.progress()) {
                return seen;
            }
            moved.await;
        }
    }

    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn debug_shows_nothing_of_what_partnero_answered() {
        let ticket = Arc::new(Ticket::default());
        let answer = json!({"key": "7", "email": "mia@x.test", "name": "Mia"});
        ticket.move_to(Progress::Ended(End::Recorded, Some(answer)));
        let text = format!("{:?}", Tracked::<Customer>::queued(ticket));
        assert!(text.contains("Recorded"), "{text}");
        assert!(!text.contains("mia") && !text.contains("Mia"), "{text}");
    }
}
