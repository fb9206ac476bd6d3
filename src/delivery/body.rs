//! What a call says, on its way from the handler to the outbox.

use std::fmt;

use crate::model::{NewCustomer, NewTransaction, ProgramType};

/// A request body, written where nobody waits for it: by the task that stores the call.
pub(crate) enum Body {
    Customer(NewCustomer),
    Sale(NewTransaction),
    Text(String),
}

/// Without what is in it.
impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Body")
    }
}

impl Body {
    /// Writes it, once.
    pub(crate) fn write(&mut self, program: Option<ProgramType>) {
        let body = std::mem::replace(self, Self::Text(String::new()));
        *self = Self::Text(body.into_json(program));
    }

    /// The JSON of it.
    pub(crate) fn into_json(self, program: Option<ProgramType>) -> String {
        match self {
            Self::Customer(customer) => customer.to_json(program),
            Self::Sale(sale) => sale.to_json(program),
            Self::Text(text) => text,
        }
    }

    /// What was written: nothing yet, if nothing was.
    #[cfg(any(feature = "sqlx-sqlite", feature = "sqlx-postgres"))]
    pub(crate) fn as_text(&self) -> &str {
        match self {
            Self::Text(text) => text,
            Self::Customer(_) | Self::Sale(_) => "",
        }
    }

    /// How many bytes of JSON it can take, at most. Cheap, for nearly every call is far below the limit.
    pub(crate) fn most_bytes(&self) -> usize {
        match self {
            Self::Customer(customer) => customer.most_bytes(),
            Self::Sale(sale) => sale.most_bytes(),
            Self::Text(text) => text.len(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rust_decimal::Decimal;

    use super::*;
    use crate::{Amount, ReferralKey};

    proptest! {
        #[test]
        fn no_body_is_larger_than_it_says(
            texts in prop::collection::vec("[\\PC\u{0}\u{1f}\"\\\\]{0,40}", 9),
            tags in prop::collection::vec("[\\PC\n\"]{0,9}", 0..9),
            amount in any::<i128>(),
        ) {
            let [a, b, c, d, e, f, g, h, i] = <[String; 9]>::try_from(texts).unwrap();
            let amount = Amount::new(Decimal::from_i128_with_scale(amount >> 33, 28), "usd").unwrap();
            let mut customer = NewCustomer::new(&a).id(&b).email(&c).name(&d).surname(&e).date_of_birth(&f);
            customer = customer.referrer_id(&g).partner_email(&h).referral_url(&i).referred_by(ReferralKey::new(&a).ok());
            customer = tags.into_iter().fold(customer, NewCustomer::tag);
            let sale = || NewTransaction::new(&a, amount).customer(&b).customer_email(&c).customer_id(&d).action(&e);
            let sale = || sale().product_id(&f).product_type(&g).referral_url(&h).discount(amount.value(), Some(i.clone()));
            let sale = || sale().gross_amount(amount.value()).created_at(std::time::SystemTime::now()).rewarded(true).rewardable(false);
            let bodies = [
                Body::Sale(sale()),
                Body::Sale(sale().create_customer(customer.clone())),
                Body::Customer(customer),
            ];
            for body in bodies {
                let most = body.most_bytes();
                let json = body.into_json(None);
                prop_assert!(json.len() <= most, "{} > {most}: {json}", json.len());
            }
        }
    }
}
