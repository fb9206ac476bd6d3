//! What can happen in a history.

use proptest::prelude::*;

use crate::delivery::call::CallKind;

#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    Track(Tracked),
    Claim(usize),
    /// One of the calls in flight comes back.
    Answer(usize, Fate),
    /// The same, and as many are claimed in that transaction.
    Turn(usize, Fate, usize),
    /// The process that claimed one of the calls in flight hangs or dies, having sent it or not.
    LoseLease(usize, Carried),
    /// What a process that had hung has to say comes at last.
    SettleLate(usize),
    Pass(u64),
    Retry(usize),
    Discard(usize),
    Forget(u8),
    Prune,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Tracked {
    pub(super) kind: CallKind,
    pub(super) customer: u8,
    pub(super) key: u8,
    pub(super) amount: u8,
    pub(super) referred: bool,
}

/// What becomes of an attempt.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fate {
    /// Of the question whether it is there, if that is asked: no telling.
    pub(super) no_telling: bool,
    pub(super) request: Came,
    /// If it is to be tried again: it is too old for that.
    pub(super) too_old: bool,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Came {
    Answer,
    Ignored,
    NotSent,
    NoAnswer(Carried),
    Refused,
    TooMany,
    /// 401 or 403: for all, or for this call alone.
    NotAllowed(bool),
}

/// Whether a request whose answer is lost was carried out.
#[derive(Clone, Copy, Debug)]
pub(super) enum Carried {
    NotOut,
    Out,
    /// That part of the time which Partnero may hold it back, in thousandths.
    Later(u64),
}

impl Fate {
    pub(super) const GOOD: Self = Self { no_telling: false, request: Came::Answer, too_old: false };
}

pub(super) fn steps() -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec(step(), 0..70)
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        10 => tracked().prop_map(Step::Track),
        12 => (1_usize..6).prop_map(Step::Claim),
        8 => (any::<usize>(), fate()).prop_map(|(which, fate)| Step::Answer(which, fate)),
        6 => (any::<usize>(), fate(), 1_usize..6).prop_map(|(which, fate, limit)| Step::Turn(which, fate, limit)),
        2 => (any::<usize>(), carried()).prop_map(|(which, carried)| Step::LoseLease(which, carried)),
        1 => any::<usize>().prop_map(Step::SettleLate),
        6 => prop_oneof![0_u64..2_000, 5_000_u64..100_000].prop_map(Step::Pass),
        4 => any::<usize>().prop_map(Step::Retry),
        1 => any::<usize>().prop_map(Step::Discard),
        1 => (0_u8..2).prop_map(Step::Forget),
        1 => Just(Step::Prune),
    ]
}

fn tracked() -> impl Strategy<Value = Tracked> {
    let kind = prop_oneof![
        2 => Just(CallKind::SignUp),
        4 => Just(CallKind::Sale),
        2 => Just(CallKind::Refund),
        3 => Just(CallKind::Adjustment),
    ];
    (kind, 0_u8..2, 0_u8..2, 1_u8..4, any::<bool>()).prop_map(|(kind, customer, key, amount, referred)| Tracked {
        kind,
        customer,
        key,
        amount,
        referred,
    })
}

fn fate() -> impl Strategy<Value = Fate> {
    let came = prop_oneof![
        6 => Just(Came::Answer),
        1 => Just(Came::Ignored),
        2 => Just(Came::NotSent),
        6 => carried().prop_map(Came::NoAnswer),
        3 => Just(Came::Refused),
        1 => Just(Came::TooMany),
        1 => any::<bool>().prop_map(Came::NotAllowed),
    ];
    (prop::bool::weighted(0.2), came, prop::bool::weighted(0.3)).prop_map(|(no_telling, request, too_old)| Fate {
        no_telling,
        request,
        too_old,
    })
}

fn carried() -> impl Strategy<Value = Carried> {
    prop_oneof![Just(Carried::NotOut), Just(Carried::Out), (0_u64..1000).prop_map(Carried::Later)]
}
