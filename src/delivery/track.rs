//! `track_*`: from what a handler says to a call in the queue. No I/O, no waiting.

use std::{fmt::Display, sync::atomic::Ordering};

use crate::{
    api::{Customer, Transaction},
    delivery::{
        body::Body,
        call::{CallId, CallKind, NewCall, logged},
        intake::NoEntry,
        observer::Event,
        outcome::End,
        partnero::{Live, Partnero},
        shared::Shared,
        tracked::{TrackError, Tracked},
    },
    model::{CustomerKey, NewCustomer, NewTransaction, TransactionKey},
};

impl Partnero {
    /// Reports a new customer, referred or not. Returns at once.
    ///
    /// Report every sign-up: Partnero ignores those it has no use for, and in a refer-a-friend program everyone may
    /// refer. A second sign-up of the same customer is not sent.
    pub fn track_sign_up(&self, customer: NewCustomer) -> Tracked<Customer> {
        let Some(live) = self.as_live() else { return disabled(CallKind::SignUp) };
        let referred = customer.is_referred(live.rules.program);
        if live.rules.referred_only && !referred {
            return Tracked::ended(End::Ignored);
        }
        let key = customer.key().map(CustomerKey::shared).map_err(TrackError::CustomerKey);
        live.track(key.map(|key| NewCall {
            id: CallId::new(),
            kind: CallKind::SignUp,
            customer: Some(key),
            transaction: None,
            amount: None,
            referred,
            body: Body::Customer(customer),
            slot: None,
        }))
    }

    /// Reports a sale. Returns at once. Report it when it is paid, once per order or invoice.
    ///
    /// A second sale of the same key is not sent, nor is one of a key that was refunded. A zero amount is nothing to
    /// report, and a negative one is refused.
    pub fn track_sale(&self, sale: NewTransaction) -> Tracked<Transaction> {
        let Some(live) = self.as_live() else { return disabled(CallKind::Sale) };
        if sale.is_zero() {
            let transaction = logged(sale.key().ok().map(TransactionKey::as_str));
            tracing::info!(transaction, "a sale of nothing: not reported");
            return Tracked::ended(End::Ignored);
        }
        live.track(live.post(CallKind::Sale, sale))
    }

    /// Deletes a sale, and with it the commission. Returns at once.
    ///
    /// A sale of this key that was not sent yet is never sent, and neither is one that is tracked later: a payment
    /// webhook that is delivered again revives nothing.
    pub fn track_refund(&self, key: impl Display) -> Tracked<()> {
        let Some(live) = self.as_live() else { return disabled(CallKind::Refund) };
        live.track(live.refund(&TransactionKey::new(key)))
    }

    /// Sets a sale to what remains of it after a partial refund. Returns at once.
    ///
    /// Partnero can't change a transaction: it is deleted and posted anew, with everything that `remaining` says, so
    /// repeat the customer and the product. Nothing remaining is a refund.
    pub fn track_adjustment(&self, remaining: NewTransaction) -> Tracked<Transaction> {
        let Some(live) = self.as_live() else { return disabled(CallKind::Adjustment) };
        if remaining.is_zero() {
            return live.track(live.refund(&remaining.key().cloned()));
        }
        live.track(live.post(CallKind::Adjustment, remaining))
    }
}

impl Live {
    fn post(&self, kind: CallKind, sale: NewTransaction) -> Result<NewCall, TrackError> {
        self.sales_allowed()?;
        let transaction = sale.key().map_err(TrackError::TransactionKey)?;
        let customer = sale.customer_key().ok_or(TrackError::NoCustomer)?.map_err(TrackError::CustomerKey)?;
        if sale.is_negative() {
            return Err(TrackError::NegativeAmount);
        }
        Ok(NewCall {
            id: CallId::new(),
            kind,
            customer: Some(customer.shared()),
            transaction: Some(transaction.shared()),
            amount: sale.amount().map(crate::Amount::value),
            referred: sale.is_referred(self.rules.program),
            body: Body::Sale(sale),
            slot: None,
        })
    }

    fn refund(&self, key: &Result<TransactionKey, crate::KeyError>) -> Result<NewCall, TrackError> {
        self.sales_allowed()?;
        let key = key.as_ref().map_err(|error| TrackError::TransactionKey(*error))?;
        Ok(NewCall {
            id: CallId::new(),
            kind: CallKind::Refund,
            customer: None,
            transaction: Some(key.shared()),
            amount: None,
            referred: false,
            body: Body::Text(String::new()),
            slot: None,
        })
    }

    fn sales_allowed(&self) -> Result<(), TrackError> {
        if self.rules.sign_ups_only { Err(TrackError::SignUpsOnly) } else { Ok(()) }
    }

    fn track<T>(&self, call: Result<NewCall, TrackError>) -> Tracked<T> {
        let taken = call.and_then(|mut call| {
            let most = self.shared.settings.max_call_bytes;
            if call.body.most_bytes() > most {
                call.body.write(self.rules.program);
            }
            // What isn't written yet is small enough for sure.
            let bytes = call.body.most_bytes();
            if bytes > most { Err(TrackError::TooLarge { bytes, most }) } else { Ok(call) }
        });
        let pushed = match taken {
            Ok(call) => self.intake.push(&self.shared, call),
            Err(error) => return self.refuse(error, true),
        };
        match pushed {
            Ok(ticket) => Tracked::queued(ticket),
            Err(NoEntry::Full(first)) => self.refuse(self.intake.capacity_error(), first),
            Err(NoEntry::Closed) => self.refuse(TrackError::ShutDown, true),
        }
    }

    /// A call that can't be taken: logged, counted, told, and never in the handler's way.
    fn refuse<T>(&self, error: TrackError, tell: bool) -> Tracked<T> {
        Shared::count(&self.shared.tally.refused);
        let said = error == TrackError::SignUpsOnly && self.said_sign_ups_only.swap(true, Ordering::Relaxed);
        if tell && !said {
            tracing::error!(outbox = self.shared.name, %error, "a call isn't taken");
        }
        if tell {
            self.shared.mention(Event::Refused(error.clone()));
        }
        Tracked::refused(error)
    }
}

fn disabled<T>(kind: CallKind) -> Tracked<T> {
    tracing::info!(call = kind.as_str(), "Partnero is disabled: nothing is sent");
    Tracked::ended(End::Ignored)
}
