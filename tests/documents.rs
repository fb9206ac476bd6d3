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
    for document in ["README.md", "ARCHITECTURE.md", "CHANGELOG.md", "docs/partnero-down.md"] {
        let text = read(document);
        let files: Vec<_> =
            quoted(&text).filter(|name| folders.iter().any(|folder| name.starts_with(folder))).collect();
        for file in &files {
            assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join(file).exists(), "{document} names {file}");
        }
        assert!(document != "ARCHITECTURE.md" || files.len() > 30, "found only {files:?}");
    }
}

#[test]
fn the_table_of_settings_is_complete() {
    let (builder, readme) = (read("src/delivery/builder.rs"), read("README.md"));
    let table = readme.split("\n## Settings\n").nth(1).unwrap().split("\n## ").next().unwrap();
    let mut listed: Vec<_> =
        table.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('(').map(|(name, _)| name)).collect();
    let mut there: Vec<_> = builder
        .lines()
        .filter_map(|line| line.strip_prefix("    pub fn ")?.split_once("(mut self").map(|(name, _)| name))
        .collect();
    listed.sort_unstable();
    there.sort_unstable();
    assert_eq!(listed, there);
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
