//! Amounts as people write them.

use rust_decimal::Decimal;

use crate::{
    dashboard::{Money, Texts},
    model::decimals,
};

/// `1,234.50` for US dollars. No digit is lost: what has more than the currency keeps them.
pub(super) fn amount(money: &Money, texts: &Texts) -> String {
    number(money.amount, decimals(&money.currency).unwrap_or(0), texts)
}

pub(super) fn count(count: u64, texts: &Texts) -> String {
    number(Decimal::from(count), 0, texts)
}

fn number(number: Decimal, decimals: u32, texts: &Texts) -> String {
    let digits = number.abs().normalize().to_string();
    let (whole, fraction) = digits.split_once('.').unwrap_or((&digits, ""));
    let mut shown = String::from(if number.is_sign_negative() && !number.is_zero() { "-" } else { "" });
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            shown.push_str(&texts.thousands_mark);
        }
        shown.push(digit);
    }
    let decimals = usize::try_from(decimals).unwrap_or(0);
    if decimals > 0 || !fraction.is_empty() {
        return format!("{shown}{}{fraction:0<decimals$}", texts.decimal_mark);
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_have_the_digits_of_their_currency_and_lose_none() {
        let shown = |digits: &str, currency: &str| {
            let money = Money { amount: digits.parse().unwrap(), currency: currency.to_owned() };
            amount(&money, &Texts::english())
        };
        for (digits, currency, expected) in [
            ("0", "USD", "0.00"),
            ("-0.00", "USD", "0.00"),
            ("3", "usd", "3.00"),
            ("1234.5", "EUR", "1,234.50"),
            ("999", "EUR", "999.00"),
            ("1000000", "JPY", "1,000,000"),
            ("-1234567.891", "KWD", "-1,234,567.891"),
            ("0.005", "USD", "0.005"),
            ("12.50", "points", "12.5"),
            ("79228162514264337593543950335", "USD", "79,228,162,514,264,337,593,543,950,335.00"),
        ] {
            assert_eq!(shown(digits, currency), expected);
        }
        let mut german = Texts::english();
        (german.decimal_mark, german.thousands_mark) = (",".into(), ".".into());
        assert_eq!(number("1234.5".parse().unwrap(), 2, &german), "1.234,50");
        assert_eq!(count(u64::MAX, &Texts::english()), "18,446,744,073,709,551,615");
    }
}
