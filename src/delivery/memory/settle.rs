//! Records what came of claimed calls.

use std::time::SystemTime;

use crate::delivery::{
    decide::State,
    notice::Notice,
    outbox::{Settlement, Transition},
    settings::Keeping,
};

use super::{
    millis,
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
        let ours = |row: &Row| row.state == State::Claimed && row.token == settlement.token;
        if !self.rows.get(&id).is_some_and(|row| ours(row)) {
            // The lease ran out and the call is somebody else's, or uncertain: what we know of it comes too late.
            tracing::debug!(row = id, "a settlement came after its lease");
            return false;
        }
        // Taken now: the row may be gone at the end.
        let keys = self.rows.get(&id).map(|row| (row.customer.clone(), row.transaction.clone()));
        match &settlement.to {
            Transition::End { end, notice } => {
                self.change(id, |row| row.uncertain = false);
                self.end(id, *end, now);
                if let Some(notice) = notice.as_ref().filter(|_| keeping.notices) {
                    self.notify(notice.clone(), now);
                }
            }
            Transition::Deleted => self.pend(id, now, |row| {
                row.deleted = true;
                row.uncertain = false;
                // What was refused before was another request.
                row.suspect = false;
                (row.attempts, row.waited) = (0, 0);
            }),
            Transition::Release { after, suspect } => self.pend(id, now.saturating_add(millis(*after)), |row| {
                row.suspect |= suspect;
            }),
            Transition::Again { after } => self.pend(id, now.saturating_add(millis(*after)), |row| {
                row.attempts += 1;
                row.waited = row.waited.saturating_add(millis(*after));
                // A deletion says nothing of a post before it.
                row.uncertain &= !row.posts();
                row.suspect = false;
            }),
            Transition::Uncertain { after, quiet } => self.pend(id, now.saturating_add(millis(*after)), |row| {
                row.attempts += 1;
                row.waited = row.waited.saturating_add(millis(*after));
                row.uncertain = true;
                row.suspect = false;
                row.quiet_until = row.quiet_until.max(now.saturating_add(millis(*quiet)));
            }),
            Transition::Dead { reason, message, uncertain, quiet, notice } => {
                self.change(id, |row| {
                    row.uncertain = *uncertain || (row.uncertain && !row.posts());
                    row.state = State::Dead;
                    row.due = None;
                    row.slot = None;
                    row.quiet_until = row.quiet_until.max(now.saturating_add(millis(*quiet)));
                    row.attempts += 1;
                    row.death = Some(Box::new(Death { reason: *reason, message: message.clone(), at: now }));
                });
                let letter = self.letter(id, &wall).filter(|_| *notice && keeping.notices);
                if let Some(letter) = letter {
                    self.notify(Notice::Failed { letter }, now);
                }
                while self.dead.len() > keeping.max_dead {
                    let Some(oldest) = self.dead.first().copied() else { break };
                    tracing::error!(dead_letter = oldest, "too many dead letters: the oldest is discarded");
                    self.discard(oldest, now);
                }
            }
        }
        if let Some((customer, transaction)) = keys {
            self.wake_keys(customer.as_ref(), transaction.as_ref(), now);
        }
        true
    }

    fn pend(&mut self, id: u64, due: u64, change: impl FnOnce(&mut Row)) {
        self.change(id, |row| {
            row.state = State::Pending;
            row.due = Some(due);
            change(row);
        });
    }
}
