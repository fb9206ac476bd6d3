//! A customer as it is reported at sign-up.

use std::fmt;

use serde::Serialize;

use crate::model::{CustomerKey, KeyError, ProgramType, ReferralKeys, json, redact::hidden};

/// A customer to report: your id, and what you like Partnero to know.
///
/// ```
/// use axum_partnero::{NewCustomer, ReferralKey};
///
/// # let referral: Option<ReferralKey> = None;
/// let customer = NewCustomer::new(4711).email("mia@shop.example").name("Mia").referred_by(referral);
/// ```
///
/// A key that can't be one doesn't panic here: the call that is given this customer reports it.
#[derive(Clone)]
#[must_use = "a customer does nothing until it is given to `track_sign_up` or the API client"]
pub struct NewCustomer {
    key: Result<CustomerKey, KeyError>,
    id: Option<String>,
    email: Option<String>,
    name: Option<String>,
    surname: Option<String>,
    tags: Vec<String>,
    referrer: ReferralKeys,
    referrer_id: Option<String>,
    partner_email: Option<String>,
    referral_url: Option<String>,
    date_of_birth: Option<String>,
}

impl NewCustomer {
    /// A customer by your own id of it: the same at sign-up and at every sale.
    pub fn new(key: impl fmt::Display) -> Self {
        Self {
            key: CustomerKey::new(key),
            id: None,
            email: None,
            name: None,
            surname: None,
            tags: Vec::new(),
            referrer: ReferralKeys::default(),
            referrer_id: None,
            partner_email: None,
            referral_url: None,
            date_of_birth: None,
        }
    }

    /// The e-mail address. Some programs want it to be unique.
    pub fn email(mut self, email: impl Into<String>) -> Self {
        self.email = Some(email.into());
        self
    }

    /// The first name, or the whole one.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// The last name.
    pub fn surname(mut self, surname: impl Into<String>) -> Self {
        self.surname = Some(surname.into());
        self
    }

    /// Adds a tag.
    pub fn tag(mut self, tag: impl Into<String>) -> Self {
        self.tags.push(tag.into());
        self
    }

    /// Who referred this customer, as the extractors give it. The key of another kind of program is left out.
    pub fn referred_by(mut self, referrer: impl Into<ReferralKeys>) -> Self {
        self.referrer = referrer.into();
        self
    }

    /// The referrer by Partnero's id: of the partner, or in a refer-a-friend program of the referring customer.
    pub fn referrer_id(mut self, id: impl Into<String>) -> Self {
        self.referrer_id = Some(id.into());
        self
    }

    /// The partner by e-mail address (affiliate programs).
    pub fn partner_email(mut self, email: impl Into<String>) -> Self {
        self.partner_email = Some(email.into());
        self
    }

    /// The referral link that was followed: one that belongs to the partner (`options.referral_url`).
    pub fn referral_url(mut self, url: impl Into<String>) -> Self {
        self.referral_url = Some(url.into());
        self
    }

    /// A second identifier of the customer, private to you (refer-a-friend programs).
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// The date of birth as `YYYY-MM-DD` (refer-a-friend programs, `metadata.date_of_birth`).
    pub fn date_of_birth(mut self, date: impl Into<String>) -> Self {
        self.date_of_birth = Some(date.into());
        self
    }

    pub(crate) fn key(&self) -> Result<&CustomerKey, KeyError> {
        self.key.as_ref().map_err(|error| *error)
    }

    /// The kind of program whose field the referrer goes in: the handle's, else the key's own, else affiliate.
    pub(crate) fn program(&self, program: Option<ProgramType>) -> ProgramType {
        program.or_else(|| self.referrer.first()?.program_type()).unwrap_or(ProgramType::Affiliate)
    }

    /// Whether the report will name a referrer.
    pub(crate) fn is_referred(&self, program: Option<ProgramType>) -> bool {
        self.referrer(self.program(program)).is_some()
    }

    /// The body of `POST /customers`.
    pub(crate) fn to_json(&self, program: Option<ProgramType>) -> String {
        let options = self.link().map(|referral_url| Options { referral_url });
        json::text(&self.body(program, options))
    }

    /// How many bytes the body takes at most.
    pub(crate) fn most_bytes(&self) -> usize {
        let texts = [&self.id, &self.email, &self.name, &self.surname, &self.referrer_id, &self.partner_email];
        let more = [&self.referral_url, &self.date_of_birth];
        let texts = texts.into_iter().chain(more).map(Option::as_deref);
        let keys = [self.key.as_ref().ok().map(CustomerKey::as_str), self.referrer.first().map(AsRef::as_ref)];
        let tags = self.tags.iter().map(|tag| Some(tag.as_str()));
        json::most_bytes(texts.chain(keys).chain(tags)) + 4 * self.tags.len()
    }

