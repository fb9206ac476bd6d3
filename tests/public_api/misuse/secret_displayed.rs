//! A secret isn't for reading.
// says: `WebhookSecret` doesn't implement `std::fmt::Display`

use axum_partnero::WebhookSecret;

fn show(secret: WebhookSecret) {
    #[cfg(right)]
    println!("{secret:?}");
    #[cfg(not(right))]
    println!("{secret}");
}

fn main() {
    let _ = show;
}
