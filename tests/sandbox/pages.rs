use crate::client::{keys, start};

use axum_partnero::sandbox::Sandbox;
use serde_json::{Value, json};

fn forty() -> axum_partnero::sandbox::SandboxBuilder {
    (0..40).fold(Sandbox::affiliate(), |builder, number| builder.referred_customer(format!("c{number:02}"), "anna"))
}

#[tokio::test]
async fn a_list_has_fifteen_rows_and_no_total() {
    let client = start(forty()).await;
    let (status, body) = client.get("customers").await;
    let url = format!("{}customers", client.sandbox.url());
    assert_eq!((status, keys(&body).len()), (200, 15));
    assert_eq!(
        body["links"],
        json!({ "first": format!("{url}?page=1"), "last": null, "prev": null, "next": format!("{url}?page=2") })
    );
    assert_eq!(body["meta"], json!({ "current_page": 1, "from": 1, "path": url, "per_page": 15, "to": 15 }));
    assert_eq!(body["status"], 1);
    let body = client.get("customers?page=3").await.1;
    assert_eq!((keys(&body).len(), &body["links"]["next"]), (10, &Value::Null));
    assert_eq!((&body["meta"]["from"], &body["meta"]["to"]), (&json!(31), &json!(40)));
    let body = client.get("customers?page=4").await.1;
    assert_eq!((keys(&body).len(), &body["meta"]["from"], &body["links"]["next"]), (0, &Value::Null, &Value::Null));
}

#[tokio::test]
async fn following_next_visits_every_row_once() {
    let client = start(forty()).await;
    let mut path = "customers?limit=7&sort=desc&partner.key=anna".to_owned();
    let mut seen = Vec::new();
    loop {
        let body = client.get(&path).await.1;
        seen.extend(keys(&body).into_iter().map(str::to_owned));
        let Some(next) = body["links"]["next"].as_str() else {
            break;
        };
        path = next.strip_prefix(&client.sandbox.url()).unwrap().to_owned();
    }
    assert_eq!((seen.len(), seen[0].as_str(), seen[39].as_str()), (40, "c39", "c00"));
    client.sandbox.switch(|switches| switches.next_keeps_query = false);
    let body = client.get("customers?limit=7").await.1;
    assert!(body["links"]["next"].as_str().unwrap().ends_with("customers?page=2"));
}

#[tokio::test]
async fn limits_and_pages_out_of_range_are_422() {
    let client = start(forty()).await;
    for query in [
        "limit=0",
        "limit=251",
        "limit=-1",
        "limit=x",
        "limit=1e2",
        "page=0",
        "page=-1",
        "page=x",
        "page=99999999999999999999",
        "sort=up",
    ] {
        assert_eq!(client.get(&format!("customers?{query}")).await.0, 422, "{query}");
    }
    assert_eq!(client.get("customers?page=18446744073709551615&limit=250").await.0, 200);
    assert_eq!(keys(&client.get("customers?limit=250").await.1).len(), 40);
    client.sandbox.switch(|switches| switches.page_limit = 20..=100);
    assert_eq!(client.get("customers?limit=19").await.0, 422);
    assert_eq!(keys(&client.get("customers").await.1).len(), 20, "the default is within the limits");
}
