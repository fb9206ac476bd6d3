//! The dead letters of calls.

use std::fmt;

use axum_partnero::delivery::{DeadLetter, DeadLetters};

use crate::show::{ago, counted, printable, say, table};

/// Letters read at a time.
pub(crate) const PAGE: usize = 100;

/// Every page of them.
pub(crate) async fn all(letters: &DeadLetters) -> Result<Vec<DeadLetter>, Box<dyn std::error::Error>> {
    let mut all: Vec<DeadLetter> = Vec::new();
    loop {
        let page = letters.page(all.last().map_or(0, |last| last.id), PAGE).await?;
        if page.is_empty() {
            return Ok(all);
        }
        all.extend(page);
    }
}

pub(crate) async fn find(letters: &DeadLetters, id: u64) -> Result<Letter, Box<dyn std::error::Error>> {
    let next = letters.page(id.saturating_sub(1), 1).await?.pop().filter(|letter| letter.id == id);
    next.map(Letter).ok_or_else(|| no_such(id).into())
}

/// Somebody else may have been faster.
pub(crate) fn act_on(id: u64, found: bool) -> Result<(), String> {
    if found { Ok(()) } else { Err(no_such(id)) }
}

pub(crate) fn no_such(id: u64) -> String {
    format!("there is no dead letter {id}")
}

pub(crate) fn list(letters: &[DeadLetter]) {
    if letters.is_empty() {
        return say("no dead letters");
    }
    let heads = ["ID", "CALL", "CUSTOMER", "TRANSACTION", "AMOUNT", "TRIES", "PARKED", "DIED", "WHY"].map(String::from);
    table(&std::iter::once(heads).chain(letters.iter().map(row)).collect::<Vec<_>>(), &[0, 4, 5, 6]);
    say(format!("\n{}", counted(letters.len(), "dead letter", "dead letters")));
}

fn row(letter: &DeadLetter) -> [String; 9] {
    let key = |key: &Option<String>| key.as_deref().map(printable).unwrap_or_default();
    let mut why = letter.reason.as_str().to_owned();
    if letter.uncertain {
        why.push_str(", and Partnero may have it");
    }
    if !letter.message.is_empty() {
        why = format!("{why}: {}", printable(&letter.message));
    }
    [
        letter.id.to_string(),
        letter.kind.as_str().to_owned(),
        key(&letter.customer),
        key(&letter.transaction),
        letter.amount.map(|amount| amount.to_string()).unwrap_or_default(),
        letter.attempts.to_string(),
        letter.parked.to_string(),
        ago(letter.died_at),
        why,
    ]
}

pub(crate) struct Letter(pub(crate) DeadLetter);

impl fmt::Display for Letter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(letter) = self;
        let keys = [&letter.customer, &letter.transaction].into_iter().flatten();
        let about: Vec<_> =
            std::iter::once(letter.kind.as_str().to_owned()).chain(keys.map(|key| printable(key))).collect();
        write!(f, "dead letter {} ({})", letter.id, about.join(", "))
    }
}

/// What becomes of those behind it: of one, of many.
pub(crate) fn parked(letter: &DeadLetter, [one, many]: [&str; 2]) -> String {
    match letter.parked {
        0 => String::new(),
        1 => format!("; 1 call parked behind it {one}"),
        calls => format!("; {calls} calls parked behind it {many}"),
    }
}
