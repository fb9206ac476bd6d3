//! Records what came of claimed calls, and tells whoever awaits it.

use std::sync::Arc;

use crate::delivery::{
    courier::Delivered,
    log,
    outbox::{ClaimedCall, OutboxError, Settlement, Transition},
    ticket::Progress,
};

use super::Dispatcher;

/// Whom to tell, once it is recorded.
pub(super) struct Told {
    pub(super) call: Box<ClaimedCall>,
    pub(super) progress: Progress,
}

type Group = Vec<(Settlement, Told)>;

impl Dispatcher {
    pub(super) fn delivered(&mut self, call: Box<ClaimedCall>, delivered: Delivered) {
        self.calls -= 1;
        self.ahead.came_back(self.now());
        let change = self.gate.record(delivered.signal, self.now());
        self.changed(change);
        let progress = match &delivered.to {
            Transition::End { end, .. } => Progress::Ended(*end, delivered.answer),
            Transition::Dead { reason, message, .. } => Progress::Dead(*reason, message.clone()),
            _ => Progress::Stored,
        };
        let settlement = Settlement::of(&call, delivered.to);
        self.settlements.push((settlement, Told { call, progress }));
        self.begin_next();
    }

    /// Records what is to be recorded, then tells whoever awaits it.
    pub(super) async fn settle(&mut self) {
        if self.settlements.is_empty() || self.store_rests() {
            return;
        }
        let mut groups = vec![std::mem::take(&mut self.settlements)];
        while let Some(group) = groups.pop() {
            let last = groups.is_empty();
            let Err((error, mut group)) = self.record(group, last).await else { continue };
            match error {
                // One that isn't taken holds up none of the others.
                OutboxError::Refused(_) if group.len() > 1 => {
                    let second = group.split_off(group.len() / 2);
                    groups.extend([second, group]);
                }
                OutboxError::Refused(message) => {
                    let (outbox, error) = (self.shared.name.as_str(), crate::model::mask(&message));
                    tracing::error!(outbox, error, "the outbox refuses a result: its call is taken up again");
                }
                error => {
                    self.out_of_reach(&error);
                    let newer = std::mem::take(&mut self.settlements);
                    self.settlements = groups.into_iter().rev().chain([newer]).fold(group, |mut all, group| {
                        all.extend(group);
                        all
                    });
                    return;
                }
            }
        }
        self.in_reach();
        self.shared.notice.notify_one();
        self.shared.settled.notify_waiters();
    }

    /// Records these, all of them or none. With the last of them, it claims what can be sent next.
    async fn record(&mut self, group: Group, last: bool) -> Result<(), (OutboxError, Group)> {
        let (settlements, told): (Vec<_>, Vec<_>) = group.into_iter().unzip();
        let (store, keeping) = (Arc::clone(&self.shared.store), self.shared.settings.keeping);
        let room = if last && self.may_claim() { self.room() } else { 0 };
        let (terms, lease) = self.terms();
        let turned = match room {
            0 => None,
            room => Some(self.meanwhile(store.turn(&settlements, keeping, room, terms)).await),
        };
        let recorded = match turned {
            // What is refused may be the claim: that takes no result with it.
            None | Some(Err(OutboxError::Refused(_))) => {
                let settled = self.meanwhile(store.settle(&settlements, keeping)).await;
                settled.map(|settled| (settled, None))
            }
            Some(turned) => turned,
        };
        let (settled, claim) = match recorded {
            Ok(recorded) => recorded,
            Err(error) => return Err((error, settlements.into_iter().zip(told).collect())),
        };
        self.next_claim = Some(self.now());
        // What came too late was not recorded, and is somebody else's to tell.
        for (Told { call, progress }, _) in told.into_iter().zip(settled).filter(|(_, settled)| *settled) {
            match &progress {
                Progress::Ended(end, _) => {
                    log::ended(&self.shared.name, &call, *end);
                    self.shared.ended(call.kind, *end);
                }
                Progress::Dead(reason, message) => {
                    log::dead(&self.shared.name, &call, *reason, message);
                    self.shared.died(call.kind);
                }
                _ => continue,
            }
            self.shared.waiting.tell(call.id, progress);
        }
        if let Some(claim) = claim {
            self.send(claim, room, lease);
        }
        Ok(())
    }
}
