//! Where Partnero is, and what may be asked there: nothing that is built here ever leaves the base URL.

use std::{borrow::Cow, fmt, net::IpAddr};

use reqwest::Url;

/// Partnero's own.
pub(super) const DEFAULT: &str = "https://api.partnero.com/v1/";

/// In the place of what is nobody's business.
const SCRUBBED: &str = "REDACTED";

/// A checked base URL. Its path ends with a slash.
#[derive(Clone)]
pub(super) struct BaseUrl(Url);

/// Why a text can't be the base URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum BadBaseUrl {
    #[error("it is no absolute URL: write it as `{DEFAULT}`")]
    Malformed,
    #[error("it is neither https nor http: write it as `{DEFAULT}`")]
    Scheme,
    #[error(
        "plain http would send the API key readable to anyone on the way: use https, or `allow_plain_http()` for a \
         network that you trust"
    )]
    PlainHttp,
    #[error("it has a user name or a password in it: Partnero wants the API key alone, so leave them out")]
    Credentials,
    #[error("it has a query or a fragment, and paths are added to its end: leave them out")]
    Query,
}

/// Why nothing can be asked at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the path isn't one below the base URL: give it relative, such as `customers`, without `..`, `//`, `\\` or `#`"
)]
pub(super) struct BadPath;

impl BaseUrl {
    /// Partnero's own.
    pub(super) fn partneros() -> Self {
        match Self::parse(DEFAULT, false) {
            Ok(url) => url,
            Err(_) => unreachable!("the default is a good URL, as the tests show"),
        }
    }

    pub(super) fn parse(text: &str, allow_plain_http: bool) -> Result<Self, BadBaseUrl> {
        let mut url = Url::parse(text.trim()).map_err(|_| BadBaseUrl::Malformed)?;
        if !matches!(url.scheme(), "https" | "http") {
            return Err(BadBaseUrl::Scheme);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(BadBaseUrl::Credentials);
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(BadBaseUrl::Query);
        }
        if url.scheme() == "http" && !allow_plain_http && !is_loopback(&url) {
            return Err(BadBaseUrl::PlainHttp);
        }
        if !url.path().ends_with('/') {
            let path = format!("{}/", url.path());
            url.set_path(&path);
        }
        Ok(Self(url))
    }

    pub(super) fn is_loopback(&self) -> bool {
        is_loopback(&self.0)
    }

    pub(super) fn is_https(&self) -> bool {
        self.0.scheme() == "https"
    }

    /// Its host, an IPv6 address without brackets.
    pub(super) fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']')
    }

    pub(super) fn port(&self) -> Option<u16> {
        self.0.port_or_known_default()
    }

    /// The URL of a request, with a word in the place of each key, and of a path that isn't ours, and without the query.
    pub(super) fn scrubbed(&self, template: Option<&str>) -> String {
        let path = template.map_or(Cow::Borrowed(SCRUBBED), |path| path.replace("{key}", SCRUBBED).into());
        format!("{}{}", self.0, path.trim_start_matches('/'))
    }

    /// The URL of a path that is encoded already, with or without a query.
    pub(super) fn at(&self, path: &str) -> Result<Url, BadPath> {
        let (before_query, _) = path.split_once('?').unwrap_or((path, ""));
        let odd = |c: char| c == '\\' || c == '#' || c.is_control();
        if path.contains(odd)
            || before_query.starts_with('/')
            || before_query.contains("//")
            || before_query.split('/').any(is_dots)
        {
            return Err(BadPath);
        }
        let url = Url::parse(&format!("{}{path}", self.0)).map_err(|_| BadPath)?;
        if self.holds(&url) { Ok(url) } else { Err(BadPath) }
    }

    /// A link out of an answer, as a path below this URL.
    pub(super) fn path_of(&self, link: &str, relative_to: &str) -> Result<String, BadPath> {
        let link = self.at(relative_to)?.join(link).map_err(|_| BadPath)?;
        if !self.holds(&link) {
            return Err(BadPath);
        }
        let path = link.as_str().strip_prefix(self.0.as_str()).ok_or(BadPath)?.to_owned();
        self.at(&path).map(|_| path)
    }

    fn holds(&self, url: &Url) -> bool {
        // The origin, without a copy of the host for it.
        let same_host = url.host() == self.0.host() && url.port_or_known_default() == self.0.port_or_known_default();
        url.scheme() == self.0.scheme()
            && same_host
            && url.username().is_empty()
            && url.password().is_none()
            && url.path().starts_with(self.0.path())
    }
}

impl fmt::Debug for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str())
    }
}

/// Whether a segment is one that URLs resolve away, also in disguise.
fn is_dots(segment: &str) -> bool {
    matches!(segment.to_ascii_lowercase().replace("%2e", ".").as_str(), "." | "..")
}

