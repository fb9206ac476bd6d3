//! Signs as Partnero does, computed without the crate: by crates that the sandbox doesn't use, either.
#![allow(dead_code, reason = "whoever includes it uses a part")]

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// The secret of the webhook that most of them are about.
pub(crate) const SECRET: &str = "q7W8e9R0t1Y2u3I4";

/// The signature of a body, in lower case.
pub(crate) fn sign(secret: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any length");
    mac.update(body);
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}
