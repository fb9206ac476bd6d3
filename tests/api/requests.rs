//! What is sent, exactly.

use std::time::Duration;

use axum_partnero::{
    Amount, ApiClient, ApiError, NewCustomer, NewTransaction, ProgramType, ReferralKey,
    api::{
        Credit, CustomerFilter, CustomerSearch, CustomerUpdate, Invitation, NewPartner, NewWebhook, PartnerBy,
        ReferStatus, Sort, TransactionFilter, WebhookUpdate,
    },
};
use http::Method;
use rust_decimal::Decimal;

use crate::server::{KEY, Server};

/// Sends one call, and says what came: method, path and body.
async fn sent<T>(call: impl AsyncFnOnce(ApiClient) -> Result<T, ApiError>) -> (String, String) {
    let server = Server::always(200, r#"{"data":{},"status":1}"#).await;
    call(server.client()).await.unwrap_or_else(|error| panic!("{error}: {:?}", server.requests()));
    let request = server.request();
    assert_eq!(request.header("authorization"), Some(&*format!("Bearer {KEY}")));
    assert_eq!(request.header("accept"), Some("application/json"));
    assert_eq!(request.header("user-agent"), Some(concat!("axum-partnero/", env!("CARGO_PKG_VERSION"))));
    assert_eq!(request.header("accept-encoding"), None);
    assert_eq!(request.header("content-type"), (!request.body.is_empty()).then_some("application/json"));
    let asked = request.asked().replacen(" /v1/", " ", 1);
    assert_ne!(asked, request.asked(), "not below the base URL");
    (asked, request.body)
}

macro_rules! sends {
    ($call:expr, $asked:expr, $body:expr) => {
        assert_eq!(sent($call).await, ($asked.to_owned(), $body.to_owned()))
    };
}

#[tokio::test]
async fn customers_are_asked_for_as_documented() {
    let new =
        || NewCustomer::new("cus-77").email("mia@x.test").name("Mia").referred_by(ReferralKey::new("anna").unwrap());
    sends!(
        async |c| c.customers().create(&new()).await,
        "POST customers",
        r#"{"partner":{"key":"anna"},"key":"cus-77","email":"mia@x.test","name":"Mia"}"#
    );
    sends!(async |c| c.customers().get("cus-77").await, "GET customers/cus-77", "");
    sends!(async |c| c.customers().get(4711).await, "GET customers/4711", "");
    sends!(
        async |c| c.customers().update("cus-77", &CustomerUpdate::new().email("a@x.test").name("N").surname("S")).await,
        "PUT customers/cus-77",
        r#"{"update":{"email":"a@x.test","name":"N","surname":"S"}}"#
    );
    sends!(
        async |c| c.customers().update("cus-77", &CustomerUpdate::new().key("new").tags(["a", "b"])).await,
        "PUT customers/cus-77",
        r#"{"update":{"key":"new","tags":["a","b"]}}"#
    );
    sends!(
        async |c| c.customers().update("cus-77", &CustomerUpdate::new().clear_tags()).await,
        "PUT customers/cus-77",
        r#"{"update":{"tags":[]}}"#
    );
    sends!(async |c| c.customers().delete("cus-77").await, "DELETE customers/cus-77", "");
    sends!(async |c| c.customers().archive("cus-77").await, "POST customers/cus-77/archive", "");
    sends!(async |c| c.customers().restore("cus-77").await, "POST customers/cus-77/revoke-archive", "");
    sends!(
        async |c| c.customers().search(CustomerSearch::Email("a+b@x.test")).await,
        "GET customers:search?email=a%2Bb%40x.test",
        ""
    );
    sends!(
        async |c| c.customers().search(CustomerSearch::Key("k&id=1")).await,
        "GET customers:search?key=k%26id%3D1",
        ""
    );
    sends!(async |c| c.customers().search(CustomerSearch::Id("i")).await, "GET customers:search?id=i", "");
    sends!(
        async |c| c.customers().transactions("cus-77").collect().await,
        "GET customers/cus-77/transactions?limit=100",
        ""
    );
}

#[tokio::test]
async fn customers_are_listed_by_filter() {
    sends!(async |c| c.customers().list(CustomerFilter::new()).collect().await, "GET customers?limit=100", "");
    sends!(
        async |c| {
            let filter = CustomerFilter::new().partner_key("anna&x").partner_email("a@x.test").partner_key("anna");
            c.customers().list(filter.sort(Sort::Oldest)).limit(3).collect().await
        },
        "GET customers?partner_email=a%40x.test&partner_key=anna&sort=asc&limit=10",
        ""
    );
    sends!(
        async |c| c
            .customers()
            .list(CustomerFilter::new().refer_status(ReferStatus::NonReferred))
            .limit(u16::MAX)
            .collect()
            .await,
        "GET customers?refer_status=non_referred&limit=100",
        ""
    );
}

#[tokio::test]
async fn friends_are_asked_for_as_documented() {
    sends!(async |c| c.customers().stats("cus-77").await, "GET customers/cus-77/stats", "");
    sends!(async |c| c.customers().balance("cus-77").await, "GET customers/cus-77/balance", "");
    sends!(async |c| c.customers().referrals("cus-77").collect().await, "GET customers/cus-77/referrals", "");
    sends!(async |c| c.customers().referral_links("cus-77").collect().await, "GET customers/cus-77/referral_links", "");
    sends!(
        async |c| c.customers().credit("cus-77", Amount::from_minor(550, "usd").unwrap()).await,
        "POST customers/cus-77/balance/credit",
        r#"{"amount":5.50,"amount_units":"usd","is_currency":true}"#
    );
    sends!(
        async |c| c.customers().credit("cus-77", Amount::from(Decimal::ONE)).await,
        "POST customers/cus-77/balance/credit",
        r#"{"amount":1,"is_currency":true}"#
    );
    sends!(
        async |c| c.customers().credit("cus-77", Credit::of_units(Decimal::TEN, "points")).await,
        "POST customers/cus-77/balance/credit",
        r#"{"amount":10,"amount_units":"points","is_currency":false}"#
    );
    let invitation = Invitation::new("a@x.test").name("A").surname("B").personalization("from", "Mia \"M\"");
    sends!(
        async |c| c.customers().invite(&invitation).await,
        "POST customers:invite",
        r#"{"email":"a@x.test","name":"A","personalization":{"from":"Mia \"M\""},"surname":"B"}"#
    );
}

#[tokio::test]
async fn transactions_are_asked_for_as_documented() {
    let sale = |key: &str| NewTransaction::new(key, Decimal::new(4990, 2)).customer("cus-77");
    sends!(
        async |c| c.transactions().create(&sale("ord-9")).await,
        "POST transactions",
        r#"{"key":"ord-9","amount":49.90,"action":"sale","customer":{"key":"cus-77"}}"#
    );
    sends!(
        async |c| c.transactions().create_batch(&[sale("a"), sale("b")]).await,
        "POST transactions",
        r#"{"customer":{"key":"cus-77"},"transactions":[{"action":"sale","amount":49.90,"key":"a"},{"action":"sale","amount":49.90,"key":"b"}]}"#
    );
    sends!(async |c| c.transactions().get("ord_9-A").await, "GET transactions/ord_9-A", "");
    sends!(async |c| c.transactions().delete("ord_9-A").await, "DELETE transactions/ord_9-A", "");
    sends!(async |c| c.transactions().delete("ord/9 ü\"").await, "DELETE transactions", r#"{"key":"ord/9 ü\""}"#);
    sends!(async |c| c.transactions().archive("ord/9").await, "POST transactions/ord%2F9/archive", "");
    sends!(async |c| c.transactions().restore("ord-9").await, "POST transactions/ord-9/revoke-archive", "");
    sends!(
        async |c| {
            let filter =
                TransactionFilter::new().key("a&b").customer_key("c").partner_key("p").partner_email("e@x.test");
            c.transactions().list(filter.sort(Sort::Newest)).collect().await
        },
        "GET transactions?key=a%26b&customer.key=c&partner_key=p&partner_email=e%40x.test&sort=desc&limit=100",
        ""
    );
}

#[tokio::test]
async fn partners_are_asked_for_as_documented() {
    let new = NewPartner::new("anna@x.test")
        .name("Anna")
        .surname("B")
        .password("Passw0rd")
        .id("i")
        .key("anna")
        .tag("a")
        .tag("b")
        .referring_partner_key("k")
        .referring_partner_id("j")
        .referring_partner_email("r@x.test");
    assert!(!format!("{new:?}").contains("Passw0rd") && !format!("{new:?}").contains("x.test"));
    sends!(
        async |c| c.partners().create(&new).await,
        "POST partners",
        r#"{"email":"anna@x.test","id":"i","key":"anna","name":"Anna","password":"Passw0rd","referring_partner":{"email":"r@x.test","id":"j","key":"k"},"surname":"B","tags":["a","b"]}"#
    );
    sends!(async |c| c.partners().get("prt/5").await, "GET partners/prt%2F5", "");
    sends!(async |c| c.partners().find(PartnerBy::Key("anna")).await, "GET partner?key=anna", "");
    sends!(async |c| c.partners().find(PartnerBy::Email("a+b@x")).await, "GET partner?email=a%2Bb%40x", "");
    sends!(async |c| c.partners().list().limit(20).collect().await, "GET partners?limit=20", "");
    sends!(
        async |c| c.partners().sign_in_url(PartnerBy::Key("anna"), Duration::from_secs(120)).await,
        "POST partners:sign-in-url",
        r#"{"expires_in":120,"key":"anna"}"#
    );
}

#[tokio::test]
async fn webhooks_and_the_rest_are_asked_for_as_documented() {
    let new = NewWebhook::new("orders", "https://app.example/hook", ["transaction.created"]).key("k").is_active(false);
    sends!(
        async |c| c.webhooks().create(&new).await,
        "POST webhooks",
        r#"{"events":["transaction.created"],"is_active":false,"key":"k","name":"orders","url":"https://app.example/hook"}"#
    );
    sends!(async |c| c.webhooks().get("k").await, "GET webhooks/k", "");
    sends!(async |c| c.webhooks().list().collect().await, "GET webhooks?limit=100", "");
    let update = WebhookUpdate::new().name("n").url("https://u").events(["a"]).is_active(true);
    sends!(
        async |c| c.webhooks().update("k", &update).await,
        "PUT webhooks/k",
        r#"{"events":["a"],"is_active":true,"name":"n","url":"https://u"}"#
    );
    sends!(async |c| c.webhooks().delete("k").await, "DELETE webhooks/k", "");
    sends!(async |c| c.test().await, "GET test", "");
    sends!(async |c| c.program().await, "GET program", "");
    let body = serde_json::json!({"name": "Mia"});
    sends!(
        async |c| c.request(Method::POST, "/leads?a=b%20c", Some(&body)).await,
        "POST leads?a=b%20c",
        r#"{"name":"Mia"}"#
    );
    sends!(async |c| c.request(Method::GET, "program/overview", None).await, "GET program/overview", "");
}

#[tokio::test]
async fn keys_are_one_segment_whatever_is_in_them() {
    for (key, segment) in [
        ("a+b@x/y", "a%2Bb%40x%2Fy"),
        ("../../v2/x", "..%2F..%2Fv2%2Fx"),
        ("a?b=c#d", "a%3Fb%3Dc%23d"),
        ("%2e%2e", "%252e%252e"),
        ("{key}", "%7Bkey%7D"),
        ("a\\b;c:d", "a%5Cb%3Bc%3Ad"),
        ("ü €", "%C3%BC%20%E2%82%AC"),
        ("http://evil.test/", "http%3A%2F%2Fevil.test%2F"),
        ("~.-_", "~.-_"),
        ("...", "..."),
    ] {
        sends!(async |c| c.customers().get(key).await, format!("GET customers/{segment}"), "");
        sends!(async |c| c.customers().stats(key).await, format!("GET customers/{segment}/stats"), "");
    }
}

#[tokio::test]
async fn what_can_not_be_right_is_not_sent() {
    let server = Server::always(200, r#"{"data":{}}"#).await;
    let c = server.client();
    for key in ["", " ", ".", "..", "a\r\nX-Evil: 1", "a\0b", &"x".repeat(256)] {
        let sale = NewTransaction::new(key, Decimal::ONE).customer("c");
        let errors = [
            c.customers().get(key).await.unwrap_err(),
            c.customers().create(&NewCustomer::new(key)).await.unwrap_err(),
            c.customers().transactions(key).collect().await.unwrap_err(),
            c.transactions().create(&sale).await.unwrap_err(),
            c.transactions().create(&NewTransaction::new("k", Decimal::ONE).customer(key)).await.unwrap_err(),
            c.transactions().get(key).await.unwrap_err(),
            c.transactions().delete(key).await.unwrap_err(),
            c.partners().get(key).await.unwrap_err(),
            c.webhooks().get(key).await.unwrap_err(),
        ];
        for error in errors {
            assert!(matches!(error, ApiError::Key(_)) && error.is_not_sent(), "{key:?}: {error}");
        }
    }
    for path in [
        "..",
        "customers/../../x",
        "a/%2E./b",
        "//evil.test/x",
        "https://evil.test/x",
        "/https://evil.test",
        "\\\\evil.test",
        "a#b",
        "a\r\nX-Evil: 1",
        "a b/../c",
    ] {
        let error = c.request(Method::GET, path, None).await.unwrap_err();
        assert!(matches!(error, ApiError::Request(_)), "{path}: {error}");
        assert!(!error.to_string().contains("evil"), "{error}");
    }
    assert!(matches!(c.request(Method::CONNECT, "x", None).await, Err(ApiError::Request(_))));
    let negative = NewTransaction::new("k", -Decimal::ONE).customer("c");
    assert!(matches!(c.transactions().create(&negative).await, Err(ApiError::Request(_))));
    assert!(matches!(c.transactions().create_batch(&[negative]).await, Err(ApiError::Request(_))));
    for seconds in [0, 29, 901] {
        let error = c.partners().sign_in_url(PartnerBy::Key("k"), Duration::from_secs(seconds)).await.unwrap_err();
        assert!(matches!(error, ApiError::Request(_)));
    }
    assert!(server.requests().is_empty(), "{:?}", server.requests());
}

#[tokio::test]
async fn the_program_decides_where_the_referrer_goes() {
    let server = Server::always(201, r#"{"data":{"id":"7"}}"#).await;
    let client = server.builder().program_type(ProgramType::ReferAFriend).build().unwrap();
    let customer = NewCustomer::new(7).referred_by(ReferralKey::new("k77").unwrap());
    assert!(client.customers().create(&customer).await.unwrap().has_key("7"));
    assert_eq!(server.request().body, r#"{"referring_customer":{"key":"k77"},"key":"7"}"#);
}