fn is_loopback(url: &Url) -> bool {
    let Some(host) = url.host_str() else { return false };
    host == "localhost"
        || host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_told_host_and_port_and_no_key() {
        for (url, host, port) in [
            ("https://api.partnero.com/v1/", "api.partnero.com", 443),
            ("http://[::1]:8080/v1", "::1", 8080),
            ("http://127.0.0.1", "127.0.0.1", 80),
        ] {
            let base = BaseUrl::parse(url, false).unwrap();
            assert_eq!((base.host(), base.port()), (host, Some(port)));
        }
        let base = BaseUrl::partneros();
        for (template, shown) in [
            (Some("/customers/{key}/archive"), "https://api.partnero.com/v1/customers/REDACTED/archive"),
            (Some("/test"), "https://api.partnero.com/v1/test"),
            (None, "https://api.partnero.com/v1/REDACTED"),
        ] {
            assert_eq!(base.scrubbed(template), shown);
        }
    }

    #[test]
    fn only_https_or_this_machine_is_a_base_url() {
        for good in [
            "https://api.partnero.com/v1/",
            "https://api.partnero.com/v1",
            " https://api.partnero.com/v1\n",
            "http://127.0.0.1:8080",
            "http://127.9.9.9/v1",
            "http://[::1]:1/",
            "http://localhost:9/v1",
            "HTTP://LOCALHOST/",
        ] {
            let base = BaseUrl::parse(good, false).unwrap();
            assert!(format!("{base:?}").ends_with('/'), "{good}");
        }
        for (bad, why) in [
            ("", BadBaseUrl::Malformed),
            ("api.partnero.com/v1", BadBaseUrl::Malformed),
            ("/v1", BadBaseUrl::Malformed),
            ("https://", BadBaseUrl::Malformed),
            ("ftp://api.partnero.com/", BadBaseUrl::Scheme),
            ("localhost:8080", BadBaseUrl::Scheme),
            ("data:text/plain,x", BadBaseUrl::Scheme),
            ("http://api.partnero.com/v1/", BadBaseUrl::PlainHttp),
            ("http://10.0.0.1/", BadBaseUrl::PlainHttp),
            ("http://localhost.evil.test/", BadBaseUrl::PlainHttp),
            ("http://127.0.0.1.evil.test/", BadBaseUrl::PlainHttp),
            ("https://user:pass@api.partnero.com/", BadBaseUrl::Credentials),
            ("https://user@api.partnero.com/", BadBaseUrl::Credentials),
            ("https://api.partnero.com/?a=b", BadBaseUrl::Query),
            ("https://api.partnero.com/#x", BadBaseUrl::Query),
        ] {
            assert_eq!(BaseUrl::parse(bad, false).unwrap_err(), why, "{bad}");
        }
        assert!(BaseUrl::parse("http://10.0.0.1/", true).is_ok());
    }

    #[test]
    fn no_path_leads_out_of_the_base_url() {
        let base = BaseUrl::parse("https://api.test/v1", false).unwrap();
        assert_eq!(base.at("customers/a%2Fb?x=/../y").unwrap().as_str(), "https://api.test/v1/customers/a%2Fb?x=/../y");
        assert_eq!(base.at("customers:search?key=a").unwrap().as_str(), "https://api.test/v1/customers:search?key=a");
        for bad in [
            "..",
            "../v2",
            "a/../../v2",
            "a/%2e%2E/b",
            "a/.%2e",
            "./a",
            "/a",
            "//evil.test/a",
            "a//b",
            "https://evil.test/",
            "a\\..\\b",
            "a#b",
            "a\nb",
            "a\tb",
            "a?b\r\nX: y",
        ] {
            assert_eq!(base.at(bad), Err(BadPath), "{bad}");
        }
    }

    #[test]
    fn only_links_below_the_base_url_are_paths_of_it() {
        let base = BaseUrl::parse("https://api.test/v1", false).unwrap();
        for (link, path) in [
            ("https://api.test/v1/customers?page=2", "customers?page=2"),
            ("https://API.test:443/v1/customers?page=2", "customers?page=2"),
            ("?page=2", "customers?page=2"),
            ("/v1/x", "x"),
        ] {
            assert_eq!(base.path_of(link, "customers?limit=10").as_deref(), Ok(path), "{link}");
        }
        for bad in [
            "http://api.test/v1/customers?page=2",
            "https://api.test:444/v1/customers",
            "https://evil.test/v1/customers",
            "//evil.test/v1/customers",
            "https://api.test@evil.test/v1/",
            "https://user@api.test/v1/customers",
            "https://api.test/v2/customers",
            "https://api.test/v1/../v2",
            "/v10",
            "javascript:alert(1)",
            "https://api.test/v1/a#b",
        ] {
            assert_eq!(base.path_of(bad, "customers"), Err(BadPath), "{bad}");
        }
    }
}
