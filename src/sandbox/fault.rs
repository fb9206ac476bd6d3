//! What can go wrong between an application and Partnero, and for which requests it does.

use std::{fmt, sync::Arc, time::Duration};

use fastrand::Rng;
use memchr::memmem;

use crate::sandbox::{
    answer::Answer,
    core::{Core, State},
};

/// Something that goes wrong with a request.
///
/// "Processed" means that Partnero acts on it, as its own answer would have said; the client may never learn.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The connection is cut with no answer, and nothing is processed.
    ///
    /// It is cut after the request was sent, so the client can't know that nothing was processed: a sale is uncertain
    /// then, as after [`StoreThenDrop`](Self::StoreThenDrop). A connection that is refused before anything is sent is
    /// [`Sandbox::stop_listening`](super::Sandbox::stop_listening).
    Refuse,
    /// Nothing is processed, and no answer ever comes.
    Hang,
    /// Processed after this long, then answered as usual. A client that gives up doesn't stop it.
    Slow(Duration),
    /// Processed, then the connection is cut with no answer.
    StoreThenDrop,
    /// Processed, and no answer ever comes.
    StoreThenHang,
    /// The connection is cut at once with no answer; the request is processed this much later all the same.
    DropThenStore(Duration),
    /// This answer, and nothing is processed.
    Answer(Answer),
    /// Processed, then this answer instead of Partnero's.
    StoreThenAnswer(Answer),
}

impl Fault {
    /// Processed, then 500.
    pub fn store_then_500() -> Self {
        Self::StoreThenAnswer(Answer::status(500))
    }
}

impl From<Answer> for Fault {
    fn from(answer: Answer) -> Self {
        Self::Answer(answer)
    }
}

/// Something that goes wrong when an event is sent to a webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum WebhookFault {
    /// It is sent this many times more, in the same bytes, although it was answered.
    Duplicate(u32),
    /// It is sent after this many that happened later, of the same webhook; or when no more have come for a second.
    Late(u32),
}

/// For which requests a fault is, or for which events. It starts when this value is dropped, which without a `let` is at
/// the end of the statement; so nothing can slip in before its conditions are complete.
///
/// Of several faults that fit, the one set first happens.
pub struct FaultRule<F = Fault> {
    core: Arc<Core>,
    rule: Option<Rule<F>>,
    add: fn(&mut State, Rule<F>),
}

impl FaultRule {
    pub(super) fn new(core: Arc<Core>, fault: Fault) -> Self {
        Self { core, rule: Some(Rule::new(fault)), add: |state, rule| state.faults.add(rule) }
    }

    /// Only this method (`"*"`: any) and this path after `/v1`. A `*` at its end stands for anything:
    /// `.on("DELETE", "/transactions/*")`. The path is compared as it was sent, percent-encoded, without its query.
    #[expect(clippy::return_self_not_must_use, reason = "dropping it is how it starts")]
    pub fn on(self, method: &str, path: &str) -> Self {
        self.with(|rule| {
            rule.method = (method != "*").then(|| method.to_ascii_uppercase());
            rule.path = Some(path.to_owned());
        })
    }
}

impl FaultRule<WebhookFault> {
    pub(super) fn of_webhooks(core: Arc<Core>, fault: WebhookFault) -> Self {
        Self { core, rule: Some(Rule::new(fault)), add: |state, rule| state.post.faults.add(rule) }
    }

    /// Only events of this name. A `*` at its end stands for anything: `.on("transaction.*")`.
    #[expect(clippy::return_self_not_must_use, reason = "dropping it is how it starts")]
    pub fn on(self, event: &str) -> Self {
        self.with(|rule| rule.path = Some(event.to_owned()))
    }
}

impl<F> FaultRule<F> {
    /// Only requests with this text in their body, path or query, or events with it in their data, such as the key of a
    /// customer.
    #[expect(clippy::return_self_not_must_use, reason = "dropping it is how it starts")]
    pub fn mentioning(self, text: &str) -> Self {
        self.with(|rule| rule.text = Some(text.to_owned()))
    }

