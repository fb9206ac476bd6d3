//! A later version may know other outcomes.
// says: non-exhaustive patterns

use axum_partnero::Outcome;

fn read(outcome: Outcome<()>) -> bool {
    match outcome {
        Outcome::Recorded(()) | Outcome::Existed | Outcome::Ignored | Outcome::Duplicate => true,
        Outcome::Cancelled | Outcome::Refunded | Outcome::Adjusted => false,
        #[cfg(right)]
        _ => false,
    }
}

fn main() {
    let _ = read;
}
