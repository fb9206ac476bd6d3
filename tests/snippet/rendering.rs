//! The tag is the guide's.

use axum_partnero::{Snippet, snippet::SnippetError};

/// The tag as Partnero's guide has it, and a line break.
const GUIDE: &str = include_str!("guide.html");
const README: &str = include_str!("../../README.md");

fn guide(program_id: &str) -> String {
    GUIDE.trim_end().replace("YOUR_PROGRAM_ID", program_id)
}

#[test]
fn the_tag_is_the_guide_s_to_the_byte() {
    for id in ["KHV3KEHI", "1NNVU1NU", "00000000", "abcdefgh", "zZ9aA0yY"] {
        assert_eq!(Snippet::new(id).unwrap().to_string(), guide(id));
    }
}

#[test]
fn a_nonce_adds_its_attribute_and_nothing_else() {
    let with = Snippet::new("KHV3KEHI").unwrap().nonce("3q2+78r/ur7_rb7-yv66vg==").unwrap().to_string();
    assert_eq!(with.replacen(" nonce=\"3q2+78r/ur7_rb7-yv66vg==\"", "", 1), guide("KHV3KEHI"));
    assert!(with.starts_with("<script nonce=\"3q2+78r/ur7_rb7-yv66vg==\">\n"), "{with}");
}

#[test]
fn the_nonce_of_one_response_is_not_the_next_one_s() {
    let snippet = Snippet::new("KHV3KEHI").unwrap();
    let first = snippet.clone().nonce("first").unwrap();
    assert_eq!(first.clone().nonce("second").unwrap(), snippet.clone().nonce("second").unwrap());
    assert_eq!(snippet.to_string(), guide("KHV3KEHI"));
    assert!(first != snippet && first.to_string().contains("\"first\""));
}

#[test]
fn the_readme_shows_the_same_tag() {
    assert!(README.contains(&format!("```html\n{GUIDE}```\n")));
}

#[test]
fn the_guide_s_placeholder_is_no_id() {
    assert_eq!(Snippet::new("YOUR_PROGRAM_ID"), Err(SnippetError::ProgramId));
}

#[test]
fn every_source_that_the_tag_names_is_in_the_policy_s_list_and_no_other() {
    let tag = Snippet::new("KHV3KEHI").unwrap().to_string();
    let mut named: Vec<_> =
        tag.split("'https://").skip(1).map(|rest| rest.split(['/', '\'']).next().unwrap()).collect();
    named.sort_unstable();
    let mut listed: Vec<_> = Snippet::CSP_SOURCES.split(' ').map(|it| it.strip_prefix("https://").unwrap()).collect();
    listed.sort_unstable();
    assert_eq!(named, listed);
}
