//! `track_*`: from what a handler says to a call in the queue. No I/O, no waiting.

use std::{fmt::Display, sync::atomic::Ordering};

use crate::{
    api::{Customer, Transaction},
    delivery::{
        call::{NewCall, logged},
        intake::NoEntry,
        outcome::End,
        partnero::{Live, Partnero},
        refused::Refused,
        rules::Reported,
        tracked::{TrackError, Tracked},
    },
    model::{NewCustomer, NewTransaction, TransactionKey},
};

impl Partnero {
    /// Reports a new customer, referred or not. Returns at once.
    ///
    /// Report every sign-up: Partnero ignores those it has no use for, and in a refer-a-friend program everyone may
    /// refer. A second sign-up of the same customer is not sent.
    pub fn track_sign_up(&self, customer: NewCustomer) -> Tracked<Customer> {
        self.track(self.rules().sign_up(customer))
    }

    /// Reports a sale. Returns at once. Report it when it is paid, once per order or invoice.
    ///
    /// A second sale of the same key is not sent, nor is one of a key that was refunded. A zero amount is nothing to
    /// report, and a negative one is refused.
    pub fn track_sale(&self, sale: NewTransaction) -> Tracked<Transaction> {
        self.track(self.rules().sale(sale))
    }

    /// Deletes a sale, and with it the commission. Returns at once.
    ///
    /// A sale of this key that was not sent yet is never sent, and neither is one that is tracked later: a payment
    /// webhook that is delivered again revives nothing.
    pub fn track_refund(&self, key: impl Display) -> Tracked<()> {
        self.track(self.rules().refund(TransactionKey::new(key)))
    }

    /// Sets a sale to what remains of it after a partial refund. Returns at once.
    ///
    /// Partnero can't change a transaction: it is deleted and posted anew, with everything that `remaining` says, so
    /// repeat the customer and the product. Nothing remaining is a refund. It is the one call that can bring a refunded
    /// sale back, so don't let two of them race: call it where your own record of the order changes.
    pub fn track_adjustment(&self, remaining: NewTransaction) -> Tracked<Transaction> {
        self.track(self.rules().adjustment(remaining))
    }

    fn track<T>(&self, reported: Reported) -> Tracked<T> {
        let Some(live) = self.as_live() else {
            return unsent(&reported).map_or_else(Tracked::refused, |()| Tracked::ended(End::Ignored));
        };
        match reported {
            Ok(Some(mut call)) => match live.fit(&mut call) {
                Ok(()) => live.take(call),
                Err(refused) => Tracked::refused(live.refuse(refused, true)),
            },
            Ok(None) => Tracked::ended(End::Ignored),
            Err(refused) => Tracked::refused(live.refuse(refused, true)),
        }
    }
}

/// What a disabled handle does with a call: it says so.
pub(crate) fn unsent(reported: &Reported) -> Result<(), TrackError> {
    match reported {
        Ok(Some(call)) => {
            let (customer, transaction) = (logged(call.customer.as_deref()), logged(call.transaction.as_deref()));
            let call = call.kind.as_str();
            tracing::info!(call, customer, transaction, "Partnero is disabled: nothing is sent");
            Ok(())
        }
        Ok(None) => Ok(()),
        Err(refused) => {
            tracing::error!("{refused}");
            Err(refused.error.clone())
        }
    }
}

impl Live {
    /// Refuses a call that is too large. Its body is written only where that isn't certain.
    pub(crate) fn fit(&self, call: &mut NewCall) -> Result<(), Refused> {
        let most = self.shared.settings.max_call_bytes;
        if call.body.most_bytes() > most {
            call.body.write(self.rules.program);
        }
        // What isn't written yet is small enough for sure.
        let bytes = call.body.most_bytes();
        if bytes > most { Err(Refused::of(call, TrackError::TooLarge { bytes, most })) } else { Ok(()) }
    }

    #[cfg_attr(
        not(any(feature = "sqlx-sqlite", feature = "sqlx-postgres")),
        expect(unused_mut, reason = "nothing is noted without a database")
    )]
    fn take<T>(&self, mut call: NewCall) -> Tracked<T> {
        #[cfg(any(feature = "sqlx-sqlite", feature = "sqlx-postgres"))]
        if let Some(buffered) = &self.buffered {
            call.noted = Some(buffered.note(&call));
        }
        let (refused, first) = match self.intake.push(&self.shared, call) {
            Ok(ticket) => return Tracked::queued(ticket),
            Err(back) => match *back {
                (call, NoEntry::Full(first)) => (Refused::of(&call, self.intake.capacity_error()), first),
                (call, NoEntry::Closed) => (Refused::of(&call, TrackError::ShutDown), true),
            },
        };
        Tracked::refused(self.refuse(refused, first))
    }

    /// A call that can't be taken: never in the handler's way.
    pub(crate) fn refuse(&self, refused: Refused, tell: bool) -> TrackError {
        let error = refused.error.clone();
        let said = error == TrackError::SignUpsOnly && self.said_sign_ups_only.swap(true, Ordering::Relaxed);
        self.shared.refuse(refused, tell && !said);
        error
    }
}
