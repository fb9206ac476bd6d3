//! The folders of `src` depend on each other in one direction only.
#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// What each folder may use of the others. Data flows one way.
const MAY_USE: &[(&str, &[&str])] = &[
    ("measure", &[]),
    ("model", &[]),
    ("api", &["measure", "model"]),
    ("referral", &["model"]),
    ("delivery", &["api", "measure", "model"]),
    ("webhook", &["api", "delivery", "measure", "model"]),
    ("dashboard", &["api", "delivery", "model"]),
    ("snippet", &["model"]),
    // A fake that is built on the client's own types proves nothing.
    ("sandbox", &[]),
];

/// Where the sandbox makes a handle to itself.
const SANDBOX_S_HANDLE: &str = "sandbox/handle.rs";

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// Without comments, in whose examples a user's imports stand, and without the tests at the end.
fn code(text: &str) -> String {
    let lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.take_while(|line| !line.starts_with("#[cfg(test)]")).collect::<Vec<_>>().join("\n")
}

/// The first segments of every path that begins with `crate::`, those in braces among them.
fn used(code: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        let Some(inside) = rest.strip_prefix('{') else {
            found.insert(identifier(rest));
            continue;
        };
        let mut depth = 1;
        let mut fresh = true;
        for (at, character) in inside.char_indices() {
            match character {
                '{' => depth += 1,
                '}' => depth -= 1,
                ',' if depth == 1 => fresh = true,
                _ if fresh && depth == 1 && !character.is_whitespace() => {
                    found.insert(identifier(&inside[at..]));
                    fresh = false;
                }
                _ => {}
            }
            if depth == 0 {
                break;
            }
        }
    }
    found
}

fn identifier(text: &str) -> String {
    text.chars().take_while(|character| character.is_alphanumeric() || *character == '_').collect()
}

/// The folder that a name at the root of the crate comes from.
fn home_of<'a>(name: &'a str, root: &'a str) -> &'a str {
    let is_word = |text: &str| text.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == name);
    root.split("pub use ")
        .skip(1)
        .map(|exported| exported.split(';').next().unwrap_or_default())
        .find(|exported| is_word(exported))
        .map_or(name, |exported| exported.split("::").next().unwrap_or_default())
}

#[test]
fn no_folder_uses_what_comes_after_it() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let root = fs::read_to_string(src.join("lib.rs")).unwrap();
    let mut files = Vec::new();
    sources(&src, &mut files);
    let mut wrong = Vec::new();
    let mut seen = BTreeSet::new();
    for file in files {
        let name = file.strip_prefix(&src).unwrap().to_string_lossy().replace('\\', "/");
        let Some((folder, _)) = name.split_once('/') else { continue };
        seen.insert(folder.to_owned());
        let Some((_, may_use)) = MAY_USE.iter().find(|(of, _)| *of == folder) else {
            wrong.push(format!("{folder}/ isn't part of the design: say here what it may use"));
            continue;
        };
        for path in used(&code(&fs::read_to_string(&file).unwrap())) {
            let home = home_of(&path, &root);
            if home != folder && !may_use.contains(&home) && name != SANDBOX_S_HANDLE {
                wrong.push(format!("{name} uses crate::{path}, which is {home}'s"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(
        ["model", "api", "referral", "delivery", "sandbox"].iter().all(|folder| seen.contains(*folder)),
        "{seen:?}"
    );
}

#[test]
fn imports_are_found_in_every_form() {
    let of = |text| used(&code(text)).into_iter().collect::<Vec<_>>();
    assert_eq!(of("use crate::api::Call;"), ["api"]);
    assert_eq!(of("use crate::{\n    api::{Call, attempt::Attempt},\n    model::{Key, mask},\n};"), ["api", "model"]);
    assert_eq!(of("use crate::{Amount, model};"), ["Amount", "model"]);
    assert_eq!(of("let x: Option<crate::KeyError> = crate::model::mask(y);"), ["KeyError", "model"]);
    assert_eq!(of("/// use crate::delivery::X;\nfn f() {}\n#[cfg(test)]\nmod tests { use crate::sandbox; }"), [""; 0]);
    let root = "pub use api::{ApiClient, ApiError};\npub use model::{\n    Amount, KeyError,\n};";
    assert_eq!((home_of("KeyError", root), home_of("ApiClient", root), home_of("api", root)), ("model", "api", "api"));
}
