//! The cookie in which a layer keeps a key: its settings.

use std::{borrow::Cow, panic::Location, time::Duration};

use crate::model::ProgramType;

const DAY: u64 = 24 * 60 * 60;

/// The longest that browsers keep a cookie: 400 days.
const MAX_AGE: Duration = Duration::from_secs(400 * DAY);

/// The longest name. Browsers take 4,096 bytes of name and value together, and a key takes up to 3,060.
const MAX_NAME: usize = 64;

/// The cookie in which [`ReferralLayer::set_cookie`](crate::ReferralLayer::set_cookie) keeps a key.
///
/// ```
/// use std::time::Duration;
///
/// use axum_partnero::{ReferralCookie, ReferralLayer};
///
/// const MONTH: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// let cookie = ReferralCookie::new().domain("example.com").max_age(MONTH);
/// let layer = ReferralLayer::new().capture_query(["aff", "ref", "via"]).set_cookie(cookie);
/// ```
///
/// The key is written as JavaScript's `encodeURIComponent` does, with `Path=/` and `SameSite=Lax`: so it comes back with
/// the way home from an OAuth provider, if that is a link or a redirect. A provider that returns with a form (a `POST`, as
/// Apple does) gets no `Lax` cookie sent: keep the key in the session or in the OAuth state there.
///
/// # Its own name, or one of `PartneroJS`'s
///
/// | | [`new()`](Self::new): a name of its own | [`partnero_js(..)`](Self::partnero_js): `PartneroJS`'s name |
/// |---|---|---|
/// | who writes it | the layer alone | the layer, and the script as it likes |
/// | can scripts read it | no (`HttpOnly`) | yes, `PartneroJS` too |
/// | beside the script's cookie | wins over it | may be hidden by it, see below |
/// | kind of the key | unknown: the handle's | known |
/// | who reads it | layers with this setting | every layer, and the extractors without one |
///
/// Take the cookie's own name unless something else must find the key under `PartneroJS`'s.
///
/// # Two cookies of one name
///
/// The script's cookie seems to belong to one host. With a [`domain`](Self::domain) ours belongs to all hosts below it, so
/// for browsers these are two cookies even where they have one name. Both are sent, the older one first as a rule, and
/// nothing tells them apart; **the first valid one is read**. Wherever the layer writes a cookie with a domain, it
/// therefore removes the one of that host in the same response, and it writes whenever one of the two isn't the key. Until
/// the script writes its own again, there is one. With a name of its own, there is nothing to be confused.
/// [`ReferralKey::clear_cookies`](crate::ReferralKey::clear_cookies) removes both.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a cookie does nothing until it is given to a layer"]
pub struct ReferralCookie {
    pub(super) name: Cow<'static, str>,
    pub(super) program: Option<ProgramType>,
    pub(super) domain: Option<String>,
    pub(super) max_age: Duration,
    pub(super) secure: bool,
}

impl ReferralCookie {
    /// A cookie `referral_key`, of this host alone, for 30 days, over https, that no script can read.
    pub fn new() -> Self {
        Self {
            name: Cow::Borrowed("referral_key"),
            program: None,
            domain: None,
            max_age: Duration::from_secs(30 * DAY),
            secure: true,
        }
    }

    /// The cookie of `PartneroJS` for this kind of program: `partnero_partner` or `partnero_referral`.
    ///
    /// A key that the layer captures is then of this kind, and scripts can read the cookie.
    pub fn partnero_js(program: ProgramType) -> Self {
        Self { name: Cow::Borrowed(program.cookie_name()), program: Some(program), ..Self::new() }
    }

