//! What the compiler says to a misuse.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

/// What this test was linked with: this crate and those beside it. cargo says where they are, and has built them.
///
/// A project of its own, as `trybuild` makes it, would compile all dependencies a second time.
fn libraries() -> BTreeMap<String, PathBuf> {
    let release = (!cfg!(debug_assertions)).then_some("--release");
    // Only then it has this one, and what is linked must be the same again.
    let features = cfg!(feature = "native-tls").then_some("--all-features");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["test", "--no-run", "--quiet", "--test", "public_api", "--message-format", "json"]);
    let built = cargo.args(release).args(features).current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    let mut libraries = BTreeMap::new();
    for line in String::from_utf8(built.stdout).unwrap().lines() {
        let message: Value = serde_json::from_str(line).unwrap();
        let files = message["filenames"].as_array().into_iter().flatten().filter_map(Value::as_str).map(PathBuf::from);
        for file in files.filter(|file| file.extension().is_some_and(|extension| extension == "rlib")) {
            libraries.insert(message["target"]["name"].as_str().unwrap().replace('-', "_"), file);
        }
    }
    libraries
}

/// Compiles a file, without making a program of it, and gives what the compiler says, or nothing if all is well.
fn compile(file: &Path, libraries: &BTreeMap<String, PathBuf>, flags: &[&str]) -> Option<String> {
    let mut rustc = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    rustc.args("--edition 2024 --crate-type bin --emit metadata --diagnostic-width 200 -A unused".split(' '));
    rustc.args(flags).arg("--out-dir").arg(env!("CARGO_TARGET_TMPDIR"));
    for name in ["axum_partnero", "axum", "sqlx", "tokio"] {
        let library = &libraries[name];
        let mut found = OsString::from("dependency=");
        found.push(library.parent().unwrap());
        rustc.arg("-L").arg(found).arg("--extern").arg(format!("{name}={}", library.display()));
    }
    let compiled = rustc.arg(file).output().unwrap();
    (!compiled.status.success()).then(|| String::from_utf8(compiled.stderr).unwrap())
}

/// Each file of `misuse/` compiles with `--cfg right`. Without it, it doesn't, and what the compiler says has each of the
/// texts that its lines `// says:` name. The rest differs from one compiler to the next.
#[test]
fn what_is_wrong_does_not_compile_and_the_compiler_says_why() {
    let libraries = libraries();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/public_api/misuse");
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort_unstable();
    assert!(files.len() >= 10, "{files:?}");
    let mut silent = Vec::new();
    for file in files {
        let (name, text) = (file.file_name().unwrap().to_string_lossy(), fs::read_to_string(&file).unwrap());
        let right = compile(&file, &libraries, &["--cfg", "right"]);
        assert_eq!(right, None, "{name} is right, and doesn't compile");
        let Some(said) = compile(&file, &libraries, &[]) else { panic!("{name} is wrong, and compiles") };
        let expected: Vec<_> = text.lines().filter_map(|line| line.strip_prefix("// says: ")).collect();
        assert!(!expected.is_empty(), "{name}: what does the compiler say?");
        for fragment in expected.into_iter().filter(|fragment| !said.contains(fragment)) {
            silent.push(format!("{name}: nothing says {fragment:?}, but\n{said}"));
        }
    }
    assert!(silent.is_empty(), "{}", silent.join("\n"));
}
