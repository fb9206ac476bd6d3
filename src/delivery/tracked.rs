//! What `track_*` gives back: nothing to wait for, unless you want to.

use std::{marker::PhantomData, sync::Arc};

use serde_json::Value;

use crate::{
    api::{Customer, Transaction, response::FromJson},
    delivery::{
        dead::DeadReason,
        outcome::{End, Outcome},
        ticket::{Progress, Ticket},
    },
    model::KeyError,
};

/// Why a call wasn't taken. Nothing of it was stored or sent, but for [`MaybeStored`](Self::MaybeStored).
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
    #[non_exhaustive]
    TooLarge {
        /// What it takes.
        bytes: usize,
        /// The limit.
        most: usize,
    },
    /// `capacity` calls are waiting already.
    #[error(
        "{capacity} calls are waiting already: Partnero or the outbox is out of reach (see `status()`), or `capacity` is \
         too small"
    )]
    #[non_exhaustive]
    QueueFull {
        /// How many may wait.
        capacity: usize,
    },
    /// The handle is for sign-ups only.
    #[error(
        "this handle is for sign-ups only: the payment processor reports the sales, and two reports pay twice. Remove this \
         call, or `sign_ups_only()` if no processor reports"
    )]
    SignUpsOnly,
    /// The database refuses this call, while it takes others: see what is odd about it.
    #[error(
        "the database refuses this call, while it takes others: {message}. See what is odd about its keys and texts"
    )]
    #[non_exhaustive]
    Refused {
        /// What the database says, cut and without e-mail addresses.
        message: String,
    },
    /// After `shutdown`, or it came before the call was stored.
    #[error("the handle was shut down: track before that, or after the restart")]
    ShutDown,
    /// The handle's outbox is in memory: it has no table for a row.
    #[error("the handle's outbox is in memory: build it with the outbox of the database that is to hold the row")]
    InMemory,
    /// The outbox was given the call, and the handle was shut down before it answered: the call is stored or it isn't.
    ///
    /// If you can, track it again after the restart: an outbox that has it knows the repeat by its key.
    #[error(
        "the outbox didn't answer before the handle was shut down: the call may be stored or not. Track it again after the \
         restart: an outbox that has it knows the repeat"
    )]
    MaybeStored,
}

impl TrackError {
    /// All that [`reason`](Self::reason) can be, but for what is only found out after a call was taken.
    #[cfg(feature = "metrics")]
    pub(crate) const REASONS: [&'static str; 10] = [
        "customer_key",
        "transaction_key",
        "no_customer",
        "negative_amount",
        "too_large",
        "queue_full",
        "sign_ups_only",
        "refused",
        "shut_down",
        "in_memory",
    ];

    /// The name in metrics.
    pub(crate) const fn reason(&self) -> &'static str {
        match self {
            Self::CustomerKey(_) => "customer_key",
            Self::TransactionKey(_) => "transaction_key",
            Self::NoCustomer => "no_customer",
            Self::NegativeAmount => "negative_amount",
            Self::TooLarge { .. } => "too_large",
            Self::QueueFull { .. } => "queue_full",
            Self::SignUpsOnly => "sign_ups_only",
            Self::Refused { .. } => "refused",
            Self::ShutDown => "shut_down",
            Self::InMemory => "in_memory",
            Self::MaybeStored => "maybe_stored",
        }
    }
}

/// Why there is no [`Outcome`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DeliveryError {
    /// The call wasn't taken.
    #[error(transparent)]
    NotTaken(#[from] TrackError),
    /// It is a dead letter.
    #[error("it is a dead letter ({}), to be retried or discarded by `dead_letters()`: {message}", reason.as_str())]
    #[non_exhaustive]
    Dead {
        /// Why.
        reason: DeadReason,
        /// What Partnero said, cut and without e-mail addresses.
        message: String,
    },
    /// The handle was shut down before. A durable outbox goes on with it later; one in memory has lost it.
    #[error(
        "the handle was shut down before it was delivered: a durable outbox goes on with it, one in memory has lost it"
    )]
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
    /// When the call wasn't taken, or the handle was shut down before it was stored or before the outbox said so.
    pub async fn stored(&mut self) -> Result<(), TrackError> {
        match &self.state {
            State::Refused(error) => Err(error.clone()),
            State::Ended(_) => Ok(()),
            State::Queued(ticket) => {
                ticket
                    .when(|progress| match progress {
                        Progress::Queued => None,
                        Progress::Stored | Progress::Ended(..) | Progress::Dead(..) | Progress::Left => Some(Ok(())),
                        Progress::NotStored(error) => Some(Err(error.clone())),
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
                ticket.want();
                ticket
                    .when(|progress| match progress {
                        Progress::Queued | Progress::Stored => None,
                        Progress::Ended(end, answer) => Some(Ok((*end, answer.clone()))),
                        Progress::Dead(reason, message) => {
                            Some(Err(DeliveryError::Dead { reason: *reason, message: message.clone() }))
                        }
                        Progress::NotStored(TrackError::ShutDown | TrackError::MaybeStored) | Progress::Left => {
                            Some(Err(DeliveryError::ShutDown))
                        }
                        Progress::NotStored(error) => Some(Err(error.clone().into())),
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
            /// Where a durable outbox is shared, another process may deliver it. That is looked up each second, and
            /// Partnero is then asked for what it recorded; if it doesn't say, `Recorded` becomes
            /// [`Existed`](Outcome::Existed).
            ///
            /// # Errors
            /// When the call wasn't taken, became a dead letter, or the handle was shut down before: it never waits
            /// for what can't come.
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

    #[cfg(feature = "metrics")]
    #[test]
    fn each_reason_for_which_a_call_is_not_taken_begins_at_zero() {
        let key = KeyError::Empty;
        let errors = [
            TrackError::CustomerKey(key),
            TrackError::TransactionKey(key),
            TrackError::NoCustomer,
            TrackError::NegativeAmount,
            TrackError::TooLarge { bytes: 2, most: 1 },
            TrackError::QueueFull { capacity: 1 },
            TrackError::SignUpsOnly,
            TrackError::Refused { message: String::new() },
            TrackError::ShutDown,
            TrackError::InMemory,
        ];
        assert_eq!(errors.map(|error| error.reason()), TrackError::REASONS);
    }
}
