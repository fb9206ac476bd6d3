//! What of it is reported, and what can't be: the same whether the call is queued or stored by the application.

use crate::{
    delivery::{
        body::Body,
        builder::Rules,
        call::{CallKind, NewCall, logged},
        refused::Refused,
        tracked::TrackError,
    },
    model::{CustomerKey, KeyError, NewCustomer, NewTransaction, TransactionKey},
};

/// The call to store, if there is anything to report.
pub(crate) type Reported = Result<Option<NewCall>, Refused>;

impl Rules {
    pub(crate) fn sign_up(self, customer: NewCustomer) -> Reported {
        let referred = customer.is_referred(self.program);
        if self.referred_only && !referred {
            return Ok(None);
        }
        let key = match customer.key() {
            Ok(key) => key.shared(),
            Err(error) => return Err(Refused::new(CallKind::SignUp, TrackError::CustomerKey(error))),
        };
        let call = NewCall::new(CallKind::SignUp);
        Ok(Some(NewCall { customer: Some(key), referred, body: Body::Customer(customer), ..call }))
    }

    pub(crate) fn sale(self, sale: NewTransaction) -> Reported {
        if sale.is_zero() {
            let transaction = logged(sale.key().ok().map(TransactionKey::as_str));
            tracing::info!(transaction, "a sale of nothing: not reported");
            return Ok(None);
        }
        self.post(CallKind::Sale, sale)
    }

    pub(crate) fn adjustment(self, remaining: NewTransaction) -> Reported {
        if remaining.is_zero() {
            return self.refund(remaining.key().cloned());
        }
        self.post(CallKind::Adjustment, remaining)
    }

    pub(crate) fn refund(self, key: Result<TransactionKey, KeyError>) -> Reported {
        let refused = |error| Refused::new(CallKind::Refund, error);
        let transaction = key.map_err(|error| refused(TrackError::TransactionKey(error)))?.shared();
        if self.sign_ups_only {
            return Err(Refused { transaction: Some(transaction), ..refused(TrackError::SignUpsOnly) });
        }
        Ok(Some(NewCall { transaction: Some(transaction), ..NewCall::new(CallKind::Refund) }))
    }

    fn post(self, kind: CallKind, sale: NewTransaction) -> Reported {
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
        Ok(Some(NewCall {
            customer,
            transaction,
            amount: sale.amount().map(crate::Amount::value),
            referred: sale.is_referred(self.program),
            body: Body::Sale(sale),
            ..NewCall::new(kind)
        }))
    }
}
