//! What a capturing layer was told, and what that makes of a request.

use std::{fmt, sync::Arc};

use http::{Extensions, HeaderMap, Method, Request};

use crate::{
    model::{ReferralKey, ReferralKeys},
    referral::{
        attribution::Attribution,
        capture::{
            keep::{Keeper, is_navigation},
            path_link::PathLink,
        },
        referral_cookie::ReferralCookie,
        sources::Sources,
    },
};

/// The settings of a layer, shared by its services.
#[derive(Clone, Debug)]
pub(in crate::referral) struct Settings {
    pub(in crate::referral) sources: Sources,
    /// The names of parameters in the query.
    pub(in crate::referral) parameters: Vec<String>,
    /// The names of segments in the path.
    pub(in crate::referral) segments: Vec<String>,
    pub(in crate::referral) attribution: Attribution,
    pub(in crate::referral) consent: Option<Consent>,
    pub(super) keeper: Option<Keeper>,
}

/// The application's answer to whether a visitor agreed.
#[derive(Clone)]
pub(in crate::referral) struct Consent(pub(in crate::referral) Arc<Asked>);

type Asked = dyn Fn(&HeaderMap, &Extensions) -> bool + Send + Sync;

impl fmt::Debug for Consent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Consent")
    }
}

/// What becomes of the key in a link.
#[derive(Debug, PartialEq)]
pub(super) enum Fate {
    /// It doesn't count, or is kept already, or there is none.
    Over,
    /// It is to be written into the cookie.
    Keep(ReferralKey),
    /// It counts, and this response can't keep it.
    Loose,
}

impl Settings {
    pub(in crate::referral) fn new(sources: Sources) -> Self {
        Self {
            sources,
            parameters: Vec::new(),
            segments: Vec::new(),
            attribution: Attribution::default(),
            consent: None,
            keeper: None,
        }
    }

    pub(in crate::referral) fn keep_in(&mut self, cookie: ReferralCookie) {
        self.keeper = Some(Keeper::new(cookie));
    }

    pub(super) fn link<'a, B>(&'a self, request: &'a Request<B>) -> Option<PathLink<'a>> {
        if self.segments.is_empty() || !matches!(*request.method(), Method::GET | Method::HEAD) {
            return None;
        }
        PathLink::find(&self.segments, request.uri())
    }

    /// The keys that count for a request, and what becomes of the one in its link.
    pub(super) fn judge<B>(&self, request: &Request<B>, link: Option<&PathLink<'_>>) -> (ReferralKeys, Fate) {
        let headers = request.headers();
        if self.consent.as_ref().is_some_and(|consent| !(consent.0)(headers, request.extensions())) {
            return (ReferralKeys::default(), Fate::Loose);
        }
        let captured = self.captured(request, link);
        let mut cookies = self.sources.cookies(headers);
        if let Some(key) = self.keeper.as_ref().and_then(|keeper| keeper.read(headers)) {
            cookies.add(key);
        }
        let header = self.sources.header(headers);
        let verdict = self.attribution.verdict(header.into_iter().chain(captured.clone()), cookies);

        let counts = |key: &ReferralKey| {
            let first = key.program_type().map_or_else(|| verdict.first(), |program| verdict.get(program));
            first.is_some_and(|first| first.as_str() == key.as_str())
        };
        let fate = match (captured.filter(counts), &self.keeper) {
            (None, _) => Fate::Over,
            (Some(key), Some(keeper)) if keeper.holds(&key, headers) => Fate::Over,
            (Some(key), Some(_)) if is_navigation(request) => Fate::Keep(key),
            (Some(_), _) => Fate::Loose,
        };
        (verdict, fate)
    }

    /// The key in a link: in its path, else in its query.
    fn captured<B>(&self, request: &Request<B>, link: Option<&PathLink<'_>>) -> Option<ReferralKey> {
        let key = match link {
            Some(link) => link.key.clone(),
            None => ReferralKey::from_query(request.uri().query()?, &self.parameters)?,
        };
        // Where it is kept under a name of `PartneroJS`'s, its kind is known from now on.
        Some(match self.keeper.as_ref().and_then(|keeper| keeper.program) {
            Some(program) => key.with_program_type(program),
            None => key,
        })
    }
}
