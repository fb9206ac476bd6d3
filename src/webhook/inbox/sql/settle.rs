//! What came of claimed events, in a database.

use std::collections::{HashMap, HashSet};

use crate::delivery::{
    Millis, OutboxError,
    sql::{Driver, Tx as _, ids, json},
};

use super::{
    super::{
        course::{State, To},
        store::Settlement,
    },
    SqlInbox,
    row::Row,
};

/// An event that is over so soon after it came is remembered from then.
pub(super) const SOON: Millis = 60 * 1000;

/// What was recorded.
#[derive(Default)]
pub(super) struct Recorded {
    /// Of each settlement, whether its claim still held.
    pub(super) held: Vec<bool>,
    /// Something may be due now that wasn't.
    pub(super) look: bool,
}

impl<D: Driver> SqlInbox<D> {
    /// A settlement whose claim has run out changes nothing.
    pub(super) async fn record(
        &self,
        tx: &mut D::Tx,
        settlements: &[Settlement],
        now: Millis,
    ) -> Result<Recorded, OutboxError> {
        if settlements.is_empty() {
            return Ok(Recorded::default());
        }
        let (done, open): (Vec<_>, Vec<_>) = settlements.iter().partition(|it| matches!(it.to, To::Done));
        let mut held = HashSet::new();
        let mut look = self.end(tx, &done, &mut held, now).await?;
        if !open.is_empty() {
            self.change(tx, &open, &mut held, now).await?;
            look = true;
        }
        // One that is told twice holds once.
        let held = settlements.iter().map(|it| held.remove(&it.row)).collect();
        Ok(Recorded { held, look })
    }

    /// These are over, and what waited for them goes on. Whether there is any.
    async fn end(
        &self,
        tx: &mut D::Tx,
        done: &[&Settlement],
        held: &mut HashSet<u64>,
        now: Millis,
    ) -> Result<bool, OutboxError> {
        if done.is_empty() {
            return Ok(false);
        }
        let claims: Vec<_> = done.iter().map(|it| (it.row, it.token)).collect();
        let resources: HashSet<_> = done.iter().filter_map(|it| it.resource.as_deref()).collect();
        let (mut late, mut woken) = (Vec::new(), false);
        let parameters = vec![self.name(), json(&claims)?, now.into(), json(&resources)?];
        for record in tx.query_all(&self.sql.end, parameters).await? {
            match (record.number(0), record.number(1)) {
                (Some(row), Some(arrived_at)) => {
                    held.insert(row);
                    late.extend((arrived_at + SOON < now).then_some(row));
                }
                _ => woken = true,
            }
        }
        if !late.is_empty() {
            tx.query(&self.sql.remember, vec![ids(late)?, now.into()]).await?;
        }
        Ok(woken)
    }

    /// These aren't over.
    async fn change(
        &self,
        tx: &mut D::Tx,
        settlements: &[&Settlement],
        held: &mut HashSet<u64>,
        now: Millis,
    ) -> Result<(), OutboxError> {
        let mut rows = self.load(tx, settlements.iter().map(|settlement| settlement.row)).await?;
        let mut changed = Vec::new();
        for Settlement { row, token, to, .. } in settlements {
            // The lease ran out, and the event may be somebody else's: what we know of it comes too late.
            let Some(mut row) = rows.remove(row).filter(|row| row.course.takes(*token, to)) else { continue };
            row.course.settle(to, now);
            row.message = to.message().map(str::to_owned);
            held.insert(row.id);
            changed.push(row);
        }
        self.save(tx, &changed, now).await
    }

    pub(super) async fn load(
        &self,
        tx: &mut D::Tx,
        rows: impl IntoIterator<Item = u64>,
    ) -> Result<HashMap<u64, Row>, OutboxError> {
        // Whoever asks for a letter may ask for any number.
        let rows = rows.into_iter().filter(|id| i64::try_from(*id).is_ok());
        let rows = tx.query(&self.sql.load, vec![self.name(), ids(rows)?]).await?;
        Ok(rows.into_iter().map(Row::loaded).map(|row| (row.id, row)).collect())
    }

    /// Writes what has changed of these, of which none is over.
    pub(super) async fn save(&self, tx: &mut D::Tx, rows: &[Row], now: Millis) -> Result<(), OutboxError> {
        if rows.is_empty() {
            return Ok(());
        }
        let rows: Vec<_> = rows.iter().map(Row::to_save).collect();
        tx.query(&self.sql.save, vec![json(&rows)?, now.into()]).await?;
        Ok(())
    }

    /// Ends those of these letters that are some, and says which.
    pub(super) async fn discard_in(
        &self,
        tx: &mut D::Tx,
        letters: impl IntoIterator<Item = u64>,
        now: Millis,
    ) -> Result<Vec<u64>, OutboxError> {
        let letters = self.load(tx, letters).await?.into_values().filter(|row| row.course.state == State::Dead);
        let done = letters.map(|Row { id: row, course, resource, .. }| {
            let token = course.token;
            Settlement { row, token, resource, to: To::Done }
        });
        let done: Vec<_> = done.collect();
        let mut held = HashSet::new();
        self.end(tx, &done.iter().collect::<Vec<_>>(), &mut held, now).await?;
        Ok(held.into_iter().collect())
    }
}
