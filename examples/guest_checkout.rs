//! A shop without accounts: `cargo run --example guest_checkout`.
//!
//! The e-mail address is the customer's key: it is all that a guest has in common with the same guest a month later. The
//! handler tells of the guest and of the sale at once, and needn't know whether it is the first.

use std::{error::Error, time::Duration};

use axum::{Form, Router, extract::State, http::StatusCode, routing::post};
use axum_partnero::{Decimal, NewCustomer, NewTransaction, Partnero, ReferralKey, ReferralLayer, sandbox::Sandbox};
use stage::{Proof, Visitor, delivered, serve};

mod stage;

#[derive(serde::Deserialize)]
struct Order {
    number: String,
    email: String,
    total: Decimal,
}

async fn buy(State(partnero): State<Partnero>, referral: Option<ReferralKey>, Form(order): Form<Order>) -> StatusCode {
    // … take the payment, store the order, then:
    let guest = order.email.trim().to_lowercase();
    // Sent once for each guest. One whom nobody referred isn't kept by Partnero, and is sent again when they come back.
    partnero.track_sign_up(NewCustomer::new(&guest).email(&guest).referred_by(referral));
    // Waits for the guest's sign-up, in the background.
    partnero.track_sale(NewTransaction::new(order.number, order.total).customer(guest));
    StatusCode::CREATED
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let sandbox = Sandbox::affiliate().partner("anna").partner("ben").spawn().await?;
    let partnero = sandbox.partnero()?;
    let app = Router::new().route("/orders", post(buy)).layer(ReferralLayer::new()).with_state(partnero.clone());
    let url = serve(app).await? + "/orders";
    let mut proof = Proof::default();
    let by_anna = Visitor::with_cookie("partnero_partner=anna");
    let by_ben = Visitor::with_cookie("partnero_partner=ben");
    let by_nobody = Visitor::with_cookie("");
    let buys = async |visitor: &Visitor, number: &str, email: &str, total: &str| -> Result<(), Box<dyn Error>> {
        visitor.post(url.clone(), &[("number", number), ("email", email), ("total", total)]).await?;
        delivered(&partnero).await
    };
    let owed = |partner: &str| sandbox.ledger().owed_to(partner);

    println!("Mia comes by anna's link and buys for 89.00.");
    buys(&by_anna, "1", "mia@shop.example", "89.00").await?;
    proof.that("anna is owed 26.70", owed("anna") == Decimal::new(2670, 2));

    println!("She comes back on another device, writes herself in capitals, and buys for 10.00.");
    buys(&by_nobody, "2", " Mia@Shop.example", "10.00").await?;
    proof.that("anna is owed 3.00 more", owed("anna") == Decimal::new(2970, 2));

    println!("She comes back by ben's link, and buys for 10.00.");
    buys(&by_ben, "3", "mia@shop.example", "10.00").await?;
    proof.that("she is still anna's", owed("anna") == Decimal::new(3270, 2) && owed("ben").is_zero());

    println!("Tom comes by himself, and buys for 50.00. A week later he comes by ben's link, and buys for 50.00.");
    buys(&by_nobody, "4", "tom@shop.example", "50.00").await?;
    proof.that("nobody is owed anything for the first", owed("ben").is_zero());
    buys(&by_ben, "5", "tom@shop.example", "50.00").await?;
    proof.that("ben is owed 15.00 for the second", owed("ben") == Decimal::new(1500, 2));

    println!("Tom's browser sends the last form twice.");
    buys(&by_ben, "5", "tom@shop.example", "50.00").await?;
    proof.that("that is one order", owed("ben") == Decimal::new(1500, 2));

    let report = partnero.shutdown(Duration::from_secs(10)).await;
    proof.that("no call was lost, and none is a dead letter", report.lost == 0 && report.dead == 0);
    proof.end()
}
