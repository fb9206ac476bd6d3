//! The two kinds of program that customers are referred in.

use serde::{Deserialize, Serialize};

/// The kind of a Partnero program.
///
/// An API key belongs to one program, so a [`Partnero`](crate::Partnero) handle has one type. A site that runs both
/// kinds has a handle for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ProgramType {
    /// Partners refer customers. Cookie `partnero_partner`, JSON field `partner`.
    Affiliate,
    /// Customers refer their friends. Cookie `partnero_referral`, JSON field `referring_customer`.
    ReferAFriend,
}

impl ProgramType {
    /// The cookie in which PartneroJS keeps this program's referral key.
    pub const fn cookie_name(self) -> &'static str {
        match self {
            Self::Affiliate => "partnero_partner",
            Self::ReferAFriend => "partnero_referral",
        }
    }
}

/// Whether a program could have this public id: 8 letters or digits.
pub(crate) fn is_program_id(text: &str) -> bool {
    text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}
