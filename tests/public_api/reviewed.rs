//! `ci/public-api.txt`, which is what was reviewed, held to rules. `ci/public-api` holds it to the code.

use std::{collections::BTreeSet, fs, path::Path};

fn read(file: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap()
}

/// The crates that begin a path in it: `http` of `http::status::StatusCode`.
fn crates_named(api: &str) -> BTreeSet<&str> {
    let is_part = |character: char| character.is_alphanumeric() || character == '_';
    let mut found = BTreeSet::new();
    for (at, _) in api.match_indices("::") {
        let start = api[..at].rfind(|character| !is_part(character)).map_or(0, |before| before + 1);
        let name = &api[start..at];
        // Later parts of a path, types and parameters aside.
        if !api[..start].ends_with("::") && name.starts_with(|first: char| first.is_ascii_lowercase()) {
            found.insert(name);
        }
    }
    found
}

#[test]
fn it_names_types_of_those_crates_only_that_the_documents_give_a_reason_for() {
    let (api, architecture, manifest) = (read("ci/public-api.txt"), read("ARCHITECTURE.md"), read("Cargo.toml"));
    let mut named = crates_named(&api);
    for ours in ["axum_partnero", "core", "alloc", "std"] {
        assert!(named.remove(ours) || ours == "std", "{ours} is everywhere");
    }
    let table = architecture.split("\n## Types of other crates\n").nth(1).unwrap().split("\n## ").next().unwrap();
    let reasons: BTreeSet<_> =
        table.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` |")).map(|(name, _)| name).collect();
    assert_eq!(named, reasons, "ARCHITECTURE.md, Types of other crates");
    let allowed = manifest.split("\n[package.metadata.cargo_check_external_types]\n").nth(1).unwrap();
    let allowed = allowed.split("\n]").next().unwrap();
    let allowed: BTreeSet<_> =
        allowed.split('"').skip(1).step_by(2).map(|path| path.split("::").next().unwrap()).collect();
    assert!(allowed.len() > 10 && allowed.is_subset(&named), "Cargo.toml, cargo_check_external_types: {allowed:?}");
}

/// What has two answers and will have no third: users match it without a `_`.
const COMPLETE: [&str; 1] = ["axum_partnero::dashboard::Part"];

/// What users write: `Json(value)` is no different.
const A_TUPLE: [&str; 2] = ["axum_partnero::VerifiedWebhook", "axum_partnero::webhook::VerifiedWebhook"];

/// The path of a type or a variant, without its parameters and fields.
fn path(item: &str) -> &str {
    item.split(['<', '(', '{', ',', ' ']).next().unwrap().trim_end_matches(':')
}

#[test]
fn enums_fields_and_variants_leave_room_for_more() {
    let api = read("ci/public-api.txt");
    let closed = |kind: &str| {
        let begin = format!("pub {kind} ");
        api.lines().filter_map(move |line| Some(path(line.strip_prefix(&begin)?).to_owned())).collect::<Vec<_>>()
    };
    let enums: BTreeSet<_> = closed("enum").into_iter().collect();
    assert_eq!(enums, COMPLETE.map(str::to_owned).into(), "`#[non_exhaustive]`, or complete for ever?");
    let fields: Vec<_> = api
        .lines()
        .filter_map(|line| line.strip_prefix("pub axum_partnero::")?.split_once(": "))
        .filter_map(|(field, _)| field.rsplit_once("::"))
        .map(|(owner, _)| format!("axum_partnero::{}", path(owner)))
        .collect();
    assert!(fields.len() > 100, "{fields:?}");
    for of in closed("struct") {
        assert!(!fields.contains(&of), "{of} has public fields, and isn't `#[non_exhaustive]`");
    }
    let tuples = api.lines().filter_map(|line| line.strip_prefix("pub struct ")).filter(|line| line.contains("(pub "));
    for tuple in tuples {
        assert!(A_TUPLE.contains(&path(tuple)), "{tuple}");
    }
    let variants: BTreeSet<_> = api
        .lines()
        .filter_map(|line| line.strip_prefix("#[non_exhaustive] pub axum_partnero::"))
        .map(|variant| format!("axum_partnero::{}", path(variant)))
        .collect();
    let of_enum = |owner: &str| owner.rsplit("::").nth(1).is_some_and(|name| name.starts_with(char::is_uppercase));
    for field in fields.iter().filter(|owner| of_enum(owner)) {
        assert!(variants.contains(field), "{field} has fields, and isn't `#[non_exhaustive]`");
    }
}

#[test]
fn traits_are_sealed_or_ask_for_nothing() {
    let api = read("ci/public-api.txt");
    let traits: Vec<_> = api.lines().filter_map(|line| line.strip_prefix("pub trait ")).collect();
    assert!(traits.len() > 4, "{traits:?}");
    for of in traits {
        // All methods of an observer have a body: a new one asks nothing of those that exist.
        assert!(of.contains("::sealed::") || path(of).ends_with("::Observer"), "{of}: who implements it?");
    }
}

#[test]
fn crates_are_found_wherever_a_path_begins() {
    let api =
        "pub fn a::B::c(&self, http::request::Parts) -> Option<&d::E>\nimpl<F: g::H> i::J<<F as g::H>::K> for L::M";
    assert_eq!(crates_named(api), ["a", "d", "g", "http", "i"].into());
}
