//! The wording of the page.

use std::borrow::Cow;

type Text = Cow<'static, str>;

macro_rules! texts {
    ($($(#[$docs:meta])* $name:ident: $english:expr,)*) => {
        /// All wording of the dashboard, and how numbers and days are written. English at first.
        ///
        /// ```
        /// use axum_partnero::dashboard::Texts;
        ///
        /// let mut texts = Texts::english();
        /// texts.lang = "de".into();
        /// texts.title = "Freunde werben".into();
        /// texts.copy = "Link kopieren".into();
        /// (texts.decimal_mark, texts.thousands_mark) = (",".into(), ".".into());
        /// ```
        ///
        /// A text is plain text: what is HTML in it is escaped.
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct Texts {
            $(
                $(#[$docs])*
                #[doc = concat!("\n\n`", stringify!($english), "`")]
                pub $name: Text,
            )*
            /// The months, as they stand in a day.
            pub months: [Text; 12],
        }

        impl Texts {
            /// The default.
            pub fn english() -> Self {
                Self {
                    $($name: Cow::Borrowed($english),)*
                    months: ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
                        .map(Cow::Borrowed),
                }
            }
        }
    };
}

texts! {
    /// The language, for screen readers and hyphenation.
    lang: "en",
    /// The direction of the language: `ltr` or `rtl`.
    dir: "ltr",
    /// The heading of the page, and its title.
    title: "Invite your friends",
    /// Below it.
    intro: "Share your link. When a friend signs up with it, you will see it here.",
    /// The heading of the link.
    link: "Your link",
    /// The button that copies it.
    copy: "Copy link",
    /// Said when that is done.
    copied: "Copied",
    /// Said when the browser doesn't allow it. The link is selected then.
    copy_failed: "Press Ctrl+C or ⌘C to copy",
    /// What the links for sharing are called together.
    share: "Share your link",
    /// Sharing by e-mail.
    email: "E-mail",
    /// For screen readers, after the name of a network.
    new_tab: "(opens in a new tab)",
    /// The heading of the totals.
    totals: "So far",
    /// Total: how often the link was followed.
    clicks: "Clicks",
    /// Total: how many friends came.
    referrals: "Friends",
    /// Total: what was earned.
    balance: "Balance",
    /// A balance without any amount.
    no_balance: "Nothing yet",
    /// The heading of the table.
    friends: "Your friends",
    /// The heading of the column of names.
    name: "Name",
    /// The heading of the column of states.
    status: "Status",
    /// The heading of the column of days.
    since: "Since",
    /// A friend without a name.
    nameless: "A friend",
    /// The state `active`.
    active: "Active",
    /// The state `pending`.
    pending: "Pending",
    /// The states `archived` and `deleted`.
    gone: "Left",
    /// Nobody came so far.
    no_friends: "Nobody yet. Share your link to invite the first.",
    /// Below the table, where there are more friends; `{count}` is how many are in it.
    more_friends: "There are more. These are {count} of them.",
    /// In place of a part that couldn't be had.
    unavailable: "Not available right now. Try again in a minute.",
    /// Above all, where a part is as it was some minutes ago.
    stale: "Some of this may be a few minutes old.",
    /// The heading for someone whom Partnero doesn't know.
    unregistered: "Your link isn't ready yet",
    /// Below that.
    unregistered_hint: "If you have just signed up, it will be here in a minute. Reload this page then.",
    /// Between whole and fraction of a number.
    decimal_mark: ".",
    /// Between groups of three digits.
    thousands_mark: ",",
    /// How a day is written, of `{day}`, `{month}` (from [`months`](Self::months)) and `{year}`.
    date: "{day} {month} {year}",
}

impl Default for Texts {
    fn default() -> Self {
        Self::english()
    }
}

impl Texts {
    /// Partnero's word for how it is with a friend. One that isn't known here is shown as it is.
    pub(super) fn state<'a>(&'a self, status: &'a str) -> &'a str {
        match status.to_ascii_lowercase().as_str() {
            "active" | "approved" => &self.active,
            "pending" => &self.pending,
            "archived" | "deleted" => &self.gone,
            _ => status,
        }
    }

    /// A day such as `2026-03-04`.
    pub(super) fn day(&self, day: &str) -> String {
        let mut parts = day.split('-').map(|part| part.trim_start_matches('0'));
        let (Some(year), Some(month), Some(number)) = (parts.next(), parts.next(), parts.next()) else {
            return day.to_owned();
        };
        let month = month.parse::<usize>().ok().and_then(|month| self.months.get(month.checked_sub(1)?));
        let Some(month) = month else { return day.to_owned() };
        self.date.replace("{day}", number).replace("{month}", month).replace("{year}", year)
    }
}
