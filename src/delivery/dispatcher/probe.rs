//! Asks Partnero whether the key is good, and whose it is.

use std::sync::Arc;

use crate::delivery::{courier::Probe, gate::Signal, log::Mistaken, retry::chance};

use super::{Dispatcher, Work};

impl Dispatcher {
    pub(super) fn probe(&mut self) {
        let due = self.gate.next_probe().is_some_and(|at| at <= self.now());
        if due && self.may_probe() {
            let courier = Arc::clone(&self.courier);
            self.probe = Some(self.tasks.spawn(async move { Work::Probed(courier.probe().await) }));
        }
    }

    /// One at a time, to the end.
    pub(super) fn may_probe(&self) -> bool {
        self.probe.is_none() && self.found.is_none()
    }

    pub(super) fn probed(&mut self, probe: Probe) {
        self.probe = None;
        match probe {
            Probe::Bad(signal) => self.learn(signal),
            // The outbox is asked about it first.
            Probe::Good(Some(program)) => self.found = Some(program),
            Probe::Good(None) => {
                tracing::debug!(outbox = self.shared.name, "Partnero doesn't say of which program the API key is");
                self.learn(Signal::Unnamed);
            }
        }
    }

    /// Compares the program that a probe found with the one that it should be.
    pub(super) async fn verify(&mut self) {
        if self.store_rests() {
            return;
        }
        let Some(found) = self.found.take() else { return };
        match self.shared.other_than(&found).await {
            Ok(None) => {
                self.in_reach();
                self.learn(Signal::Answered);
            }
            Ok(Some(expected)) => {
                self.in_reach();
                self.mistaken = Some(Mistaken { found, expected });
                self.learn(Signal::AnotherProgram);
            }
            Err(error) => {
                self.out_of_reach(&error);
                self.found = Some(found);
            }
        }
    }

    fn learn(&mut self, signal: Signal) {
        let change = self.gate.probed(signal, self.now(), chance());
        self.changed(change);
    }
}