    /// The fields of a customer within a transaction, whose own `options` name the link.
    pub(super) fn nested(&self, program: Option<ProgramType>) -> impl Serialize + '_ {
        self.body(program, None)
    }

    pub(super) fn link(&self) -> Option<&str> {
        self.referral_url.as_deref()
    }

    fn body<'a>(&'a self, program: Option<ProgramType>, options: Option<Options<'a>>) -> Body<'a> {
        let program = self.program(program);
        let referrer = self.referrer(program);
        let (partner, referring_customer) = match program {
            ProgramType::Affiliate => (referrer, None),
            ProgramType::ReferAFriend => (None, referrer),
        };
        Body {
            partner,
            referring_customer,
            key: self.key.as_ref().map_or("", CustomerKey::as_str),
            id: self.id.as_deref(),
            email: self.email.as_deref(),
            name: self.name.as_deref(),
            surname: self.surname.as_deref(),
            tags: &self.tags,
            metadata: self.date_of_birth.as_deref().map(|date_of_birth| Metadata { date_of_birth }),
            options,
        }
    }

    fn referrer(&self, program: ProgramType) -> Option<Referrer<'_>> {
        let referrer = Referrer {
            key: self.referrer.get(program).map(AsRef::as_ref),
            id: self.referrer_id.as_deref(),
            email: self.partner_email.as_deref().filter(|_| program == ProgramType::Affiliate),
        };
        (referrer.key.is_some() || referrer.id.is_some() || referrer.email.is_some()).then_some(referrer)
    }
}

/// The key as it may be logged, and which fields are set. Never an e-mail address or a name.
impl fmt::Debug for NewCustomer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewCustomer")
            .field("key", &self.key)
            .field("email", &hidden(self.email.as_ref()))
            .field("name", &hidden(self.name.as_ref()))
            .field("surname", &hidden(self.surname.as_ref()))
            .field("referrer", &self.referrer)
            .finish_non_exhaustive()
    }
}

#[derive(Serialize)]
struct Body<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    partner: Option<Referrer<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    referring_customer: Option<Referrer<'a>>,
    key: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    surname: Option<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    tags: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<Metadata<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    options: Option<Options<'a>>,
}

#[derive(Serialize)]
struct Referrer<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<&'a str>,
}

#[derive(Serialize)]
struct Metadata<'a> {
    date_of_birth: &'a str,
}

#[derive(Serialize)]
struct Options<'a> {
    referral_url: &'a str,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ReferralKey;

    fn key(text: &str) -> ReferralKey {
        ReferralKey::new(text).unwrap()
    }

    #[test]
    fn the_referrer_goes_in_the_field_of_the_program() {
        let customer = NewCustomer::new(7).email("m@x.test").name("Mia").referred_by(key("anna"));
        assert_eq!(
            customer.to_json(None),
            r#"{"partner":{"key":"anna"},"key":"7","email":"m@x.test","name":"Mia"}"#,
            "a key of unknown kind takes the handle's, which is affiliate when nobody says otherwise"
        );
        assert_eq!(
            customer.to_json(Some(ProgramType::ReferAFriend)),
            r#"{"referring_customer":{"key":"anna"},"key":"7","email":"m@x.test","name":"Mia"}"#
        );
        let friend = NewCustomer::new(7).referred_by(key("k").with_program_type(ProgramType::ReferAFriend));
        assert_eq!(friend.to_json(None), r#"{"referring_customer":{"key":"k"},"key":"7"}"#, "the key's own kind");
    }

    #[test]
    fn the_key_of_another_program_is_left_out() {
        let both: crate::ReferralKeys = [
            key("anna").with_program_type(ProgramType::Affiliate),
            key("k77").with_program_type(ProgramType::ReferAFriend),
        ]
        .into_iter()
        .collect();
        let customer = NewCustomer::new(7).referred_by(both);
        assert_eq!(customer.to_json(Some(ProgramType::Affiliate)), r#"{"partner":{"key":"anna"},"key":"7"}"#);
        assert_eq!(
            customer.to_json(Some(ProgramType::ReferAFriend)),
            r#"{"referring_customer":{"key":"k77"},"key":"7"}"#
        );

        let affiliate = NewCustomer::new(7).referred_by(key("anna").with_program_type(ProgramType::Affiliate));
        assert_eq!(affiliate.to_json(Some(ProgramType::ReferAFriend)), r#"{"key":"7"}"#);
        assert!(!affiliate.is_referred(Some(ProgramType::ReferAFriend)));
        assert!(affiliate.is_referred(None));
    }

    #[test]
    fn every_documented_field_is_sent_under_its_name() {
        let customer = NewCustomer::new("c")
            .id("i")
            .name("Mia")
            .surname("Koch")
            .tag("new")
            .tag("vip")
            .referrer_id("prt-5")
            .partner_email("p@x.test")
            .referral_url("https://x.test?aff=anna")
            .date_of_birth("1990-01-31");
        assert_eq!(
            customer.to_json(None),
            r#"{"partner":{"id":"prt-5","email":"p@x.test"},"key":"c","id":"i","name":"Mia","surname":"Koch","tags":["new","vip"],"metadata":{"date_of_birth":"1990-01-31"},"options":{"referral_url":"https://x.test?aff=anna"}}"#
        );
    }
}
