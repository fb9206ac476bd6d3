//! The tag in templates: whole where they are told that it is safe, harmless text where they aren't.

use askama::Template;
use axum_partnero::Snippet;
use maud::{DOCTYPE, PreEscaped, html};

use crate::page::{Script, scripts};

#[derive(Template)]
#[template(source = "<!DOCTYPE html><html><head>{{ snippet|safe }}</head></html>", ext = "html")]
struct Page {
    snippet: Snippet,
}

#[derive(Template)]
#[template(source = "<!DOCTYPE html><html><head>{{ snippet }}</head></html>", ext = "html")]
struct Escaped {
    snippet: Snippet,
}

fn snippet() -> Snippet {
    Snippet::new("KHV3KEHI").unwrap().nonce("3q2+78r/ur7erb7vyv66vg==").unwrap()
}

fn page(head: &str) -> String {
    format!("<!DOCTYPE html><html><head>{head}</head></html>")
}

#[test]
fn askama_leaves_it_alone_when_told_so() {
    assert_eq!(Page { snippet: snippet() }.render().unwrap(), page(&snippet().to_string()));
}

#[test]
fn maud_leaves_it_alone_when_told_so() {
    let rendered = html! { (DOCTYPE) html { head { (PreEscaped(snippet().to_string())) } } };
    assert_eq!(rendered.into_string(), page(&snippet().to_string()));
}

#[test]
fn otherwise_it_is_text_and_no_script() {
    let askama = Escaped { snippet: snippet() }.render().unwrap();
    let maud = html! { (DOCTYPE) html { head { (snippet().to_string()) } } }.into_string();
    for rendered in [askama, maud] {
        assert_eq!(scripts(&rendered), [] as [Script; 0], "{rendered}");
        assert!(rendered.contains("<head>&") && rendered.contains(";script nonce=&"), "{rendered}");
    }
}
