//! A setting gives the layer back: one that is dropped does nothing.
#![deny(unused_must_use)]
// says: that must be used

use axum_partnero::ReferralLayer;

fn main() {
    let layer = ReferralLayer::new();
    #[cfg(right)]
    let _ = layer.header("x-referral-key");
    #[cfg(not(right))]
    layer.header("x-referral-key");
}
