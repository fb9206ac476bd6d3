//! What is read of an event's `data`, in every shape that it is known or feared to have.

use axum_partnero::{
    Decimal, WebhookEvent,
    webhook::{CustomerData, PartnerData, RewardData, SubscriberData, TransactionData},
};
use serde_json::{Value, json};

use crate::signed::event;

fn with(name: &str, data: &Value) -> WebhookEvent {
    event(json!({"event": name, "data": data}).to_string())
}

macro_rules! data_of {
    ($function:ident $variant:ident $name:literal $data:ident) => {
        fn $function(data: &Value) -> $data {
            match with($name, data) {
                WebhookEvent::$variant(event) => event.data,
                other => panic!("{other:?}"),
            }
        }
    };
}

data_of!(sale TransactionCreated "transaction.created" TransactionData);
data_of!(customer CustomerCreated "customer.created" CustomerData);
data_of!(partner PartnerCreated "partner.created" PartnerData);
data_of!(reward RewardPaid "reward.paid" RewardData);
data_of!(subscriber SubscriberCreated "subscriber.created" SubscriberData);

#[expect(clippy::unnecessary_wraps, reason = "what is compared is an option")]
fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[test]
fn a_transaction_and_its_rewards_are_read() {
    let it = sale(&json!({
        "key": "ord-9", "action": "sale", "amount": 49.9, "partner": "prt-5", "customer": "cus-77", "credit": false,
        "is_currency": true, "amount_units": "USD", "created_at": "2026-03-04T05:06:07.000000Z", "deleted_at": null,
        "rewards": [{
            "key": "ord-9", "action": "sale", "status": "ok", "customer": "cus-77", "partner": "prt-5", "amount": 14.997,
            "amount_units": "USD", "is_currency": true, "credit": false, "created_at": "2026-03-04T05:06:07.000000Z",
            "deleted_at": null, "product_type_data": {"product_id": "plan-1", "product_type": "monthly"}
        }]
    }));
    assert_eq!((it.key, it.id, it.action), (some("ord-9"), None, some("sale")));
    assert_eq!((it.amount, it.amount_units), (Some(Decimal::new(499, 1)), some("USD")));
    assert_eq!((it.is_currency, it.credit), (Some(true), Some(false)));
    assert_eq!((it.partner, it.customer, it.referred_customer), (some("prt-5"), some("cus-77"), None));
    assert_eq!((it.created_at, it.deleted_at), (some("2026-03-04T05:06:07.000000Z"), None));
    let [reward] = &it.rewards[..] else { panic!("{:?}", it.rewards) };
    assert_eq!((reward.key.clone(), reward.status.clone()), (some("ord-9"), some("ok")));
    assert_eq!((reward.action.clone(), reward.amount), (some("sale"), Some(Decimal::new(14_997, 3))));
    assert_eq!((reward.partner.clone(), reward.customer.clone()), (some("prt-5"), some("cus-77")));
    assert_eq!((reward.product_id.clone(), reward.product_type.clone()), (some("plan-1"), some("monthly")));
    assert_eq!((reward.is_currency, reward.credit, reward.deleted_at.clone()), (Some(true), Some(false), None));
}

#[test]
fn who_is_named_by_a_key_alone_or_as_an_object_is_the_same() {
    for (value, key) in [
        (json!("cus-77"), Some("cus-77")),
        (json!({"key": "cus-77"}), Some("cus-77")),
        (json!({"id": "x", "name": "Mia", "key": "cus-77"}), Some("cus-77")),
        (json!({"id": 77}), Some("77")),
        (json!({"key": "", "id": "x"}), Some("x")),
        (json!({"key": null, "id": "x"}), Some("x")),
        (json!(77), Some("77")),
        (json!("mia@x.test"), Some("mia@x.test")),
        (json!({}), None),
        (json!([]), None),
        (json!(["cus-77"]), None),
        (json!(""), None),
        (json!(null), None),
        (json!(true), None),
    ] {
        assert_eq!(sale(&json!({"customer": value})).customer.as_deref(), key, "{value}");
        assert_eq!(sale(&json!({"partner": value})).partner.as_deref(), key, "{value}");
        assert_eq!(customer(&json!({"referring_customer": value})).referring_customer.as_deref(), key, "{value}");
        assert_eq!(with("transaction.deleted", &json!({"customer": value})).customer_key(), key, "{value}");
    }
}

