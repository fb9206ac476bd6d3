//! What became of the calls, in the shop's log.

use axum_partnero::{
    CustomerKey, Observer, TransactionKey,
    api::{Customer, Transaction},
    delivery::{BoxError, DeadLetter, HoldReason, RefusedCall},
};
use tracing::{error, info, warn};

pub struct Log;

/// A shop of a refer-a-friend program would save `customer.referral_link` in `signed_up`.
impl Observer for Log {
    async fn signed_up(&self, key: &CustomerKey, _: &Customer) -> Result<(), BoxError> {
        // `{:?}`, for a key may be an e-mail address.
        info!(customer = ?key, "Partnero has the customer");
        Ok(())
    }

    async fn sold(&self, key: &TransactionKey, sale: &Transaction) -> Result<(), BoxError> {
        info!(order = %key, commissions = sale.rewards.len(), "Partnero has the sale");
        Ok(())
    }

    async fn adjusted(&self, key: &TransactionKey, _: &Transaction) -> Result<(), BoxError> {
        info!(order = %key, "Partnero has what remains of the sale");
        Ok(())
    }

    async fn refunded(&self, key: &TransactionKey) -> Result<(), BoxError> {
        info!(order = %key, "Partnero has deleted the sale");
        Ok(())
    }

    async fn failed(&self, letter: &DeadLetter) -> Result<(), BoxError> {
        error!(%letter, "Partnero won't take this: somebody should look at it");
        Ok(())
    }

    async fn refused(&self, call: &RefusedCall) -> Result<(), BoxError> {
        error!(call = call.kind.as_str(), error = %call.error, "this wasn't even stored: somebody should look at it");
        Ok(())
    }

    async fn held(&self, reason: HoldReason) -> Result<(), BoxError> {
        warn!(?reason, "nothing is sent to Partnero for now; the shop goes on");
        Ok(())
    }

    async fn resumed(&self) -> Result<(), BoxError> {
        info!("Partnero is told again");
        Ok(())
    }
}
