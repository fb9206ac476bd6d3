//! A dashboard as HTML.

use std::fmt;

use askama::Template;

use crate::dashboard::{Dashboard, Friend, Money, Network, Texts, money};

/// The styles, all below `.partnero-dashboard`.
pub(super) const STYLE: &str = include_str!("../../templates/dashboard/dashboard.css");
/// What makes the button copy.
pub(super) const SCRIPT: &str = include_str!("../../templates/dashboard/dashboard.js");

/// A dashboard as HTML for a page of yours: it displays as that. Write it unescaped: `{{ fragment|safe }}` in askama,
/// `(PreEscaped(fragment))` in maud.
///
/// It brings a link to the router's style and to its script, so a Content-Security-Policy must allow `style-src 'self'`
/// and `script-src 'self'`. Its classes and ids begin with `partnero-dashboard`; its headings are `h2`.
#[derive(Clone, Copy)]
pub struct Fragment<'a> {
    dashboard: &'a Dashboard,
    texts: &'a Texts,
    assets: &'a str,
}

impl Dashboard {
    /// The dashboard as HTML for a page of yours. `router` is the path below which a
    /// [`DashboardRouter`](crate::DashboardRouter) is, which serves its style and script: `/friends`.
    pub fn fragment<'a>(&'a self, router: &'a str, texts: &'a Texts) -> Fragment<'a> {
        Fragment { dashboard: self, texts, assets: router }
    }
}

impl fmt::Display for Fragment<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let assets = format!("{}/", self.assets.trim_end_matches('/'));
        FragmentTemplate { v: View::new(self.dashboard, self.texts, &assets) }.render_into(f).map_err(|_| fmt::Error)
    }
}

impl fmt::Debug for Fragment<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fragment").field("dashboard", &self.dashboard).finish_non_exhaustive()
    }
}

/// The page. `assets` ends with a slash.
pub(super) fn page(dashboard: &Dashboard, texts: &Texts, assets: &str) -> askama::Result<String> {
    PageTemplate { v: View::new(dashboard, texts, assets) }.render()
}

#[derive(Template)]
#[template(path = "dashboard/page.html")]
struct PageTemplate<'a> {
    v: View<'a>,
}

#[derive(Template)]
#[template(path = "dashboard/fragment.html")]
struct FragmentTemplate<'a> {
    v: View<'a>,
}

/// What the templates write.
struct View<'a> {
    texts: &'a Texts,
    assets: &'a str,
    /// Browsers keep style and script; another version is another URL.
    version: &'static str,
    registered: bool,
    stale: bool,
    link: Option<&'a str>,
    share: Vec<Share<'a>>,
    /// Not where Partnero answers without them.
    shows_clicks: bool,
    clicks: Option<String>,
    referrals: Option<String>,
    balances: Option<Vec<Amount<'a>>>,
    friends: Option<Vec<Row<'a>>>,
    more: Option<String>,
}

struct Share<'a> {
    name: &'a str,
    url: &'a str,
    /// Not one that opens the visitor's own program.
    in_new_tab: bool,
}

struct Amount<'a> {
    number: String,
    currency: &'a str,
}

struct Row<'a> {
    name: &'a str,
    email: Option<&'a str>,
    status: Option<&'a str>,
    since: Option<&'a str>,
    day: String,
}

impl<'a> View<'a> {
    fn new(dashboard: &'a Dashboard, texts: &'a Texts, assets: &'a str) -> Self {
        let count = |count: &u64| money::count(*count, texts);
        let friends = dashboard.friends.loaded();
        Self {
            texts,
            assets,
            version: env!("CARGO_PKG_VERSION"),
            registered: dashboard.registered,
            stale: dashboard.stale,
            link: dashboard.link.loaded().map(String::as_str),
            share: dashboard.share.iter().map(|link| share(link.network, &link.url, texts)).collect(),
            shows_clicks: dashboard.clicks.loaded() != Some(&None),
            clicks: dashboard.clicks.loaded().and_then(|clicks| clicks.as_ref().map(count)),
            referrals: dashboard.referrals.loaded().map(count),
            balances: dashboard.balances.loaded().map(|all| all.iter().map(|one| amount(one, texts)).collect()),
            friends: friends.map(|friends| friends.list.iter().map(|friend| row(friend, texts)).collect()),
            more: friends
                .filter(|friends| friends.more)
                .map(|friends| texts.more_friends.replace("{count}", &friends.list.len().to_string())),
        }
    }
}

fn share<'a>(network: Network, url: &'a str, texts: &'a Texts) -> Share<'a> {
    let name = if network == Network::Email { &texts.email } else { network.name() };
    Share { name, url, in_new_tab: !url.starts_with("mailto:") }
}

fn amount<'a>(money: &'a Money, texts: &Texts) -> Amount<'a> {
    Amount { number: money::amount(money, texts), currency: &money.currency }
}

fn row<'a>(friend: &'a Friend, texts: &'a Texts) -> Row<'a> {
    let email = friend.email.as_deref();
    let name = friend.name.as_deref();
    Row {
        name: name.or(email).unwrap_or(&texts.nameless),
        email: email.filter(|_| name.is_some()),
        status: friend.status.as_deref().map(|status| texts.state(status)),
        since: friend.since.as_deref(),
        day: friend.since.as_deref().map(|day| texts.day(day)).unwrap_or_default(),
    }
}
