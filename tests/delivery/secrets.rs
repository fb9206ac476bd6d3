//! Nothing secret and nobody's name is in any log, any `Debug` or any error.

use std::fmt::Debug;

use axum_partnero::{
    Amount, Clock, MemoryOutbox, NewCustomer, NewTransaction, Partnero, ReferralKey, ReferralKeys,
    delivery::{BuildError, DeliveryError, HoldReason, Outcome},
    sandbox::{Answer, Fault},
};

use crate::{
    chaos::rain_on,
    support::{DEADLINE, Log, World, dollars, referred, secs, shop, within},
};

/// Parts of every e-mail address and name here. No key of the API's, generated in base 36, is as long.
const PERSONAL: [&str; 6] = ["mia@", "Mia", "Kochanski", "mail.test", "mail%2Etest", "%40"];

fn is_clean(text: &str, api_key: &str) {
    for secret in PERSONAL.into_iter().chain([api_key, "Bearer sandbox"]) {
        if let Some(line) = text.lines().find(|line| line.contains(secret)) {
            panic!("{secret} is in: {line}");
        }
    }
}

#[tokio::test]
async fn a_bad_day_s_log_at_every_level_names_nobody() {
    let (log, _guard) = Log::start();
    let world = rain_on(25, 3, |i| format!("mia{i}@mail.test")).await;
    world.sandbox.clear_faults();
    // What Partnero says may name people as well.
    let says = serde_json::json!({"message": "mia@mail.test is taken", "errors": {"email": ["mia@mail.test"]}});
    world.sandbox.fault(Answer::json(400, &says)).on("POST", "/transactions");
    let key = "mia@mail.test";
    world.partnero.track_sign_up(referred(key).email(key).name("Mia"));
    world.partnero.track_sale(NewTransaction::new(key, dollars(5)).customer(key).customer_email(key));
    world.partnero.track_sale(NewTransaction::new("", dollars(5)).customer(key));
    world.partnero.track_refund("mia0@mail.test");
    world.flush().await;
    for letter in world.letters().await {
        is_clean(&format!("{letter} {letter:?} {letter:#?}"), &world.sandbox.api_key());
    }
    assert!(world.partnero.check().await.is_ok() || !world.requests().is_empty());
    within(world.partnero.shutdown(DEADLINE)).await;
    let text = log.text();
    for expected in
        ["partnero.request", "delivered", "a dead letter", "a call isn't taken", "shut down", "customer=\"#"]
    {
        assert!(text.contains(expected), "the log isn't what it should be: no {expected}");
    }
    is_clean(&text, &world.sandbox.api_key());
}

#[tokio::test]
async fn the_debug_of_every_public_type_names_nobody() {
    let world = World::open(shop()).await;
    let key = "mia@mail.test";
    let api_key = world.sandbox.api_key();
    let mut shown: Vec<String> = Vec::new();
    let mut show = |value: &dyn Debug| shown.push(format!("{value:?} {value:#?}"));

    let builder = world.sandbox.partnero_builder().name("a handle").outbox(MemoryOutbox::new());
    show(&builder);
    show(&Partnero::builder(api_key.clone()));
    show(&world.partnero);
    show(&world.partnero.api());
    show(&world.partnero.dead_letters());
    show(&MemoryOutbox::new());
    show(&Clock::manual());
    show(&Partnero::disabled());
    let customer = referred(key).email(key).name("Mia").surname("Kochanski").partner_email(key);
    show(&customer);
    let sale = NewTransaction::new(key, dollars(5)).customer(key).customer_email(key);
    show(&sale);
    show(&sale.clone().create_customer(customer.clone()));
    show(&ReferralKey::new(key).unwrap());
    show(&ReferralKeys::from(ReferralKey::new(key).unwrap()));
    show(&Amount::from_minor(500, "usd").unwrap());
    let call = world.partnero.track_sign_up(customer);
    show(&call);
    let recorded = within(call.delivered()).await.unwrap();
    assert!(matches!(recorded, Outcome::Recorded(_)));
    show(&recorded);
    let call = world.partnero.track_sale(sale.clone());
    show(&call);
    let recorded = within(call.delivered()).await.unwrap();
    assert!(matches!(recorded, Outcome::Recorded(_)));
    show(&recorded);

    world.sandbox.fault(Answer::json(400, &serde_json::json!({"message": "no mia@mail.test"}))).times(1);
    let other = NewTransaction::new("o2", dollars(5)).customer(key);
    let died = within(world.partnero.track_sale(other).delivered()).await.unwrap_err();
    assert!(matches!(died, DeliveryError::Dead { .. }));
    show(&died);
    show(&died.to_string());
    show(&world.letters().await);
    show(&world.partnero.track_refund("a\n@mail.test").delivered().await.unwrap_err().to_string());
    show(&world.partnero.status().await.unwrap());
    show(&HoldReason::NotAllowed);
    world.sandbox.fault(Fault::Refuse);
    show(&world.partnero.check().await.unwrap_err());
    show(&world.partnero.check().await.unwrap_err().to_string());
    show(&world.partnero.api().customers().create(&NewCustomer::new(key).email(key)).await.unwrap_err());
    show(&world.partnero.api().customers().get(key).await.unwrap_err().to_string());
    world.sandbox.clear_faults();
    show(&within(world.partnero.shutdown(secs(1))).await);
    show(&Partnero::builder(format!("{api_key}\n{api_key}")).build().unwrap_err());
    show(&Partnero::builder(format!("{api_key}\n{api_key}")).build().unwrap_err().to_string());
    let with_password = format!("http://mia:{api_key}@shop.test/v1/");
    let error: BuildError = Partnero::builder(api_key.clone()).base_url(with_password).build().unwrap_err();
    show(&error);
    show(&error.to_string());
    for text in shown {
        is_clean(&text, &api_key);
    }
}
