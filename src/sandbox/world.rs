//! Partnero's state, and how its people are found in it.

use std::iter::repeat_with;

use fastrand::Rng;
use http::StatusCode;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use rust_decimal::Decimal;

use crate::sandbox::{
    clock,
    events::Event,
    ledger::{CustomerRow, Ledger, PartnerRow},
    switches::{CreatedStatus, PartnerField, Switches},
};

/// What a key keeps in a link's query.
const LINK: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Which kind of program the API key belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Affiliate,
    ReferAFriend,
}

#[derive(Debug)]
pub(super) struct World {
    pub(super) kind: Kind,
    pub(super) program_id: String,
    pub(super) currency: String,
    /// Percent of a sale's amount.
    pub(super) commission: Decimal,
    /// What referral links begin with, without a slash at the end.
    pub(super) site: String,
    pub(super) created_at: String,
    pub(super) switches: Switches,
    pub(super) ledger: Ledger,
    /// What the call that is being processed has done, and webhooks want to know.
    pub(super) happened: Vec<Event>,
    rng: Rng,
    creates: u64,
}

impl World {
    pub(super) fn new(kind: Kind, mut rng: Rng) -> Self {
        let program_id = repeat_with(|| rng.alphanumeric()).take(8).collect::<String>();
        Self {
            kind,
            program_id: program_id.to_ascii_uppercase(),
            currency: "USD".to_owned(),
            commission: Decimal::from(30),
            site: "https://shop.example".to_owned(),
            created_at: clock::now(),
            switches: Switches::new(if kind == Kind::Affiliate { "aff" } else { "ref" }),
            ledger: Ledger {
                partners: Vec::new(),
                customers: Vec::new(),
                transactions: Vec::new(),
                webhooks: Vec::new(),
            },
            happened: Vec::new(),
            rng,
            creates: 0,
        }
    }

    pub(super) fn is_raf(&self) -> bool {
        self.kind == Kind::ReferAFriend
    }

    /// A new identifier of lower-case letters and digits.
    pub(super) fn fresh(&mut self, length: usize) -> String {
        repeat_with(|| self.rng.alphanumeric()).take(length).collect::<String>().to_ascii_lowercase()
    }

    /// The status of the next successful create.
    pub(super) fn created(&mut self) -> StatusCode {
        self.creates += 1;
        match self.switches.created_status {
            CreatedStatus::Ok200 => StatusCode::OK,
            CreatedStatus::Alternate if self.creates % 2 == 1 => StatusCode::OK,
            CreatedStatus::Alternate | CreatedStatus::Created201 => StatusCode::CREATED,
        }
    }

    /// `https://host?aff=KEY`, with no slash before the question mark.
    pub(super) fn link(&self, key: &str) -> String {
        let key = utf8_percent_encode(key, LINK);
        format!("{}?{}={key}", self.site, self.switches.link_parameter)
    }

    /// The customer that a path, or a field `by`, means. Deleted ones can't be found.
    pub(super) fn customer(&self, by: By, value: &str) -> Option<usize> {
        self.ledger.customers.iter().position(|row| row.deleted_at.is_none() && by.is(value, row))
    }

    /// The customer with this key, id or e-mail, in that order.
    pub(super) fn any_customer(&self, value: &str) -> Option<usize> {
        [By::Key, By::Id, By::Email].into_iter().find_map(|by| self.customer(by, value))
    }

    pub(super) fn partner(&self, by: By, value: &str) -> Option<&PartnerRow> {
        self.ledger.partners.iter().find(|row| match by {
            By::Key => row.key == value,
            By::Id => row.id == value,
            By::Email => row.email.eq_ignore_ascii_case(value),
        })
    }

    /// What `data.partner` says for the partner with this key.
    pub(super) fn partner_field(&self, key: &str) -> String {
        match (self.switches.partner_field, self.partner(By::Key, key)) {
            (PartnerField::Id, Some(partner)) => partner.id.clone(),
            _ => key.to_owned(),
        }
    }

    /// Adds a partner, and returns its place in the ledger.
    pub(super) fn add_partner(&mut self, key: &str, email: String) -> usize {
        let id = format!("prt_{}", self.fresh(12));
        self.ledger.partners.push(PartnerRow {
            id,
            key: key.to_owned(),
            email,
            name: None,
            surname: None,
            tags: Vec::new(),
            created_at: clock::now(),
        });
        self.ledger.partners.len() - 1
    }

    /// Adds a customer, and returns its place in the ledger.
    pub(super) fn add_customer(&mut self, id: Option<String>, key: String, referrer: Option<String>) -> usize {
        let id = id.unwrap_or_else(|| format!("cus_{}", self.fresh(12)));
        let now = clock::now();
        self.ledger.customers.push(CustomerRow {
            id,
            key,
            email: None,
            name: None,
            surname: None,
            tags: Vec::new(),
            referrer,
            date_of_birth: None,
            credits: Vec::new(),
            created_at: now.clone(),
            updated_at: now,
            archived_at: None,
            deleted_at: None,
        });
        self.ledger.customers.len() - 1
    }
}

/// The field that identifies a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    Key,
    Id,
    Email,
}

impl By {
    /// In the order of precedence: an id wins over a key.
    pub(super) const ALL: [Self; 3] = [Self::Id, Self::Key, Self::Email];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Id => "id",
            Self::Email => "email",
        }
    }

    fn is(self, value: &str, row: &CustomerRow) -> bool {
        match self {
            Self::Key => row.key == value,
            Self::Id => row.id == value,
            Self::Email => row.email.as_deref().is_some_and(|email| email.eq_ignore_ascii_case(value)),
        }
    }
}
