//! Records what came of claimed calls.

use std::time::SystemTime;

use crate::delivery::{
    decide::State,
    notice::Notice,
    outbox::{Settlement, Transition},
    settings::Keeping,
};

use super::{
    row::{Death, Row},
    table::Table,
};

impl Table {
    /// Whether the claim still held.
    pub(super) fn settle(
        &mut self,
        settlement: &Settlement,
        keeping: Keeping,
        now: u64,
        wall: impl Fn(u64) -> SystemTime,
    ) -> bool {
        let id = settlement.row;
        let ours = |row: &Row| row.course.state == State::Claimed && row.course.token == settlement.token;
        if !self.rows.get(&id).is_some_and(|row| ours(row)) {
            // The lease ran out and the call is somebody else's, or uncertain: what we know of it comes too late.
            tracing::debug!(row = id, "a settlement came after its lease");
            return false;
        }
        // Taken now: the row may be gone at the end.
        let keys = self.rows.get(&id).map(|row| (row.customer.clone(), row.transaction.clone()));
        self.change(id, |row| row.course.settle(&settlement.to, now));
        match &settlement.to {
            Transition::End { end, notice } => {
                self.end(id, *end, now);
                if let Some(notice) = notice.as_ref().filter(|_| keeping.notices) {
                    self.notify(notice.clone(), now);
                }
            }
            Transition::Dead { reason, message, notice, .. } => {
                self.change(id, |row| {
                    row.slot = None;
                    row.death = Some(Box::new(Death { reason: *reason, message: message.clone(), at: now }));
                });
                let letter = self.letter(id, &wall).filter(|_| *notice && keeping.notices);
                if let Some(letter) = letter {
                    self.notify(Notice::Failed { letter }, now);
                }
                while self.dead.len() > keeping.max_dead {
                    let Some(oldest) = self.dead.first().copied() else { break };
                    tracing::error!(
                        dead_letter = oldest,
                        "too many dead letters: the oldest is discarded. See to the others"
                    );
                    self.discard(oldest, now);
                }
            }
            Transition::Deleted
            | Transition::Back
            | Transition::Release { .. }
            | Transition::Again { .. }
            | Transition::Uncertain { .. } => {}
        }
        if let Some((customer, transaction)) = keys {
            self.wake_keys(customer.as_ref(), transaction.as_ref(), now);
        }
        true
    }
}
