//! How events get into a database: claimed at once, where nothing keeps them waiting.

use std::collections::{HashMap, HashSet};

use serde_json::json as row;

use crate::delivery::{
    Millis, OutboxError, later,
    sql::{Driver, Tx as _, json, time},
};

use super::{
    super::{
        course::State,
        store::{Added, Claimed, NewEvent, Turn},
    },
    SqlInbox, VERSION,
    row::{digest, payload},
};

/// What became of arrivals.
#[derive(Default)]
pub(super) struct Stored {
    pub(super) added: Vec<Added>,
    pub(super) claimed: Vec<Claimed>,
    /// Some wait for a handler.
    pub(super) more: bool,
}

impl<D: Driver> SqlInbox<D> {
    /// Under the lock of arrivals: ids are given in the order of commits, so none appears before one that was seen, and
    /// two batches with the same repeats don't wait for each other.
    ///
    /// The first `room` of them that nothing keeps waiting are claimed. No earlier one of theirs can appear any more. One
    /// that is there may be about to go, unless this turn is `alone`: then whoever ends it doesn't know of this one, so
    /// it is looked at again.
    pub(super) async fn store(
        &self,
        tx: &mut D::Tx,
        turn: Turn<'_>,
        room: usize,
        alone: bool,
        now: Millis,
    ) -> Result<Stored, OutboxError> {
        let digests: Vec<_> = turn.arrivals.iter().map(|it| digest(it.id)).collect();
        let new = tx.query(&self.sql.see, vec![self.name(), json(&digests)?, now.into()]).await?;
        let mut new: HashMap<_, _> = new.into_iter().filter_map(|mut it| Some((it.text(1)?, it.number(0)?))).collect();
        let mut stored = Stored::default();
        let mut events = Vec::with_capacity(new.len());
        for (event, digest) in turn.arrivals.iter().zip(&digests) {
            let id = new.remove(digest);
            stored.added.push(if id.is_some() { Added::New } else { Added::Repeat });
            events.extend(id.map(|id| (id, event)));
        }
        if events.is_empty() {
            return Ok(stored);
        }
        let mut waited_for = self.waited_for(tx, &events).await?;
        let lease_ends = later(now, turn.terms.lease);
        let mut rows = Vec::with_capacity(events.len());
        for (id, event) in events {
            let waits = event.resource.as_ref().is_some_and(|resource| !waited_for.insert(resource.clone()));
            let claims = !waits && stored.claimed.len() < room;
            stored.more |= !claims && !(waits && alone);
            let (state, due, token) = match (claims, waits && alone) {
                (true, _) => (State::Claimed, Some(lease_ends), turn.token),
                (false, true) => (State::Pending, None, 0),
                (false, false) => (State::Pending, Some(now), 0),
            };
            if claims {
                stored.claimed.push(claimed(id, event, token, now));
            }
            let NewEvent { event, webhook_key, resource, body, .. } = event;
            rows.push(row!([id, event, webhook_key, resource, payload(body), state.as_str(), due, token]));
        }
        tx.query(&self.sql.add, vec![self.name(), json(&rows)?, VERSION.into(), now.into()]).await?;
        Ok(stored)
    }

    /// Those of their resources of which something is open.
    async fn waited_for(&self, tx: &mut D::Tx, events: &[(u64, &NewEvent)]) -> Result<HashSet<String>, OutboxError> {
        let resources: Vec<_> = events.iter().filter_map(|(_, event)| event.resource.as_deref()).collect();
        if resources.is_empty() {
            return Ok(HashSet::new());
        }
        let open = tx.query(&self.sql.open, vec![self.name(), json(&resources)?]).await?;
        Ok(open.into_iter().filter_map(|mut record| record.text(0)).collect())
    }
}

/// For whoever handles it.
fn claimed(row: u64, event: &NewEvent, token: u64, now: Millis) -> Claimed {
    Claimed { row, token, id: event.id, body: event.body.clone(), arrived_at: time(now), attempts: 0 }
}
