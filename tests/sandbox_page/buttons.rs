use std::pin::pin;

use axum_partnero::sandbox::Sandbox;
use serde_json::{Value, json};

use crate::{
    client::{Client, sale, shop, start},
    events::Events,
    wait::{DEADLINE, until, within},
};

async fn send(client: &Client, method: &str, path: &str, body: String) -> u16 {
    let origin = format!("http://{}", client.sandbox.local_addr().unwrap());
    let request = client.anonymous(method, &format!("../page/{path}")).header("origin", origin).body(body);
    within(request.send()).await.unwrap().status().as_u16()
}

async fn press(client: &Client, body: Value) -> u16 {
    send(client, "POST", "faults", body.to_string()).await
}

/// What the client of the API gets for a sale: a status, or a cut connection.
async fn sell(client: &Client, key: &str) -> Option<u16> {
    let answer = sale(client, key).timeout(DEADLINE).send().await.ok()?;
    Some(if answer.status().is_success() { 200 } else { answer.status().as_u16() })
}

fn is_stored(client: &Client, key: &str) -> bool {
    !client.sandbox.ledger().live_transactions(key).is_empty()
}

/// In place of an answer that doesn't come.
const NEVER: Option<u16> = Some(0);

/// Each button for requests: what the client gets, whether it is stored, and how the page calls it.
const BUTTONS: &[(&str, Option<u16>, bool, &str)] = &[
    ("cut", None, false, "not stored, connection cut"),
    ("hang", NEVER, false, "not stored, never answered"),
    ("unauthorized", Some(401), false, "not stored, answered 401"),
    ("rejected", Some(422), false, "not stored, answered 422"),
    ("too-many", Some(429), false, "not stored, answered 429, wait 5 s"),
    ("error", Some(500), false, "not stored, answered 500"),
    ("html", Some(502), false, "not stored, answered 502 with a page of HTML"),
    ("redirect", Some(302), false, "not stored, answered 302"),
    ("store-then-cut", None, true, "stored, connection cut"),
    ("store-then-hang", NEVER, true, "stored, never answered"),
    ("store-then-error", Some(500), true, "stored, answered 500"),
    ("store-then-garbage", Some(200), true, "stored, answered 200 with broken JSON"),
    ("slow", Some(200), true, "stored and answered 5 s late"),
    ("cut-then-store", None, true, "connection cut, stored 5 s later"),
];

const OF_WEBHOOKS: [(&str, &str); 2] =
    [("duplicate", "webhook sent twice"), ("late", "webhook sent after the next one")];

#[tokio::test]
async fn each_button_does_what_it_says() {
    let client = shop().await;
    let mut events = Events::open(&client.sandbox).await;
    for (button, answer, _, words) in BUTTONS {
        assert_eq!(
            press(&client, json!({ "fault": button, "on": "POST /transactions", "often": { "next": 1 } })).await,
            204
        );
        let faults = events.until("faults", |list| list["total"] == 1).await;
        assert_eq!(faults["rows"][0]["what"], *words);
        assert_eq!(client.get("test").await.0, 200, "another request");
        let mut selling = pin!(sell(&client, button));
        let met = async {
            events.until("faults", |list| list["total"] == 0).await;
            events.until("requests", |list| list["rows"][0]["fault"] == *words).await
        };
        let requests = if *answer == NEVER {
            tokio::select! {
                requests = met => requests,
                came = &mut selling => panic!("{button}: {came:?}"),
            }
        } else {
            let (came, requests) = tokio::join!(selling, met);
            assert_eq!(came, *answer, "{button}");
            requests
        };
        let row = &requests["rows"][0];
        assert_eq!(row["target"], "/v1/transactions");
        assert!(row["body"].as_str().unwrap().contains(button), "{row}");
        let may_be_answered = row["waiting"] == true || !row["status"].is_null();
        assert_eq!(may_be_answered, !matches!(*answer, None | NEVER), "{row}");
    }
    for (button, _, stored, _) in BUTTONS {
        if *stored {
            until(button, async || is_stored(&client, button)).await;
        } else {
            assert!(!is_stored(&client, button), "{button}");
        }
    }
}

