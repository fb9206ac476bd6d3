//! Log lines and error texts that pages quote: they are the code's.

use std::{fs, path::Path};

use crate::{pages, read};

/// All sources in one text. Literals that go over several lines are one line.
fn sources(folder: &Path) -> String {
    let mut all = String::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all += &sources(&path);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            let joined: String = text.split("\\\n").map(str::trim_start).collect();
            all += &joined.replace("\\\"", "\"");
        }
    }
    all
}

/// The texts of errors and of log lines, each cut where values go.
fn templates(sources: &str) -> Vec<Vec<&str>> {
    let after = |start, end| sources.split(start).skip(1).filter_map(move |rest| rest.split_once(end)).map(|it| it.0);
    let errors = after("#[error(", ")]").filter_map(|it| Some(it.trim_start().strip_prefix('"')?.rsplit_once('"')?.0));
    let logged = ["error!(", "warn!(", "info!("].into_iter().flat_map(|name| after(name, ");"));
    let written = after("write!(", "),");
    let logged = logged.chain(written).flat_map(|inside| inside.split('"').skip(1).step_by(2));
    let fixed = |part: &'_ str| part.find('}').map_or(0, |at| at + 1);
    let cut = errors.chain(logged).map(|text| text.split('{').map(|part| &part[fixed(part)..]).collect::<Vec<_>>());
    // What is little more than a value fits anything.
    cut.filter(|parts| parts.iter().map(|part| part.len()).sum::<usize>() >= 10).collect()
}

/// Whether these parts, in their order and with anything in between, are the whole text.
fn fits(parts: &[&str], text: &str) -> bool {
    let [first, middle @ .., last] = parts else { return parts == [text] };
    let Some(mut rest) = text.strip_prefix(first).and_then(|rest| rest.strip_suffix(last)) else { return false };
    middle.iter().all(|part| match rest.split_once(part) {
        Some((_, after)) => {
            rest = after;
            true
        }
        None => false,
    })
}

/// Where the next field of a log line begins, if there is one: a blank and `name=`.
fn next_field(line: &str) -> Option<usize> {
    line.match_indices(' ').map(|(at, _)| at).find(|at| {
        let name = line[at + 1..].split('=').next().unwrap_or_default();
        line[at + 1..].contains('=')
            && !name.is_empty()
            && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
    })
}

/// The texts of a log line that are the code's: its message, and an error that isn't between quotes.
fn said(line: &str) -> Vec<&str> {
    let mut rest = line;
    let mut texts = Vec::new();
    let mut is_message = true;
    while !rest.is_empty() {
        let (part, after) = rest.split_at(next_field(rest).unwrap_or(rest.len()));
        let text = if is_message { Some(part) } else { part.split_once('=').map(|(_, value)| value) };
        texts.extend(text.filter(|text| is_message || (text.contains(' ') && !text.starts_with('"'))));
        (rest, is_message) = (after.trim_start(), false);
    }
    texts
}

/// What a page quotes: lines of blocks of text.
fn quoted(page: &str) -> Vec<String> {
    let text = read(page);
    let blocks = text.split("\n```text\n").skip(1).filter_map(|block| block.split_once("\n```"));
    blocks.flat_map(|(block, _)| block.lines().map(str::to_owned)).collect()
}

#[test]
fn every_log_line_and_error_that_a_page_quotes_is_the_code_s() {
    let sources = sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    let templates = templates(&sources);
    let is_ours = |text: &str| sources.contains(text) || templates.iter().any(|parts| fits(parts, text));
    let (mut logged, mut failed) = (0, 0);
    for page in pages() {
        for line in quoted(&page) {
            let levels = [" ERROR ", " WARN ", " INFO "];
            if levels.iter().any(|level| line.contains(level)) {
                logged += 1;
                // A span may come first, and the module is the last path before the message.
                let at = line.rfind("axum_partnero::").unwrap_or_else(|| panic!("{page}: who says this? {line}"));
                let (module, message) = line[at..].split_once(": ").unwrap();
                let file = module.replace("axum_partnero::", "src/").replace("::", "/");
                let is_there = |file: String| Path::new(env!("CARGO_MANIFEST_DIR")).join(file).exists();
                assert!(is_there(format!("{file}.rs")) || is_there(format!("{file}/mod.rs")), "{page}: {module}");
                for text in said(message) {
                    assert!(is_ours(text), "{page}: nothing says {text:?}");
                }
            } else if let Some((name, text)) = line.split_once(": ").filter(|(name, _)| name.contains("Error")) {
                failed += 1;
                let variant = name.rsplit("::").next().unwrap();
                assert!(sources.contains(variant) && is_ours(text), "{page}: no {name} says {text:?}");
            }
        }
    }
    assert!(logged > 15 && failed > 3, "{logged} log lines, {failed} errors");
}

#[test]
fn a_quote_is_compared_where_it_is_fixed() {
    let sources = r#"#[error("{capacity} calls wait: see `{}`", f(x))] #[error("{0}")] warn!(more, "all is empty");"#;
    let templates = templates(sources);
    let is_one = |text| templates.iter().any(|parts| fits(parts, text));
    assert!(is_one("all is empty") && is_one("10 calls wait: see `status`"));
    assert!(
        !is_one("10 calls waited: see `status`") && !is_one("all is empty!") && !is_one("10 calls wait: see `status")
    );
    assert_eq!(said(r#"it is lost outbox="a b" error=no room: 5 left more=0"#), ["it is lost", "no room: 5 left"]);
}
