//! Medians and verdicts.

/// The value below which that share of the values lies. Sorts them.
pub(crate) fn quantile(values: &mut [f64], share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an index")]
    let place = ((values.len() - 1) as f64 * share) as usize;
    values[place]
}

pub(crate) fn median(values: &mut [f64]) -> f64 {
    quantile(values, 0.5)
}

pub(crate) fn at_most(measured: f64, most: f64) -> &'static str {
    if measured <= most { "met" } else { "MISSED" }
}

/// `cargo test --benches` runs a bench without the flag: then it only shows that it works.
pub(crate) fn is_measured() -> bool {
    std::env::args().any(|argument| argument == "--bench")
}
