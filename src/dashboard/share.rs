//! Where a link can be handed on.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;

use crate::{api::Stats, dashboard::clean};

/// Where a link can be handed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Network {
    /// A new message in the visitor's own program.
    Email,
    /// `WhatsApp`.
    WhatsApp,
    /// Facebook.
    Facebook,
    /// X, once Twitter.
    X,
    /// `LinkedIn`.
    LinkedIn,
    /// Telegram.
    Telegram,
}

/// A link that hands the referral link on.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ShareLink {
    /// Where to.
    pub network: Network,
    /// The link to follow: http or https, for [`Network::Email`] `mailto`.
    pub url: String,
}

/// Without the URL, which holds the referral link.
impl std::fmt::Debug for ShareLink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ShareLink").field("network", &self.network).finish_non_exhaustive()
    }
}

impl Network {
    const ALL: [Self; 6] = [Self::Email, Self::WhatsApp, Self::Facebook, Self::X, Self::LinkedIn, Self::Telegram];

    /// What the network calls itself. E-mail has another name in each language.
    pub fn name(self) -> &'static str {
        match self {
            Self::Email => "E-mail",
            Self::WhatsApp => "WhatsApp",
            Self::Facebook => "Facebook",
            Self::X => "X",
            Self::LinkedIn => "LinkedIn",
            Self::Telegram => "Telegram",
        }
    }

    /// What comes before the link.
    fn prefix(self) -> &'static str {
        match self {
            Self::Email => "mailto:?body=",
            Self::WhatsApp => "https://wa.me/?text=",
            Self::Facebook => "https://www.facebook.com/sharer/sharer.php?u=",
            Self::X => "https://x.com/intent/post?url=",
            Self::LinkedIn => "https://www.linkedin.com/sharing/share-offsite/?url=",
            Self::Telegram => "https://t.me/share/url?url=",
        }
    }

    /// Whether Partnero may mean it by that name.
    fn is_called(self, name: &str) -> bool {
        name.eq_ignore_ascii_case(self.name()) || self == Self::X && name.eq_ignore_ascii_case("twitter")
    }
}

/// Partnero's own link where it has one by a network's name, otherwise one built from the referral link.
pub(super) fn links(link: &str, stats: Option<&Stats>) -> Vec<ShareLink> {
    let theirs = stats.map(Stats::links).unwrap_or_default();
    let theirs = |network: Network| {
        let named = theirs.iter().find(|(name, _)| network.is_called(name));
        named.and_then(|(_, url)| clean::link(url))
    };
    let built = |network: Network| format!("{}{}", network.prefix(), utf8_percent_encode(link, NON_ALPHANUMERIC));
    let links =
        Network::ALL.map(|network| ShareLink { network, url: theirs(network).unwrap_or_else(|| built(network)) });
    links.into()
}
