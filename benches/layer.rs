//! What the layer costs a request, beside the usual ways to read one cookie.
//!
//! ```text
//! cargo bench --bench layer
//! ```
//!
//! Every candidate answers the same request (15 cookies, 1.1 KB, Partnero's last) on the same route, called in process,
//! and its handler reads the key. Times are medians of interleaved rounds. Instructions and allocations are counted by
//! valgrind, where it is installed: this program runs itself under it for N requests and for 2N, and takes the
//! difference.

#[path = "layer/candidates.rs"]
mod candidates;
#[path = "layer/counted.rs"]
mod counted;
#[path = "layer/report.rs"]
mod report;
#[path = "layer/timed.rs"]
mod timed;

use candidates::CANDIDATES;

fn main() {
    if let Ok(task) = std::env::var(counted::TASK) {
        return counted::run(&task);
    }
    for candidate in CANDIDATES {
        candidate.check();
    }
    // `cargo test --benches` runs this too, without the flag: then it only shows that all candidates answer.
    if std::env::args().any(|argument| argument == "--bench") {
        let times = timed::medians();
        let counts = CANDIDATES.iter().map(counted::count).collect::<Vec<_>>();
        report::print(&times, &counts);
    }
}
