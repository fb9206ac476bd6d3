//! What can go wrong with webhooks on their way.

use std::{fmt, sync::Arc};

use crate::sandbox::{core::Core, fault::Rule};

/// Something that goes wrong when an event is sent to a webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum WebhookFault {
    /// It is sent this many times more, in the same bytes, although it was answered.
    Duplicate(u32),
    /// It is sent after this many that happened later, of the same webhook; or when no more have come for a second.
    Late(u32),
}

/// For which events a fault is. It starts when this value is dropped, as a
/// [`FaultRule`](crate::sandbox::FaultRule) does. Of several that fit, the one set first happens.
pub struct WebhookFaultRule {
    core: Arc<Core>,
    rule: Option<Rule<WebhookFault>>,
}

impl WebhookFaultRule {
    pub(in crate::sandbox) fn new(core: Arc<Core>, fault: WebhookFault) -> Self {
        Self { core, rule: Some(Rule::new(fault)) }
    }

    /// Only events of this name. A `*` at its end stands for anything: `.on("transaction.*")`.
    #[expect(clippy::return_self_not_must_use, reason = "dropping it is how it starts")]
    pub fn on(self, event: &str) -> Self {
        self.with(|rule| rule.path = Some(event.to_owned()))
    }

    /// Only events with this text in their data, such as the key of a transaction.
    #[expect(clippy::return_self_not_must_use, reason = "dropping it is how it starts")]
    pub fn mentioning(self, text: &str) -> Self {
        self.with(|rule| rule.text = Some(text.to_owned()))
    }

    /// Only the next `times` events that fit. Default: all, until
    /// [`clear_faults`](crate::sandbox::Sandbox::clear_faults).
    #[expect(clippy::return_self_not_must_use, reason = "dropping it is how it starts")]
    pub fn times(self, times: u64) -> Self {
        self.with(|rule| rule.times = Some(times))
    }

    /// Only with this probability, 0 to 1, drawn for each event that fits, in the order they happen. Default: 1.
    #[expect(clippy::return_self_not_must_use, reason = "dropping it is how it starts")]
    pub fn probability(self, probability: f64) -> Self {
        self.with(|rule| rule.probability = probability)
    }

    fn with(mut self, change: impl FnOnce(&mut Rule<WebhookFault>)) -> Self {
        if let Some(rule) = &mut self.rule {
            change(rule);
        }
        self
    }
}

impl Drop for WebhookFaultRule {
    fn drop(&mut self) {
        if let Some(rule) = self.rule.take() {
            self.core.lock().post.faults.add(rule);
        }
    }
}

impl fmt::Debug for WebhookFaultRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("WebhookFaultRule").field(&self.rule).finish()
    }
}
