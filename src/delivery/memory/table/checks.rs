//! Whether the indexes say what the rows say, each worked out anew from what it is defined as.

use std::collections::BTreeSet;

use crate::delivery::{call::CallKind, outbox::Counts};

use super::*;

impl Table {
    pub(in crate::delivery::memory) fn assert_true(&self, now: u64) {
        let open = |row: &Row| matches!(row.course.state, State::Pending | State::Claimed);
        let signed_up = |row: &Row| row.course.kind == CallKind::SignUp;
        assert_eq!(self.open, self.ids(open), "open");
        assert_eq!(self.dead, self.ids(|row| row.course.state == State::Dead), "dead");
        let due = self.rows.iter().filter(|(_, row)| open(row));
        let due: BTreeSet<_> = due.filter_map(|(id, row)| row.course.due.map(|due| (due, *id))).collect();
        assert_eq!(self.agenda, due, "agenda");
        assert_eq!(self.open_by_customer.0, self.by_customer(open), "open by customer");
        let begun = |row: &Row| row.course.state == State::Pending && (row.course.uncertain || row.course.deleted);
        let busy = |row: &Row| row.course.state == State::Claimed || begun(row);
        assert_eq!(self.busy_by_customer.0, self.by_customer(busy), "busy by customer");
        let known = |row: &Row| signed_up(row) && matches!(row.course.state, State::Done(End::Recorded | End::Existed));
        assert_eq!(self.known.0, self.by_customer(known), "known");
        let dead = |row: &Row| signed_up(row) && row.course.referred && row.course.state == State::Dead;
        assert_eq!(self.dead_sign_ups.0, self.by_customer(dead), "dead sign-ups");
        let untouched = |row: &Row| row.course.state == State::Pending && !row.course.uncertain && !row.course.deleted;
        let refund = |row: &Row| row.course.kind == CallKind::Refund;
        assert_eq!(self.by_transaction.0, self.by_key(|row| !untouched(row)), "by transaction");
        assert_eq!(self.untouched_posts.0, self.by_key(|row| untouched(row) && !refund(row)), "untouched posts");
        assert_eq!(self.untouched_refunds.0, self.by_key(|row| untouched(row) && refund(row)), "untouched refunds");

        let behind: Vec<_> = self.parked.iter().map(|(_, id)| *id).collect();
        assert_eq!(
            behind.iter().copied().collect::<BTreeSet<_>>(),
            self.ids(|row| row.course.state == State::Parked),
            "parked"
        );
        assert_eq!(behind.len(), self.parked.iter().map(|(_, id)| id).collect::<BTreeSet<_>>().len(), "parked twice");
        for (letter, id) in &self.parked {
            assert!(self.dead.contains(letter), "{id} is parked behind {letter}, which is no dead letter");
        }
        for (id, row) in &self.rows {
            let waits = matches!(row.course.state, State::Pending | State::Claimed | State::Parked);
            assert!(waits || row.slot.is_none(), "{id} holds a place that it doesn't need");
            assert!(row.course.state != State::Claimed || row.course.due.is_some(), "{id} has a lease without an end");
            assert_eq!(row.course.state == State::Dead, row.death.is_some(), "{id}");
        }
        self.assert_counts(now);
    }

    fn assert_counts(&self, now: u64) {
        let count = |applies: fn(&Row) -> bool| self.rows.values().filter(|row| applies(row)).count();
        let oldest = self.rows.values().find(|row| matches!(row.course.state, State::Pending | State::Claimed));
        let counts = Counts {
            pending: count(|row| row.course.state == State::Pending && !row.course.uncertain),
            in_flight: count(|row| row.course.state == State::Claimed),
            uncertain: count(|row| row.course.state == State::Pending && row.course.uncertain),
            parked: count(|row| row.course.state == State::Parked),
            dead: count(|row| row.course.state == State::Dead),
            notices: self.notices.len(),
            oldest: oldest.map(|row| Duration::from_millis(now - row.tracked_at)),
        };
        assert_eq!(self.counts(now), counts);
        let mark = self.mark() / 2 + 1;
        let open = self
            .rows
            .iter()
            .filter(|(id, row)| **id < mark && matches!(row.course.state, State::Pending | State::Claimed));
        assert_eq!(self.is_open_before(mark), open.count() > 0);
    }

    fn ids(&self, applies: impl Fn(&Row) -> bool) -> BTreeSet<u64> {
        self.rows.iter().filter(|(_, row)| applies(row)).map(|(id, _)| *id).collect()
    }

    fn by_key(&self, applies: impl Fn(&Row) -> bool) -> BTreeSet<(Arc<str>, u64)> {
        let rows = self.rows.iter().filter(|(_, row)| applies(row));
        rows.filter_map(|(id, row)| Some((row.transaction.clone()?, *id))).collect()
    }

    fn by_customer(&self, applies: impl Fn(&Row) -> bool) -> BTreeSet<(Arc<str>, u64)> {
        let rows = self.rows.iter().filter(|(_, row)| applies(row));
        rows.filter_map(|(id, row)| Some((row.customer.clone()?, *id))).collect()
    }
}
