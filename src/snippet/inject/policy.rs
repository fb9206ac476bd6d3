//! The nonce that a response's Content-Security-Policy names.

use http::{HeaderMap, HeaderName, HeaderValue, header};

/// A policy that is only reported on counts, too, if there is no other.
const POLICIES: [HeaderName; 2] = [header::CONTENT_SECURITY_POLICY, header::CONTENT_SECURITY_POLICY_REPORT_ONLY];

/// The directives that say which inline scripts run. The first that is there counts.
const DIRECTIVES: [&str; 3] = ["script-src-elem", "script-src", "default-src"];

/// The first nonce for scripts.
pub(super) fn nonce(headers: &HeaderMap) -> Option<&str> {
    let lines = POLICIES.iter().flat_map(|name| headers.get_all(name)).map(HeaderValue::to_str);
    // Policies of one line are separated by commas.
    lines.filter_map(Result::ok).flat_map(|line| line.split(',')).find_map(of_policy)
}

fn of_policy(policy: &str) -> Option<&str> {
    let directives = || policy.split(';').map(|directive| directive.trim().split_once([' ', '\t']).unwrap_or_default());
    let sources = DIRECTIVES.iter().find_map(|wanted| {
        directives().find_map(|(name, sources)| name.eq_ignore_ascii_case(wanted).then_some(sources))
    });
    sources?.split_ascii_whitespace().find_map(|source| {
        let (prefix, nonce) = source.split_at_checked("'nonce-".len())?;
        if prefix.eq_ignore_ascii_case("'nonce-") { nonce.strip_suffix('\'') } else { None }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nonce_is_that_of_the_directive_that_counts_for_scripts() {
        for (policy, expected) in [
            ("script-src 'nonce-abc'", Some("abc")),
            ("default-src 'self'; script-src 'self' 'nonce-abc==' https://a.example", Some("abc==")),
            ("default-src 'nonce-abc'", Some("abc")),
            ("script-src 'nonce-src'; script-src-elem 'nonce-elem'", Some("elem")),
            ("default-src 'nonce-abc'; script-src 'self'", None),
            ("style-src 'nonce-abc'", None),
            ("SCRIPT-SRC\t'NONCE-Abc'", Some("Abc")),
            ("script-src 'nonce-a' 'nonce-b'", Some("a")),
            ("img-src *, script-src 'nonce-abc'", Some("abc")),
            ("script-src 'nonce-abc", None),
            ("script-src 'nonce", None),
            ("script-src", None),
            (";;,,;", None),
            ("script-src é'nonce-abc'", None),
            ("", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_bytes(policy.as_bytes()).unwrap());
            assert_eq!(nonce(&headers), expected, "{policy}");
        }
    }

    #[test]
    fn a_policy_in_force_comes_before_one_that_is_only_reported() {
        let mut headers = HeaderMap::new();
        headers.insert(
            header::CONTENT_SECURITY_POLICY_REPORT_ONLY,
            HeaderValue::from_static("script-src 'nonce-reported'"),
        );
        assert_eq!(nonce(&headers), Some("reported"));
        headers.append(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("img-src 'self'"));
        headers.append(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("script-src 'nonce-forced'"));
        assert_eq!(nonce(&headers), Some("forced"));
    }
}
