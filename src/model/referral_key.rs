//! The key of whoever referred a visitor.

use std::{
    fmt,
    str::{self, FromStr},
};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, IgnoredAny, MapAccess, SeqAccess, Visitor},
    ser::SerializeStruct,
};

use crate::model::{KeyError, ProgramType, key::check_text, link, redact::Loggable, text::Text};

/// The key of the partner or customer who referred this visitor, and the kind of program it belongs to, where known.
///
/// As an extractor, `Option<ReferralKey>` never rejects, and `ReferralKey` alone answers 400 when the visitor was
/// referred by nobody. Hand it to [`NewCustomer::referred_by`](crate::NewCustomer::referred_by).
///
/// From a cookie the kind is known by the cookie's name; from a header, a link, a form or a JSON body it is unknown,
/// and the key takes the kind of the handle it is given to. It can be kept until it is needed (in a session, an OAuth
/// state, an order's row, a payment's metadata): [`Display`](fmt::Display) and [`FromStr`] carry the key alone; serde
/// carries the kind too and wants a self-describing format such as JSON.
///
/// ```
/// use axum_partnero::{ProgramType, ReferralKey};
///
/// let key: ReferralKey = "anna".parse()?;
/// assert_eq!(key.as_str(), "anna");
/// assert_eq!(key.program_type(), None);
/// assert_eq!(serde_json::to_string(&key)?, r#""anna""#);
///
/// let key = key.with_program_type(ProgramType::Affiliate);
/// assert_eq!(serde_json::to_string(&key)?, r#"{"key":"anna","program_type":"affiliate"}"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ReferralKey {
    key: Text,
    program: Option<ProgramType>,
}

impl ReferralKey {
    /// A key whose program is unknown, without surrounding blanks: forms and links like to add some.
    ///
    /// # Errors
    /// When it isn't 1 to 255 characters or has a control character.
    pub fn new(key: impl AsRef<str>) -> Result<Self, KeyError> {
        Self::exactly(key.as_ref().trim_matches([' ', '\t']))
    }

    fn exactly(key: &str) -> Result<Self, KeyError> {
        check_text(key)?;
        Ok(Self { key: Text::new(key), program: None })
    }

    /// A key in bytes that anyone may have sent. Blanks alone are none, as in [`new`](Self::new).
    #[inline]
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        if bytes.iter().all(|byte| *byte == b' ') {
            return None;
        }
        match Text::plain(bytes) {
            Some(key) => Some(Self { key, program: None }),
            None => Self::exactly(str::from_utf8(bytes).ok()?).ok(),
        }
    }

    /// The key in a referral link, from its query parameter `aff`, `ref` or `via` (the first that holds a valid key).
    ///
    /// Mobile apps send the deep link they were opened with; the rest of it is not looked at.
    ///
    /// ```
    /// # use axum_partnero::ReferralKey;
    /// let key = ReferralKey::from_url("https://shop.example/welcome?utm_source=x&aff=anna#top");
    /// assert_eq!(key.unwrap().as_str(), "anna");
    /// assert!(ReferralKey::from_url("https://shop.example/?aff=").is_none());
    /// ```
    pub fn from_url(url: &str) -> Option<Self> {
        Self::from_url_with(url, &["aff", "ref", "via"])
    }

    /// [`from_url`](Self::from_url) for a program whose parameter was renamed; earlier names win.
    pub fn from_url_with(url: &str, parameters: &[&str]) -> Option<Self> {
        link::find(url, parameters)
    }

    /// The key in a query, without its `?`.
    pub(crate) fn from_query(query: &str, parameters: &[impl AsRef<str>]) -> Option<Self> {
        link::find_in_query(query, parameters)
    }

    /// States the kind of program that the key belongs to.
    #[must_use]
    pub fn with_program_type(mut self, program: ProgramType) -> Self {
        self.program = Some(program);
        self
    }

    /// The key as text. It came from a browser: escape it wherever it is shown.
    #[inline]
    pub fn as_str(&self) -> &str {
        self.key.as_str()
    }

    /// The kind of program, where known.
    pub fn program_type(&self) -> Option<ProgramType> {
        self.program
    }

    /// Reads a form's field without ever failing the form: what is no valid key is `None`.
    ///
    /// ```
    /// # use axum_partnero::ReferralKey;
    /// #[derive(serde::Deserialize)]
    /// struct SignUp {
    ///     email: String,
    ///     #[serde(default, deserialize_with = "ReferralKey::lenient")]
    ///     referral: Option<ReferralKey>,
    /// }
    /// let form: SignUp = serde_json::from_str(r#"{"email":"a@b.test","referral":[1,2]}"#)?;
    /// assert!(form.referral.is_none());
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    ///
    /// # Errors
    /// Only those of the input's own syntax.
    pub fn lenient<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error> {
        deserializer.deserialize_any(Lenient)
    }
}

