//! A Partnero as simple as can be: it does what it is told, at once or later, and would pay twice if it was told to.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

/// Something that changes what is there.
#[derive(Clone, Debug)]
pub(super) enum Request {
    Post(String, Decimal),
    Delete(String),
}

#[derive(Debug, Default)]
pub(super) struct NaivePartnero {
    pub(super) live: BTreeMap<String, Decimal>,
    late: BTreeMap<(u64, usize), Request>,
    held_back: usize,
}

impl NaivePartnero {
    pub(super) fn carry_out(&mut self, request: Request) {
        match request {
            Request::Post(key, amount) => {
                let before = self.live.insert(key.clone(), amount);
                assert_eq!(before, None, "{key} is paid twice");
            }
            Request::Delete(key) => {
                self.live.remove(&key);
            }
        }
    }

    /// Holds a request back until then.
    pub(super) fn carry_out_at(&mut self, time: u64, request: Request) {
        self.held_back += 1;
        self.late.insert((time, self.held_back), request);
    }

    pub(super) fn pass_time(&mut self, now: u64) {
        while let Some(entry) = self.late.first_entry().filter(|entry| entry.key().0 <= now) {
            let request = entry.remove();
            self.carry_out(request);
        }
    }
}
