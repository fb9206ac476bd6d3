//! What a dashboard holds.

use std::fmt;

use rust_decimal::Decimal;
use serde::Serialize;

use crate::dashboard::ShareLink;

/// What a customer sees of a refer-a-friend program: see [`Partnero::dashboard`](crate::Partnero::dashboard).
///
/// As JSON, each part is `{"state": "loaded", "value": …}` or `{"state": "unavailable"}`.
#[derive(Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Dashboard {
    /// `false` when Partnero doesn't know the customer: not yet, for a sign-up is delivered in the background, or not any
    /// more. `true` also when it couldn't be asked.
    pub registered: bool,
    /// Whether a part couldn't be had anew and is as it was up to ten minutes ago.
    pub stale: bool,
    /// The link to hand on: http or https, 2,048 bytes at most.
    pub link: Part<String>,
    /// Where to hand it on. Empty without a link.
    pub share: Vec<ShareLink>,
    /// How often the link was followed. `None` where Partnero's answer doesn't say.
    pub clicks: Part<Option<u64>>,
    /// How many friends came by it.
    pub referrals: Part<u64>,
    /// What was earned and not yet paid or used: an amount for each currency.
    pub balances: Part<Vec<Money>>,
    /// Who came by it.
    pub friends: Part<Friends>,
}

/// A part of a dashboard: it came, or it didn't. There will be no third.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "state", content = "value", rename_all = "snake_case")]
pub enum Part<T> {
    /// It came.
    Loaded(T),
    /// Partnero didn't give it in time, or doesn't have it.
    Unavailable,
}

/// An amount of a balance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Money {
    /// In major units, with exactly the digits that Partnero gave. A string in JSON.
    pub amount: Decimal,
    /// The currency (`USD`), as Partnero writes it, or what else is counted.
    pub currency: String,
}

/// Friends, in Partnero's order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Friends {
    /// 100 at most.
    pub list: Vec<Friend>,
    /// Whether there are others, which weren't read.
    pub more: bool,
}

/// Someone who came by the link. There is nothing here by which a stranger could be reached.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Friend {
    /// The name, and of the surname the first letter.
    pub name: Option<String>,
    /// The e-mail address, masked: `m***@e***.test`.
    pub email: Option<String>,
    /// Partnero's word for how it is with them, such as `active`.
    pub status: Option<String>,
    /// The day on which they came, in UTC: `2026-03-04`.
    pub since: Option<String>,
}

impl Dashboard {
    /// Of someone whom Partnero doesn't know.
    pub(super) fn unregistered() -> Self {
        Self { registered: false, ..Self::unavailable() }
    }

    /// Where nothing could be had.
    pub(super) fn unavailable() -> Self {
        Self {
            registered: true,
            stale: false,
            link: Part::Unavailable,
            share: Vec::new(),
            clicks: Part::Unavailable,
            referrals: Part::Unavailable,
            balances: Part::Unavailable,
            friends: Part::Unavailable,
        }
    }

    /// Whether each part came.
    pub fn is_complete(&self) -> bool {
        self.link.is_loaded()
            && self.clicks.is_loaded()
            && self.referrals.is_loaded()
            && self.balances.is_loaded()
            && self.friends.is_loaded()
    }

    /// Takes what it lacks from what was before.
    pub(super) fn or(mut self, before: &Self) -> Self {
        if !self.registered {
            return self;
        }
        if !self.link.is_loaded() && before.link.is_loaded() {
            self.share.clone_from(&before.share);
        }
        let taken = [
            self.link.or(&before.link),
            self.clicks.or(&before.clicks),
            self.referrals.or(&before.referrals),
            self.balances.or(&before.balances),
            self.friends.or(&before.friends),
        ];
        self.stale |= taken.contains(&true);
        self
    }
}

impl<T> Part<T> {
    /// What came.
    pub fn loaded(&self) -> Option<&T> {
        match self {
            Self::Loaded(value) => Some(value),
            Self::Unavailable => None,
        }
    }

    /// Whether it came.
    pub fn is_loaded(&self) -> bool {
        self.loaded().is_some()
    }
}

impl<T: Clone> Part<T> {
    /// Whether it was taken from what was before.
    fn or(&mut self, before: &Self) -> bool {
        let takes = !self.is_loaded() && before.is_loaded();
        if takes {
            self.clone_from(before);
        }
        takes
    }
}

impl<T> From<Option<T>> for Part<T> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Unavailable, Self::Loaded)
    }
}

/// Without the link, which holds a key, and without what friends are called.
impl fmt::Debug for Dashboard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dashboard")
            .field("registered", &self.registered)
            .field("stale", &self.stale)
            .field("link", &self.link.is_loaded())
            .field("clicks", &self.clicks)
            .field("referrals", &self.referrals)
            .field("balances", &self.balances)
            .field("friends", &self.friends.loaded().map(|friends| friends.list.len()))
            .finish_non_exhaustive()
    }
}

/// Without name and e-mail address.
impl fmt::Debug for Friend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Friend").field("status", &self.status).field("since", &self.since).finish_non_exhaustive()
    }
}
