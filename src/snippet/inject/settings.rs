//! What the layer was told, and what follows from it for a request and its response.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use http::{Extensions, HeaderMap, response::Parts};

use crate::snippet::{
    Snippet,
    inject::{
        page::{self, Kind},
        policy,
    },
};

type Consent = Arc<dyn Fn(&HeaderMap, &Extensions) -> bool + Send + Sync>;
type Nonce = Arc<dyn Fn(&Extensions) -> Option<String> + Send + Sync>;

#[derive(Clone)]
pub(super) struct Settings {
    pub(super) snippet: Snippet,
    pub(super) consent: Option<Consent>,
    pub(super) nonce: Option<Nonce>,
    said: Arc<Said>,
}

/// What is said once, not for each page.
#[derive(Default)]
struct Said {
    compressed: AtomicBool,
    nonce: AtomicBool,
}

fn is_first(said: &AtomicBool) -> bool {
    !said.swap(true, Ordering::Relaxed)
}

/// What is known of a response before it is there.
pub(super) struct Asked {
    settings: Settings,
    consents: bool,
    nonce: Option<String>,
}

impl Settings {
    pub(super) fn new(snippet: Snippet) -> Self {
        Self { snippet, consent: None, nonce: None, said: Arc::default() }
    }

    /// Asks about a request.
    pub(super) fn ask(&self, headers: &mut HeaderMap, extensions: &Extensions) -> Asked {
        let consents = self.consent.as_ref().is_none_or(|consent| consent(headers, extensions));
        let nonce = self.nonce.as_ref().filter(|_| consents).and_then(|nonce| nonce(extensions));
        if consents && self.consent.is_some() {
            page::ask_for_all_of_it(headers);
        }
        Asked { settings: self.clone(), consents, nonce }
    }
}

impl Asked {
    /// The tag for this response, whose headers are then those of a page with it.
    pub(super) fn tag(self, parts: &mut Parts) -> Option<Snippet> {
        let Self { settings, consents, nonce } = self;
        match page::kind(parts) {
            Kind::Page => {}
            Kind::Compressed => {
                if consents && is_first(&settings.said.compressed) {
                    tracing::warn!(
                        "a compressed page passes without Partnero's tag: add `SnippetLayer` before the layer that \
                         compresses, so that it is nearer to the handlers"
                    );
                }
                return None;
            }
            Kind::Other => return None,
        }
        if settings.consent.is_some() {
            page::vary_by_cookie(&mut parts.headers);
        }
        if !consents {
            return None;
        }
        let by_handler = settings.nonce.as_ref().and_then(|nonce| nonce(&parts.extensions));
        let nonce = by_handler.or(nonce);
        let nonce = nonce.as_deref().or_else(|| policy::nonce(&parts.headers));
        let is_for_everybody = settings.consent.is_none() && nonce.is_none();
        let tag = match nonce.map(|nonce| settings.snippet.clone().nonce(nonce)) {
            None => settings.snippet,
            Some(Ok(tag)) => tag,
            Some(Err(error)) => {
                if is_first(&settings.said.nonce) {
                    tracing::error!("Partnero's tag goes without its nonce: {error}");
                }
                settings.snippet
            }
        };
        page::mend(&mut parts.headers, is_for_everybody);
        Some(tag)
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SnippetLayer")
            .field("snippet", &self.snippet)
            .field("asks_consent", &self.consent.is_some())
            .field("asks_nonce", &self.nonce.is_some())
            .finish_non_exhaustive()
    }
}

/// Without the nonce, which is the response's secret.
impl fmt::Debug for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Asked").field("consents", &self.consents).finish_non_exhaustive()
    }
}
