//! Sign-ups alone, where Stripe tells Partnero of the sales: `cargo run --example sign_ups_only`.
//!
//! Two reports of a sale pay two commissions. So the handle refuses to make one, and all that is left to do is to sign
//! customers up and to give Stripe their key: Partnero reads it from the metadata.

use std::error::Error;

use axum::{
    Form, Json, Router,
    extract::{FromRef, State},
    http::StatusCode,
    routing::post,
};
use axum_partnero::{
    ApiClient, Decimal, NewCustomer, NewTransaction, Partnero, ReferralKey, ReferralLayer, TrackError,
    delivery::Outcome, sandbox::Sandbox,
};
use serde_json::{Value, json};
use stage::{Proof, Visitor, delivered, serve};

mod stage;

#[derive(Clone, FromRef)]
struct AppState {
    partnero: Partnero,
    stripe: Stripe,
}

#[derive(serde::Deserialize)]
struct SignUp {
    id: String,
    email: String,
    name: String,
}

/// Each sign-up is told, referred or not.
async fn sign_up(
    State(partnero): State<Partnero>,
    referral: Option<ReferralKey>,
    Form(form): Form<SignUp>,
) -> StatusCode {
    partnero.track_sign_up(NewCustomer::new(form.id).email(form.email).name(form.name).referred_by(referral));
    StatusCode::CREATED
}

#[derive(serde::Deserialize)]
struct Checkout {
    user: String,
}

/// Opens Stripe's checkout, with the key that the customer has at Partnero.
async fn checkout(State(stripe): State<Stripe>, Form(form): Form<Checkout>) -> Json<Value> {
    let session = json!({"mode": "subscription", "metadata": {"customer_key": form.user}});
    stripe.is_paid(&session).await;
    Json(session)
}

/// In the place of Stripe, connected to Partnero in its dashboard: it tells Partnero of each payment by itself.
#[derive(Clone)]
struct Stripe(ApiClient);

impl Stripe {
    async fn is_paid(&self, session: &Value) {
        let customer = session["metadata"]["customer_key"].as_str().unwrap_or_default();
        let sale = NewTransaction::new(format!("in_{customer}"), Decimal::new(4990, 2)).customer(customer);
        if let Err(error) = self.0.transactions().create(&sale).await {
            println!("  Partnero to Stripe: {error}");
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let sandbox = Sandbox::affiliate().partner("anna").spawn().await?;
    let partnero = sandbox.partnero_builder().sign_ups_only().build()?;
    let stripe = Stripe(sandbox.partnero()?.api().clone());
    let app = Router::new()
        .route("/signup", post(sign_up))
        .route("/checkout", post(checkout))
        .layer(ReferralLayer::new())
        .with_state(AppState { partnero: partnero.clone(), stripe });
    let url = serve(app).await?;
    let mut proof = Proof::default();

    println!("Mia comes by anna's link, Tom by himself. Both sign up.");
    let (mia, tom) = (Visitor::with_cookie("partnero_partner=anna"), Visitor::with_cookie(""));
    mia.post(format!("{url}/signup"), &[("id", "mia"), ("email", "mia@shop.example"), ("name", "Mia")]).await?;
    tom.post(format!("{url}/signup"), &[("id", "tom"), ("email", "tom@shop.example"), ("name", "Tom")]).await?;
    delivered(&partnero).await?;
    let ledger = sandbox.ledger();
    let referrer = ledger.customer("mia").and_then(|mia| mia.referrer.clone());
    proof.that("Mia is a customer, referred by anna", referrer.as_deref() == Some("anna"));
    proof.that("Tom is none: nobody is owed anything for him", ledger.customer("tom").is_none());

    println!("Mia pays, and Stripe tells Partnero.");
    mia.post(format!("{url}/checkout"), &[("user", "mia")]).await?;
    proof.that("anna is owed 14.97", sandbox.ledger().owed_to("anna") == Decimal::new(1497, 2));

    println!("Somebody tracks the sale here as well.");
    let second = NewTransaction::new("order-1", Decimal::new(4990, 2)).customer("mia");
    let refused = partnero.track_sale(second).stored().await == Err(TrackError::SignUpsOnly);
    delivered(&partnero).await?;
    proof.that("the handle refuses it", refused);
    proof.that("anna is owed 14.97 still", sandbox.ledger().owed_to("anna") == Decimal::new(1497, 2));

    println!("Mia signs up once more.");
    let again = partnero.track_sign_up(NewCustomer::new("mia").email("mia@shop.example")).delivered().await?;
    proof.that("that is known, and not sent", again == Outcome::Duplicate);
    partnero.shutdown(std::time::Duration::from_secs(10)).await;
    proof.end()
}
