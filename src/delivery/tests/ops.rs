//! What the stand-in is asked, one by one.

use std::{sync::atomic::Ordering, time::Duration};

use crate::delivery::{
    call::{CallId, NewCall},
    dead::DeadLetter,
    outbox::{Answer, Claim, Counts, DueNotice, Fate, Settlement, Store, Terms},
    settings::Keeping,
};

use super::base::Inner;

impl Store for Inner {
    fn is_volatile(&self) -> bool {
        self.rounds.fetch_add(1, Ordering::Relaxed);
        false
    }

    #[cfg(any(feature = "sqlx-sqlite", feature = "sqlx-postgres"))]
    fn dialect(&self) -> Option<crate::delivery::sql::Dialect> {
        None
    }

    fn insert<'a>(&'a self, calls: &'a mut Vec<NewCall>) -> Answer<'a, ()> {
        self.ask("insert", move || Box::pin(self.take(calls)))
    }

    fn claim(&self, limit: usize, terms: Terms) -> Answer<'_, Claim> {
        let claim = async move {
            let mut claim = self.store().claim(limit, terms).await?;
            self.note(&mut claim);
            Ok(claim)
        };
        self.ask("claim", move || Box::pin(claim))
    }

    fn settle<'a>(&'a self, settlements: &'a [Settlement], keeping: Keeping) -> Answer<'a, Vec<bool>> {
        self.ask("settle", move || Box::pin(self.settle_all(settlements, keeping)))
    }

    fn turn<'a>(
        &'a self,
        settlements: &'a [Settlement],
        keeping: Keeping,
        _limit: usize,
        _terms: Terms,
    ) -> Answer<'a, (Vec<bool>, Option<Claim>)> {
        let settle = async move { Ok((self.settle(settlements, keeping).await?, None)) };
        self.ask("turn", move || Box::pin(settle))
    }

    fn fates<'a>(&'a self, calls: &'a [CallId]) -> Answer<'a, Vec<Fate>> {
        self.ask("fates", move || Box::pin(async { Ok(self.fates_of(calls)) }))
    }

    fn program<'a>(&'a self, found: &'a str) -> Answer<'a, String> {
        let record = || self.program.lock().unwrap().get_or_insert_with(|| found.to_owned()).clone();
        self.ask("program", move || Box::pin(async move { Ok(record()) }))
    }

    fn recorded_program(&self) -> Answer<'_, Option<String>> {
        self.ask("recorded_program", || Box::pin(async { Ok(self.program.lock().unwrap().clone()) }))
    }

    fn notices(&self, limit: usize, lease: Duration) -> Answer<'_, Vec<DueNotice>> {
        self.ask("notices", move || self.store().notices(limit, lease))
    }

    fn settle_notice(&self, id: u64, again: Option<Duration>) -> Answer<'_, ()> {
        self.ask("settle_notice", move || self.store().settle_notice(id, again))
    }

    fn counts(&self) -> Answer<'_, Counts> {
        self.ask("counts", || self.store().counts())
    }

    fn mark(&self) -> Answer<'_, u64> {
        self.ask("mark", || self.store().mark())
    }

    fn is_open_before(&self, mark: u64) -> Answer<'_, bool> {
        self.ask("is_open_before", move || self.store().is_open_before(mark))
    }

    fn dead_letters(&self, after: u64, limit: usize) -> Answer<'_, Vec<DeadLetter>> {
        self.ask("dead_letters", move || self.store().dead_letters(after, limit))
    }

    fn retry(&self, id: u64) -> Answer<'_, bool> {
        self.ask("retry", move || self.store().retry(id))
    }

    fn discard(&self, id: u64) -> Answer<'_, bool> {
        self.ask("discard", move || self.store().discard(id))
    }

    fn forget<'a>(&'a self, customer: &'a str) -> Answer<'a, usize> {
        self.ask("forget", move || self.store().forget(customer))
    }

    fn prune(&self, keeping: Keeping) -> Answer<'_, bool> {
        self.ask("prune", move || self.store().prune(keeping))
    }
}
