//! The README, ARCHITECTURE.md and their neighbours, held to the code that they speak of.

#![allow(clippy::unwrap_used)]

use std::{fs, path::Path};

fn read(file: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap()
}

/// What stands between backticks, on one line.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.lines().flat_map(|line| line.split('`').skip(1).step_by(2))
}

#[test]
fn every_file_that_they_name_exists() {
    let folders = ["src/", "tests/", "examples/", "benches/", "ci/", "docs/", "templates/"];
    for document in
        ["README.md", "ARCHITECTURE.md", "CHANGELOG.md", "docs/mobile.md", "docs/partnero-down.md", "docs/scenarios.md"]
    {
        let text = read(document);
        let files: Vec<_> =
            quoted(&text).filter(|name| folders.iter().any(|folder| name.starts_with(folder))).collect();
        for file in &files {
            assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join(file).exists(), "{document} names {file}");
        }
        assert!(document != "ARCHITECTURE.md" || files.len() > 30, "found only {files:?}");
    }
}

/// What Partnero's integration guide asks for, by its titles.
const SCENARIOS: [&str; 8] = [
    "Full affiliate tracking",
    "Sign-up tracking with Stripe/Paddle",
    "Transaction tracking only",
    "Full referral tracking",
    "Referral dashboard",
    "Handle Partnero webhook events",
    "Referral tracking in a mobile app",
    "Reverse commissions on refund",
];

#[test]
fn every_scenario_of_the_guide_has_its_place() {
    let scenarios = read("docs/scenarios.md");
    for scenario in SCENARIOS {
        let row = scenarios.lines().find(|line| line.starts_with(&format!("| {scenario} |"))).unwrap_or(scenario);
        assert!(quoted(row).any(|name| name.starts_with("src/")), "{row}: which module?");
    }
    let rows = scenarios.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| how to"));
    let without = |row: &&str| !quoted(row).any(|name| name.starts_with("src/"));
    assert_eq!(rows.filter(without).collect::<Vec<_>>(), ["| of the guide | what does it | where | examples |"]);
}

#[test]
fn every_example_has_a_scenario_and_is_run() {
    let (scenarios, run) = (read("docs/scenarios.md"), read("ci/test"));
    let mut found = 0;
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("examples")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        let (file, folder) = (path.extension().is_some(), path.join("main.rs").exists());
        if !file && !folder {
            continue;
        }
        found += 1;
        assert!(!file || fs::read_to_string(&path).unwrap().lines().count() < 150, "{name} is long for an example");
        let place = if file { format!("`examples/{name}.rs`") } else { format!("`examples/{name}/`") };
        assert!(scenarios.contains(&place), "docs/scenarios.md doesn't name {place}");
        // These are run by tests of their own: tests/outbox_example.rs, tests/sandbox_example.rs.
        let is_run = run.lines().any(|line| line.split_whitespace().any(|word| word.trim_end_matches(';') == name));
        assert!(is_run || ["outbox", "sandbox"].contains(&name), "ci/test doesn't run {name}");
    }
    assert!(found >= 11);
}

#[test]
fn the_table_of_settings_is_complete() {
    let readme = read("README.md");
    let tables = readme.split("\n## Settings\n").nth(1).unwrap().split("\n## ").next().unwrap();
    let (handle, webhooks) = tables.split_once("\n### Webhooks\n").unwrap();
    for (table, file) in [(handle, "src/delivery/builder.rs"), (webhooks, "src/webhook/webhooks.rs")] {
        let builder = read(file);
        let mut listed: Vec<_> =
            table.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('(').map(|(name, _)| name)).collect();
        // What takes a type of its own, a handler, is no setting.
        let mut there: Vec<_> = builder
            .lines()
            .filter_map(|line| line.strip_prefix("    pub fn ")?.split_once("(mut self").map(|(name, _)| name))
            .filter(|name| !name.contains('<'))
            .collect();
        listed.sort_unstable();
        there.sort_unstable();
        assert_eq!(listed, there, "{file}");
    }
}

#[test]
fn the_table_of_features_is_complete() {
    let (manifest, readme) = (read("Cargo.toml"), read("README.md"));
    let features = manifest.split("\n[features]\n").nth(1).unwrap().split("\n[").next().unwrap();
    let there: Vec<_> = features.lines().filter_map(|line| line.split_once(" = ")).map(|(name, _)| name).collect();
    let table = readme.split("\n## Install\n").nth(1).unwrap().split("\n## ").next().unwrap();
    let listed: Vec<_> = table.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
    assert_eq!(listed, there.into_iter().filter(|name| *name != "default").collect::<Vec<_>>());
}
