//! What happened at Partnero.

use std::fmt;

use bytes::Bytes;

mod data;
mod envelope;
mod json;
mod reward;
mod scalar;
mod subject;
mod table;
mod transaction;

pub use data::{CustomerData, LeadData, PartnerData, SubscriberData};
pub use envelope::Envelope;
pub use reward::RewardData;
pub use transaction::TransactionData;

pub(crate) use table::with_events;

use json::{FromFields, fill};
use subject::Subject;

/// An event of which the `data` was read.
///
/// What is missing in `data`, or of an odd type, is `None` or empty; a number may come as a text, and what is named by
/// its key alone as an object. The JSON is at hand: [`Envelope::data_json`], [`Envelope::data_as`].
#[derive(Clone)]
#[non_exhaustive]
pub struct Event<D> {
    /// What all events have.
    pub envelope: Envelope,
    /// What happened to whom.
    pub data: D,
}

fn read<D: for<'a> FromFields<'a>>(envelope: Envelope) -> Event<D> {
    let mut data = D::default();
    if let Some(json) = envelope.data_json() {
        // It is JSON. If it is no object, or a name in it is no Unicode, what could be read stands.
        fill(&mut data, json);
    }
    Event { envelope, data }
}

impl<D: fmt::Debug> fmt::Debug for Event<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event").field("envelope", &self.envelope).field("data", &self.data).finish()
    }
}

macro_rules! define {
    ($($variant:ident $on:ident $name:literal $data:ident,)*) => {
        /// What happened at Partnero, by the event's name.
        ///
        /// Which of them a program has depends on its type. `transaction.updated` and `reward.*` are in Partnero's guide
        /// alone, and `lead.*`, `subscriber.*`, `customer.credited` and `customer.rewarded` in its n8n integration alone.
        /// Few have a documented `data`: those fields of the REST API's objects are read that are there.
        #[derive(Clone, Debug)]
        #[non_exhaustive]
        pub enum WebhookEvent {
            $(
                #[doc = concat!("`", $name, "`")]
                $variant(Event<$data>),
            )*
            /// An event of another name, or a body that is no event: it is genuine all the same. The
            /// [`name`](Envelope::name) is empty if there is none.
            Unknown(Envelope),
        }

        impl WebhookEvent {
            /// The names of all events that this crate knows, as Partnero writes them.
            pub const NAMES: &[&str] = &[$($name),*];

            fn of(envelope: Envelope) -> Self {
                match envelope.name() {
                    $($name => Self::$variant(read(envelope)),)*
                    _ => Self::Unknown(envelope),
                }
            }

            /// What all events have: name, webhook, time, and the JSON.
            pub fn envelope(&self) -> &Envelope {
                match self {
                    $(Self::$variant(event) => &event.envelope,)*
                    Self::Unknown(envelope) => envelope,
                }
            }

            /// Its name, if Partnero documents it.
            pub(crate) fn documented_name(&self) -> &'static str {
                match self {
                    $(Self::$variant(_) => $name,)*
                    Self::Unknown(_) => "unknown",
                }
            }

            fn subject(&self) -> Option<&dyn Subject> {
                match self {
                    $(Self::$variant(event) => Some(&event.data),)*
                    Self::Unknown(_) => None,
                }
            }
        }
    };
}

with_events!(define);

impl WebhookEvent {
    /// Reads a body **without verifying it**: anybody may have sent it. For the tests of handlers, and for bodies that were
    /// verified before they were stored. What came by a request is for [`VerifiedWebhook`](crate::VerifiedWebhook) or
    /// [`WebhookSecret::verify`](crate::WebhookSecret::verify).
    ///
    /// A body that is no event is [`Unknown`](Self::Unknown). See [`Handler`](crate::webhook::Handler) for an example.
    pub fn parse(raw: impl Into<Bytes>) -> Self {
        Self::of(Envelope::parse(raw.into()))
    }

    /// The event's name, as Partnero writes it (`transaction.created`). Empty if there is none.
    pub fn name(&self) -> &str {
        self.envelope().name()
    }

    /// The key of the customer that it is about: of a sale, the buyer.
    pub fn customer_key(&self) -> Option<&str> {
        self.subject()?.customer_key()
    }

    /// The key of the transaction that it is about: your own id of the sale.
    pub fn transaction_key(&self) -> Option<&str> {
        self.subject()?.transaction_key()
    }

    /// What it is about, such as `transaction:order-9`: events of one resource belong in order.
    ///
    /// A transaction or a reward belongs to the transaction, or if that has no key, to its customer, or else its partner.
    /// `None` for what names nothing, and for unknown events. At most 300 bytes without control characters: a longer or
    /// odd key is replaced by its SHA-256.
    pub fn resource(&self) -> Option<String> {
        self.subject()?.resource()
    }
}
