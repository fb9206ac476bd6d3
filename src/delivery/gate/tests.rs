use super::*;

fn at(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn five_customers_failing_in_a_row_open_the_breaker_and_one_alone_never_does() {
    let mut gate = Gate::new(8);
    for _ in 0..100 {
        assert_eq!(gate.record(Signal::Failed(1), at(0)), None);
    }
    for other in 2..5 {
        assert_eq!(gate.record(Signal::Failed(other), at(0)), None);
    }
    assert_eq!(gate.width(at(0)), 8);
    assert_eq!(gate.record(Signal::Failed(5), at(0)), Some(Change::Held(HoldReason::Unavailable)));
    assert_eq!(gate.width(at(9999)), 0);
    assert_eq!(gate.record(Signal::Failed(6), at(0)), None, "said once");
}

#[test]
fn what_may_not_be_partnero_at_all_holds_at_once_until_a_good_probe() {
    let mut gate = Gate::new(8);
    assert_eq!(gate.record(Signal::Unmet, at(0)), Some(Change::Held(HoldReason::Unavailable)));
    assert_eq!(gate.record(Signal::Unmet, at(0)), None, "said once");
    assert_eq!((gate.width(at(9)), gate.next_probe()), (0, Some(at(1))));
    assert_eq!(gate.probed(Signal::Answered, at(1), 1.0), Some(Change::Resumed));
}

#[test]
fn a_success_in_between_closes_the_count() {
    let mut gate = Gate::new(8);
    for round in 0..10 {
        for customer in 0..4 {
            assert_eq!(gate.record(Signal::Failed(round * 10 + customer), at(0)), None);
        }
        gate.record(Signal::Answered, at(0));
    }
}

#[test]
fn probes_come_from_a_second_to_a_minute_apart_and_then_all_resumes_with_a_ramp() {
    let mut gate = Gate::new(8);
    gate.record(Signal::Held(Hold::NotAllowed(401)), at(100));
    assert_eq!(gate.next_probe(), Some(at(101)));
    let mut now = at(101);
    let mut waits = Vec::new();
    for _ in 0..10 {
        assert_eq!(gate.probed(Signal::Held(Hold::NotAllowed(401)), now, 1.0), None, "said once");
        let next = gate.next_probe().unwrap();
        waits.push(next.saturating_sub(now).as_secs());
        now = next;
    }
    assert_eq!(waits, [2, 4, 8, 16, 32, 60, 60, 60, 60, 60]);
    assert_eq!(gate.probed(Signal::Answered, now, 1.0), Some(Change::Resumed));
    let mut widths = vec![gate.width(now)];
    for _ in 0..4 {
        gate.record(Signal::Answered, now);
        widths.push(gate.width(now));
    }
    assert_eq!(widths, [1, 2, 4, 8, 8]);
}

#[test]
fn a_probe_can_show_a_worse_reason() {
    let mut gate = Gate::new(8);
    (0..5).for_each(|customer| {
        gate.record(Signal::Failed(customer), at(0));
    });
    let change = gate.probed(Signal::Held(Hold::NotAllowed(403)), at(1), 0.0);
    assert_eq!(change, Some(Change::Held(HoldReason::NotAllowed)));
    assert_eq!(gate.probed(Signal::Failed(0), at(2), 0.0), None);
    assert_eq!(gate.reason(at(3)), Some(HoldReason::NotAllowed));
}

#[test]
fn too_many_requests_pause_for_as_long_as_asked_up_to_an_hour() {
    let mut gate = Gate::new(8);
    let paused = Some(Change::Held(HoldReason::RateLimited));
    assert_eq!(gate.record(Signal::Paused(Some(at(30))), at(0)), paused);
    assert_eq!((gate.width(at(29)), gate.width(at(30))), (0, 1));
    assert_eq!(gate.record(Signal::Paused(Some(at(5))), at(1)), None, "said once");
    assert_eq!(gate.pause_ends(at(1)), Some(at(30)), "a shorter one doesn't shorten it");
    gate.record(Signal::Paused(Some(at(99_999))), at(40));
    assert_eq!(gate.pause_ends(at(40)), Some(at(40 + 3600)));
    assert_eq!(gate.reason(at(41)), Some(HoldReason::RateLimited));

    let mut gate = Gate::new(8);
    gate.record(Signal::Paused(None), at(0));
    assert_eq!(gate.pause_ends(at(0)), Some(at(2)));
    gate.record(Signal::Paused(None), at(2));
    assert_eq!(gate.pause_ends(at(2)), Some(at(6)), "each in a row longer than the last");
    for _ in 0..7 {
        gate.record(Signal::Paused(None), at(3));
    }
    assert_eq!(gate.pause_ends(at(3)), Some(at(7)), "but those of one volley count once");
}

#[test]
fn a_pause_of_no_time_at_all_is_one_of_ours() {
    for asked in [Duration::ZERO, Duration::from_millis(999)] {
        let mut gate = Gate::new(8);
        for (now, until) in [(0, 2), (2, 6), (6, 14)] {
            let held = gate.record(Signal::Paused(Some(asked)), at(now));
            assert_eq!(held, Some(Change::Held(HoldReason::RateLimited)), "{asked:?}");
            assert_eq!((gate.width(at(now)), gate.pause_ends(at(now))), (0, Some(at(until))), "{asked:?}");
            assert_eq!(gate.look(at(until)), Some(Change::Resumed));
        }
    }
}

#[test]
fn a_pause_ends_by_itself_and_says_so_once() {
    let mut gate = Gate::new(8);
    gate.record(Signal::Paused(Some(at(30))), at(0));
    assert_eq!(gate.look(at(29)), None);
    assert_eq!(gate.look(at(30)), Some(Change::Resumed));
    assert_eq!(gate.look(at(31)), None);
    gate.record(Signal::Paused(Some(at(30))), at(40));
    gate.record(Signal::Held(Hold::NotAllowed(401)), at(41));
    assert_eq!(gate.look(at(70)), None, "it is held for another reason");
    gate.record(Signal::Paused(Some(at(30))), at(71));
    let change = gate.probed(Signal::Answered, at(72), 1.0);
    assert_eq!(change, Some(Change::Held(HoldReason::RateLimited)), "the pause is still on");
    assert_eq!(gate.look(at(101)), Some(Change::Resumed));
}

const FOREIGN: Option<Change> = Some(Change::Held(HoldReason::AnotherProgram));

#[test]
fn a_closed_gate_opens_without_a_word_and_at_once_to_its_whole_width_when_all_is_well() {
    for well in [Signal::Answered, Signal::Unnamed] {
        let mut gate = Gate::closed(8, None, at(5));
        assert_eq!((gate.width(at(5)), gate.next_probe(), gate.reason(at(5))), (0, Some(at(5)), None));
        assert_eq!(gate.probed(well, at(6), 1.0), None, "{well:?}");
        assert_eq!((gate.width(at(6)), gate.next_probe()), (8, None));
    }
}

#[test]
fn what_a_first_probe_shows_is_said_once_and_how_it_goes_on() {
    let not_allowed = Signal::Held(Hold::NotAllowed(401));
    let rows: [(Signal, Option<HoldReason>, u64); 6] = [
        (Signal::Failed(0), Some(HoldReason::Unavailable), 2),
        (not_allowed, Some(HoldReason::NotAllowed), 2),
        (Signal::Held(Hold::Redirected(302)), Some(HoldReason::Redirected), 2),
        (Signal::Paused(Some(at(30))), Some(HoldReason::RateLimited), 30),
        (Signal::AnotherProgram, Some(HoldReason::AnotherProgram), 2),
        (Signal::Silent, None, 2),
    ];
    for (shown, reason, next) in rows {
        let mut gate = Gate::closed(8, None, at(0));
        assert_eq!(gate.probed(shown, at(0), 1.0), reason.map(Change::Held), "{shown:?}");
        assert_eq!((gate.width(at(0)), gate.reason(at(0))), (0, reason), "{shown:?}");
        assert_eq!(gate.next_probe(), Some(at(next)), "{shown:?}");
        assert_eq!(gate.probed(shown, at(next), 1.0), None, "{shown:?}: said once");
        let resumed = reason.map(|_| Change::Resumed);
        assert_eq!(gate.probed(Signal::Answered, at(99), 1.0), resumed, "{shown:?}");
        assert_eq!(gate.width(at(99)), if reason.is_some() { 1 } else { 8 }, "{shown:?}");
    }
}

#[test]
fn another_program_is_held_until_it_is_the_right_one_for_sure() {
    let mut gate = Gate::new(8);
    gate.record(Signal::Held(Hold::NotAllowed(401)), at(0));
    assert_eq!(gate.probed(Signal::AnotherProgram, at(1), 1.0), FOREIGN, "a later probe can show it");
    for (later, change) in [
        (Signal::Unnamed, None),
        (Signal::Failed(0), None),
        (Signal::Paused(None), None),
        (Signal::AnotherProgram, None),
        (Signal::Held(Hold::NotAllowed(403)), Some(Change::Held(HoldReason::NotAllowed))),
        (Signal::Unnamed, FOREIGN),
    ] {
        assert_eq!(gate.probed(later, at(2), 1.0), change, "{later:?}");
        assert_eq!(gate.width(at(2)), 0, "{later:?}");
    }
    assert_eq!(gate.probed(Signal::Answered, at(3), 1.0), Some(Change::Resumed));
    gate.record(Signal::Held(Hold::NotAllowed(401)), at(4));
    assert_eq!(gate.probed(Signal::Unnamed, at(5), 1.0), Some(Change::Resumed), "it was the right one in between");
}

#[test]
fn one_that_takes_over_goes_on_with_what_was_told() {
    let mut gate = Gate::closed(8, Some(HoldReason::AnotherProgram), at(7));
    assert_eq!((gate.reason(at(7)), gate.next_probe()), (Some(HoldReason::AnotherProgram), Some(at(7))));
    assert_eq!(gate.probed(Signal::AnotherProgram, at(7), 1.0), None, "said before");
    assert_eq!(gate.probed(Signal::Unnamed, at(7), 1.0), None);
    assert_eq!(gate.probed(Signal::Answered, at(8), 1.0), Some(Change::Resumed));
}