#[tokio::test]
async fn the_page_has_these_buttons_and_no_other() {
    let client = shop().await;
    let page = client.anonymous("GET", "../").send().await.unwrap().text().await.unwrap();
    let buttons: Vec<_> = page.split("data-fault=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    let known = BUTTONS.iter().map(|(button, ..)| *button).chain(OF_WEBHOOKS.map(|(button, _)| button));
    assert_eq!(buttons, known.collect::<Vec<_>>());
    let chosen = page.split("id=\"on\"").nth(1).unwrap().split("</select>").next().unwrap();
    for on in chosen.split("value=\"").skip(1).map(|rest| rest.split('"').next().unwrap()) {
        assert_eq!(press(&client, json!({ "fault": "error", "on": on, "often": "always" })).await, 204, "{on}");
    }
}

#[tokio::test]
async fn a_fault_is_for_so_many_or_a_share_or_until_it_is_stopped() {
    let client = start(Sandbox::affiliate().seed(7)).await;
    press(&client, json!({ "fault": "error", "often": { "next": 2 } })).await;
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(client.get("test").await.0);
    }
    assert_eq!(statuses, [500, 500, 200]);
    press(&client, json!({ "fault": "error", "on": "GET *", "often": { "share": 50 } })).await;
    let mut failed = 0;
    for _ in 0..40 {
        failed += u32::from(client.get("test").await.0 == 500);
    }
    assert!((5..36).contains(&failed), "{failed} of 40");
    send(&client, "DELETE", "faults", String::new()).await;
    press(&client, json!({ "fault": "html", "on": "GET /test", "often": "always" })).await;
    for _ in 0..5 {
        assert_eq!((client.get("test").await.0, client.get("program").await.0), (502, 200));
    }
}

#[tokio::test]
async fn a_fault_is_listed_counted_and_stopped_alone_or_with_all() {
    let client = shop().await;
    let mut events = Events::open(&client.sandbox).await;
    for path in ["/test", "/program", "/customers"] {
        press(&client, json!({ "fault": "error", "on": format!("GET {path}"), "often": "always" })).await;
    }
    press(&client, json!({ "fault": "duplicate", "often": "always" })).await;
    client.get("program").await;
    let faults = events.until("faults", |list| list["total"] == 4 && list["rows"][1]["met"] == 1).await;
    let rows = faults["rows"].as_array().unwrap();
    let shown: Vec<_> =
        rows.iter().map(|row| (row["kind"].as_str().unwrap(), row["path"].as_str(), row["left"].as_u64())).collect();
    let of = |path| ("requests", Some(path), None);
    assert_eq!(shown, [of("/test"), of("/program"), of("/customers"), ("webhooks", Some("*"), None)]);
    let id = rows[1]["id"].as_u64().unwrap();
    for _ in 0..2 {
        assert_eq!(
            send(&client, "DELETE", &format!("faults/requests/{id}"), String::new()).await,
            204,
            "also when it is over"
        );
    }
    assert_eq!((client.get("program").await.0, client.get("test").await.0), (200, 500));
    assert_eq!(send(&client, "DELETE", "faults/webhooks/1", String::new()).await, 204);
    events.until("faults", |list| list["total"] == 2).await;
    for nonsense in [
        "faults/",
        "faults/1",
        "faults/requests/",
        "faults/requests/x",
        "faults/requests/-1",
        "faultsrequests/1",
        "fault",
    ] {
        assert_eq!(send(&client, "DELETE", nonsense, String::new()).await, 404, "{nonsense}");
    }
    assert_eq!(send(&client, "DELETE", "faults", String::new()).await, 204);
    events.until("faults", |list| list["total"] == 0).await;
    assert_eq!(client.get("test").await.0, 200);
}

