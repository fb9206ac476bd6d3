use crate::client::{affiliate, answer, shop};

use axum_partnero::sandbox::{ErrorBody, Sandbox};
use serde_json::{Value, json};

#[tokio::test]
async fn the_credential_check_names_the_program() {
    let client = crate::client::start(Sandbox::affiliate().program_id("KHV3KEHI")).await;
    let (status, body) = client.get("test").await;
    assert_eq!((status, &body["status"], &body["data"]["program"]["pub_id"]), (200, &json!(1), &json!("KHV3KEHI")));
    let (status, body) = client.get("program").await;
    assert_eq!((status, &body["data"]["id"]), (200, &json!("KHV3KEHI")));
    let (status, body) = client.get("program/overview").await;
    assert_eq!((status, &body["data"]["overview_program_current_settings"]["currency"]), (200, &json!("USD")));
    assert_eq!(client.put("settings", json!({ "settings": {} })).await, (200, json!({ "status": 1 })));
    assert_eq!(client.put("settings", json!({})).await.0, 422);
    assert_eq!(client.sandbox.program_id(), "KHV3KEHI");
}

#[tokio::test]
async fn only_the_right_bearer_key_is_let_in() {
    let client = affiliate().await;
    let key = client.sandbox.api_key();
    let with = |value: &str| client.anonymous("GET", "test").header("authorization", value);
    assert_eq!(
        answer(client.anonymous("GET", "test")).await,
        (401, json!({ "message": "Unauthenticated.", "status": 0 }))
    );
    for wrong in ["", "Bearer", "Bearer ", "Bearer wrong", &key, &format!("Basic {key}"), &format!("Bearer {key}x")] {
        assert_eq!(answer(with(wrong)).await.0, 401, "{wrong}");
    }
    assert_eq!(answer(with(&format!("bearer {key}"))).await.0, 200);
    let authorized: Vec<bool> = client.sandbox.requests().iter().map(|request| request.authorized).collect();
    assert_eq!(authorized, [false, false, false, false, false, false, false, false, true]);
    assert!(client.sandbox.requests().iter().all(|request| !request.headers.contains_key("authorization")));
}

#[tokio::test]
async fn a_key_can_be_wrong_at_first_and_mended_later() {
    let client = affiliate().await;
    let first = client.sandbox.api_key();
    client.sandbox.set_api_key("another");
    assert_eq!(answer(client.anonymous("GET", "test").bearer_auth(&first)).await.0, 401);
    client.sandbox.set_api_key(&first);
    assert_eq!(answer(client.anonymous("GET", "test").bearer_auth(&first)).await.0, 200);
}

#[tokio::test]
async fn unknown_paths_are_404_and_known_ones_with_another_method_405() {
    let client = affiliate().await;
    for path in [
        "",
        "nothing",
        "customers/a/b",
        "customers//x",
        "transactions/a/nothing",
        "customers/x/stats",
        "customers:invite",
    ] {
        assert_eq!(client.get(path).await.0, 404, "{path}");
    }
    assert_eq!(client.get("customers/%ff").await.0, 404);
    assert_eq!(client.get("../v2/customers").await.0, 404);
    for (method, path) in [
        ("DELETE", "test"),
        ("POST", "program"),
        ("PUT", "transactions/x"),
        ("PATCH", "customers"),
        ("GET", "transactions/x/archive"),
        ("DELETE", "partners/x"),
        ("POST", "partner"),
        ("PATCH", "webhooks/x"),
        ("POST", "customers:search"),
    ] {
        assert_eq!(answer(client.request(method, path)).await.0, 405, "{method} {path}");
    }
    // A slash at the end makes no difference, and neither does an encoded colon.
    assert_eq!(client.get("customers/").await.0, 200);
    assert_eq!(client.get("customers%3Asearch?email=a@b.test").await.0, 200);
}

#[tokio::test]
async fn a_body_must_be_a_json_object_and_say_so() {
    let client = affiliate().await;
    let post = |kind: &str, body: &str| {
        answer(client.request("POST", "customers").header("content-type", kind).body(body.to_owned()))
    };
    for body in ["{", "[]", "null", "\"text\"", "{\"key\": NaN}", "{} {}", "\u{feff}{}", "{'key': 1}"] {
        assert_eq!(post("application/json", body).await.0, 400, "{body}");
    }
    let deep = format!("{{\"key\": {}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(matches!(post("application/json", &deep).await.0, 400 | 422));
    assert_eq!(post("text/plain", "{}").await.0, 400);
    assert_eq!(post("application/json; charset=utf-8", "{}").await.0, 422);
    assert_eq!(answer(client.request("POST", "customers")).await.0, 422, "no body has no fields");
    assert!(client.sandbox.ledger().customers().is_empty());
}

#[tokio::test]
async fn a_body_of_more_than_a_mebibyte_is_413() {
    let client = affiliate().await;
    let (status, body) = client.post("customers", json!({ "key": "x".repeat(1024 * 1024) })).await;
    assert_eq!((status, &body["status"]), (413, &json!(0)));
    assert_eq!(client.sandbox.requests()[0].status, Some(413));
}

#[tokio::test]
async fn the_body_of_an_error_is_a_switch() {
    let client = affiliate().await;
    client.sandbox.switch(|switches| switches.error_body = ErrorBody::WithoutStatus);
    assert_eq!(client.get("customers/x").await, (404, json!({ "message": "Customer not found." })));
    client.sandbox.switch(|switches| switches.error_body = ErrorBody::Text);
    let response = client.request("GET", "customers/x").send().await.unwrap();
    assert_eq!(response.status(), 404);
    assert_eq!(response.text().await.unwrap(), "Customer not found.");
}

#[tokio::test]
async fn requests_are_recorded_in_order_with_what_became_of_them() {
    let client = shop().await;
    client.post("transactions?x=1", json!({ "customer": { "key": "mia" }, "amount": 1 })).await;
    client.get("transactions/none").await;
    let requests = client.sandbox.requests();
    let first = &requests[0];
    assert_eq!(
        (first.method.as_str(), first.path.as_str(), first.query.as_deref()),
        ("POST", "/v1/transactions", Some("x=1"))
    );
    assert_eq!(first.json().unwrap()["amount"], 1);
    assert_eq!(first.headers["content-type"], "application/json");
    assert_eq!((first.status, first.processed, first.fault.is_none()), (Some(200), Some(200), true));
    assert_eq!((requests[1].status, requests[1].body.is_empty()), (Some(404), true));
    assert_eq!(requests[1].json(), None::<Value>);
    client.sandbox.clear_requests();
    assert!(client.sandbox.requests().is_empty());
}

#[tokio::test]
async fn only_so_many_requests_are_kept() {
    let client = crate::client::start(Sandbox::affiliate().keep_requests(2)).await;
    for path in ["test", "program", "customers"] {
        client.get(path).await;
    }
    let requests = client.sandbox.requests();
    assert_eq!(
        requests.iter().map(|request| request.path.as_str()).collect::<Vec<_>>(),
        ["/v1/program", "/v1/customers"]
    );
    assert!(requests.iter().all(|request| request.status == Some(200)));
}
