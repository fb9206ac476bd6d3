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
        let digests: Vec<_> = turn.arrivals.iter().map(digest).collect();
        let resources: HashSet<_> = turn.arrivals.iter().filter_map(|it| it.resource.as_deref()).collect();
        let parameters = vec![self.name(), json(&digests)?, now.into(), json(&resources)?];
        // What got an id is new. Of the other resources something is open.
        let (mut new, mut waited_for) = (HashMap::new(), HashSet::new());
        for mut record in tx.query_all(&self.sql.come, parameters).await? {
            match record.number(0) {
                Some(id) => drop(new.insert(record.text(1).unwrap_or_default(), id)),
                None => waited_for.extend(record.text(0)),
            }
        }
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
        let lease_ends = later(now, turn.terms.lease);
        let mut rows = Vec::with_capacity(events.len());
        for (id, event) in events {
            let waits = event.resource.as_ref().is_some_and(|resource| !waited_for.insert(resource.clone()));
            let claims = !waits && stored.claimed.len() < room;
            stored.more |= !(claims || (waits && alone));
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
}

/// For whoever handles it.
fn claimed(row: u64, event: &NewEvent, token: u64, now: Millis) -> Claimed {
    let (resource, body) = (event.resource.clone(), event.body.clone());
    Claimed { row, token, id: event.id, resource, body, arrived_at: time(now), attempts: 0 }
}