    /// Only the next `times` that fit. Default: all, until [`clear_faults`](super::Sandbox::clear_faults).
    #[expect(clippy::return_self_not_must_use, reason = "dropping it is how it starts")]
    pub fn times(self, times: u64) -> Self {
        self.with(|rule| rule.times = Some(times))
    }

    /// Only with this probability, 0 to 1, drawn for each that fits in the order of arrival; so the same
    /// [`seed`](super::SandboxBuilder::seed) and requests give the same faults. Default: 1, with no draw.
    #[expect(clippy::return_self_not_must_use, reason = "dropping it is how it starts")]
    pub fn probability(self, probability: f64) -> Self {
        self.with(|rule| rule.probability = probability)
    }

    fn with(mut self, change: impl FnOnce(&mut Rule<F>)) -> Self {
        if let Some(rule) = &mut self.rule {
            change(rule);
        }
        self
    }
}

impl<F> Drop for FaultRule<F> {
    fn drop(&mut self) {
        if let Some(rule) = self.rule.take() {
            (self.add)(&mut self.core.lock(), rule);
        }
    }
}

impl<F: fmt::Debug> fmt::Debug for FaultRule<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("FaultRule").field(&self.rule).finish()
    }
}

/// A fault, and what it is narrowed to.
#[derive(Debug)]
pub(super) struct Rule<F> {
    /// Its number among those of its kind.
    pub(super) id: u64,
    pub(super) fault: F,
    pub(super) method: Option<String>,
    /// The path, or the name of a webhook's event.
    pub(super) path: Option<String>,
    pub(super) text: Option<String>,
    pub(super) probability: f64,
    /// How many are left.
    pub(super) times: Option<u64>,
    /// How many have met it.
    pub(super) met: u64,
}

impl<F> Rule<F> {
    fn new(fault: F) -> Self {
        Self { id: 0, fault, method: None, path: None, text: None, probability: 1.0, times: None, met: 0 }
    }

    fn fits(&self, method: &str, path: &str, query: &str, body: &[u8]) -> bool {
        let same_path = |wanted: &String| match wanted.strip_suffix('*') {
            Some(start) => path.starts_with(start),
            None => path == wanted,
        };
        let mentions = |text: &String| {
            [path.as_bytes(), query.as_bytes(), body].iter().any(|part| memmem::find(part, text.as_bytes()).is_some())
        };
        self.times != Some(0)
            && self.method.as_ref().is_none_or(|wanted| wanted == method)
            && self.path.as_ref().is_none_or(same_path)
            && self.text.as_ref().is_none_or(mentions)
    }
}

/// The faults in force, and the dice.
#[derive(Debug)]
pub(super) struct Faults<F> {
    rules: Vec<Rule<F>>,
    dice: Rng,
    /// The number of the next rule.
    next: u64,
}

impl<F: Clone> Faults<F> {
    pub(super) fn new(dice: Rng) -> Self {
        Self { rules: Vec::new(), dice, next: 1 }
    }

    pub(super) fn clear(&mut self) {
        self.rules.clear();
    }

    fn add(&mut self, rule: Rule<F>) {
        self.rules.push(Rule { id: self.next, ..rule });
        self.next += 1;
    }

    /// Whether there was one with this number.
    pub(super) fn remove(&mut self, id: u64) -> bool {
        let before = self.rules.len();
        self.rules.retain(|rule| rule.id != id);
        self.rules.len() < before
    }

    /// Those that can still happen, the first one first.
    pub(super) fn in_force(&self) -> impl Iterator<Item = &Rule<F>> {
        self.rules.iter().filter(|rule| rule.times != Some(0))
    }

    /// The fault that a request meets, if any. `path` is the one after `/v1`, or the name of a webhook's event.
    pub(super) fn draw(&mut self, method: &str, path: &str, query: &str, body: &[u8]) -> Option<F> {
        let dice = &mut self.dice;
        let mut fitting = self.rules.iter_mut().filter(|rule| rule.fits(method, path, query, body));
        let rule = fitting.find(|rule| rule.probability >= 1.0 || dice.f64() < rule.probability)?;
        rule.times = rule.times.map(|times| times - 1);
        rule.met += 1;
        let fault = rule.fault.clone();
        self.rules.retain(|rule| rule.times != Some(0));
        Some(fault)
    }
}
