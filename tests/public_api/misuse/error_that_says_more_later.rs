//! A later version may say more of an error.
// says: `..` required with variant

use axum_partnero::ApiError;

fn read(error: ApiError) {
    #[cfg(right)]
    let ApiError::Uncertain { reason, .. } = error else { return };
    #[cfg(not(right))]
    let ApiError::Uncertain { reason } = error else { return };
    println!("{reason}");
}

fn main() {
    let _ = read;
}
