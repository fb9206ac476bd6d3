//! A stand-in for a database: handles share it, it outlives them, and it fails as told.

use std::{
    collections::{HashMap, HashSet},
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::sync::watch;

use crate::delivery::{
    call::{CallId, CallKind, NewCall},
    dead::DeadLetter,
    memory::MemoryOutbox,
    outbox::{Answer, Claim, Fate, Opening, Outbox, OutboxError, Over, Settlement, Store, Transition, sealed},
    settings::Keeping,
};

/// What it does with what it is asked.
#[derive(Clone, Debug)]
pub(super) enum Mood {
    Well,
    Fails(OutboxError),
    /// Never does it.
    Hangs,
    /// Does it, and never says so.
    Mute,
    /// Does it, and says so later.
    Slow(Duration),
    Panics,
}

type Pick<T> = Mutex<Option<Box<dyn Fn(&T) -> bool + Send>>>;

#[derive(Clone)]
pub(super) struct Base(Arc<Inner>);

pub(super) struct Inner {
    store: OnceLock<Arc<dyn Store>>,
    /// Of the operations named, or of all.
    mood: watch::Sender<(Mood, &'static [&'static str])>,
    pub(super) asked: Mutex<Vec<&'static str>>,
    /// How often it was asked whether it is volatile, as a task does in each of its rounds.
    pub(super) rounds: AtomicUsize,
    /// The transactions of calls given to `insert`, batch by batch.
    pub(super) inserted: Mutex<Vec<Vec<String>>>,
    refused: Pick<NewCall>,
    refused_results: Mutex<HashSet<String>>,
    damaged: Mutex<HashMap<String, Damage>>,
    /// To be handed out by the next claim.
    pub(super) unreadable: Mutex<Vec<(CallId, DeadLetter)>>,
    pub(super) program: Mutex<Option<String>>,
    stored: Mutex<HashSet<CallId>>,
    claimed: Mutex<HashMap<u64, Fate>>,
    fates: Mutex<HashMap<CallId, Fate>>,
}

/// What becomes of a call on its way in.
#[derive(Clone, Copy, Debug)]
pub(super) enum Damage {
    Body(&'static str),
    Kind(CallKind),
    NoTransaction,
}

impl Base {
    pub(super) fn new() -> Self {
        Self(Arc::new(Inner {
            store: OnceLock::new(),
            mood: watch::Sender::new((Mood::Well, &[])),
            asked: Mutex::default(),
            rounds: AtomicUsize::new(0),
            inserted: Mutex::default(),
            refused: Mutex::default(),
            refused_results: Mutex::default(),
            damaged: Mutex::default(),
            unreadable: Mutex::default(),
            program: Mutex::default(),
            stored: Mutex::default(),
            claimed: Mutex::default(),
            fates: Mutex::default(),
        }))
    }

    pub(super) fn set(&self, mood: Mood) {
        self.set_for(mood, &[]);
    }

    pub(super) fn set_for(&self, mood: Mood, operations: &'static [&'static str]) {
        self.0.mood.send_replace((mood, operations));
    }

    pub(super) fn is_away(&self) {
        self.set(Mood::Fails(OutboxError::Unreachable("connection refused".to_owned())));
    }

    /// Refuses each batch with such a call in it.
    pub(super) fn refuse(&self, pick: impl Fn(&NewCall) -> bool + Send + 'static) {
        *self.0.refused.lock().unwrap() = Some(Box::new(pick));
    }

    /// Refuses to record what came of this transaction.
    pub(super) fn refuse_result_of(&self, transaction: &str) {
        self.0.refused_results.lock().unwrap().insert(transaction.to_owned());
    }

    /// By the key of the transaction, or else of the customer.
    pub(super) fn damage(&self, key: &str, damage: Damage) {
        self.0.damaged.lock().unwrap().insert(key.to_owned(), damage);
    }

    pub(super) fn asked(&self, operation: &str) -> usize {
        self.0.asked.lock().unwrap().iter().filter(|asked| **asked == operation).count()
    }

    pub(super) fn rounds(&self) -> usize {
        self.0.rounds.load(Ordering::Relaxed)
    }

    /// How many calls were ever handed out, and how many are now.
    pub(super) async fn claimed(&self) -> (usize, usize) {
        let ever = self.0.claimed.lock().unwrap().len();
        (ever, self.0.store().counts().await.unwrap().in_flight)
    }

    pub(super) fn program(&self) -> Option<String> {
        self.0.program.lock().unwrap().clone()
    }

    /// To be changed.
    pub(super) fn recorded(&self) -> MutexGuard<'_, Option<String>> {
        self.0.program.lock().unwrap()
    }

    pub(super) fn inserted(&self) -> Vec<Vec<String>> {
        self.0.inserted.lock().unwrap().clone()
    }

    pub(super) fn leave_unreadable(&self, id: CallId, letter: DeadLetter) {
        self.0.unreadable.lock().unwrap().push((id, letter));
    }

    pub(super) fn stored(&self) -> usize {
        self.0.stored.lock().unwrap().len()
    }
}

impl Outbox for Base {}