/// The key itself, for metadata and hidden fields.
impl fmt::Display for ReferralKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Escaped, and a short hash in place of an e-mail address.
impl fmt::Debug for ReferralKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("ReferralKey");
        debug.field("key", &Loggable(self.as_str()));
        if let Some(program) = self.program {
            debug.field("program_type", &program);
        }
        debug.finish()
    }
}

impl FromStr for ReferralKey {
    type Err = KeyError;

    fn from_str(key: &str) -> Result<Self, KeyError> {
        Self::new(key)
    }
}

impl TryFrom<&str> for ReferralKey {
    type Error = KeyError;

    fn try_from(key: &str) -> Result<Self, KeyError> {
        Self::new(key)
    }
}

impl TryFrom<String> for ReferralKey {
    type Error = KeyError;

    fn try_from(key: String) -> Result<Self, KeyError> {
        Self::new(key)
    }
}

impl AsRef<str> for ReferralKey {
    fn as_ref(&self) -> &str {
        self.key.as_str()
    }
}

impl Serialize for ReferralKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Some(program) = self.program else {
            return serializer.serialize_str(self.as_str());
        };
        let mut fields = serializer.serialize_struct("ReferralKey", 2)?;
        fields.serialize_field("key", self.as_str())?;
        fields.serialize_field("program_type", &program)?;
        fields.end()
    }
}

/// Strict: what is no valid key is an error. See [`ReferralKey::lenient`] for forms.
impl<'de> Deserialize<'de> for ReferralKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Strict)
    }
}

struct Strict;

impl<'de> Visitor<'de> for Strict {
    type Value = ReferralKey;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a referral key of 1 to 255 characters")
    }

    fn visit_str<E: de::Error>(self, key: &str) -> Result<ReferralKey, E> {
        ReferralKey::new(key).map_err(E::custom)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<ReferralKey, A::Error> {
        #[derive(Deserialize)]
        #[serde(rename = "ReferralKey")]
        struct Fields {
            key: String,
            #[serde(default)]
            program_type: Option<ProgramType>,
        }
        let Fields { key, program_type } = Fields::deserialize(de::value::MapAccessDeserializer::new(map))?;
        let key = ReferralKey::new(key).map_err(de::Error::custom)?;
        Ok(ReferralKey { program: program_type, ..key })
    }
}

/// Takes whatever there is.
struct Lenient;

impl<'de> Visitor<'de> for Lenient {
    type Value = Option<ReferralKey>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_str<E: de::Error>(self, key: &str) -> Result<Self::Value, E> {
        Ok(ReferralKey::new(key).ok())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let (mut key, mut program) = (None, None);
        while let Some(name) = map.next_key::<String>()? {
            let value = map.next_value::<serde_json::Value>()?;
            match name.as_str() {
                "key" => key = value.as_str().and_then(|text| ReferralKey::new(text).ok()),
                "program_type" => program = ProgramType::deserialize(value).ok(),
                _ => {}
            }
        }
        Ok(key.map(|key| ReferralKey { program, ..key }))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_none<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_u64<E: de::Error>(self, _: u64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_bytes<E: de::Error>(self, _: &[u8]) -> Result<Self::Value, E> {
        Ok(None)
    }
}
