//! Whatever the page and however it is cut: without the tag it is the original, to the byte.

use axum::body::Body;
use proptest::{collection::vec, prelude::*, sample::select};

use crate::{bytes_through, html, pieces, tag};

/// Pieces of pages, sound and broken.
fn page() -> impl Strategy<Value = Vec<u8>> {
    let part = prop_oneof![
        8 => select(vec![
            "<!doctype html>", "<html>", "<head>", "</head>", "<body>", "</body>", "</html>", "<title>", "</title>",
            "<script>", "</script>", "<script src=x>", "<style>", "</style>", "<template>", "</template>", "<noscript>",
            "</noscript>", "<!--", "-->", "<meta charset=utf-8>", "<link rel='", "'>", "<p", ">", "</", "<", "\"", " ",
            "<svg>", "</svg>", "<![CDATA[", "]]>", "<plaintext>", "<textarea>", "<select>", "<frameset>", "\0",
            "https://app.partnero.com/js/universal.js", "<math>", "<table>", "&amp;", "</script", "<!", "<?",
        ])
        .prop_map(|text| text.as_bytes().to_vec()),
        1 => vec(any::<u8>(), 0..20),
    ];
    vec(part, 0..40).prop_map(|parts| parts.concat())
}

fn cut(page: &[u8], mut places: Vec<usize>) -> Vec<Vec<u8>> {
    for place in &mut places {
        *place %= page.len() + 1;
    }
    places.extend([0, page.len()]);
    places.sort_unstable();
    places.windows(2).map(|ends| page[ends[0]..ends[1]].to_vec()).collect()
}

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

/// What comes out, and where in it the tag is.
fn sent(body: Body) -> (Vec<u8>, Option<usize>) {
    let (_, sent) = run(bytes_through(html(body)));
    let tag = tag().into_bytes();
    let at = sent.windows(tag.len()).position(|bytes| bytes == tag);
    (sent, at)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1_000) })]

    #[test]
    fn without_the_tag_it_is_the_original(page in page(), places in vec(any::<usize>(), 0..12)) {
        let (sent, at) = sent(pieces(cut(&page, places)));
        let without = match at {
            Some(at) => [&sent[..at], &sent[at + tag().len()..]].concat(),
            None => sent,
        };
        prop_assert_eq!(without, page);
    }

    #[test]
    fn the_tag_is_where_it_is_however_the_page_is_cut(page in page(), places in vec(any::<usize>(), 0..12)) {
        prop_assert_eq!(sent(pieces(cut(&page, places))), sent(Body::from(page)));
    }

    #[test]
    fn a_sound_page_is_tagged_once(
        title in "[a-zA-Z<>&/ é]{0,40}", code in "[a-z<>='/ ]{0,40}", places in vec(any::<usize>(), 0..12)
    ) {
        let (title, code) = (title.replace('<', "&lt;"), code.replace('<', ""));
        let head = format!("<!doctype html><html><head><title>{title}</title><script>{code}</script>");
        let page = format!("{head}</head><body>{code}</body></html>").into_bytes();
        prop_assert_eq!(sent(pieces(cut(&page, places))).1, Some(head.len()));
    }
}
