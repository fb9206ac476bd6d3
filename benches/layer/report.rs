//! The tables.

use crate::{
    candidates::{CANDIDATES, Candidate, Kind, Visit},
    counted::Count,
};

#[derive(Clone, Copy)]
struct Row {
    candidate: &'static Candidate,
    nanoseconds: f64,
    count: Option<Count>,
}

impl Row {
    fn instructions(self) -> Option<f64> {
        self.count.map(|count| count.instructions)
    }

    fn allocations(self) -> Option<f64> {
        self.count.map(|count| count.allocations)
    }
}

pub(crate) fn print(times: &[f64], counts: &[Option<Count>]) {
    let rows: Vec<Row> = CANDIDATES
        .iter()
        .zip(times.iter().zip(counts))
        .map(|(candidate, (&nanoseconds, &count))| Row { candidate, nanoseconds, count })
        .collect();
    let of = |kind, visit| {
        *rows.iter().find(|row| row.candidate.kind == kind && row.candidate.visit == visit).expect("a row")
    };

    for (title, visit) in [
        ("Partnero's cookie is the last of 15", Visit::Referred),
        ("no cookie of a partner", Visit::NotReferred),
        (
            "Partnero's cookie is the last of 15, and ours is the fourth extension, for which their map grows",
            Visit::MapGrows,
        ),
        ("by a link, without a cookie of a partner: one is written", Visit::ByLink),
    ] {
        let bare = of(Kind::Bare, visit);
        println!("\n{title} ({} bytes)", visit.cookies().len());
        println!(
            "{:28}{:>12}{:>16}{:>14}   a request, beyond the bare router",
            "", "ns", "instructions", "allocations"
        );
        for row in rows.iter().filter(|row| row.candidate.visit == visit) {
            print_row(*row, bare);
        }
    }
    if of(Kind::Bare, Visit::Referred).count.is_none() {
        println!("\nInstructions and allocations were not counted: that takes valgrind.");
        println!("`cargo test --test layer_allocations` holds the allocations to their limit without it.");
    }

    let [bare, routed, around] = [Kind::Bare, Kind::Routed, Kind::Around].map(|kind| of(kind, Visit::Referred));
    println!("\n{:28}{:>34}{:>34}", "peers, as a multiple of ours", "via Router::layer", "around the router");
    for peer in rows.iter().filter(|row| row.candidate.kind == Kind::Peer) {
        let [via, outside] = [routed, around].map(|ours| multiple(*peer, ours, bare));
        println!("{:28}{via:>34}{outside:>34}", peer.candidate.name);
    }

    // Both, for the target says nothing of other extensions: a request that brings none has to make their map grow.
    for (title, visit) in [("targets", Visit::Referred), ("targets, where the map grows", Visit::MapGrows)] {
        println!("\n{title}");
        let [bare, empty, routed, around] =
            [Kind::Bare, Kind::Empty, Kind::Routed, Kind::Around].map(|kind| of(kind, visit));
        target("instructions via Router::layer", more(routed, bare, Row::instructions), 3_500.0);
        target("instructions around the router", more(around, bare, Row::instructions), 2_600.0);
        target("allocations beyond an empty layer", more(routed, empty, Row::allocations), 2.0);
    }
    let [empty, routed] = [Kind::Empty, Kind::Routed].map(|kind| of(kind, Visit::NotReferred));
    println!("\ntarget, no cookie of a partner");
    target("allocations beyond an empty layer", more(routed, empty, Row::allocations), 0.0);
}

fn print_row(row: Row, bare: Row) {
    let show = |all: Option<f64>, without: Option<f64>| match (all, without) {
        (Some(all), _) if row.candidate.kind == Kind::Bare => format!("({all:.0})"),
        (Some(all), Some(without)) => format!("{:+.0}", all - without),
        _ => "-".into(),
    };
    println!(
        "{:28}{:>12}{:>16}{:>14}",
        row.candidate.name,
        show(Some(row.nanoseconds), Some(bare.nanoseconds)),
        show(row.instructions(), bare.instructions()),
        show(row.allocations(), bare.allocations()),
    );
}

fn more(row: Row, base: Row, of: fn(Row) -> Option<f64>) -> Option<f64> {
    Some(of(row)? - of(base)?)
}

fn multiple(peer: Row, ours: Row, bare: Row) -> String {
    let time = (peer.nanoseconds - bare.nanoseconds) / (ours.nanoseconds - bare.nanoseconds);
    match (more(peer, bare, Row::instructions), more(ours, bare, Row::instructions)) {
        (Some(theirs), Some(ours)) => format!("{:.1}x instructions, {time:.1}x ns", theirs / ours),
        _ => format!("{time:.1}x ns"),
    }
}

fn target(what: &str, measured: Option<f64>, most: f64) {
    match measured {
        // The figures are differences of whole runs: half of one is noise.
        Some(measured) if measured < most + 0.5 => println!("{what:36}{measured:>8.0} of at most {most:<6} met"),
        Some(measured) => println!("{what:36}{measured:>8.0} of at most {most:<6} MISSED"),
        None => println!("{what:36}       - of at most {most:<6} not counted"),
    }
}
