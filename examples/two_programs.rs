//! An affiliate and a refer-a-friend program on one site: `cargo run --example two_programs`.
//!
//! Each has its API key, so each has a handle. They share an outbox: the name of a handle tells whose calls are whose.
//! Handlers tell both of everything, and each takes the key of its own kind.

use std::{error::Error, time::Duration};

use axum::{Form, Router, extract::State, http::StatusCode, routing::post};
use axum_partnero::{
    Decimal, NewCustomer, NewTransaction, Partnero, ProgramType, ReferralKeys, ReferralLayer, SqliteOutbox,
    sandbox::Sandbox,
};
use stage::{Proof, Visitor, delivered, serve};

mod stage;

#[derive(Clone)]
struct Programs {
    affiliate: Partnero,
    friends: Partnero,
}

impl Programs {
    fn both(&self) -> [&Partnero; 2] {
        [&self.affiliate, &self.friends]
    }
}

#[derive(serde::Deserialize)]
struct SignUp {
    id: String,
    email: String,
}

async fn sign_up(State(programs): State<Programs>, visitor: ReferralKeys, Form(form): Form<SignUp>) -> StatusCode {
    let customer = NewCustomer::new(form.id).email(form.email).referred_by(visitor);
    for program in programs.both() {
        program.track_sign_up(customer.clone());
    }
    StatusCode::CREATED
}

#[derive(serde::Deserialize)]
struct Order {
    number: String,
    user: String,
    total: Decimal,
}

async fn buy(State(programs): State<Programs>, Form(order): Form<Order>) -> StatusCode {
    let sale = NewTransaction::new(order.number, order.total).customer(order.user);
    for program in programs.both() {
        program.track_sale(sale.clone());
    }
    StatusCode::CREATED
}

#[derive(serde::Deserialize)]
struct Refund {
    number: String,
}

async fn refund(State(programs): State<Programs>, Form(refund): Form<Refund>) -> StatusCode {
    for program in programs.both() {
        program.track_refund(&refund.number);
    }
    StatusCode::OK
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let affiliate = Sandbox::affiliate().partner("anna").spawn().await?;
    let friends = Sandbox::refer_a_friend().customer("tom").spawn().await?;
    let folder = tempfile::tempdir()?;
    let outbox = SqliteOutbox::open(folder.path().join("partnero.db")).await?;
    let programs = Programs {
        affiliate: affiliate.partnero_builder().name("affiliate").outbox(outbox.clone()).build()?,
        // Everybody may refer friends, so everybody is signed up there.
        friends: friends
            .partnero_builder()
            .name("friends")
            .program_type(ProgramType::ReferAFriend)
            .outbox(outbox)
            .build()?,
    };
    let app = Router::new()
        .route("/signup", post(sign_up))
        .route("/orders", post(buy))
        .route("/refunds", post(refund))
        .layer(ReferralLayer::new())
        .with_state(programs.clone());
    let url = serve(app).await?;
    let mut proof = Proof::default();

    println!("Mia comes by anna's link, Lea by Tom's, Max by both, Eva by none. Each signs up and buys for 10.00.");
    for (name, order, cookie) in [
        ("mia", "1", "partnero_partner=anna"),
        ("lea", "2", "partnero_referral=tom"),
        ("max", "3", "partnero_partner=anna; partnero_referral=tom"),
        ("eva", "4", ""),
    ] {
        let visitor = Visitor::with_cookie(cookie);
        let email = format!("{name}@shop.example");
        visitor.post(format!("{url}/signup"), &[("id", name), ("email", &email)]).await?;
        visitor.post(format!("{url}/orders"), &[("number", order), ("user", name), ("total", "10.00")]).await?;
    }
    for program in programs.both() {
        delivered(program).await?;
    }
    let (partners, referrers) = (affiliate.ledger(), friends.ledger());
    let known = |name| (partners.customer(name).is_some(), referrers.customer(name).is_some());
    proof.that("the affiliate program knows whom a partner sent", known("mia").0 && known("max").0);
    proof.that("and nobody else", !known("lea").0 && !known("eva").0);
    proof.that("the other one knows them all", ["mia", "lea", "max", "eva"].iter().all(|name| known(name).1));
    proof.that("anna is owed for Mia and Max: 6.00", partners.owed_to("anna") == Decimal::new(6, 0));
    proof.that("Tom is owed for Lea and Max: 6.00", referrers.owed_to("tom") == Decimal::new(6, 0));

    println!("Max returns what he bought.");
    Visitor::with_cookie("").post(format!("{url}/refunds"), &[("number", "3")]).await?;
    for program in programs.both() {
        delivered(program).await?;
    }
    let owed = (affiliate.ledger().owed_to("anna"), friends.ledger().owed_to("tom"));
    proof.that("both are owed 3.00", owed == (Decimal::new(3, 0), Decimal::new(3, 0)));

    for program in programs.both() {
        let report = program.shutdown(Duration::from_secs(10)).await;
        proof.that("nothing is left, nothing is a dead letter", (report.left, report.dead) == (Some(0), 0));
    }
    proof.end()
}
