//! `track_*`: from what a handler says to a call in the queue. No I/O, no waiting.

use std::{fmt::Display, sync::atomic::Ordering};

use crate::{
    api::{Customer, Transaction},
    delivery::{
        body::Body,
        builder::Rules,
        call::{CallKind, NewCall, logged},
        intake::NoEntry,
        outcome::End,
        partnero::{Live, Partnero},
        refused::Refused,
        tracked::{TrackError, Tracked},
    },
    model::{CustomerKey, KeyError, NewCustomer, NewTransaction, TransactionKey},
};

impl Partnero {
    /// Reports a new customer, referred or not. Returns at once.
    ///
    /// Report every sign-up: Partnero ignores those it has no use for, and in a refer-a-friend program everyone may
    /// refer. A second sign-up of the same customer is not sent.
    pub fn track_sign_up(&self, customer: NewCustomer) -> Tracked<Customer> {
        let rules = self.rules();
        if rules.referred_only && !customer.is_referred(rules.program) {
            return Tracked::ended(End::Ignored);
        }
        self.track(rules.sign_up(customer))
    }

    /// Reports a sale. Returns at once. Report it when it is paid, once per order or invoice.
    ///
    /// A second sale of the same key is not sent, nor is one of a key that was refunded. A zero amount is nothing to
    /// report, and a negative one is refused.
    pub fn track_sale(&self, sale: NewTransaction) -> Tracked<Transaction> {
        if sale.is_zero() {
            let transaction = logged(sale.key().ok().map(TransactionKey::as_str));
            tracing::info!(transaction, "a sale of nothing: not reported");
            return Tracked::ended(End::Ignored);
        }
        self.track(self.rules().post(CallKind::Sale, sale))
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
        let rules = self.rules();
        if remaining.is_zero() {
            return self.track(rules.refund(remaining.key().cloned()));
        }
        self.track(rules.post(CallKind::Adjustment, remaining))
    }

    fn track<T>(&self, call: Result<NewCall, Refused>) -> Tracked<T> {
        match (self.as_live(), call) {
            (Some(live), Ok(call)) => live.take(call),
            (Some(live), Err(refused)) => live.refuse(refused, true),
            (None, Ok(call)) => {
                let (customer, transaction) = (logged(call.customer.as_deref()), logged(call.transaction.as_deref()));
                tracing::info!(
                    call = call.kind.as_str(),
                    customer,
                    transaction,
                    "Partnero is disabled: nothing is sent"
                );
                Tracked::ended(End::Ignored)
            }
            (None, Err(refused)) => {
                tracing::error!("{refused}");
                Tracked::refused(refused.error)
            }
        }
    }
}

impl Rules {
    fn sign_up(self, customer: NewCustomer) -> Result<NewCall, Refused> {
        let refused = |error| Refused::new(CallKind::SignUp, error);
        let key = customer.key().map_err(|error| refused(TrackError::CustomerKey(error)))?.shared();
        let referred = customer.is_referred(self.program);
        Ok(NewCall { customer: Some(key), referred, body: Body::Customer(customer), ..NewCall::new(CallKind::SignUp) })
    }

    fn post(self, kind: CallKind, sale: NewTransaction) -> Result<NewCall, Refused> {
        let customer = sale.customer_key().and_then(Result::ok).map(CustomerKey::shared);
        let transaction = sale.key().map(TransactionKey::shared);
        let error = match (sale.customer_key(), &transaction) {
            _ if self.sign_ups_only => Some(TrackError::SignUpsOnly),
            (_, Err(error)) => Some(TrackError::TransactionKey(*error)),
            (None, _) => Some(TrackError::NoCustomer),
            (Some(Err(error)), _) => Some(TrackError::CustomerKey(error)),
            _ if sale.is_negative() => Some(TrackError::NegativeAmount),
            _ => None,
        };
        let transaction = transaction.ok();
        if let Some(error) = error {
            return Err(Refused { customer, transaction, ..Refused::new(kind, error) });
        }
        Ok(NewCall {
            customer,
            transaction,
            amount: sale.amount().map(crate::Amount::value),
            referred: sale.is_referred(self.program),
            body: Body::Sale(sale),
            ..NewCall::new(kind)
        })
    }

    fn refund(self, key: Result<TransactionKey, KeyError>) -> Result<NewCall, Refused> {
        let refused = |error| Refused::new(CallKind::Refund, error);
        let transaction = key.map_err(|error| refused(TrackError::TransactionKey(error)))?.shared();
        if self.sign_ups_only {
            return Err(Refused { transaction: Some(transaction), ..refused(TrackError::SignUpsOnly) });
        }
        Ok(NewCall { transaction: Some(transaction), ..NewCall::new(CallKind::Refund) })
    }
}

impl Live {
    fn take<T>(&self, mut call: NewCall) -> Tracked<T> {
        let most = self.shared.settings.max_call_bytes;
        if call.body.most_bytes() > most {
            call.body.write(self.rules.program);
        }
        // What isn't written yet is small enough for sure.
        let bytes = call.body.most_bytes();
        if bytes > most {
            return self.refuse(Refused::of(&call, TrackError::TooLarge { bytes, most }), true);
        }
        match self.intake.push(&self.shared, call) {
            Ok(ticket) => Tracked::queued(ticket),
            Err(back) => match *back {
                (call, NoEntry::Full(first)) => self.refuse(Refused::of(&call, self.intake.capacity_error()), first),
                (call, NoEntry::Closed) => self.refuse(Refused::of(&call, TrackError::ShutDown), true),
            },
        }
    }

    /// A call that can't be taken: never in the handler's way.
    fn refuse<T>(&self, refused: Refused, tell: bool) -> Tracked<T> {
        let error = refused.error.clone();
        let said = error == TrackError::SignUpsOnly && self.said_sign_ups_only.swap(true, Ordering::Relaxed);
        self.shared.refuse(refused, tell && !said);
        Tracked::refused(error)
    }
}