#[test]
fn numbers_are_read_to_the_last_digit_also_from_texts() {
    for (json, number) in [
        ("29.997", Some("29.997")),
        ("\"29.997\"", Some("29.997")),
        ("1.50", Some("1.50")),
        ("0.1", Some("0.1")),
        ("-3", Some("-3")),
        ("1e2", Some("100")),
        ("\" 5 \"", Some("5")),
        ("123456789012345678.123456789", Some("123456789012345678.123456789")),
        ("9007199254740993", Some("9007199254740993")),
        ("\"\\u0035\"", Some("5")),
        ("1e300", None),
        ("1e99999999999", None),
        ("\"1,5\"", None),
        ("\"NaN\"", None),
        ("\"Infinity\"", None),
        ("\"\"", None),
        ("\"$5\"", None),
        ("true", None),
        ("null", None),
        ("[5]", None),
        ("{\"amount\":5}", None),
    ] {
        let read = event(format!(r#"{{"event":"transaction.created","data":{{"amount":{json},"key":"a"}}}}"#));
        let WebhookEvent::TransactionCreated(sale) = read else { panic!("{json}: {read:?}") };
        let expected = number.map(|number| number.parse().unwrap());
        assert_eq!((sale.data.amount, sale.data.key.as_deref()), (expected, Some("a")), "{json}");
    }
}

#[test]
fn flags_and_counts_come_in_several_shapes() {
    for (value, flag) in [
        (json!(true), Some(true)),
        (json!(1), Some(true)),
        (json!("1"), Some(true)),
        (json!("true"), Some(true)),
        (json!(false), Some(false)),
        (json!(0), Some(false)),
        (json!("0"), Some(false)),
        (json!("false"), Some(false)),
        (json!("yes"), None),
        (json!(2), None),
        (json!(null), None),
        (json!([]), None),
    ] {
        assert_eq!(partner(&json!({"approved": value})).approved, flag, "{value}");
    }
    for (value, count) in [
        (json!(3), Some(3)),
        (json!("3"), Some(3)),
        (json!(3.0), Some(3)),
        (json!(0), Some(0)),
        (json!(u64::MAX), Some(u64::MAX)),
        (json!(3.5), None),
        (json!(-3), None),
        (json!("three"), None),
        (json!({}), None),
    ] {
        assert_eq!(subscriber(&json!({"referrals_count": value})).referrals_count, count, "{value}");
    }
}

#[test]
fn texts_are_read_escaped_as_numbers_and_in_lists() {
    let read = customer(&json!({"key": 4711, "name": "Mi\"a\u{1f600}\n", "email": "", "surname": null}));
    assert_eq!((read.key, read.name), (some("4711"), some("Mi\"a\u{1f600}\n")));
    assert_eq!((read.email, read.surname), (None, None));
    for (value, tags) in [
        (json!([{"value": "a"}, "b", 3, null, {}, []]), vec!["a", "b", "3"]),
        (json!("a"), vec!["a"]),
        (json!({}), vec![]),
        (json!(null), vec![]),
    ] {
        assert_eq!(customer(&json!({"tags": value})).tags, tags, "{value}");
    }
}

#[test]
fn one_odd_field_spoils_no_other() {
    let odd = [
        "null",
        "true",
        "7",
        "1e999",
        "-0",
        "\"\"",
        "\"x\"",
        r#""\ud800""#,
        "[]",
        "[1e999]",
        r#"["\ud800"]"#,
        "{}",
        r#"{"a":1e999}"#,
    ];
    for name in ["action", "amount", "credit", "customer", "partner", "rewards", "created_at", "unknown"] {
        for odd in odd {
            let body = format!(
                r#"{{"event":"transaction.created","data":{{"key":"a","{name}":{odd},"amount_units":"USD"}}}}"#
            );
            let WebhookEvent::TransactionCreated(sale) = event(&body) else { panic!("{body}") };
            assert_eq!((sale.data.key, sale.data.amount_units), (some("a"), some("USD")), "{body}");
        }
    }
    for odd in odd {
        let body = format!(
            r#"{{"event":"transaction.created","data":{{"rewards":[{{"amount":1}},{odd},{{"product_type_data":{odd},"amount":2}}],"key":"a"}}}}"#
        );
        let WebhookEvent::TransactionCreated(sale) = event(&body) else { panic!("{body}") };
        let amounts: Vec<_> = sale.data.rewards.iter().filter_map(|reward| reward.amount).collect();
        assert_eq!((amounts, sale.data.key), (vec![Decimal::ONE, Decimal::TWO], some("a")), "{body}");
    }
}

#[test]
fn a_name_of_a_field_that_is_no_unicode_ends_only_what_follows() {
    let read = event(r#"{"event":"transaction.created","data":{"key":"a","\ud800":1,"amount":5}}"#);
    assert_eq!((read.name(), read.transaction_key()), ("transaction.created", Some("a")));
}

#[test]
fn partners_customers_and_subscribers_are_read() {
    let it = partner(&json!({
        "id": "prt-5", "email": "anna@x.test", "name": "Anna", "surname": "Ny", "status": "active", "approved": true,
        "referral_link": "https://shop.example?aff=anna", "created_at": "2026-03-04T05:06:07.000000Z"
    }));
    assert_eq!((it.id, it.email, it.name), (some("prt-5"), some("anna@x.test"), some("Anna")));
    assert_eq!(
        (it.surname, it.status, it.referral_link),
        (some("Ny"), some("active"), some("https://shop.example?aff=anna"))
    );
    let it = customer(&json!({
        "id": "cus-77", "approved": 1, "referring_customer": {"id": "cus-1"}, "referrals_count": "2",
        "referral_link": "https://shop.example?ref=cus-77", "updated_at": "u", "deleted_at": "d"
    }));
    assert_eq!((it.id, it.referring_customer, it.referrals_count), (some("cus-77"), some("cus-1"), Some(2)));
    assert_eq!((it.approved, it.updated_at, it.deleted_at), (Some(true), some("u"), some("d")));
    let it = subscriber(&json!({
        "id": 7, "email": "mia@x.test", "name": "Mia", "status": "Active", "is_referred": true, "referrals_count": 1,
        "portal_link": "p", "share_link": "s", "approved": "1"
    }));
    assert_eq!((it.id, it.status, it.is_referred), (some("7"), some("Active"), Some(true)));
    assert_eq!((it.portal_link, it.share_link, it.referrals_count), (some("p"), some("s"), Some(1)));
}

#[test]
fn who_and_what_an_event_is_about() {
    for (name, data, resource, customer, transaction) in [
        (
            "transaction.created",
            json!({"key": "o-1", "customer": "c"}),
            Some("transaction:o-1"),
            Some("c"),
            Some("o-1"),
        ),
        (
            "transaction.deleted",
            json!({"id": "o-1", "customer": {"key": "c"}}),
            Some("transaction:o-1"),
            Some("c"),
            Some("o-1"),
        ),
        ("transaction.updated", json!({"key": "o-1", "id": 9}), Some("transaction:o-1"), None, Some("o-1")),
        // Refer-a-friend: `customer` is who referred the buyer.
        (
            "transaction.created",
            json!({"key": "o", "customer": "c", "referred_customer": "b"}),
            Some("transaction:o"),
            Some("b"),
            Some("o"),
        ),
        ("transaction.created", json!({"customer": "c", "partner": "p"}), Some("customer:c"), Some("c"), None),
        ("transaction.created", json!({"partner": "p"}), Some("partner:p"), None, None),
        (
            "reward.created",
            json!({"key": "o-1", "id": "r", "customer": "c"}),
            Some("transaction:o-1"),
            Some("c"),
            Some("o-1"),
        ),
        ("reward.approved", json!({"id": "r", "customer": "c"}), Some("reward:r"), Some("c"), None),
        ("reward.paid", json!({"customer": "c", "partner": "p"}), Some("customer:c"), Some("c"), None),
        ("reward.paid", json!({"partner": "p"}), Some("partner:p"), None, None),
        ("customer.created", json!({"key": "c", "id": "i", "partner": "p"}), Some("customer:c"), Some("c"), None),
        ("customer.deleted", json!({"id": "c"}), Some("customer:c"), Some("c"), None),
        ("customer.credited", json!({"id": 5, "customer": {"id": "c"}}), Some("customer:c"), Some("c"), None),
        ("partner.created", json!({"id": "p", "key": "anna"}), Some("partner:p"), None, None),
        ("partner.approved", json!({"key": "anna"}), Some("partner:anna"), None, None),
        ("partner.created", json!({"email": "anna@x.test"}), None, None, None),
        ("lead.converted", json!({"id": 7}), Some("lead:7"), None, None),
        ("subscriber.created", json!({"id": "s"}), Some("subscriber:s"), None, None),
        ("transaction.created", json!({}), None, None, None),
        ("customer.rewarded", json!([]), None, None, None),
    ] {
        let read = with(name, &data);
        let found = (read.resource(), read.customer_key(), read.transaction_key());
        assert_eq!(found, (resource.map(str::to_owned), customer, transaction), "{name}: {data}");
    }
}

#[test]
fn a_resource_fits_any_database_and_two_keys_never_share_one() {
    let resource = |key: &str| with("transaction.created", &json!({"key": key})).resource().unwrap();
    let mut all: Vec<String> = Vec::new();
    for key in [
        "a",
        "A",
        "a b",
        "ä",
        "a\u{0}",
        "a\u{1}",
        "a\nb",
        &"x".repeat(255),
        &"x".repeat(256),
        &"é".repeat(200),
        "#",
        "mia@x.test",
    ] {
        let found = resource(key);
        assert!(found.len() <= 300 && !found.chars().any(char::is_control), "{found}");
        assert_eq!(found, resource(key));
        assert!(!all.contains(&found), "{key:?}");
        all.push(found);
    }
}

#[test]
fn a_reward_of_its_own_is_read() {
    let it = reward(&json!({"key": "o", "amount": "5.25", "status": "review_period", "product_type_data": []}));
    assert_eq!((it.amount, it.status, it.product_id), (Some(Decimal::new(525, 2)), some("review_period"), None));
}

#[test]
fn a_handler_that_gets_the_data_alone_asks_it_for_its_keys() {
    let refer_a_friend = json!({"id": "order-9", "customer": {"id": "referrer"}, "referred_customer": {"id": "buyer"}});
    let event = with("transaction.created", &refer_a_friend);
    let WebhookEvent::TransactionCreated(sale) = &event else { panic!("{event:?}") };
    assert_eq!((sale.data.customer_key(), sale.data.transaction_key()), (Some("buyer"), Some("order-9")));
    assert_eq!(sale.data.resource().as_deref(), Some("transaction:order-9"));
    let affiliate = json!({"key": "order-9", "id": "7", "customer": "mia"});
    let WebhookEvent::TransactionDeleted(sale) = with("transaction.deleted", &affiliate) else { panic!("deleted") };
    assert_eq!((sale.data.customer_key(), sale.data.transaction_key()), (Some("mia"), Some("order-9")));
    let WebhookEvent::CustomerCreated(mia) = with("customer.created", &json!({"id": "mia"})) else { panic!("mia") };
    assert_eq!((mia.data.customer_key(), mia.data.resource()), (Some("mia"), Some("customer:mia".to_owned())));
    let WebhookEvent::RewardPaid(reward) = with("reward.paid", &affiliate) else { panic!("reward") };
    assert_eq!(
        (reward.data.transaction_key(), reward.data.resource()),
        (Some("order-9"), Some("transaction:order-9".to_owned()))
    );
    let WebhookEvent::PartnerCreated(anna) = with("partner.created", &json!({"id": "par_1"})) else { panic!("anna") };
    assert_eq!(anna.data.resource().as_deref(), Some("partner:par_1"));
}

#[test]
fn what_nobody_signed_can_be_read_for_the_test_of_a_handler() {
    let body = r#"{"event":"transaction.created","data":{"key":"order-1"}}"#;
    let (read, verified) = (WebhookEvent::parse(body), event(body));
    assert_eq!((read.envelope().id(), read.resource()), (verified.envelope().id(), verified.resource()));
    assert!(matches!(WebhookEvent::parse("no event"), WebhookEvent::Unknown(_)));
}
