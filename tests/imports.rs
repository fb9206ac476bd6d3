//! The folders of `src/` use each other in one direction only.

#![allow(clippy::unwrap_used)]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// What each folder may use, besides itself.
const MAY_USE: [(&str, &[&str]); 5] =
    [("model", &[]), ("api", &["model"]), ("referral", &["model"]), ("delivery", &["api", "model"]), ("sandbox", &[])];

/// The one file that knows the crate from outside: it builds a handle to the sandbox.
const HANDLE: &str = "sandbox/handle.rs";

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// The first names after each `crate::` in code: `crate::{Partnero, api::{ApiClient, Call}}` gives `Partnero`, `api`.
fn first_names(code: &str) -> BTreeSet<String> {
    let name = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let mut names = BTreeSet::new();
    for rest in code.split("crate::").skip(1) {
        let Some(group) = rest.strip_prefix('{') else {
            names.insert(name(rest));
            continue;
        };
        let (mut depth, mut item) = (0, String::new());
        for c in group.chars() {
            match c {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => names.extend([name(std::mem::take(&mut item).trim())]),
                c => item.push(c),
            }
        }
        names.insert(name(item.trim()));
    }
    names.remove("");
    names
}

/// The folder that a name at the crate's root stands for, by the re-exports of `src/lib.rs`.
fn folder_of(name: &str, lib: &str) -> String {
    if MAY_USE.iter().any(|(folder, _)| *folder == name) {
        return name.to_owned();
    }
    let reexport = lib.split("pub use ").skip(1).map(|rest| rest.split(';').next().unwrap_or_default());
    let found = reexport.into_iter().find(|item| item.split(|c: char| !c.is_alphanumeric()).any(|word| word == name));
    found.and_then(|item| item.split("::").next()).unwrap_or_else(|| panic!("what is crate::{name}?")).to_owned()
}

#[test]
fn every_folder_uses_only_what_is_before_it() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let lib = fs::read_to_string(src.join("lib.rs")).unwrap();
    for (folder, may_use) in MAY_USE {
        for file in files(&src.join(folder)) {
            let shown = file.strip_prefix(&src).unwrap().to_string_lossy().replace('\\', "/");
            if shown == HANDLE {
                continue;
            }
            let text = fs::read_to_string(&file).unwrap();
            let code: String = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
            for name in first_names(&code) {
                let used = folder_of(&name, &lib);
                assert!(used == folder || may_use.contains(&used.as_str()), "src/{shown} uses crate::{name}");
            }
        }
    }
}

#[test]
fn names_are_found_in_every_form_of_import() {
    let names =
        first_names("use crate::{Partnero, api::{ApiClient, Call}, model::x}; crate::model::mask(1); crate::Amount");
    assert_eq!(names.into_iter().collect::<Vec<_>>(), ["Amount", "Partnero", "api", "model"]);
}
