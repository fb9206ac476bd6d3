//! The backend of a mobile app: `cargo run --example mobile_backend`.
//!
//! An app has no cookies. It keeps the key of the link that opened it (see `docs/mobile.md`) and sends it with the
//! sign-up: in the JSON body, as a field or within the whole link, or in a header. It never talks to Partnero itself,
//! for that would put the API key into everybody's pocket.

use std::{error::Error, time::Duration};

use axum::{Json, Router, extract::State, http::StatusCode, routing::post};
use axum_partnero::{Decimal, NewCustomer, NewTransaction, Partnero, ReferralKey, ReferralLayer, sandbox::Sandbox};
use serde_json::{Value, json};
use stage::{Proof, delivered, serve};

mod stage;

#[derive(serde::Deserialize)]
struct SignUp {
    id: String,
    email: String,
    name: String,
    /// The key. Junk in it fails no sign-up.
    #[serde(default, deserialize_with = "ReferralKey::lenient")]
    referral_key: Option<ReferralKey>,
    /// Or the link that the app was opened with.
    opened_with: Option<String>,
}

/// Answers 2xx once the sign-up is stored: only then does the app forget its key.
async fn sign_up(
    State(partnero): State<Partnero>,
    header: Option<ReferralKey>,
    Json(body): Json<SignUp>,
) -> StatusCode {
    // … create the user; one who is there already was created by the same request, whose answer got lost. Then:
    let from_link = || body.opened_with.as_deref().and_then(ReferralKey::from_url);
    let referral = body.referral_key.or_else(from_link).or(header);
    let customer = NewCustomer::new(body.id).email(body.email).name(body.name).referred_by(referral);
    match partnero.track_sign_up(customer).stored().await {
        Ok(()) => StatusCode::CREATED,
        // It is logged and counted, and costs nobody their sign-up.
        Err(_) => StatusCode::ACCEPTED,
    }
}

#[derive(serde::Deserialize)]
struct Purchase {
    /// Whose it is comes from the app's session, in an application that has one.
    user: String,
    order: String,
    total: Decimal,
}

async fn purchase(State(partnero): State<Partnero>, Json(body): Json<Purchase>) -> StatusCode {
    // … have the store's receipt verified, then:
    partnero.track_sale(NewTransaction::new(body.order, body.total).customer(body.user));
    StatusCode::CREATED
}

/// In the place of the app.
struct Phone {
    url: String,
    client: reqwest::Client,
}

impl Phone {
    async fn post(&self, path: &str, header: Option<&str>, body: &Value) -> Result<u16, Box<dyn Error>> {
        let mut request = self.client.post(format!("{}{path}", self.url)).json(body);
        if let Some(key) = header {
            request = request.header("x-referral-key", key);
        }
        Ok(request.send().await?.status().as_u16())
    }
}

fn user(id: &str) -> Value {
    json!({"id": id, "email": format!("{id}@shop.example"), "name": id})
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let sandbox = Sandbox::affiliate().partner("anna").partner("bär & co").spawn().await?;
    let partnero = sandbox.partnero()?;
    let app = Router::new()
        .route("/api/signup", post(sign_up))
        .route("/api/purchase", post(purchase))
        .layer(ReferralLayer::new().header("x-referral-key"))
        .with_state(partnero.clone());
    let phone = Phone { url: serve(app).await?, client: reqwest::Client::builder().no_proxy().build()? };
    let mut proof = Proof::default();

    println!("Six people sign up in the app.");
    let mut with_key = user("by-key");
    with_key["referral_key"] = json!("anna");
    let mut with_link = user("by-link");
    with_link["opened_with"] = json!("https://shop.example/?utm_source=x&ref=b%C3%A4r%20%26%20co");
    let mut with_junk = user("with-junk");
    with_junk["referral_key"] = json!({"$ne": null});
    let mut with_unknown = user("with-unknown");
    with_unknown["referral_key"] = json!("nobody");
    for (body, header) in [
        (&with_key, None),
        (&with_link, None),
        (&user("by-header"), Some("anna")),
        (&user("by-nobody"), None),
        (&with_junk, None),
        (&with_unknown, None),
    ] {
        let status = phone.post("/api/signup", header, body).await?;
        proof.that(&format!("{} is answered 201", body["id"]), status == 201);
    }
    println!("The answer to one of them got lost: the app sends it again, and then has no key any more.");
    phone.post("/api/signup", None, &with_key).await?;
    phone.post("/api/signup", None, &user("by-key")).await?;
    delivered(&partnero).await?;
    let ledger = sandbox.ledger();
    let referrer = |id| ledger.customer(id).and_then(|it| it.referrer.clone());
    proof.that("the key in the body counts", referrer("by-key").as_deref() == Some("anna"));
    proof.that("so does that in the link", referrer("by-link").as_deref() == Some("bär & co"));
    proof.that("and that in the header", referrer("by-header").as_deref() == Some("anna"));
    proof.that("the others are nobody's", ledger.customers().len() == 3);

    println!("Each buys for 10.00.");
    for (number, id) in ["by-key", "by-link", "by-header", "by-nobody", "with-junk", "with-unknown"].iter().enumerate()
    {
        let body = json!({"user": id, "order": format!("order-{number}"), "total": "10.00"});
        phone.post("/api/purchase", None, &body).await?;
    }
    delivered(&partnero).await?;
    let owed = (sandbox.ledger().owed_to("anna"), sandbox.ledger().owed_to("bär & co"));
    proof.that("anna is owed 6.00, bär & co 3.00", owed == (Decimal::new(6, 0), Decimal::new(3, 0)));

    let report = partnero.shutdown(Duration::from_secs(10)).await;
    proof.that("no call was lost, and none is a dead letter", report.lost == 0 && report.dead == 0);
    proof.end()
}
