//! Where servers are installed. Their folder is seldom on PATH.

use std::{
    env, fs,
    io::Write as _,
    path::{Path, PathBuf},
    thread,
};

/// Folders whose entries, one a version, hold programs: the folder, how an entry begins, what comes below it.
const VERSIONS: &[(&str, &str, &str)] = &[
    ("/usr/lib/postgresql", "", "bin"),         // Debian, Ubuntu
    ("/usr", "pgsql-", "bin"),                  // the PostgreSQL project's RPMs
    ("/usr/libexec", "postgresql", ""),         // Alpine
    ("/opt/homebrew/opt", "postgresql", "bin"), // Homebrew
    ("/usr/local/opt", "postgresql", "bin"),    // Homebrew on Intel
    ("/opt/homebrew/opt", "pgbouncer", "bin"),  // Homebrew
    ("/usr/local/opt", "pgbouncer", "bin"),     // Homebrew on Intel
    ("/Applications/Postgres.app/Contents/Versions", "", "bin"),
];

/// The folder that holds all of `programs`: what the variable `PG_BIN` names, one on PATH, or one where packages put them,
/// the newest version first.
pub(crate) fn folder_of(programs: &[&str]) -> Option<PathBuf> {
    let on_path = env::var_os("PATH").map(|path| env::split_paths(&path).collect::<Vec<_>>()).unwrap_or_default();
    let usual = ["/usr/sbin", "/usr/local/sbin", "/usr/local/bin", "/usr/local/pgsql/bin", "/opt/homebrew/bin"];
    let mut versions: Vec<_> =
        VERSIONS.iter().flat_map(|(parent, prefix, below)| beneath(parent, prefix, below)).collect();
    versions.sort_unstable_by_key(|(version, _)| std::cmp::Reverse(*version));
    env::var_os("PG_BIN")
        .map(PathBuf::from)
        .into_iter()
        .chain(on_path)
        .chain(versions.into_iter().map(|(_, folder)| folder))
        .chain(usual.map(PathBuf::from))
        .find(|folder| folder.is_absolute() && programs.iter().all(|program| folder.join(program).is_file()))
}

/// With the version that the entry's name ends with.
fn beneath(parent: &str, prefix: &str, below: &str) -> Vec<(u32, PathBuf)> {
    let entries = fs::read_dir(parent).into_iter().flatten().flatten();
    entries
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let version = name.strip_prefix(prefix)?.trim_start_matches(|c: char| !c.is_ascii_digit()).parse().ok();
            Some((version.unwrap_or_default(), Path::new(parent).join(name).join(below)))
        })
        .collect()
}

/// Says what can't be done here. `ci/test` fails where it reads this.
pub(crate) fn skipped(what: &str, how: &str) {
    let thread = thread::current();
    // Not by a macro: what those print is kept from whoever runs tests that pass.
    let said = format!("\nskipped: {}: {what} isn't installed ({how})\n", thread.name().unwrap_or("this"));
    let _ = std::io::stderr().write_all(said.as_bytes());
}
