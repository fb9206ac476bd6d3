//! An example, run as a user runs it.
#![allow(dead_code, reason = "whoever includes it uses a part")]

use std::process::{Command, Stdio};

use serde_json::Value;

/// The program of an example. It is built by cargo, which also says where it is, whatever the profile and the target
/// folder.
pub(crate) fn build(example: &str) -> String {
    let release = (!cfg!(debug_assertions)).then_some("--release");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet", "--example", example, "--message-format", "json"]).args(release);
    let built = cargo.current_dir(env!("CARGO_MANIFEST_DIR")).stderr(Stdio::inherit()).output().expect("cargo runs");
    assert!(built.status.success());
    let messages = String::from_utf8_lossy(&built.stdout);
    let messages = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let program =
        messages.filter(|it| it["target"]["name"] == example).find_map(|it| Some(it["executable"].as_str()?.into()));
    program.expect("cargo names the executable")
}

/// A run of that program.
pub(crate) fn run(program: &str, arguments: &[&str]) -> Command {
    let mut run = Command::new(program);
    run.args(arguments).env_remove("RUST_LOG").stdin(Stdio::null());
    run
}

pub(crate) fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("it prints UTF-8")
}