impl sealed::IntoStore for Base {
    fn into_store(self, opening: Opening) -> sealed::Handle {
        self.0.store.get_or_init(|| sealed::IntoStore::into_store(MemoryOutbox::new(), opening).0);
        sealed::Handle(self.0)
    }
}

impl Inner {
    pub(super) fn store(&self) -> &dyn Store {
        &**self.store.get().unwrap()
    }

    pub(super) fn ask<'a, T: Send + 'a>(
        &'a self,
        operation: &'static str,
        work: impl FnOnce() -> Answer<'a, T> + Send + 'a,
    ) -> Answer<'a, T> {
        self.asked.lock().unwrap().push(operation);
        let (mood, operations) = self.mood.borrow().clone();
        let concerned = operations.is_empty() || operations.contains(&operation);
        Box::pin(async move {
            match mood {
                Mood::Fails(error) if concerned => Err(error),
                Mood::Hangs if concerned => std::future::pending().await,
                Mood::Mute if concerned => {
                    work().await?;
                    std::future::pending().await
                }
                Mood::Slow(by) if concerned => {
                    let answer = work().await;
                    tokio::time::sleep(by).await;
                    answer
                }
                Mood::Panics if concerned => panic!("a bug in `{operation}`"),
                _ => work().await,
            }
        })
    }

    pub(super) async fn take(&self, calls: &mut Vec<NewCall>) -> Result<(), OutboxError> {
        let key = |call: &NewCall| call.transaction.as_deref().or(call.customer.as_deref()).unwrap_or("").to_owned();
        self.inserted.lock().unwrap().push(calls.iter().map(key).collect());
        if let Some(refused) = &*self.refused.lock().unwrap()
            && calls.iter().any(refused)
        {
            return Err(OutboxError::Refused("the row of mia@shop.example has\ntoo much of it".to_owned()));
        }
        let mut copies: Vec<_> = {
            let (mut stored, damaged) = (self.stored.lock().unwrap(), self.damaged.lock().unwrap());
            let new = calls.iter().filter(|call| stored.insert(call.id));
            new.map(|call| damage(copy(call), damaged.get(&key(call)))).collect()
        };
        self.store().insert(&mut copies).await?;
        calls.clear();
        Ok(())
    }

    pub(super) fn note(&self, claim: &mut Claim) {
        claim.dead.append(&mut self.unreadable.lock().unwrap());
        for call in &claim.calls {
            let over = Over::Ended(crate::delivery::outcome::End::Ignored);
            let (customer, transaction) = (call.customer.as_deref(), call.transaction.as_deref());
            let (customer, transaction) = (customer.map(str::to_owned), transaction.map(str::to_owned));
            let fate = Fate { id: call.id, kind: call.kind, customer, transaction, over };
            self.claimed.lock().unwrap().insert(call.row, fate);
        }
        for ended in &claim.ended {
            let over = Over::Ended(ended.end);
            let fate = Fate { id: ended.id, kind: ended.kind, customer: None, transaction: None, over };
            self.fates.lock().unwrap().insert(ended.id, fate);
        }
    }

    pub(super) async fn settle_all(
        &self,
        settlements: &[Settlement],
        keeping: Keeping,
    ) -> Result<Vec<bool>, OutboxError> {
        let of = |settlement: &Settlement| self.claimed.lock().unwrap()[&settlement.row].clone();
        let refused = |fate: Fate| self.refused_results.lock().unwrap().contains(&fate.transaction.unwrap_or_default());
        if settlements.iter().any(|settlement| refused(of(settlement))) {
            return Err(OutboxError::Refused("not this one".to_owned()));
        }
        let settled = self.store().settle(settlements, keeping).await?;
        for (settlement, _) in settlements.iter().zip(&settled).filter(|(_, settled)| **settled) {
            let over = match &settlement.to {
                Transition::End { end, .. } => Over::Ended(*end),
                Transition::Dead { reason, message, .. } => Over::Dead(*reason, message.clone()),
                _ => continue,
            };
            let fate = Fate { over, ..of(settlement) };
            self.fates.lock().unwrap().insert(fate.id, fate);
        }
        Ok(settled)
    }

    pub(super) fn fates_of(&self, calls: &[CallId]) -> Vec<Fate> {
        let fates = self.fates.lock().unwrap();
        calls.iter().filter_map(|id| fates.get(id).cloned()).collect()
    }
}

/// Without its place in the queue, which is given back as it is stored.
fn copy(call: &NewCall) -> NewCall {
    let crate::delivery::body::Body::Text(text) = &call.body else { panic!("not written yet") };
    NewCall {
        id: call.id,
        customer: call.customer.clone(),
        transaction: call.transaction.clone(),
        amount: call.amount,
        referred: call.referred,
        body: crate::delivery::body::Body::Text(text.clone()),
        ..NewCall::new(call.kind)
    }
}

fn damage(mut call: NewCall, damage: Option<&Damage>) -> NewCall {
    match damage {
        None => {}
        Some(Damage::Body(body)) => call.body = crate::delivery::body::Body::Text((*body).to_owned()),
        Some(Damage::Kind(kind)) => call.kind = *kind,
        Some(Damage::NoTransaction) => call.transaction = None,
    }
    call
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Base")
    }
}
