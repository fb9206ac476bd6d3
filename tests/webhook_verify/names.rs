//! Each name that Partnero documents anywhere is an event of its own.

use axum_partnero::WebhookEvent;
use serde_json::json;

use crate::signed::event;

/// The name, and the variant with what its `data` is read as.
macro_rules! all {
    ($($name:literal $variant:ident $data:ident,)*) => {
        const ALL: &[&str] = &[$($name),*];

        fn is_what_it_should_be(event: &WebhookEvent) -> bool {
            match event {
                $(WebhookEvent::$variant(event) => {
                    let _: &axum_partnero::webhook::$data = &event.data;
                    event.envelope.name() == $name
                })*
                _ => false,
            }
        }
    };
}

all! {
    "partner.created" PartnerCreated PartnerData,
    "partner.updated" PartnerUpdated PartnerData,
    "partner.deleted" PartnerDeleted PartnerData,
    "partner.approved" PartnerApproved PartnerData,
    "partner.rejected" PartnerRejected PartnerData,
    "partner.archived" PartnerArchived PartnerData,
    "customer.created" CustomerCreated CustomerData,
    "customer.updated" CustomerUpdated CustomerData,
    "customer.deleted" CustomerDeleted CustomerData,
    "customer.credited" CustomerCredited CustomerData,
    "customer.rewarded" CustomerRewarded CustomerData,
    "transaction.created" TransactionCreated TransactionData,
    "transaction.deleted" TransactionDeleted TransactionData,
    "transaction.updated" TransactionUpdated TransactionData,
    "reward.created" RewardCreated RewardData,
    "reward.approved" RewardApproved RewardData,
    "reward.paid" RewardPaid RewardData,
    "lead.submitted" LeadSubmitted LeadData,
    "lead.converted" LeadConverted LeadData,
    "lead.rejected" LeadRejected LeadData,
    "subscriber.created" SubscriberCreated SubscriberData,
    "subscriber.updated" SubscriberUpdated SubscriberData,
    "subscriber.deleted" SubscriberDeleted SubscriberData,
    "subscriber.rewarded" SubscriberRewarded SubscriberData,
}

#[test]
fn every_documented_name_has_a_variant_and_none_is_made_up() {
    let mut ours = WebhookEvent::NAMES.to_vec();
    let mut theirs = ALL.to_vec();
    ours.sort_unstable();
    theirs.sort_unstable();
    assert_eq!(ours, theirs);
    for name in ALL {
        for data in [json!({"id": 7}), json!({}), json!(null), json!([]), json!("x"), json!(7)] {
            let read = event(json!({"event": name, "data": data}).to_string());
            assert!(is_what_it_should_be(&read), "{name}: {read:?}");
            assert_eq!(read.name(), *name);
        }
        assert!(is_what_it_should_be(&event(json!({ "event": name }).to_string())), "{name} without data");
    }
}

#[test]
fn other_names_are_unknown_and_keep_their_name_and_data() {
    for name in
        ["transaction.archived", "Transaction.Created", "transaction.created ", "transaction", ".", "ünïcode", "7"]
    {
        let read = event(json!({"event": name, "webhook_key": "k", "data": {"key": "order-1"}}).to_string());
        assert!(matches!(read, WebhookEvent::Unknown(_)), "{name}");
        assert_eq!((read.name(), read.envelope().webhook_key()), (name, Some("k")));
        assert_eq!(read.envelope().data_json(), Some(r#"{"key":"order-1"}"#));
        assert_eq!((read.resource(), read.customer_key(), read.transaction_key()), (None, None, None));
    }
}

#[test]
fn a_name_that_is_none_is_empty() {
    for odd in [json!(null), json!(""), json!([]), json!({}), json!(true), json!("a\u{0}b"), json!("x".repeat(256))] {
        let read = event(json!({"event": odd, "data": {}}).to_string());
        assert!(matches!(read, WebhookEvent::Unknown(_)) && read.name().is_empty(), "{odd}");
    }
    assert_eq!(event(json!({"event": 7}).to_string()).name(), "7");
}
