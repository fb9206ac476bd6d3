//! Whether a handle is set up as it should be: for a deploy step.

use crate::{
    api::{Call, attempt::Attempt, envelope},
    delivery::{outbox::OutboxError, partnero::Partnero, program::program_of},
    model::mask,
};

/// What is wrong with the configuration, or with Partnero right now.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CheckError {
    /// Partnero refuses the API key.
    #[error("Partnero refuses the API key ({status}): take the one of your program (Integration, API)")]
    #[non_exhaustive]
    NotAllowed {
        /// The status it answers with.
        status: u16,
    },
    /// The address answers with a redirect.
    #[error("the base URL answers with a redirect ({status}): it should be https://api.partnero.com/v1/")]
    #[non_exhaustive]
    Redirected {
        /// The status it answers with.
        status: u16,
    },
    /// The API key is another program's.
    #[error(
        "the API key belongs to the program {found}, not to {expected}: use the key of {expected}, or, if {found} is meant, \
         correct `program_id` or give it an outbox (or a `name`) of its own"
    )]
    #[non_exhaustive]
    AnotherProgram {
        /// The program id that was configured, or that of the program whose calls the outbox keeps.
        expected: String,
        /// The program id of the API key.
        found: String,
    },
    /// No answer, or none of Partnero's.
    #[error(
        "Partnero can't be reached: {0}. Check the network and the base URL; if Partnero is down, calls wait for it"
    )]
    Unreachable(String),
    /// The outbox can't be reached.
    #[error(transparent)]
    Outbox(#[from] OutboxError),
}

impl Partnero {
    /// Whether the API key and the base URL are good, the API key is that of the configured program and of the one
    /// whose calls the outbox keeps, and the outbox is in reach: for a deploy step, not for a readiness check. Waits for
    /// Partnero, once, and changes nothing.
    ///
    /// # Errors
    /// What is wrong, and what to do about it.
    pub async fn check(&self) -> Result<(), CheckError> {
        let Some(live) = self.as_live() else { return Ok(()) };
        live.shared.store.counts().await?;
        let answer = match live.shared.api.send(Call::test()).await {
            Attempt::Answered(answer) => answer,
            Attempt::NotSent(reason) | Attempt::Uncertain(reason) => return Err(CheckError::Unreachable(reason)),
        };
        let status = answer.status.as_u16();
        let json = answer.json.filter(|json| envelope::is_partneros(json) && !envelope::says_failed(json));
        match (status, json) {
            (401 | 403, _) => Err(CheckError::NotAllowed { status }),
            (300..=399, _) => Err(CheckError::Redirected { status }),
            (200..=299, Some(json)) => {
                let Some(found) = program_of(&json) else { return Ok(()) };
                match live.shared.seems_other_than(&found).await? {
                    Some(expected) => Err(CheckError::AnotherProgram { expected, found: mask(&found) }),
                    None => Ok(()),
                }
            }
            _ => Err(CheckError::Unreachable(format!("it answers {status}, and not as Partnero does"))),
        }
    }
}
