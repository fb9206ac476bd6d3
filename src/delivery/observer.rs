//! What an application can be told of what happens behind its back.

use std::{error::Error, future::Future, pin::Pin};

use crate::{
    api::{Customer, Transaction},
    delivery::{dead::DeadLetter, gate::HoldReason, refused::RefusedCall},
    model::{CustomerKey, TransactionKey},
};

/// Any error, as observers return it.
pub type BoxError = Box<dyn Error + Send + Sync>;

type Told = Result<(), BoxError>;

/// Is told what became of calls: implement the methods you care about as plain `async fn`s.
///
/// ```
/// use axum_partnero::{CustomerKey, Observer, api::Customer, delivery::BoxError};
///
/// struct SaveLinks { /* a database */ }
///
/// impl Observer for SaveLinks {
///     async fn signed_up(&self, key: &CustomerKey, customer: &Customer) -> Result<(), BoxError> {
///         if let Some(link) = &customer.referral_link {
///             println!("UPDATE users SET referral_link = {link} WHERE id = {key}");
///         }
///         Ok(())
///     }
/// }
/// ```
///
/// A delivery is recorded first; then `signed_up`, `sold`, `adjusted`, `refunded` or `failed` is called, at least once,
/// and after a restart too if the outbox survives one. An error, a panic, or no answer within
/// [`observer_timeout`](crate::delivery::PartneroBuilder::observer_timeout) (30 seconds) has it called again, five times
/// at most. No delivery waits for it.
///
/// `refused`, `held` and `resumed` are about this process: they are called once, and what they return is only logged.
pub trait Observer: Send + Sync + 'static {
    /// Partnero has this customer, newly or since before: the place to save `referral_link`.
    fn signed_up(&self, key: &CustomerKey, customer: &Customer) -> impl Future<Output = Told> + Send {
        let _ = (key, customer);
        async { Ok(()) }
    }

    /// Partnero has recorded this sale.
    fn sold(&self, key: &TransactionKey, transaction: &Transaction) -> impl Future<Output = Told> + Send {
        let _ = (key, transaction);
        async { Ok(()) }
    }

    /// The transaction has the amount that remains.
    fn adjusted(&self, key: &TransactionKey, transaction: &Transaction) -> impl Future<Output = Told> + Send {
        let _ = (key, transaction);
        async { Ok(()) }
    }

    /// The transaction is gone.
    fn refunded(&self, key: &TransactionKey) -> impl Future<Output = Told> + Send {
        let _ = key;
        async { Ok(()) }
    }

    /// A call became a dead letter.
    fn failed(&self, letter: &DeadLetter) -> impl Future<Output = Told> + Send {
        let _ = letter;
        async { Ok(()) }
    }

    /// A call wasn't taken in the first place. A full queue says so once per episode.
    fn refused(&self, call: &RefusedCall) -> impl Future<Output = Told> + Send {
        let _ = call;
        async { Ok(()) }
    }

    /// Nothing is sent for now.
    fn held(&self, reason: HoldReason) -> impl Future<Output = Told> + Send {
        let _ = reason;
        async { Ok(()) }
    }

    /// Calls are sent again.
    fn resumed(&self) -> impl Future<Output = Told> + Send {
        async { Ok(()) }
    }
}

/// One thing to tell, whatever it is.
pub(crate) enum Event {
    SignedUp(CustomerKey, Customer),
    Sold(TransactionKey, Transaction),
    Adjusted(TransactionKey, Transaction),
    Refunded(TransactionKey),
    Failed(DeadLetter),
    Refused(RefusedCall),
    Held(HoldReason),
    Resumed,
}

/// An observer of any type.
pub(crate) trait AnyObserver: Send + Sync {
    fn tell<'a>(&'a self, event: &'a Event) -> Pin<Box<dyn Future<Output = Told> + Send + 'a>>;
}

impl<O: Observer> AnyObserver for O {
    fn tell<'a>(&'a self, event: &'a Event) -> Pin<Box<dyn Future<Output = Told> + Send + 'a>> {
        Box::pin(async move {
            match event {
                Event::SignedUp(key, customer) => self.signed_up(key, customer).await,
                Event::Sold(key, transaction) => self.sold(key, transaction).await,
                Event::Adjusted(key, transaction) => self.adjusted(key, transaction).await,
                Event::Refunded(key) => self.refunded(key).await,
                Event::Failed(letter) => self.failed(letter).await,
                Event::Refused(call) => self.refused(call).await,
                Event::Held(reason) => self.held(*reason).await,
                Event::Resumed => self.resumed().await,
            }
        })
    }
}
