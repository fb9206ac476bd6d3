//! Histories that once went wrong, each in its shortest form.

use rust_decimal::Decimal;

use crate::delivery::call::CallKind::{Adjustment, Refund, Sale, SignUp};

use super::{
    histories::come_to_rest,
    oracle,
    steps::{Came, Carried, Fate, Step, Tracked},
    world::World,
};

const LOST: Came = Came::NoAnswer(Carried::NotOut);
const LATE: Came = Came::NoAnswer(Carried::Later(500));

/// One customer and one order.
struct History(World);

impl History {
    fn new(max_dead: usize) -> Self {
        Self(World::new(max_dead))
    }

    fn track(&mut self, kind: crate::delivery::CallKind, amount: u8) -> &mut Self {
        self.0.step(Step::Track(Tracked { kind, customer: 0, key: 0, amount, referred: true }));
        self
    }

    fn claim(&mut self) -> &mut Self {
        assert_eq!(self.0.in_flight(), 0);
        self.0.claim(1);
        assert_eq!(self.0.in_flight(), 1, "nothing can be sent: {:#?}", self.0.table.rows);
        self
    }

    fn answer(&mut self, request: Came) -> &mut Self {
        self.0.step(Step::Answer(0, Fate { request, ..Fate::GOOD }));
        self
    }

    /// The same, and the call is too old to be tried again.
    fn give_up(&mut self, request: Came) -> &mut Self {
        self.0.step(Step::Answer(0, Fate { request, no_telling: false, too_old: true }));
        self
    }

    fn retry(&mut self) -> &mut Self {
        self.0.step(Step::Retry(0));
        self
    }

    /// What is there in the end, with every dead letter retried.
    fn ends_with(&mut self, amount: Option<u8>) {
        come_to_rest(&mut self.0);
        while !self.0.table.dead.is_empty() {
            self.retry();
            come_to_rest(&mut self.0);
        }
        assert_eq!(self.0.partnero.live.get("order-0").copied(), amount.map(Decimal::from));
        oracle::assert_each_sale_once(&self.0);
    }
}

#[test]
fn a_letter_that_is_retried_at_once_waits_for_its_last_attempt() {
    History::new(9).track(Sale, 1).claim().give_up(LATE).retry().ends_with(Some(1));
}

#[test]
fn a_refund_waits_for_the_last_attempt_of_a_dead_sale() {
    let mut history = History::new(9);
    history.track(Sale, 1).claim().give_up(LATE).track(Refund, 0).ends_with(None);
}

#[test]
fn a_refusal_of_the_question_doesn_t_make_an_attempt_certain() {
    let mut history = History::new(9);
    history.track(Sale, 1).claim().answer(Came::NoAnswer(Carried::Out));
    history.0.pass(40_000);
    // The row keeps its mark through the refusal; and is asked about again when it is retried.
    history.0.claim(1);
    let flight = history.0.in_flight();
    assert_eq!(flight, 1);
    history.answer(Came::NotAllowed(true)).ends_with(Some(1));
}

#[test]
fn a_retried_letter_and_a_later_uncertain_call_don_t_wait_for_each_other() {
    let mut history = History::new(9);
    history.track(Sale, 1).claim().answer(Came::Refused);
    history.0.step(Step::Track(Tracked { kind: Sale, customer: 0, key: 1, amount: 2, referred: false }));
    history.claim().answer(LOST).retry().ends_with(Some(1));
}

#[test]
fn nothing_is_posted_between_the_steps_of_an_adjustment() {
    for uncertain in [Came::Refused, LOST] {
        let mut history = History::new(9);
        history.track(Sale, 1).claim().give_up(uncertain).track(Adjustment, 2);
        history.0.pass(40_000);
        history.claim().answer(Came::Answer).claim().answer(Came::NotSent).retry().ends_with(Some(2));
    }
}

#[test]
fn an_adjustment_that_died_between_its_steps_starts_over() {
    let mut history = History::new(9);
    history.track(Sale, 1).claim().answer(Came::Refused).track(Adjustment, 2);
    history.claim().answer(Came::Answer).claim().answer(Came::Refused);
    // The sale goes on alone, then the adjustment.
    history.retry().claim().answer(Came::Answer).retry().ends_with(Some(2));
}

#[test]
fn an_adjustment_back_to_what_an_earlier_one_deleted_is_sent() {
    let mut history = History::new(9);
    history.track(Sale, 2).claim().answer(Came::Answer).track(Adjustment, 1);
    history.claim().answer(Came::Answer).claim().answer(Came::Refused);
    history.track(Adjustment, 2);
    come_to_rest(&mut history.0);
    assert_eq!(history.0.partnero.live.get("order-0"), Some(&Decimal::from(2)));
}

#[test]
fn a_second_refund_stands_before_a_dead_adjustment_between_the_two() {
    let mut history = History::new(9);
    history.track(Refund, 0).claim().answer(Came::Answer).track(Adjustment, 1).claim().answer(Came::Refused);
    history.track(Refund, 0);
    history.ends_with(None);
}

#[test]
fn a_sale_doesn_t_hide_the_retried_adjustment_that_followed_it() {
    let mut history = History::new(9);
    history.track(Adjustment, 1).claim().answer(Came::Refused).track(Sale, 2).claim().answer(Came::Answer);
    history.retry().claim().answer(Came::Answer).claim().answer(Came::Answer).track(Adjustment, 2).ends_with(Some(2));
}

#[test]
fn who_waited_for_a_letter_that_has_to_make_room_at_once_goes_on() {
    let mut history = History::new(0);
    history.track(SignUp, 0).claim().track(Sale, 1);
    history.0.claim(1);
    history.answer(Came::Refused).ends_with(Some(1));
}

#[test]
fn a_refused_deletion_says_nothing_of_the_post_before_it() {
    let mut history = History::new(9);
    history.track(Adjustment, 1).claim().answer(Came::Answer).claim().give_up(Came::NoAnswer(Carried::Out)).retry();
    history.track(Sale, 1);
    history.0.step(Step::Pass(30_000));
    history.claim().answer(Came::Refused).ends_with(Some(1));
}

#[test]
fn hundreds_of_calls_of_one_key_are_looked_at_once_each() {
    let mut history = History::new(9);
    for _ in 0..300 {
        history.track(Sale, 1);
    }
    history.claim().answer(Came::Answer);
    // Each look sees the first and what is settled: two calls, not hundreds.
    let key = std::sync::Arc::from("order-0");
    let last = *history.0.table.rows.last_key_value().unwrap().0;
    assert!(history.0.table.history(&key, last, Sale).len() <= 2);
    history.ends_with(Some(1));
}

#[test]
fn an_observer_that_never_answers_leaves_a_bounded_backlog() {
    use crate::delivery::notice::Notice;

    let mut table = super::super::table::Table::default();
    for order in 0..10_100 {
        table.notify(Notice::Refunded { transaction: order.to_string() }, 0);
    }
    assert_eq!(table.counts(0).notices, 10_000);
    let oldest = table.notices(1, 0).pop().unwrap();
    assert!(matches!(oldest.notice, Notice::Refunded { transaction } if transaction == "100"));
}
