//! The cookie in which a key is kept: when it is written, and how.

use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, header};
use memchr::memmem::Finder;
use percent_encoding::utf8_percent_encode;

use crate::{
    model::{ProgramType, ReferralKey},
    referral::{capture::encode::COMPONENT, clear::keep_private, cookie, referral_cookie::ReferralCookie},
};

const SEC_FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");

/// A cookie, made ready for requests and responses.
#[derive(Clone, Debug)]
pub(super) struct Keeper {
    name: Finder<'static>,
    /// The kind of keys in it, where its name says that.
    pub(super) program: Option<ProgramType>,
    /// What follows the value.
    attributes: String,
    /// Removes the cookie of this host that would stand beside one of a domain.
    twin: Option<HeaderValue>,
    /// Removes everything that could be read as a key of this visitor's.
    removed: Vec<HeaderValue>,
}

impl Keeper {
    pub(super) fn new(cookie: ReferralCookie) -> Self {
        let ReferralCookie { name, program, domain, max_age, secure } = cookie;
        let domain = domain.map(|domain| format!("; Domain={domain}"));
        let secure = if secure { "; Secure" } else { "" };
        // Under a name of `PartneroJS`'s, that must be able to read and to overwrite it.
        let http_only = if program.is_none() { "; HttpOnly" } else { "" };
        let attributes = format!(
            "; Path=/{}; Max-Age={}; SameSite=Lax{secure}{http_only}",
            domain.as_deref().unwrap_or_default(),
            max_age.as_secs()
        );

        let removal = |name: &str, domain: &str| {
            HeaderValue::try_from(format!("{name}=; Path=/{domain}; Max-Age=0{secure}")).ok()
        };
        let twin = domain.as_ref().and_then(|_| removal(&name, ""));
        // Those of `PartneroJS` without a domain are removed by the response itself.
        let own = program.is_none().then(|| removal(&name, "")).flatten();
        let theirs = [ProgramType::Affiliate, ProgramType::ReferAFriend].map(ProgramType::cookie_name);
        let shared = domain.iter().flat_map(|domain| {
            let names = theirs.into_iter().chain(program.is_none().then_some(&*name));
            names.filter_map(|name| removal(name, domain))
        });
        let removed = own.into_iter().chain(shared).collect();
        Self { name: Finder::new(name.as_bytes()).into_owned(), program, attributes, twin, removed }
    }

    /// The key in the cookie, where its name is its own: those of `PartneroJS` are read anyway.
    pub(super) fn read(&self, headers: &HeaderMap) -> Option<ReferralKey> {
        if self.program.is_some() {
            return None;
        }
        cookie::named(cookie::lines(headers), &self.name).flatten().next()
    }

    /// Whether the cookie holds this key, and if there are two of its name, both.
    pub(super) fn holds(&self, key: &ReferralKey, headers: &HeaderMap) -> bool {
        let mut found = false;
        let same = |kept: Option<ReferralKey>| {
            found = true;
            kept.is_some_and(|kept| kept.as_str() == key.as_str())
        };
        cookie::named(cookie::lines(headers), &self.name).all(same) && found
    }

    /// Writes a key into a response, if that may carry it and the application hasn't set the cookie itself.
    pub(super) fn write(&self, key: &ReferralKey, status: StatusCode, headers: &mut HeaderMap) {
        let may = status.is_success() || status.is_redirection() && status != StatusCode::NOT_MODIFIED;
        if !may || headers.get_all(header::SET_COOKIE).iter().any(|line| self.is_set_by(line.as_bytes())) {
            return;
        }
        for line in self.lines(key) {
            headers.append(header::SET_COOKIE, line);
        }
        keep_private(headers);
    }

    /// The values of the `Set-Cookie` headers: what removes the other cookie of the name, and then the cookie.
    pub(super) fn lines(&self, key: &ReferralKey) -> impl Iterator<Item = HeaderValue> {
        let name = String::from_utf8_lossy(self.name.needle());
        let value = utf8_percent_encode(key.as_str(), COMPONENT);
        let line = HeaderValue::try_from(format!("{name}={value}{}", self.attributes));
        self.twin.clone().into_iter().chain(line.ok())
    }

    /// Adds what removes the cookies to a response that shall clear them.
    pub(super) fn clear(&self, headers: &mut HeaderMap) {
        for line in &self.removed {
            headers.append(header::SET_COOKIE, line.clone());
        }
    }

    fn is_set_by(&self, line: &[u8]) -> bool {
        let name = line.split(|byte| *byte == b'=').next().unwrap_or_default();
        name.trim_ascii() == self.name.needle()
    }
}

/// Whether a person is on the way to a page: a `GET` that isn't for a frame, an image or a script.
pub(super) fn is_navigation<B>(request: &Request<B>) -> bool {
    let destinations = request.headers().get_all(SEC_FETCH_DEST);
    request.method() == Method::GET && destinations.iter().all(|destination| destination == "document")
}
