//! What is made of answers.

use axum_partnero::{
    ApiError, NewTransaction,
    api::{CustomerSearch, PartnerBy},
};
use http::Method;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::server::{Server, answer};

#[tokio::test]
async fn a_missing_one_is_told_from_a_failure() {
    let server = Server::always(404, json!({"message": "Not found.", "status": 0})).await;
    let c = server.client();
    assert!(c.customers().get("x").await.unwrap_err().is_not_found());
    assert!(c.transactions().get("x").await.unwrap_err().is_not_found());
    assert!(c.transactions().delete("x/y").await.unwrap_err().is_not_found());
    assert!(c.customers().search(CustomerSearch::Email("m@x.test")).await.unwrap().is_empty());
    assert!(c.partners().find(PartnerBy::Key("x")).await.unwrap().is_none());

    // The web server's own 404 says that the base URL is wrong, and nothing of customers.
    let server = Server::always(404, "<html>404").await;
    let c = server.client();
    for error in [
        c.customers().get("x").await.unwrap_err(),
        c.customers().search(CustomerSearch::Key("x")).await.unwrap_err(),
        c.partners().find(PartnerBy::Key("x")).await.unwrap_err(),
    ] {
        assert!(matches!(error, ApiError::Unreadable { .. }) && !error.is_not_found(), "{error:?}");
        assert!(error.to_string().contains("Check the base URL"), "{error}");
    }
}

#[tokio::test]
async fn a_transaction_of_an_odd_key_is_looked_up_in_the_list() {
    let rows = json!([{"key": "ORD/9"}, {"key": "ord/9", "deleted_at": "x"}, {"key": "ord/9", "amount": "5"}]);
    let server = Server::always(200, json!({"data": rows, "status": 1})).await;
    let found = server.client().transactions().get("ord/9").await.unwrap();
    assert_eq!((found.is_live(), found.amount), (true, Some(Decimal::from(5))));
    assert_eq!(server.request().asked(), "GET /v1/transactions?key=ord%2F9&limit=100");

    let error = server.client().transactions().get("ord/10").await.unwrap_err();
    assert!(error.is_not_found() && error == ApiError::NoMatch);
}

#[tokio::test]
async fn success_without_what_was_asked_for_is_unreadable() {
    for body in
        ["", "null", "[]", "{}", "x", "{\"key\":\"x\"}", "{\"data\":null}", "{\"data\":[]}", "{\"status\":1}", "<p>"]
    {
        let server = Server::always(200, body).await;
        let c = server.client();
        let sale = NewTransaction::new("k", Decimal::ONE).customer("c");
        for error in [
            c.customers().get("x").await.unwrap_err(),
            c.transactions().get("x").await.unwrap_err(),
            c.transactions().create(&sale).await.unwrap_err(),
        ] {
            assert!(matches!(error, ApiError::Unreadable { status: http::StatusCode::OK, .. }), "{body}: {error:?}");
        }
        // PHP writes an empty object as an empty list.
        assert_eq!(c.customers().stats("x").await.is_ok(), body == "{\"data\":[]}", "{body}");
    }
    let server = Server::new(|_| answer(204, "", "")).await;
    let c = server.client();
    assert!(matches!(c.customers().get("x").await, Err(ApiError::Unreadable { .. })));
    c.customers().delete("x").await.unwrap();
    assert_eq!(c.request(Method::DELETE, "x", None).await, Ok(Value::Null));
}

#[tokio::test]
async fn failure_in_the_body_is_failure() {
    for body in [json!({"status": 0, "data": {}}), json!({"status": false, "message": "no"}), json!({"status": "0"})] {
        let server = Server::always(200, &body).await;
        let c = server.client();
        assert!(matches!(c.customers().delete("x").await, Err(ApiError::Answered { .. })), "{body}");
        assert!(matches!(c.request(Method::GET, "x", None).await, Err(ApiError::Answered { .. })), "{body}");
    }
}

#[tokio::test]
async fn errors_keep_what_partnero_says_without_personal_data() {
    let body = json!({"message": "The mail mia@x.test\nis taken", "errors": {"email": ["mia@x.test is taken"]}});
    let text = body.to_string();
    let server = Server::new(move |_| answer(422, "retry-after: 7\r\n", &text)).await;
    let error = server.client().customers().get("mia@x.test").await.unwrap_err();
    assert_eq!(error.retry_after(), Some(std::time::Duration::from_secs(7)));
    assert_eq!(error.errors().unwrap()["email"], ["[masked] is taken"]);
    assert!(error.to_string().starts_with("Partnero answered 422 Unprocessable Entity: The mail [masked] is taken"));
    assert!(!format!("{error:?} {error}").contains("mia"));
}

#[tokio::test]
async fn the_program_is_read_from_both_shapes() {
    let server =
        Server::always(200, json!({"data": {"user": "m@x.test", "program": {"pub_id": "KHV3KEHI"}}, "status": 1}))
            .await;
    let program = server.client().test().await.unwrap();
    assert_eq!(program.id.as_deref(), Some("KHV3KEHI"));
    assert!(!format!("{program:?}").contains("m@x"), "{program:?}");
    let server = Server::always(200, json!({"data": {"id": "2DJBEWR1", "name": "Friends"}, "status": 1})).await;
    let program = server.client().program().await.unwrap();
    assert_eq!((program.id.as_deref(), program.name.as_deref()), (Some("2DJBEWR1"), Some("Friends")));
}

#[tokio::test]
async fn a_sign_in_link_is_found_and_not_shown() {
    for data in [
        json!("https://p.test/x"),
        json!({"a": 1, "url": "https://p.test/x"}),
        json!({"x": [{"y": "https://p.test/x"}]}),
    ] {
        let server = Server::always(200, json!({"data": data, "status": 1})).await;
        let expires = std::time::Duration::from_secs(30);
        let link = server.client().partners().sign_in_url(PartnerBy::Key("k"), expires).await.unwrap();
        assert_eq!(link.url.as_deref(), Some("https://p.test/x"));
        assert!(!format!("{link:?}").contains("p.test"));
    }
}