    /// Another name. Default: `referral_key`.
    ///
    /// It is for applications that share a domain and have a program each. A name has 1 to 64 letters, digits, `-`, `_` or
    /// `.`. It doesn't begin with `__`, for browsers attach conditions to such names (`__Host-`), and isn't one of
    /// `PartneroJS`'s, for those are [`partnero_js`](Self::partnero_js)'s. Any other text is logged as an error, with the place
    /// of this call, and changes nothing.
    #[track_caller]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        let name = name.into();
        let is_good = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        let is_theirs = [ProgramType::Affiliate, ProgramType::ReferAFriend].map(ProgramType::cookie_name);
        let is_taken = name.starts_with("__") || is_theirs.contains(&name.as_str());
        if (1..=MAX_NAME).contains(&name.len()) && name.bytes().all(is_good) && !is_taken {
            self.name = Cow::Owned(name);
            self.program = None;
        } else {
            tracing::error!(
                "the name given to `ReferralCookie::name` at {} isn't 1 to 64 letters, digits, `-`, `_` or `.`, begins \
                 with `__`, or is one of PartneroJS's: the cookie keeps the name `{}`",
                Location::caller(),
                self.name
            );
        }
        self
    }

    /// Shares the cookie with all hosts of this domain: `example.com` for `www.example.com` and `app.example.com`.
    /// Default: it stays with the host that answers.
    ///
    /// The hosts that answer must be within the domain: browsers drop the cookie elsewhere. So in development and on
    /// preview hosts leave it out. They drop it, too, where the domain is one under which anyone can register (`co.uk`,
    /// `github.io`).
    ///
    /// A text that is no domain (it has a scheme, a port, a path, no dot, or letters beyond ASCII) is logged as an error, with
    /// the place of this call, and changes nothing.
    #[track_caller]
    pub fn domain(mut self, domain: impl AsRef<str>) -> Self {
        let domain = domain.as_ref();
        // Browsers ignore the dot that some still write.
        let domain = domain.strip_prefix('.').unwrap_or(domain).to_ascii_lowercase();
        if is_domain(&domain) {
            self.domain = Some(domain);
        } else {
            tracing::error!(
                "the text given to `ReferralCookie::domain` at {} is no domain such as `example.com`: the cookie is that of \
                 {}",
                Location::caller(),
                self.domain.as_deref().unwrap_or("one host")
            );
        }
        self
    }

    /// How long browsers keep it, in whole seconds: 1 second to 400 days, which is the most that they do. Default: 30 days,
    /// which is Partnero's own.
    ///
    /// It counts from the click: later visits don't extend it.
    pub fn max_age(mut self, max_age: Duration) -> Self {
        self.max_age = max_age.clamp(Duration::from_secs(1), MAX_AGE);
        self
    }

    /// Whether it is sent over https only. Default: `true`.
    ///
    /// `false` is for development over plain http, on another name than `localhost` (or in Safari).
    pub fn secure(mut self, secure: bool) -> Self {
        self.secure = secure;
        self
    }
}

/// As [`new()`](Self::new).
impl Default for ReferralCookie {
    fn default() -> Self {
        Self::new()
    }
}

/// Labels of letters, digits, `-` and `_`, two at least.
fn is_domain(text: &str) -> bool {
    let is_good = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    text.len() <= 253
        && text.contains('.')
        && text.split('.').all(|label| (1..=63).contains(&label.len()) && label.bytes().all(is_good))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_are_taken_as_people_write_them() {
        for (text, domain) in [
            ("example.com", "example.com"),
            (".Example.COM", "example.com"),
            ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ] {
            assert_eq!(ReferralCookie::new().domain(text).domain.as_deref(), Some(domain), "{text}");
        }
    }

    #[test]
    fn what_is_no_domain_changes_nothing() {
        let long = format!("{}.com", "a.".repeat(130));
        for text in [
            "",
            ".",
            "..",
            "com",
            "localhost",
            "https://example.com",
            "example.com/",
            "example.com:443",
            "a..b",
            "example.com.",
            "..example.com",
            "a b.com",
            "bücher.example",
            "example.com; Path=/x",
            "a.com\r\nset-cookie: x=y",
            "a,b.com",
            "*.example.com",
            &long,
            &format!("{}.com", "a".repeat(64)),
        ] {
            assert_eq!(
                ReferralCookie::new().domain("good.test").domain(text).domain.as_deref(),
                Some("good.test"),
                "{text:?}"
            );
        }
    }

    #[test]
    fn what_is_no_name_changes_nothing() {
        assert_eq!(ReferralCookie::new().name("shop.ref-1_x").name, "shop.ref-1_x");
        for text in [
            "",
            "a b",
            "a=b",
            "a;b",
            "ü",
            "a\n",
            "\"a\"",
            "__Host-a",
            "partnero_partner",
            "partnero_referral",
            &"a".repeat(65),
        ] {
            assert_eq!(ReferralCookie::new().name(text), ReferralCookie::new(), "{text:?}");
        }
    }

    #[test]
    fn a_cookie_of_partnero_js_with_another_name_is_none_of_theirs() {
        assert_eq!(ReferralCookie::partnero_js(ProgramType::Affiliate).name("x"), ReferralCookie::new().name("x"));
    }

    #[test]
    fn an_age_is_what_browsers_take() {
        for (age, kept) in [
            (Duration::ZERO, 1),
            (Duration::from_millis(1_999), 1),
            (Duration::MAX, 34_560_000),
            (Duration::from_secs(60), 60),
        ] {
            assert_eq!(ReferralCookie::new().max_age(age).max_age.as_secs(), kept);
        }
    }
}
