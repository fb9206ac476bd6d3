//! Money, in major units, with exactly the digits you give.

use std::fmt;

use rust_decimal::Decimal;
use serde_json::Value;

use crate::model::currency;

/// An amount of money in **major units** (49.90, not 4990), with or without its currency.
///
/// Without one, Partnero takes the program's currency. There is no constructor from a floating-point number: a
/// commission is paid on this.
///
/// ```
/// use axum_partnero::Amount;
/// use rust_decimal::Decimal;
///
/// let amount = Amount::from(Decimal::new(4990, 2));          // 49.90 in the program's currency
/// let stripe = Amount::from_minor(4990, "usd")?;             // 49.90 USD
/// let yen = Amount::from_minor(4990, "jpy")?;                // 4990 JPY: the yen has no decimals
/// assert_eq!(stripe.value(), amount.value());
/// assert_eq!(yen.to_string(), "4990 JPY");
/// # Ok::<(), axum_partnero::AmountError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Amount {
    value: Decimal,
    currency: Option<[u8; 3]>,
}

/// Why there is no such amount.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AmountError {
    /// Not three letters.
    #[error("a currency is its three-letter ISO 4217 code, such as \"usd\"")]
    NotACurrency,
    /// Three letters, but no active ISO 4217 currency, so the number of its decimals isn't known.
    #[error("{0} is no currency of ISO 4217: convert to major units yourself and use `Amount::new`")]
    UnknownCurrency(String),
}

impl Amount {
    /// An amount in major units of a currency, given by its three-letter code in either case.
    ///
    /// # Errors
    /// When the code isn't three letters.
    pub fn new(value: Decimal, currency: &str) -> Result<Self, AmountError> {
        let code = currency::code(currency).ok_or(AmountError::NotACurrency)?;
        Ok(Self { value, currency: Some(code) })
    }

    /// An amount in **minor units** of a currency, as payment processors give it: 4990 `usd` is 49.90 dollars,
    /// 4990 `jpy` is 4990 yen, 4990 `kwd` is 4.990 dinars.
    ///
    /// The decimals are those of ISO 4217. Processors deviate for a few: Stripe gives ISK and UGX in hundredths and
    /// MGA without decimals; convert those yourself.
    ///
    /// # Errors
    /// When the code isn't three letters, or isn't a currency of ISO 4217.
    pub fn from_minor(units: i64, currency: &str) -> Result<Self, AmountError> {
        let code = currency::code(currency).ok_or(AmountError::NotACurrency)?;
        let decimals = currency::decimals(code)
            .ok_or_else(|| AmountError::UnknownCurrency(String::from_utf8_lossy(&code).into_owned()))?;
        Ok(Self { value: Decimal::new(units, decimals), currency: Some(code) })
    }

    /// The number, in major units.
    pub fn value(&self) -> Decimal {
        self.value
    }

    /// The currency's code in upper case; `None` is the program's own.
    pub fn currency(&self) -> Option<&str> {
        self.currency.as_ref().and_then(|code| std::str::from_utf8(code).ok())
    }
}

/// Major units of the program's own currency.
impl From<Decimal> for Amount {
    fn from(value: Decimal) -> Self {
        Self { value, currency: None }
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)?;
        self.currency().map_or(Ok(()), |currency| write!(f, " {currency}"))
    }
}

/// Whether an amount in an answer is ours. Partnero may have kept it as a floating-point number.
pub(crate) fn same_amount(answer: &Value, ours: Decimal) -> bool {
    let text = match answer {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.trim().to_owned(),
        _ => return false,
    };
    let exact = text.parse::<Decimal>().or_else(|_| Decimal::from_scientific(&text));
    exact.is_ok_and(|theirs| theirs == ours)
        || matches!((text.parse::<f64>(), ours.to_string().parse::<f64>()),
            (Ok(theirs), Ok(ours)) if (theirs - ours).abs() <= ours.abs() * 4.0 * f64::EPSILON)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn minor_units_follow_the_decimals_of_each_currency() {
        let of = |units, code| Amount::from_minor(units, code).unwrap().to_string();
        assert_eq!(of(4990, "usd"), "49.90 USD");
        assert_eq!(of(4990, "EUR"), "49.90 EUR");
        assert_eq!(of(4990, "JPY"), "4990 JPY");
        assert_eq!(of(4990, "kwd"), "4.990 KWD");
        assert_eq!(of(4990, "Clf"), "0.4990 CLF");
        assert_eq!(of(i64::MAX, "krw"), "9223372036854775807 KRW");
        assert_eq!(of(-1, "usd"), "-0.01 USD");
    }

    #[test]
    fn what_is_no_currency_is_an_error() {
        for bad in ["", "us", "usdt", "u$d", "ußd", "€€€"] {
            assert_eq!(Amount::from_minor(1, bad), Err(AmountError::NotACurrency), "{bad}");
            assert_eq!(Amount::new(Decimal::ONE, bad), Err(AmountError::NotACurrency), "{bad}");
        }
        assert_eq!(Amount::from_minor(1, "abc"), Err(AmountError::UnknownCurrency("ABC".into())));
        assert!(Amount::new(Decimal::ONE, "abc").is_ok());
    }

    #[test]
    fn amounts_in_answers_are_compared_by_value_however_they_are_written() {
        let ours: Decimal = "49.90".parse().unwrap();
        for same in [json!(49.9), json!("49.90"), json!(" 49.9 "), json!(4.99e1), json!("4.99e1")] {
            assert!(same_amount(&same, ours), "{same}");
        }
        for other in [json!(49.91), json!(4990), json!("x"), json!(null), json!([49.9]), json!(true)] {
            assert!(!same_amount(&other, ours), "{other}");
        }
        let long: Decimal = "12345678901234.565656565656".parse().unwrap();
        let parsed: Value = serde_json::from_str("12345678901234.565656565656").unwrap();
        assert!(same_amount(&parsed, long));
    }
}
