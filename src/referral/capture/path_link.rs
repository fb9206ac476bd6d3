//! Referral links whose key is a part of the path: `/aff/KEY`.

use http::{HeaderValue, Uri};
use percent_encoding::{CONTROLS, percent_decode_str, utf8_percent_encode};

use crate::{
    model::{MAX_CHARACTERS, ReferralKey},
    referral::capture::encode::COMPONENT,
};

/// The most bytes that a key takes in a path: each of its bytes as `%xx`.
const MAX_SEGMENT: usize = 3 * 4 * MAX_CHARACTERS;

/// A link, and where it leads.
#[derive(Debug, PartialEq)]
pub(super) struct PathLink<'a> {
    pub(super) key: ReferralKey,
    name: &'a str,
    /// Without the slash that it begins with, and with no second one.
    rest: &'a str,
    query: Option<&'a str>,
}

impl<'a> PathLink<'a> {
    /// The link that a request is for. Links within a link are part of it, so no target is a link again.
    ///
    /// A path that browsers would read in another way than it is written is none: they resolve `.` and `..`, and take `\`
    /// for a slash, before they ask.
    pub(super) fn find(names: &'a [String], uri: &'a Uri) -> Option<Self> {
        let path = uri.path();
        let (name, key, mut rest) = split(names, path)?;
        if path.contains('\\') || path.split('/').any(is_dots) {
            return None;
        }
        while let Some((_, _, further)) = split(names, rest) {
            rest = further;
        }
        Some(Self { key, name, rest, query: uri.query().filter(|query| !query.is_empty()) })
    }

    /// The way to the target, on this site and whatever the rest of the path is: it begins with one slash. With the key in
    /// its query, where that is to go on.
    pub(super) fn location(&self, with_key: bool) -> Option<HeaderValue> {
        let key = with_key.then(|| {
            let part = |text| utf8_percent_encode(text, COMPONENT);
            format!("{}={}", part(self.name), part(self.key.as_str()))
        });
        let query: Vec<_> = key.as_deref().into_iter().chain(self.query).collect();
        let mark = if query.is_empty() { "" } else { "?" };
        let target = format!("/{}{mark}{}", self.rest, query.join("&"));
        HeaderValue::try_from(utf8_percent_encode(&target, CONTROLS).to_string()).ok()
    }
}

/// Splits a path behind its key, and without slashes before the rest: two of them would begin the name of another site.
fn split<'a>(names: &'a [String], path: &'a str) -> Option<(&'a str, ReferralKey, &'a str)> {
    let (first, behind) = path.trim_start_matches('/').split_once('/')?;
    let name = names.iter().find(|name| *name == first)?;
    let (segment, rest) = behind.split_once('/').unwrap_or((behind, ""));
    if segment.len() > MAX_SEGMENT {
        return None;
    }
    let key = ReferralKey::new(percent_decode_str(segment).decode_utf8().ok()?).ok()?;
    Some((name, key, rest.trim_start_matches('/')))
}

/// `.` or `..`, however it is written.
fn is_dots(segment: &str) -> bool {
    segment.len() <= 6 && matches!(&*percent_decode_str(segment).collect::<Vec<_>>(), b"." | b"..")
}

#[cfg(test)]
mod tests;
