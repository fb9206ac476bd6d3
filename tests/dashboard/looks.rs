//! How it looks, and whether everybody can use it. `SCREENSHOTS` names a folder for pictures.

use std::{env, fs, path::Path};

use axum::{Router, response::Html, routing::get};
use axum_partnero::{
    Partnero,
    dashboard::Texts,
    sandbox::{Answer, Sandbox},
};

use crate::{
    app::{self, anna_with},
    axe,
    browser::Browser,
};

/// A page of the application's with the fragment in it.
async fn embedded(partnero: Partnero) -> Html<String> {
    let dashboard = partnero.dashboard("anna").await;
    let fragment = dashboard.fragment("/account/friends", &Texts::english()).to_string();
    Html(format!(
        "<!doctype html><html lang=en><meta name=viewport content='width=device-width'><title>Shop</title>\
         <main style='max-width:40rem;margin:2rem auto;font-family:serif'><h1>My account</h1>\
         <p>Orders, addresses, and:</p>{fragment}</main>"
    ))
}

/// What a visitor who is Anna sees: full, without friends, in part, unregistered, and in a page of the application's.
async fn stages() -> Vec<(&'static str, Sandbox, u16, &'static str)> {
    let mut stages = Vec::new();
    let (sandbox, partnero) = app::full().await;
    let shop = Router::new().route("/shop", get(async move || embedded(partnero.clone()).await));
    stages.push(("full", sandbox, "/account/friends", Some(shop)));
    let (sandbox, _, _) = anna_with(&[]).await;
    stages.push(("empty", sandbox, "/account/friends", None));
    let (sandbox, _, _) = anna_with(&["mia"]).await;
    sandbox.fault(Answer::status(500)).on("GET", "/customers/anna/balance");
    sandbox.fault(Answer::status(500)).on("GET", "/customers/anna/referrals");
    stages.push(("partial", sandbox, "/account/friends", None));
    let sandbox = Sandbox::refer_a_friend().spawn().await.unwrap();
    stages.push(("unregistered", sandbox, "/account/friends", None));
    let mut served = Vec::new();
    for (name, sandbox, path, more) in stages {
        let (partnero, _) = app::handle(&sandbox);
        let port = app::serve(app::friends(&partnero).merge(more.unwrap_or_default())).await;
        served.push((name, sandbox, port, path));
    }
    let (name, port) = ("embedded", served[0].2);
    served.push((name, Sandbox::refer_a_friend().build(), port, "/shop"));
    served
}

#[tokio::test]
async fn everybody_can_use_each_state_of_it_light_and_dark_and_on_a_phone() {
    let stages = stages().await;
    for (look, arguments, width) in [
        ("light", &[][..], 1100),
        ("dark", &["--blink-settings=preferredColorScheme=0"][..], 1100),
        ("phone", &[][..], 390),
    ] {
        let Some(browser) = Browser::with(arguments).await else { return };
        let scale = if look == "phone" { 2 } else { 1 };
        browser.screen(width, 900, scale).await;
        for (stage, _, port, path) in &stages {
            app::sign_in(&browser, *port).await;
            browser.complaints().await;
            browser.goto(&format!("http://localhost:{port}{path}")).await.unwrap();
            if let Some(folder) = env::var_os("SCREENSHOTS") {
                let height = browser.execute("return document.documentElement.scrollHeight", Vec::new()).await.unwrap();
                browser.screen(width, height.as_u64().unwrap().try_into().unwrap(), scale).await;
                let picture = browser.screenshot().await.unwrap();
                fs::write(Path::new(&folder).join(format!("{look}-{stage}.png")), picture).unwrap();
                browser.screen(width, 900, scale).await;
            }
            let dark = "return matchMedia('(prefers-color-scheme: dark)').matches";
            assert_eq!(browser.execute(dark, Vec::new()).await.unwrap(), look == "dark");
            let wide = "return document.documentElement.scrollWidth > innerWidth";
            assert_eq!(browser.execute(wide, Vec::new()).await.unwrap(), false, "{look} {stage} scrolls sideways");
            assert_eq!(browser.complaints().await, [""; 0], "{look} {stage}");
            if look == "phone" {
                continue; // for axe-core it is the same page
            }
            let Some(faults) = axe::faults(&browser).await else { return };
            assert_eq!(faults, [""; 0], "{look} {stage}");
        }
    }
}
