//! Finds the referral key in a link's query.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use crate::model::ReferralKey;

/// Bytes of a link that are looked at.
const MAX_BYTES: usize = 16 * 1024;

/// The first valid key among the parameters, by the order of their names, then of the link.
pub(super) fn find(url: &str, parameters: &[&str]) -> Option<ReferralKey> {
    if url.len() > MAX_BYTES {
        return None;
    }
    let (_, query) = url.split_once('?')?;
    find_in_query(query.split('#').next()?, parameters)
}

/// The same in what stands behind the `?`.
pub(super) fn find_in_query(query: &str, parameters: &[impl AsRef<str>]) -> Option<ReferralKey> {
    if query.len() > MAX_BYTES {
        return None;
    }
    parameters.iter().find_map(|parameter| {
        query.split('&').filter_map(|pair| pair.split_once('=')).find_map(|(name, value)| {
            if decode(name)? != parameter.as_ref() {
                return None;
            }
            ReferralKey::new(decode(value)?).ok()
        })
    })
}

/// A part of a query: `+` is a blank, `%xx` a byte; UTF-8 or nothing.
fn decode(part: &str) -> Option<Cow<'_, str>> {
    if part.contains('+') {
        let blanks = part.replace('+', " ");
        return percent_decode_str(&blanks).decode_utf8().ok().map(|text| Cow::Owned(text.into_owned()));
    }
    percent_decode_str(part).decode_utf8().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(url: &str) -> Option<String> {
        ReferralKey::from_url(url).map(|key| key.to_string())
    }

    #[test]
    fn the_parameters_of_every_program_are_found() {
        assert_eq!(key("https://shop.example?ref=k77").as_deref(), Some("k77"));
        assert_eq!(key("myapp://open/?x=1&aff=anna&y=2").as_deref(), Some("anna"));
        assert_eq!(key("?via=anna%20b+c").as_deref(), Some("anna b c"));
        assert_eq!(key("https://x.test/?ref=r&aff=a").as_deref(), Some("a"));
        assert_eq!(
            ReferralKey::from_url_with("https://x.test/?partner=p", &["partner"]).map(|key| key.to_string()).as_deref(),
            Some("p")
        );
    }

    #[test]
    fn an_invalid_value_hides_no_valid_one() {
        assert_eq!(key("https://x.test/?aff=&aff=%00&aff=%FF&aff=good").as_deref(), Some("good"));
        assert_eq!(key("https://x.test/?aff=%0a&ref=r").as_deref(), Some("r"));
    }

    #[test]
    fn links_without_a_key_give_none() {
        assert_eq!(key("https://x.test/?aff=+&ref=%20r+"), Some("r".into()), "blanks are no key");
        for url in ["", "aff=a", "https://x.test/aff/a", "https://x.test/#?", "https://x.test/?affx=a", "?aff"] {
            assert_eq!(key(url), None, "{url}");
        }
        assert_eq!(key("https://x.test/#x?y&aff=a"), Some("a".into()), "hash routers keep the query in the fragment");
        assert_eq!(key("https://x.test/?b=1#&aff=a"), None);
        assert_eq!(key(&format!("https://x.test/?aff=a&{}", "x".repeat(MAX_BYTES))), None);
        assert_eq!(key(&format!("https://x.test/?aff={}", "x".repeat(256))), None);
    }
}