#[tokio::test]
async fn nonsense_starts_nothing() {
    let client = shop().await;
    let bodies = [
        String::new(),
        "{}".to_owned(),
        "[]".to_owned(),
        "[".repeat(4000),
        "\u{0}".to_owned(),
        r#"{ "fault": "error" }"#.to_owned(),
        r#"{ "often": "always" }"#.to_owned(),
        r#"{ "fault": "explode", "often": "always" }"#.to_owned(),
        r#"{ "fault": "error", "often": "never" }"#.to_owned(),
        r#"{ "fault": "error", "often": { "next": 0 } }"#.to_owned(),
        r#"{ "fault": "error", "often": { "next": -1 } }"#.to_owned(),
        r#"{ "fault": "error", "often": { "next": 1e99 } }"#.to_owned(),
        r#"{ "fault": "error", "often": { "next": null } }"#.to_owned(),
        r#"{ "fault": "error", "often": { "share": 0 } }"#.to_owned(),
        r#"{ "fault": "error", "often": { "share": 101 } }"#.to_owned(),
        r#"{ "fault": "error", "often": { "share": 300 } }"#.to_owned(),
        r#"{ "fault": "error", "often": "always", "on": "GET/test" }"#.to_owned(),
        r#"{ "fault": "error", "often": "always", "more": 1 }"#.to_owned(),
        json!({ "fault": "error", "often": "always", "on": format!("GET /{}", "x".repeat(200)) }).to_string(),
    ];
    for body in bodies {
        assert_eq!(send(&client, "POST", "faults", body.clone()).await, 400, "{body}");
    }
    let large = format!(r#"{{ "fault": "error", "often": "always"{} }}"#, " ".repeat(5000));
    assert_eq!(send(&client, "POST", "faults", large).await, 413);
    for (method, path) in [("POST", "events"), ("PUT", "faults"), ("POST", "faults/requests/1"), ("PATCH", "style.css")]
    {
        assert_eq!(send(&client, method, path, "{}".to_owned()).await, 404, "{method} {path}");
    }
    assert_eq!(client.get("test").await.0, 200, "no fault has begun");
    let mut events = Events::open(&client.sandbox).await;
    assert_eq!(events.until("faults", |_| true).await["total"], 0);
}

#[tokio::test]
async fn no_more_than_fifty_are_in_force() {
    let client = shop().await;
    for _ in 0..50 {
        assert_eq!(press(&client, json!({ "fault": "error", "on": "GET /x", "often": "always" })).await, 204);
    }
    assert_eq!(press(&client, json!({ "fault": "error", "often": "always" })).await, 409);
    assert_eq!(press(&client, json!({ "fault": "late", "often": "always" })).await, 409);
    assert_eq!(send(&client, "DELETE", "faults/requests/1", String::new()).await, 204);
    assert_eq!(press(&client, json!({ "fault": "late", "often": "always" })).await, 204);
}

#[tokio::test]
async fn webhooks_and_what_came_of_them_are_shown_and_can_be_sent_twice() {
    let client = shop().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook?secret=1", listener.local_addr().unwrap());
    tokio::spawn(axum::serve(listener, axum::Router::new().fallback(async || "thanks")).into_future());
    client.create("webhooks", json!({ "name": "my shop", "url": url, "events": ["transaction.created"] })).await;
    let mut events = Events::open(&client.sandbox).await;
    let webhooks = events.until("webhooks", |list| list["total"] == 1).await;
    assert!(!webhooks.to_string().contains("signature"), "its secret stays here");
    assert_eq!(press(&client, json!({ "fault": "duplicate", "often": { "next": 1 } })).await, 204);
    events.until("faults", |list| list["total"] == 1).await;
    sell(&client, "order-1").await;
    events.until("faults", |list| list["total"] == 0).await;
    let sent = events.until("deliveries", |list| list["total"] == 2 && list["rows"][0]["state"] == "delivered").await;
    let row = &sent["rows"][1];
    assert_eq!([&row["event"], &row["webhook"], &row["answer"]], ["transaction.created", "my shop", "200"]);
}
