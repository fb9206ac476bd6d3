//! Time, by the clock.

use std::{hint::black_box, time::Instant};

use crate::candidates::{App, CANDIDATES, Candidate};

const ROUNDS: usize = 101;
const REQUESTS: u32 = 1_000;

/// The nanoseconds of a request to each candidate. The rounds are interleaved, so that what slows the machine for a
/// while slows all of them.
pub(crate) fn medians() -> Vec<f64> {
    let mut apps: Vec<(&Candidate, App, Vec<f64>)> =
        CANDIDATES.iter().map(|candidate| (candidate, (candidate.make)(), Vec::new())).collect();
    for round in 0..=ROUNDS {
        for (candidate, app, times) in &mut apps {
            let start = Instant::now();
            for _ in 0..REQUESTS {
                black_box(app(black_box(candidate.request())));
            }
            // The first round warms up.
            if round > 0 {
                times.push(start.elapsed().as_secs_f64() * 1e9 / f64::from(REQUESTS));
            }
        }
    }
    apps.into_iter()
        .map(|(_, _, mut times)| {
            times.sort_by(f64::total_cmp);
            times[times.len() / 2]
        })
        .collect()
}
