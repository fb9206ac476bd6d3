//! What could break out of the tag is refused, and not repeated.

use axum_partnero::{Snippet, snippet::SnippetError};
use proptest::prelude::*;

use crate::page::scripts;

fn snippet() -> Snippet {
    Snippet::new("KHV3KEHI").unwrap()
}

#[test]
fn only_eight_ascii_letters_or_digits_are_an_id() {
    let refused = [
        "",
        "K",
        "KHV3KEH",
        "KHV3KEHI1",
        " KHV3KEHI",
        "KHV3KEHI\n",
        "KHV3 EHI",
        "KHV3\0EHI",
        "KHV3-EHI",
        "KHV3_EHI",
        // Eight bytes that would end the string, the script or the line, or begin a comment.
        "';evil;'",
        "</script",
        "<!--1234",
        "\\u0027a1",
        "12345\n78",
        "12345\r78",
        "1234567'",
        "1234567\\",
        "1234567\"",
        // Eight characters that are more bytes, and eight bytes that are fewer characters.
        "KHV3KEHÏ",
        "KHV3KEH\u{ff29}",
        "１２３４５６７８",
        "äöüß",
        "ab\u{2028}cde",
        "ab\u{2029}cde",
        "KHV3KE\u{301}",
    ];
    for id in refused {
        assert_eq!(Snippet::new(id), Err(SnippetError::ProgramId), "{id:?}");
    }
    assert_eq!(Snippet::new("A".repeat(1 << 20)), Err(SnippetError::ProgramId));
}

#[test]
fn each_byte_of_an_id_is_a_letter_or_a_digit() {
    for character in '\0'..='\u{ff}' {
        for place in 0..8 {
            let mut id: Vec<_> = "KHV3KEHI".chars().collect();
            id[place] = character;
            let id: String = id.into_iter().collect();
            assert_eq!(Snippet::new(&id).is_ok(), character.is_ascii_alphanumeric(), "{id:?}");
        }
    }
}

#[test]
fn what_a_policy_takes_for_a_nonce_is_one() {
    for nonce in ["a", "0", "+", "/", "-", "_", "a=", "a==", "3q2+78r+ur7erb7vyv66vg==", "3q2-78r_ur7erb7vyv66vg"] {
        assert!(snippet().nonce(nonce).is_ok(), "{nonce:?}");
    }
    assert!(snippet().nonce("n".repeat(256)).is_ok());
}

#[test]
fn what_no_policy_takes_for_a_nonce_is_refused() {
    let refused = [
        "",
        "=",
        "==",
        "a===",
        "a=b",
        "=a",
        "a b",
        " a",
        "a\n",
        "a\0",
        "ä",
        "a\u{2028}",
        "'nonce-abc'",
        "nonce'",
        "a\" onload=\"evil()",
        "a\"><script>evil()</script>",
        "a'",
        "a>",
        "a<",
        "a&quot;",
        "a;",
        "a,",
        "a\\",
        "a`",
    ];
    for nonce in refused {
        assert_eq!(snippet().nonce(nonce), Err(SnippetError::Nonce), "{nonce:?}");
    }
    for length in [257, 1 << 20] {
        assert_eq!(snippet().nonce("n".repeat(length)), Err(SnippetError::Nonce));
    }
}

#[test]
fn errors_and_debug_show_no_secret() {
    // An API key, where the program's id should be.
    let error = Snippet::new("pk_live_q7W8e9R0t1Y2u3I4").unwrap_err();
    assert!(!format!("{error} {error:?}").contains("q7W8e9R0"), "{error}");
    let error = snippet().nonce("q7W8e9R0 t1Y2u3I4").unwrap_err();
    assert!(!format!("{error} {error:?}").contains("q7W8e9R0"), "{error}");
    let with_nonce = snippet().nonce("q7W8e9R0").unwrap();
    assert_eq!(format!("{with_nonce:?}"), r#"Snippet { program_id: "KHV3KEHI", has_nonce: true, .. }"#);
}

proptest! {
    #[test]
    fn whatever_an_id_and_a_nonce_are_the_page_has_one_script_and_its_end(
        id in "[A-Za-z0-9'\"<>/\\\\ \n]{8}|[A-Za-z0-9]{8}|\\PC{0,12}",
        nonce in "[A-Za-z0-9+/_-]{1,30}={0,3}|[a-z\"'<>= /\n]{1,12}|\\PC{0,12}",
    ) {
        let Ok(snippet) = Snippet::new(&id) else { return Ok(()) };
        let (tag, expected) = match snippet.clone().nonce(&nonce) {
            Ok(with_nonce) => (with_nonce.to_string(), Some(nonce)),
            Err(_) => (snippet.to_string(), None),
        };
        let found = scripts(&tag);
        prop_assert_eq!(found.len(), 1);
        prop_assert_eq!(&found[0].nonce, &expected);
        let end = format!("po('program', '{id}', 'load');\n");
        prop_assert!(found[0].code.ends_with(&end));
    }
}
