//! The metrics themselves.
//!
//! Each is looked up where it is used, and kept nowhere: so a recorder counts from when it is installed, be that before
//! a handle is built or after. None is touched by a call on its way into the queue.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    ptr,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use metrics::{Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};

const CALLS: &str = "partnero_calls_total";
const QUEUE_DEPTH: &str = "partnero_queue_depth";
const OLDEST: &str = "partnero_oldest_seconds";
const DEAD_LETTERS: &str = "partnero_dead_letters";
const REFUSED: &str = "partnero_refused_total";
const REQUEST: &str = "partnero_request_seconds";
#[cfg(feature = "webhooks")]
const WEBHOOKS: &str = "partnero_webhooks_total";

/// What waits in an outbox.
pub(crate) struct Queue {
    /// Calls to be sent.
    pub(crate) depth: u64,
    /// How long the oldest of them has been there. Zero if there is none.
    pub(crate) oldest: Duration,
    pub(crate) dead_letters: usize,
}

/// Says what each metric is, to each recorder once: before the first that it is given.
fn describe() {
    static TOLD: AtomicUsize = AtomicUsize::new(0);
    let recorder = metrics::with_recorder(|recorder| ptr::from_ref(recorder).cast::<()>().addr());
    if TOLD.load(Ordering::Relaxed) == recorder {
        return;
    }
    TOLD.store(recorder, Ordering::Relaxed);
    describe_counter!(CALLS, Unit::Count, "Calls that ended in this process, by what they ended as.");
    describe_gauge!(QUEUE_DEPTH, Unit::Count, "Calls that wait to be sent. NaN: the outbox is out of reach.");
    describe_gauge!(OLDEST, Unit::Seconds, "How long the oldest of them waits. NaN: the outbox is out of reach.");
    describe_gauge!(DEAD_LETTERS, Unit::Count, "Calls that wait for a person. NaN: the outbox is out of reach.");
    describe_counter!(REFUSED, Unit::Count, "Calls that this process did not take, by the reason.");
    describe_histogram!(
        REQUEST,
        Unit::Seconds,
        "Requests of this process to Partnero, from connecting to the last byte."
    );
    #[cfg(feature = "webhooks")]
    describe_counter!(WEBHOOKS, Unit::Count, "Webhooks that came to this process, and those that it was done with.");
}

/// Tells the recorder, which isn't ours: a panic of its own ends here, and neither a handler nor a delivery with it.
fn tell(what: impl FnOnce()) {
    let told = catch_unwind(AssertUnwindSafe(|| {
        describe();
        what();
    }));
    if told.is_err() {
        tracing::debug!("the recorder of metrics panicked: what it was told is missing");
    }
}

/// Begins the counters of a handle that alerts look at: of one that begins at 1, Prometheus sees no increase.
pub(crate) fn begin(handle: &str, calls: &[&'static str], reasons: &[&'static str]) {
    tell(|| {
        for call in calls {
            counter!(CALLS, "handle" => handle.to_owned(), "call" => *call, "outcome" => "dead_letter").increment(0);
        }
        for reason in reasons {
            counter!(REFUSED, "handle" => handle.to_owned(), "reason" => *reason).increment(0);
        }
    });
}

/// A call is over.
pub(crate) fn call(handle: &str, call: &'static str, outcome: &'static str) {
    tell(|| {
        counter!(CALLS, "handle" => handle.to_owned(), "call" => call, "outcome" => outcome).increment(1);
    });
}

/// A call wasn't taken.
pub(crate) fn refused(handle: &str, reason: &'static str) {
    tell(|| {
        counter!(REFUSED, "handle" => handle.to_owned(), "reason" => reason).increment(1);
    });
}

/// What waits, as far as that is known.
pub(crate) fn queue(handle: &str, queue: Option<&Queue>) {
    tell(|| {
        let depth = queue.map_or(f64::NAN, |queue| queue.depth as f64);
        let oldest = queue.map_or(f64::NAN, |queue| queue.oldest.as_secs_f64());
        let dead_letters = queue.map_or(f64::NAN, |queue| queue.dead_letters as f64);
        for (name, value) in [(QUEUE_DEPTH, depth), (OLDEST, oldest), (DEAD_LETTERS, dead_letters)] {
            gauge!(name, "handle" => handle.to_owned()).set(value);
        }
    });
}

/// A request is over. The endpoint is a template, without keys.
pub(crate) fn request(method: &'static str, endpoint: &'static str, status: &str, took: Duration) {
    tell(|| {
        histogram!(REQUEST, "method" => method, "endpoint" => endpoint, "status" => status.to_owned()).record(took);
    });
}

/// A webhook came, or is over. Its event is a documented name or `unknown`.
#[cfg(feature = "webhooks")]
pub(crate) fn webhook(event: &'static str, verdict: &'static str) {
    tell(|| {
        counter!(WEBHOOKS, "event" => event, "verdict" => verdict).increment(1);
    });
}
