//! Histories that once went wrong, each in its shortest form, in each outbox.

use rust_decimal::Decimal;
use tokio::runtime::Runtime;

use crate::delivery::{
    call::CallKind::{self, Adjustment, Refund, Sale, SignUp},
    clock::Clock,
    memory::MemoryStore,
};

use super::{
    oracle,
    random::come_to_rest,
    steps::{Came, Carried, Fate, Step, Tracked},
    world::World,
};

const LOST: Came = Came::NoAnswer(Carried::NotOut);
const LATE: Came = Came::NoAnswer(Carried::Later(500));

/// One customer and one order.
struct History {
    world: World,
    runtime: Runtime,
}

/// Tells a history to each outbox.
fn in_each(max_dead: usize, tell: impl Fn(&mut History)) {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let clock = Clock::manual();
    let memory = MemoryStore::subject(clock.clone());
    let world = runtime().block_on(World::new(max_dead, memory, clock));
    tell(&mut History { world, runtime: runtime() });
    #[cfg(feature = "sqlx-sqlite")]
    {
        let (runtime, clock) = (runtime(), Clock::manual());
        let world = runtime
            .block_on(async { World::new(max_dead, super::databases::sqlite(clock.clone()).await, clock).await });
        tell(&mut History { world, runtime });
    }
}

impl History {
    fn step(&mut self, step: Step) {
        self.runtime.block_on(self.world.step(step));
    }

    fn track(&mut self, kind: CallKind, amount: u8) -> &mut Self {
        self.step(Step::Track(Tracked { kind, customer: 0, key: 0, amount, referred: true }));
        self
    }

    /// Claims one call, whether or not there is any.
    fn try_claim(&mut self) -> usize {
        while self.runtime.block_on(self.world.claim(1)) == Some(0) && self.world.in_flight() == 0 {}
        self.world.in_flight()
    }

    fn claim(&mut self) -> &mut Self {
        assert_eq!(self.world.in_flight(), 0);
        assert_eq!(self.try_claim(), 1, "nothing can be sent: {:#?}", self.runtime.block_on(self.world.rows()));
        self
    }

    fn answer(&mut self, request: Came) -> &mut Self {
        self.step(Step::Answer(0, Fate { request, ..Fate::GOOD }));
        self
    }

    /// The same, and the call is too old to be tried again.
    fn give_up(&mut self, request: Came) -> &mut Self {
        self.step(Step::Answer(0, Fate { request, no_telling: false, too_old: true }));
        self
    }

    fn retry(&mut self) -> &mut Self {
        self.step(Step::Retry(0));
        self
    }

    fn rest(&mut self) -> &mut Self {
        self.runtime.block_on(come_to_rest(&mut self.world));
        self
    }

    fn live(&self) -> Option<Decimal> {
        self.world.partnero.live.get("order-0").copied()
    }

    /// What is there in the end, with every dead letter retried.
    fn ends_with(&mut self, amount: Option<u8>) {
        self.rest();
        while !self.runtime.block_on(self.world.dead()).is_empty() {
            self.retry().rest();
        }
        assert_eq!(self.live(), amount.map(Decimal::from));
        self.runtime.block_on(oracle::assert_each_sale_once(&self.world));
    }
}

#[test]
fn a_letter_that_is_retried_at_once_waits_for_its_last_attempt() {
    in_each(9, |history| {
        history.track(Sale, 1).claim().give_up(LATE).retry().ends_with(Some(1));
    });
}

#[test]
fn a_refund_waits_for_the_last_attempt_of_a_dead_sale() {
    in_each(9, |history| {
        history.track(Sale, 1).claim().give_up(LATE).track(Refund, 0).ends_with(None);
    });
}

#[test]
fn a_refusal_of_the_question_doesn_t_make_an_attempt_certain() {
    in_each(9, |history| {
        history.track(Sale, 1).claim().answer(Came::NoAnswer(Carried::Out));
        history.world.pass(40_000);
        // The row keeps its mark through the refusal; and is asked about again when it is retried.
        history.try_claim();
        let flight = history.world.in_flight();
        assert_eq!(flight, 1);
        history.answer(Came::NotAllowed(true)).ends_with(Some(1));
    });
}

#[test]
fn a_retried_letter_and_a_later_uncertain_call_don_t_wait_for_each_other() {
    in_each(9, |history| {
        history.track(Sale, 1).claim().answer(Came::Refused);
        history.step(Step::Track(Tracked { kind: Sale, customer: 0, key: 1, amount: 2, referred: false }));
        history.claim().answer(LOST).retry().ends_with(Some(1));
    });
}

#[test]
fn nothing_is_posted_between_the_steps_of_an_adjustment() {
    for uncertain in [Came::Refused, LOST] {
        in_each(9, |history| {
            history.track(Sale, 1).claim().give_up(uncertain).track(Adjustment, 2);
            history.world.pass(40_000);
            history.claim().answer(Came::Answer).claim().answer(Came::NotSent).retry().ends_with(Some(2));
        });
    }
}

#[test]
fn an_adjustment_that_died_between_its_steps_starts_over() {
    in_each(9, |history| {
        history.track(Sale, 1).claim().answer(Came::Refused).track(Adjustment, 2);
        history.claim().answer(Came::Answer).claim().answer(Came::Refused);
        // The sale goes on alone, then the adjustment.
        history.retry().claim().answer(Came::Answer).retry().ends_with(Some(2));
    });
}

#[test]
fn an_adjustment_back_to_what_an_earlier_one_deleted_is_sent() {
    in_each(9, |history| {
        history.track(Sale, 2).claim().answer(Came::Answer).track(Adjustment, 1);
        history.claim().answer(Came::Answer).claim().answer(Came::Refused);
        history.track(Adjustment, 2);
        history.rest();
        assert_eq!(history.live(), Some(Decimal::from(2)));
    });
}

#[test]
fn a_second_refund_stands_before_a_dead_adjustment_between_the_two() {
    in_each(9, |history| {
        history.track(Refund, 0).claim().answer(Came::Answer).track(Adjustment, 1).claim().answer(Came::Refused);
        history.track(Refund, 0);
        history.ends_with(None);
    });
}

#[test]
fn a_sale_doesn_t_hide_the_retried_adjustment_that_followed_it() {
    in_each(9, |history| {
        history.track(Adjustment, 1).claim().answer(Came::Refused).track(Sale, 2).claim().answer(Came::Answer);
        history
            .retry()
            .claim()
            .answer(Came::Answer)
            .claim()
            .answer(Came::Answer)
            .track(Adjustment, 2)
            .ends_with(Some(2));
    });
}

#[test]
fn who_waited_for_a_letter_that_has_to_make_room_at_once_goes_on() {
    in_each(0, |history| {
        history.track(SignUp, 0).claim().track(Sale, 1);
        history.try_claim();
        history.answer(Came::Refused).ends_with(Some(1));
    });
}

#[test]
fn a_refused_deletion_says_nothing_of_the_post_before_it() {
    in_each(9, |history| {
        history.track(Adjustment, 1).claim().answer(Came::Answer).claim().give_up(Came::NoAnswer(Carried::Out)).retry();
        history.track(Sale, 1);
        history.step(Step::Pass(30_000));
        history.claim().answer(Came::Refused).ends_with(Some(1));
    });
}
