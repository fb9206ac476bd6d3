use axum_partnero::sandbox::Sandbox;
use serde_json::{Value, json};
use tokio::{io::AsyncWriteExt, net::TcpStream};

use crate::{
    client::{Client, affiliate, friends, sale, shop, start},
    events::{Events, ask},
    wait::{until, within},
};

async fn sell(client: &Client, key: &str) {
    assert!(sale(client, key).send().await.unwrap().status().is_success());
}

fn keys(list: &Value) -> Vec<&str> {
    list["rows"].as_array().unwrap().iter().map(|row| row["key"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_page_is_told_at_once_of_all_that_is_there() {
    let client = shop().await;
    let mut events = Events::open(&client.sandbox).await;
    let mut parts = Vec::new();
    for _ in 0..9 {
        parts.push(events.next().await.unwrap());
    }
    let names: Vec<_> = parts.iter().map(|(name, _)| name.as_str()).collect();
    let all = [
        "program",
        "faults",
        "requests",
        "deliveries",
        "partners",
        "customers",
        "transactions",
        "commissions",
        "webhooks",
    ];
    assert_eq!(names, all);
    let data =
        |part| -> Value { serde_json::from_str(&parts.iter().find(|(name, _)| name == part).unwrap().1).unwrap() };
    assert_eq!(data("program")["refer_a_friend"], false);
    let anna = &data("partners")["rows"][0];
    assert_eq!(
        (&anna["key"], &anna["link"], &anna["referred"]),
        (&json!("anna"), &json!("https://shop.example?aff=anna"), &json!(1))
    );
    assert_eq!(data("customers")["rows"][0]["referrer"], "anna");
}

#[tokio::test]
async fn what_happens_is_told_while_it_happens() {
    let client = shop().await;
    let mut events = Events::open(&client.sandbox).await;
    events.until("transactions", |list| list["total"] == 0).await;
    sell(&client, "order-1").await;
    let sales = events.until("transactions", |list| list["total"] == 1).await;
    let row = &sales["rows"][0];
    assert_eq!(
        [&row["key"], &row["amount"], &row["reward"], &row["to"], &row["state"]],
        ["order-1", "10", "3", "anna", "live"]
    );
    let owed = events.until("commissions", |list| list["total"] == 1).await;
    assert_eq!([&owed["rows"][0]["owed"], &owed["rows"][0]["currency"]], ["3", "USD"]);
    client.delete("transactions/order-1").await;
    let requests = events.until("requests", |list| list["rows"][0]["method"] == "DELETE").await;
    assert_eq!(
        [&requests["rows"][0]["target"], &requests["rows"][1]["target"]],
        ["/v1/transactions/order-1", "/v1/transactions"]
    );
    let owed = events.until("commissions", |list| list["rows"][0]["owed"] == "0").await;
    assert_eq!(owed["rows"][0]["lost"], "3");
}

#[tokio::test]
async fn what_a_test_does_by_its_handle_is_told_too() {
    let client = friends().await;
    let mut events = Events::open(&client.sandbox).await;
    let program = events.until("program", |_| true).await;
    assert_eq!(program["refer_a_friend"], true);
    let ben = events.until("customers", |_| true).await["rows"][0].clone();
    assert_eq!([&ben["key"], &ben["link"]], ["ben", "https://shop.example?ref=ben"]);
    client.sandbox.fault(axum_partnero::sandbox::Fault::Hang).on("GET", "/x").mentioning("y").probability(0.125);
    let row = events.until("faults", |list| list["total"] == 1).await["rows"][0].clone();
    assert_eq!(
        [&row["what"], &row["method"], &row["path"], &row["mentioning"]],
        ["not stored, never answered", "GET", "/x", "y"]
    );
    assert_eq!(row["share"], 12.5);
    client.sandbox.clear_faults();
    events.until("faults", |list| list["total"] == 0).await;
    client.sandbox.clear_requests();
}

#[tokio::test]
async fn only_what_has_changed_is_told_again() {
    let client = affiliate().await;
    let mut events = Events::open(&client.sandbox).await;
    events.until("webhooks", |_| true).await;
    client.get("test").await;
    client.get("customers").await;
    client.create("customers", json!({ "key": "mia", "partner": { "key": "anna" } })).await;
    let mut told = Vec::new();
    loop {
        let (name, _) = events.next().await.unwrap();
        if name == "customers" {
            break;
        }
        told.push(name);
    }
    told.retain(|name| name != "alive");
    assert!(told.iter().all(|name| name == "requests" || name == "partners"), "{told:?}");
}

#[tokio::test]
async fn nothing_that_a_customer_is_called_breaks_out_of_its_event() {
    let client = affiliate().await;
    let name = "</script>\n\nevent: faults\r\ndata: {\"total\":1}\n\n\u{2028}\u{202e}";
    client.create("customers", json!({ "key": "mia", "name": name, "partner": { "key": "anna" } })).await;
    let mut events = Events::open(&client.sandbox).await;
    let faults = events.until("faults", |_| true).await;
    assert_eq!(faults["total"], 0);
    let customers = events.until("customers", |_| true).await;
    assert_eq!(customers["rows"][0]["name"], name);
    events.until("webhooks", |_| true).await;
    client.get("test").await;
    let (name, _) = events.next().await.unwrap();
    assert_eq!(name, "requests");
}

#[tokio::test]
async fn lists_are_cut_newest_first_and_so_are_texts() {
    let mut builder = Sandbox::affiliate().partner("p".repeat(5000));
    for number in 0..250 {
        builder = builder.customer(format!("user-{number}"));
    }
    let client = start(builder).await;
    let body = json!({ "key": "x".repeat(900_000) });
    assert_ne!(client.post("customers", body).await.0, 200);
    let (status, _) = client.get(&format!("customers/{}", "ä".repeat(500))).await;
    assert_eq!(status, 404);
    let mut events = Events::open(&client.sandbox).await;
    let requests = events.until("requests", |list| list["total"] == 2).await;
    let (asked, posted) = (&requests["rows"][0], &requests["rows"][1]);
    assert!(asked["target"].as_str().unwrap().chars().count() <= 201);
    assert_eq!(posted["body"].as_str().unwrap().chars().count(), 1001);
    assert!(posted["bytes"].as_u64().unwrap() > 900_000);
    let partners = events.until("partners", |_| true).await;
    assert_eq!(partners["rows"][0]["key"].as_str().unwrap().chars().count(), 201);
    let customers = events.until("customers", |_| true).await;
    assert_eq!(customers["total"], 250);
    let keys = keys(&customers);
    assert_eq!((keys.len(), keys[0], keys[99]), (100, "user-249", "user-150"));
}

#[tokio::test]
async fn so_many_pages_may_be_open_and_a_closed_one_makes_room() {
    let client = affiliate().await;
    let mut pages = Vec::new();
    for _ in 0..16 {
        pages.push(Events::open(&client.sandbox).await);
    }
    let refused = ask(&client.sandbox).await;
    assert_eq!(refused.status(), 503);
    assert!(refused.text().await.unwrap().contains("close one"));
    pages.pop();
    until("there is room", async || ask(&client.sandbox).await.status() == 200).await;
}

#[tokio::test]
async fn a_page_ends_with_the_sandbox_and_can_come_back_after_an_outage() {
    let client = affiliate().await;
    let mut events = Events::open(&client.sandbox).await;
    events.until("webhooks", |_| true).await;
    client.sandbox.stop_listening().await;
    assert_eq!(within(events.next()).await, None);
    client.sandbox.add_partner("tom");
    client.sandbox.resume_listening().await.unwrap();
    let mut events = Events::open(&client.sandbox).await;
    let partners = events.until("partners", |_| true).await;
    assert_eq!(keys(&partners), ["tom", "anna"]);
    within(client.sandbox.shutdown()).await;
    while let Some((name, _)) = events.next().await {
        assert_ne!(name, "partners");
    }
}

#[tokio::test]
async fn an_open_page_keeps_no_sandbox_alive() {
    let sandbox = Sandbox::affiliate().spawn().await.unwrap();
    let mut events = Events::open(&sandbox).await;
    events.until("webhooks", |_| true).await;
    drop(sandbox);
    let end = async { while events.next().await.is_some() {} };
    within(end).await;
}

#[tokio::test]
async fn a_page_that_never_reads_holds_nobody_up() {
    let client = shop().await;
    let address = client.sandbox.local_addr().unwrap();
    let mut page = TcpStream::connect(address).await.unwrap();
    page.write_all(format!("GET /page/events HTTP/1.1\r\nHost: {address}\r\n\r\n").as_bytes()).await.unwrap();
    let mut reader = Events::open(&client.sandbox).await;
    for number in 0..150 {
        // Each time it would be sent up to 100 kB more.
        client
            .post(
                "customers",
                json!({ "key": format!("c{number}"), "no": "x".repeat(2000), "partner": { "key": "anna" } }),
            )
            .await;
    }
    reader.until("customers", |list| list["total"] == 151).await;
    within(client.sandbox.shutdown()).await;
    drop(page);
}

#[tokio::test]
async fn when_nothing_happens_it_is_said_that_it_is_there() {
    let client = affiliate().await;
    let mut events = Events::open(&client.sandbox).await;
    events.until("webhooks", |_| true).await;
    assert_eq!(within(events.next()).await.unwrap().0, "alive");
}
