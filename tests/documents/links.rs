//! Links of the documents: each leads somewhere, and to each page leads one.

use std::collections::BTreeSet;

use crate::{documents, pages, read};

/// The text without blocks of code.
fn prose(text: &str) -> String {
    let mut is_code = false;
    let outside = text.lines().filter(|line| {
        let is_fence = line.starts_with("```");
        is_code ^= is_fence;
        !is_code && !is_fence
    });
    outside.map(|line| format!("{line}\n")).collect()
}

/// What follows `before`, up to `after`, wherever that is on one line.
fn between<'a>(text: &'a str, before: &'a str, after: char) -> impl Iterator<Item = &'a str> {
    let found = text.lines().flat_map(move |line| line.split(before).skip(1));
    found.filter_map(move |rest| Some(rest.split_once(after)?.0))
}

/// Labels with what they stand for: `[refunds]: docs/refunds.md`.
fn definitions(text: &str) -> Vec<(&str, &str)> {
    text.lines().filter_map(|line| line.strip_prefix('[')?.split_once("]: ")).collect()
}

/// The anchors that a page has, as they are made of its headings.
fn anchors(page: &str) -> BTreeSet<String> {
    let headings = page
        .lines()
        .filter_map(|line| line.trim_start_matches('#').strip_prefix(' ').filter(|_| line.starts_with('#')));
    let kept = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
    headings
        .map(|heading| heading.to_lowercase().chars().filter(|c| kept(*c)).collect::<String>().replace(' ', "-"))
        .collect()
}

/// Where a link of this document leads: a file of the repository, and an anchor.
fn target(document: &str, link: &str) -> (String, Option<String>) {
    let (file, anchor) = link.split_once('#').map_or((link, None), |(file, anchor)| (file, Some(anchor.to_owned())));
    let folder = document.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
    (if file.is_empty() { document.to_owned() } else { format!("{folder}{file}") }, anchor)
}

#[test]
fn every_link_leads_to_a_file_and_a_heading_that_are_there() {
    let mut found = 0;
    for document in documents() {
        let text = prose(&read(&document));
        let links = between(&text, "](", ')').chain(definitions(&text).into_iter().map(|(_, link)| link));
        for link in links.filter(|link| !link.contains("://")) {
            found += 1;
            let (file, anchor) = target(&document, link);
            assert!(documents().contains(&file), "{document} links to {link}");
            let is_there = anchor.is_none_or(|anchor| anchors(&prose(&read(&file))).contains(&anchor));
            assert!(is_there, "{document} links to {link}: no such heading");
        }
    }
    assert!(found > 20, "{found}");
}

#[test]
fn every_label_stands_for_a_page_and_on_docs_rs_for_a_module() {
    let modules = read("src/guide/links.md");
    for document in documents() {
        let text = prose(&read(&document));
        let there = definitions(&text);
        for label in between(&text, "][", ']') {
            assert!(there.iter().any(|(name, _)| *name == label), "{document}: [{label}] stands for nothing");
        }
        for (label, link) in there {
            assert!(text.contains(&format!("][{label}]")), "{document}: [{label}] isn't used");
            let (page, anchor) = link.split_once('#').unwrap_or((link, ""));
            let module = page.trim_start_matches("docs/").trim_end_matches(".md").replace('-', "_");
            let anchor = if anchor.is_empty() { String::new() } else { format!("#{anchor}") };
            let line = format!("[{label}]: crate::guide::{module}{anchor}");
            assert!(modules.lines().any(|it| it == line), "src/guide/links.md lacks {line}");
        }
    }
}

#[test]
fn every_page_is_linked_in_the_readme_and_is_a_module_on_docs_rs() {
    let (readme, guide) = (prose(&read("README.md")), read("src/guide.rs"));
    assert!(pages().len() > 15);
    for page in pages() {
        assert!(definitions(&readme).iter().any(|(_, link)| *link == page), "README.md doesn't link to {page}");
        let file = page.trim_start_matches("docs/");
        assert!(guide.contains(&format!(" \"{file}\"\n")), "src/guide.rs doesn't have {file}");
    }
}
