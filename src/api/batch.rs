//! Several transactions of one customer as one body: `customer` and `options` on top, the rest in `transactions`.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::value::RawValue;

use crate::{
    api::ApiError,
    model::{NewTransaction, ProgramType},
};

/// Raw values, so that amounts keep their digits.
type Fields = BTreeMap<String, Box<RawValue>>;

#[derive(Serialize)]
struct Batch {
    customer: Box<RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    options: Option<Box<RawValue>>,
    transactions: Vec<Fields>,
}

/// The body of `POST /transactions` for all of them.
pub(super) fn body(transactions: &[NewTransaction], program: Option<ProgramType>) -> Result<String, ApiError> {
    const ODD: ApiError = ApiError::Request("the transactions of a batch must be of one customer, with the same link");
    let mut batch: Option<Batch> = None;
    for transaction in transactions {
        let mut fields: Fields = serde_json::from_str(&transaction.to_json(program)).map_err(|_| ODD)?;
        let customer = fields.remove("customer").ok_or(ODD)?;
        let options = fields.remove("options");
        let batch = batch.get_or_insert_with(|| Batch {
            customer: customer.clone(),
            options: options.clone(),
            transactions: Vec::with_capacity(transactions.len()),
        });
        if batch.customer.get() != customer.get()
            || batch.options.as_deref().map(RawValue::get) != options.as_deref().map(RawValue::get)
        {
            return Err(ODD);
        }
        batch.transactions.push(fields);
    }
    let batch = batch.ok_or(ApiError::Request("a batch needs a transaction"))?;
    serde_json::to_string(&batch).map_err(|_| ODD)
}

#[cfg(test)]
mod tests {
    use rust_decimal::Decimal;

    use super::*;
    use crate::NewCustomer;

    #[test]
    fn what_they_share_is_on_top_and_amounts_keep_their_digits() {
        let sale = |key: &str, cents| NewTransaction::new(key, Decimal::new(cents, 2)).customer("c");
        assert_eq!(
            body(&[sale("a", 4990), sale("b", 100)], None).unwrap(),
            r#"{"customer":{"key":"c"},"transactions":[{"action":"sale","amount":49.90,"key":"a"},{"action":"sale","amount":1.00,"key":"b"}]}"#
        );
        let guest = |key: &str| NewTransaction::new(key, Decimal::ONE).create_customer(NewCustomer::new("g"));
        assert_eq!(
            body(&[guest("a")], None).unwrap(),
            r#"{"customer":{"key":"g"},"options":{"create_customer":true},"transactions":[{"action":"sale","amount":1,"key":"a"}]}"#
        );
    }

    #[test]
    fn a_batch_of_none_or_of_two_customers_is_refused() {
        let sale = |customer: &str| NewTransaction::new("a", Decimal::ONE).customer(customer);
        assert!(matches!(body(&[], None), Err(ApiError::Request(_))));
        assert!(matches!(body(&[sale("c"), sale("d")], None), Err(ApiError::Request(_))));
        assert!(matches!(
            body(&[sale("c"), sale("c").referral_url("https://x.test")], None),
            Err(ApiError::Request(_))
        ));
    }
}
