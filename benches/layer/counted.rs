//! Instructions and allocations, by valgrind.

use std::{env, hint::black_box, process::Command};

use crate::candidates::{CANDIDATES, Candidate};

/// Set where this program runs under valgrind: the candidate's place and the number of requests.
pub(crate) const TASK: &str = "LAYER_BENCH_TASK";

const REQUESTS: u32 = 500;

/// What a request takes.
#[derive(Clone, Copy)]
pub(crate) struct Count {
    pub(crate) instructions: f64,
    pub(crate) allocations: f64,
}

/// `None` without valgrind.
pub(crate) fn count(candidate: &Candidate) -> Option<Count> {
    Some(Count {
        instructions: per_request(candidate, &["--tool=callgrind", "--callgrind-out-file=/dev/null"], "Collected :")?,
        allocations: per_request(candidate, &["--tool=memcheck", "--leak-check=no"], "total heap usage:")?,
    })
}

/// The figure behind a label in valgrind's summary, for twice as many requests less for once as many.
fn per_request(candidate: &Candidate, options: &[&str], label: &str) -> Option<f64> {
    let place = CANDIDATES.iter().position(|other| std::ptr::eq(other, candidate))?;
    let total = |requests: u32| {
        let output = Command::new("valgrind")
            .args(options)
            .arg(env::current_exe().ok()?)
            .env(TASK, format!("{place} {requests}"))
            .output()
            .ok()?;
        let summary = String::from_utf8_lossy(&output.stderr).into_owned();
        let (_, figure) = summary.split_once(label)?;
        let digits = figure.trim_start().chars().take_while(|c| !c.is_whitespace()).filter(char::is_ascii_digit);
        digits.collect::<String>().parse::<f64>().ok()
    };
    Some((total(2 * REQUESTS)? - total(REQUESTS)?) / f64::from(REQUESTS))
}

/// The part of it that runs under valgrind.
pub(crate) fn run(task: &str) {
    let (place, requests) = task.split_once(' ').expect("a place and a number");
    let candidate = &CANDIDATES[place.parse::<usize>().expect("a place")];
    let mut app = (candidate.make)();
    for _ in 0..requests.parse().expect("a number") {
        black_box(app(black_box(candidate.request())));
    }
}
