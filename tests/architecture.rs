//! The folders of `src` depend on each other in one direction only, its files are short, and few crates come with it.
#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
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

#[test]
fn files_are_short() {
    let mut files = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut files);
    let lines = |file: &PathBuf| fs::read_to_string(file).unwrap().lines().count();
    let mut sizes: Vec<_> = files.iter().map(|file| (lines(file), file)).collect();
    sizes.sort_unstable();
    let (median, longest) = (sizes[sizes.len() / 2].0, sizes[sizes.len() - 1]);
    assert!(longest.0 <= 600, "{} has {} lines: what is a file of its own there?", longest.1.display(), longest.0);
    assert!(median <= 150, "half of the files have more than {median} lines");
}

/// The crates that users get with these features, on this platform.
fn crates(features: &[&str]) -> BTreeSet<String> {
    let mut tree = Command::new(env!("CARGO"));
    tree.args(["tree", "--locked", "--offline", "--edges", "normal,build", "--prefix", "none", "--format", "{p}"]);
    let tree = tree.args(features).current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
    assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
    let lines = String::from_utf8(tree.stdout).unwrap();
    lines.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect()
}

#[test]
fn what_a_feature_needs_comes_with_that_feature_only() {
    let of_features = ["sqlx", "askama", "moka", "lol_html"];
    let (default, full) = (crates(&[]), crates(&["--features", "full"]));
    for name in of_features {
        assert!(full.contains(name) && !default.contains(name), "{name}");
    }
    assert!(default.contains("reqwest") && default.contains("axum"));
    // ARCHITECTURE.md says how many there are: write it there when it is another dozen.
    let most = (130, 235);
    assert!(default.len() <= most.0 && full.len() <= most.1, "{} and {} crates", default.len(), full.len());
}

/// The dependencies that users get, by their names in Cargo.toml.
#[test]
fn every_dependency_has_its_reason() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |file| fs::read_to_string(root.join(file)).unwrap();
    let (manifest, architecture) = (read("Cargo.toml"), read("ARCHITECTURE.md"));
    let section =
        |text: &str, from: &str, to: &str| text.split(from).nth(1).unwrap().split(to).next().unwrap().to_owned();
    let reasons = section(&architecture, "\n## Dependencies\n", "\n## ");
    let dependencies = section(&manifest, "\n[dependencies]\n", "\n[");
    let names: Vec<_> = dependencies.lines().filter_map(|line| Some(line.split_once(" = ")?.0)).collect();
    assert!(names.len() > 20, "{names:?}");
    for name in names {
        assert!(reasons.contains(&format!("`{name}`")), "ARCHITECTURE.md, Dependencies: what is {name} for?");
    }
}
