//! Whose API key this is: that of the program whose calls the outbox keeps, or another's.
//!
//! A copy of a production database, opened with the key of a test program, would report real sales there.

use serde_json::Value;

use crate::delivery::{outbox::OutboxError, shared::Shared};

/// The public id of the program, as an answer of `GET /test` names it, if it does.
pub(crate) fn program_of(answer: &Value) -> Option<String> {
    let id = match answer.pointer("/data/program/pub_id")? {
        Value::String(id) => id.clone(),
        Value::Number(id) => id.to_string(),
        _ => return None,
    };
    // It may become a row: what can't be an id is none.
    let is_good = (1..=64).contains(&id.chars().count()) && !id.chars().any(|c| c.is_control() || c.is_whitespace());
    is_good.then_some(id)
}

impl Shared {
    /// The program that this one is mistaken for, if it isn't the right one. Where the outbox has none yet, it becomes
    /// this one's.
    pub(crate) async fn other_than(&self, found: &str) -> Result<Option<String>, OutboxError> {
        // What isn't the configured one is never recorded.
        if let Some(expected) = self.program_id.as_ref().filter(|expected| *expected != found) {
            return Ok(Some(expected.clone()));
        }
        let recorded = self.store.program(found).await?;
        Ok(Some(recorded).filter(|recorded| recorded != found))
    }

    /// The same, and the outbox stays as it is.
    pub(crate) async fn seems_other_than(&self, found: &str) -> Result<Option<String>, OutboxError> {
        let recorded = self.store.recorded_program().await?;
        let differs = |expected: &Option<String>| expected.as_deref().is_some_and(|expected| expected != found);
        Ok([self.program_id.clone(), recorded].into_iter().find(differs).flatten())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_program_is_named_by_its_public_id_or_not_at_all() {
        for (id, named) in [
            (json!("aB3dE6gH"), Some("aB3dE6gH")),
            (json!(4711), Some("4711")),
            (json!(""), None),
            (json!("a b"), None),
            (json!("a\n"), None),
            (json!("x".repeat(65)), None),
            (json!(null), None),
            (json!(["a"]), None),
        ] {
            let answer = json!({"status": 1, "data": {"program": {"pub_id": id}}});
            assert_eq!(program_of(&answer).as_deref(), named, "{answer}");
        }
        assert_eq!(program_of(&json!({"status": 1, "data": []})), None);
    }
}
