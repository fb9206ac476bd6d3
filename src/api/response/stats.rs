//! How a customer's referring goes.

use std::{collections::BTreeMap, fmt};

use serde_json::Value;

use crate::api::response::{FromJson, field};

/// The numbers of a customer of a refer-a-friend program.
///
/// Partnero doesn't document their shape, only that there are clicks, referrals and links for sharing. What is known
/// by name is here, the rest in [`raw`](Self::raw).
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct Stats {
    /// How often the referral link was followed, if `clicks` says so.
    pub clicks: Option<u64>,
    /// How many customers were referred, if `referrals_count` or `referrals` says so.
    pub referrals_count: Option<u64>,
    raw: Value,
}

impl Stats {
    /// Every https link of the answer, by the name it has there: the links for sharing, whichever there are.
    pub fn links(&self) -> BTreeMap<&str, &str> {
        let mut links = BTreeMap::new();
        collect(&self.raw, "", &mut links);
        links
    }

    /// The JSON as it came.
    pub fn raw(&self) -> &Value {
        &self.raw
    }
}

/// `serde_json` bounds how deep JSON can be, and so this.
fn collect<'a>(value: &'a Value, name: &'a str, links: &mut BTreeMap<&'a str, &'a str>) {
    match value {
        Value::String(text) if text.starts_with("https://") => {
            links.entry(name).or_insert(text);
        }
        Value::Array(all) => all.iter().for_each(|one| collect(one, name, links)),
        Value::Object(fields) => fields.iter().for_each(|(name, one)| collect(one, name, links)),
        _ => {}
    }
}

impl FromJson for Stats {
    fn from_json(it: &Value) -> Option<Self> {
        // PHP writes an empty object as an empty list.
        (it.is_object() || it.as_array().is_some_and(Vec::is_empty)).then(|| Self {
            clicks: field::count(it, "clicks"),
            referrals_count: field::count(it, "referrals_count").or_else(|| field::count(it, "referrals")),
            raw: it.clone(),
        })
    }
}

/// Without the links.
impl fmt::Debug for Stats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stats")
            .field("clicks", &self.clicks)
            .field("referrals_count", &self.referrals_count)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_has_a_known_name_is_read_and_links_are_found_anywhere() {
        let it = Stats::from_json(&json!({
            "clicks": "12", "referrals": 3, "share": {"x": "https://x.test/share", "mail": "mailto:a@b"},
            "more": [{"fb": "https://fb.test/"}, "javascript:alert(1)"]
        }))
        .unwrap();
        assert_eq!((it.clicks, it.referrals_count), (Some(12), Some(3)));
        assert_eq!(it.links(), BTreeMap::from([("x", "https://x.test/share"), ("fb", "https://fb.test/")]));
        assert!(Stats::from_json(&json!([])).unwrap().links().is_empty());
        assert!(Stats::from_json(&json!([1])).is_none());
        assert_eq!(Stats::from_json(&json!({"clicks": [], "referrals": [{}]})).unwrap().clicks, None);
    }
}
