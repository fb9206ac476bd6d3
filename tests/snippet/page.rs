//! A page with the tag in it, read as a browser would.

use axum_partnero::Snippet;
use html5gum::{Token, Tokenizer};

/// A script of a page.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Script {
    pub(crate) nonce: Option<String>,
    pub(crate) code: String,
}

/// All scripts of a page in which nothing is malformed, no script is left open and nothing else has an attribute.
pub(crate) fn scripts(page: &str) -> Vec<Script> {
    let (mut found, mut open) = (Vec::new(), None::<Script>);
    for token in Tokenizer::new(page) {
        match token.unwrap() {
            Token::StartTag(tag) => {
                assert!(open.is_none(), "a tag within a script");
                let mut attributes = tag.attributes.into_iter();
                let nonce = attributes.next().map(|(name, value)| {
                    assert_eq!((&**tag.name, &**name), (&b"script"[..], &b"nonce"[..]));
                    String::from_utf8(value.value.to_vec()).unwrap()
                });
                assert!(attributes.next().is_none());
                if &**tag.name == b"script" {
                    open = Some(Script { nonce, ..Script::default() });
                }
            }
            Token::EndTag(tag) if &**tag.name == b"script" => found.push(open.take().unwrap()),
            Token::String(text) => {
                if let Some(script) = &mut open {
                    script.code.push_str(std::str::from_utf8(&text).unwrap());
                }
            }
            Token::Error(error) => panic!("malformed: {error:?}"),
            _ => assert!(open.is_none(), "a script is cut short"),
        }
    }
    assert!(open.is_none(), "a script isn't closed");
    found
}

/// What is between the tags of the guide's.
fn code(program_id: &str) -> String {
    let guide = include_str!("guide.html").replace("YOUR_PROGRAM_ID", program_id);
    guide.trim_end().strip_prefix("<script>").unwrap().strip_suffix("</script>").unwrap().to_owned()
}

#[test]
fn the_page_around_the_tag_stays_whole() {
    let page = |tag: String| {
        format!("<!DOCTYPE html><html><head><title>Shop</title>{tag}</head><body><p>Hi</p></body></html>")
    };
    let snippet = Snippet::new("KHV3KEHI").unwrap();
    assert_eq!(scripts(&page(snippet.to_string())), [Script { nonce: None, code: code("KHV3KEHI") }]);

    let nonce = "3q2+78r/ur7erb7vyv66vg==";
    let with_nonce = snippet.nonce(nonce).unwrap().to_string();
    let expected = Script { nonce: Some(nonce.to_owned()), code: code("KHV3KEHI") };
    assert_eq!(scripts(&page(with_nonce.clone() + "<script>own()</script>"))[0], expected);
    assert_eq!(scripts(&page(with_nonce.clone() + &with_nonce)).len(), 2);
}

#[test]
#[should_panic = "a script isn't closed"]
fn a_tag_without_its_end_would_be_noticed() {
    scripts(Snippet::new("KHV3KEHI").unwrap().to_string().strip_suffix("</script>").unwrap());
}

#[test]
#[should_panic = "assertion"]
fn an_attribute_that_breaks_out_would_be_noticed() {
    scripts("<script nonce=\"a\" onload=\"evil()\"></script>");
}
