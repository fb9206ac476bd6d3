//! Which customers and sales have calls that are taken and not yet stored: asked by whoever is about to store one of
//! the same by itself.
//!
//! Noting a call is two additions on its way into the queue: no lock, no list. What is asked may be answered with a yes
//! too many, for several keys share a counter, and never with a no too many.

use std::{
    hash::{BuildHasher as _, RandomState},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use crate::delivery::call::NewCall;

/// The first half is the customers'.
const COUNTERS: u16 = 8192;

#[derive(Clone, Debug)]
pub(crate) struct Buffered(Arc<Counters>);

#[derive(Debug)]
struct Counters {
    counts: Box<[AtomicU32]>,
    // Nobody can choose keys that share one.
    hasher: RandomState,
}

/// Goes with a call until it is stored or lost.
#[derive(Debug)]
pub(crate) struct Noted {
    counters: Arc<Counters>,
    of: [Option<u16>; 2],
}

impl Buffered {
    pub(crate) fn new() -> Self {
        let counts = (0..COUNTERS).map(|_| AtomicU32::new(0)).collect();
        Self(Arc::new(Counters { counts, hasher: RandomState::new() }))
    }

    pub(crate) fn note(&self, call: &NewCall) -> Noted {
        let of = self.0.places(call.customer.as_deref(), call.transaction.as_deref());
        for count in self.0.at(of) {
            count.fetch_add(1, Ordering::AcqRel);
        }
        Noted { counters: Arc::clone(&self.0), of }
    }

    /// Whether a call of this customer or of this sale may be waiting.
    pub(crate) fn has(&self, customer: Option<&str>, transaction: Option<&str>) -> bool {
        let of = self.0.places(customer, transaction);
        self.0.at(of).any(|count| count.load(Ordering::Acquire) > 0)
    }
}

impl Counters {
    fn places(&self, customer: Option<&str>, transaction: Option<&str>) -> [Option<u16>; 2] {
        const HALF: u16 = COUNTERS / 2;
        #[expect(clippy::cast_possible_truncation, reason = "every bit of a hash is as good as another")]
        let place = |key: &str| self.hasher.hash_one(key) as u16 % HALF;
        [customer.map(place), transaction.map(|key| HALF + place(key))]
    }

    fn at(&self, places: [Option<u16>; 2]) -> impl Iterator<Item = &AtomicU32> {
        places.into_iter().flatten().filter_map(|place| self.counts.get(usize::from(place)))
    }
}

impl Drop for Noted {
    fn drop(&mut self) {
        for count in self.counters.at(self.of) {
            count.fetch_sub(1, Ordering::AcqRel);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::call::CallKind;

    fn call(customer: Option<&str>, transaction: Option<&str>) -> NewCall {
        let (customer, transaction) = (customer.map(Arc::from), transaction.map(Arc::from));
        NewCall { customer, transaction, ..NewCall::new(CallKind::Sale) }
    }

    #[test]
    fn a_call_is_noted_under_both_of_its_keys_until_it_is_dropped() {
        let buffered = Buffered::new();
        assert!(!buffered.has(Some("7"), Some("order-1")));
        let mut first = call(Some("7"), Some("order-1"));
        first.noted = Some(buffered.note(&first));
        let second = buffered.note(&call(None, Some("order-1")));
        assert!(buffered.has(Some("7"), None) && buffered.has(None, Some("order-1")));
        drop(first);
        assert!(!buffered.has(Some("7"), None) && buffered.has(Some("8"), Some("order-1")));
        drop(second);
        assert!(!buffered.has(Some("7"), Some("order-1")));
    }

    #[test]
    fn a_thousand_other_calls_seldom_stand_in_the_way() {
        let buffered = Buffered::new();
        let keys = (0..1000).map(|n: u32| (n.to_string(), format!("order-{n}")));
        let noted: Vec<_> = keys.map(|(customer, sale)| buffered.note(&call(Some(&customer), Some(&sale)))).collect();
        let others = (0..1000).filter(|n| buffered.has(Some(&format!("other {n}")), None)).count();
        assert!(others < 400, "{others}");
        assert_eq!(noted.len(), 1000);
    }
}
