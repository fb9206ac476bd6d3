//! The page as it is seen and used, in a real browser.

use axum_partnero::sandbox::Sandbox;
use fantoccini::{Locator, key::Key};
use serde_json::{Value, json};

use crate::{
    axe,
    browser::Browser,
    client::{Client, friends, sale, shop, start},
    wait::until,
};

/// The page, once it is told what there is.
async fn open(arguments: &[&str], sandbox: &Sandbox) -> Option<Browser> {
    let browser = Browser::with(arguments).await?;
    browser.goto(&sandbox.page_url().unwrap()).await.unwrap();
    shows(&browser, "#state", "Live").await;
    shows(&browser, "#program", sandbox.url().as_str()).await;
    Some(browser)
}

async fn text(browser: &Browser, css: &str) -> String {
    let script = "return [...document.querySelectorAll(arguments[0])].map((it) => it.innerText).join('\\n')";
    browser.execute(script, vec![json!(css)]).await.unwrap().as_str().unwrap().replace('\u{a0}', " ")
}

/// Waits until this is shown there.
async fn shows(browser: &Browser, css: &str, wanted: &str) {
    until(&format!("{wanted} in {css}"), async || text(browser, css).await.contains(wanted)).await;
}

async fn run(browser: &Browser, script: &str) -> Value {
    browser.execute(script, Vec::new()).await.unwrap()
}

async fn sell(client: &Client, key: &str) -> u16 {
    sale(client, key).send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn a_sale_appears_and_a_pressed_fault_meets_the_next_one() {
    let client = shop().await;
    let Some(browser) = open(&[], &client.sandbox).await else { return };
    shows(&browser, "#transactions", "None yet").await;
    run(&browser, "window.same = true").await;
    assert!(sell(&client, "order-1").await < 300);
    shows(&browser, "#transactions tbody", "order-1").await;
    shows(&browser, "#transactions tbody", "USD 10.00").await;
    shows(&browser, "#commissions tbody", "USD 3.00").await;
    shows(&browser, "#requests tbody", "/v1/transactions").await;

    let choose = browser.find(Locator::Css("#on")).await.unwrap();
    choose.select_by_value("POST /transactions").await.unwrap();
    browser.find(Locator::Css("[data-fault=store-then-error]")).await.unwrap().click().await.unwrap();
    shows(&browser, "#said", "In force, for the next request").await;
    shows(&browser, "#rules", "stored, answered 500").await;
    assert_eq!(sell(&client, "order-2").await, 500);
    shows(&browser, "#requests tbody tr:first-child", "stored, answered 500").await;
    shows(&browser, "#requests tbody tr:first-child", "order-2").await;
    shows(&browser, "#requests tbody tr:first-child", "Partnero's own answer: 20").await;
    shows(&browser, "#transactions tbody tr:first-child", "order-2").await;
    shows(&browser, "#no-rules", "all goes well").await;
    assert_eq!(run(&browser, "return window.same").await, true, "it wasn't loaded again");
    assert_eq!(browser.complaints().await, [""; 0]);
}

#[tokio::test]
async fn hostile_texts_are_texts() {
    let client = shop().await;
    let names = [
        "<img src=x onerror=alert(1)>",
        "</td></table><script>window.broken = true</script>",
        "\u{202e}moc.elgoog",
        "a\n\nb",
    ];
    for (number, name) in names.iter().enumerate() {
        let body = json!({ "key": format!("{name}{number}"), "name": name, "partner": { "key": "anna" } });
        client.create("customers", body).await;
    }
    client.get("customers/%3Cscript%3Ealert(1)%3C%2Fscript%3E").await;
    let Some(browser) = open(&[], &client.sandbox).await else { return };
    shows(&browser, "#customers tbody", names[0]).await;
    shows(&browser, "#customers tbody", names[1]).await;
    shows(&browser, "#requests tbody", names[1]).await;
    assert_eq!(
        run(&browser, "return [typeof window.broken, document.scripts.length, document.images.length]").await,
        json!(["undefined", 1, 0])
    );
    assert_eq!(browser.complaints().await, [""; 0]);
}

#[tokio::test]
async fn it_is_used_by_keyboard_alone() {
    let client = shop().await;
    let Some(browser) = open(&[], &client.sandbox).await else { return };
    let press = async |keys: &str| browser.active_element().await.unwrap().send_keys(keys).await.unwrap();
    let focused = async || run(&browser, "return document.activeElement.id || document.activeElement.innerText").await;
    let mut seen = Vec::new();
    let tab = Key::Tab.to_string();
    while seen.last() != Some(&json!("a cut connection")) {
        press(&tab).await;
        seen.push(focused().await);
        assert!(seen.len() < 50, "{seen:?}");
    }
    for wanted in ["To the requests", "on", "often", "number"] {
        assert!(seen.contains(&json!(wanted)), "{wanted} in {seen:?}");
    }
    for _ in 0..2 {
        press(&Key::Enter.to_string()).await;
        shows(&browser, "#rules", "not stored, connection cut").await;
        press(&tab).await;
    }
    shows(&browser, "#rules", "not stored, never answered").await;
    assert_eq!(focused().await, "401, a wrong key", "its place is kept when something is told");
    while focused().await != "Stop" {
        press(&tab).await;
    }
    press(" ").await;
    until("one is stopped", async || !text(&browser, "#rules").await.contains("connection cut")).await;
    assert_eq!(focused().await, "in-force", "and the place is not lost");
}

#[tokio::test]
async fn it_says_when_the_sandbox_is_gone_and_finds_it_again() {
    let client = shop().await;
    let Some(browser) = open(&[], &client.sandbox).await else { return };
    client.sandbox.stop_listening().await;
    shows(&browser, "#state", "The sandbox is gone. What is shown is from").await;
    browser.find(Locator::Css("[data-fault=hang]")).await.unwrap().click().await.unwrap();
    shows(&browser, "#said", "can’t be reached").await;
    client.sandbox.add_partner("tom");
    client.sandbox.resume_listening().await.unwrap();
    shows(&browser, "#state", "Live").await;
    shows(&browser, "#partners tbody", "tom").await;
}

#[tokio::test]
async fn of_many_rows_the_newest_are_shown_and_the_rest_are_counted() {
    let mut builder = Sandbox::refer_a_friend();
    for number in 0..12_345 {
        builder = builder.customer(format!("user-{number}"));
    }
    let client = start(builder).await;
    let Some(browser) = open(&[], &client.sandbox).await else { return };
    shows(&browser, "#customers", "Only the newest 100 of 12,345 are shown").await;
    let visible =
        "return [...document.querySelectorAll('#customers tbody tr')].filter((row) => row.offsetHeight).length";
    assert_eq!(run(&browser, visible).await, 10);
    browser.find(Locator::Css("#customers .more")).await.unwrap().click().await.unwrap();
    assert_eq!(run(&browser, visible).await, 100);
    run(&browser, "document.querySelector('#customers tbody tr').dataset.seen = 'yes'").await;
    client.create("customers", json!({ "key": "latest", "email": "l@example.com" })).await;
    shows(&browser, "#customers tbody tr:first-child", "latest").await;
    let second = run(&browser, "return document.querySelector('#customers tbody tr:nth-child(2)').dataset.seen").await;
    assert_eq!(second, "yes", "rows that don't change are left alone");
    assert_eq!(run(&browser, visible).await, 100);
}

#[tokio::test]
async fn it_keeps_nobody_out_light_or_dark() {
    let clients = [shop().await, friends().await];
    for (client, arguments) in clients.iter().zip([&[] as &[&str], &["--force-dark-mode"]]) {
        client.sandbox.fault(axum_partnero::sandbox::Fault::Slow(std::time::Duration::from_secs(5))).on("GET", "/x");
        client.sandbox.fault(axum_partnero::sandbox::Answer::html(502)).on("GET", "/program").times(1);
        client.sandbox.fault(axum_partnero::sandbox::Answer::html(502)).on("GET", "/y");
        for number in 0..11 {
            client
                .post("transactions", json!({ "key": format!("t{number}"), "amount": 9, "customer": { "key": "mia" } }))
                .await;
        }
        client.post("transactions", json!({ "key": "t", "amount": 9, "customer": { "key": "ben" } })).await;
        client.delete("transactions/t1").await;
        client.get("program").await;
        let Some(browser) = open(arguments, &client.sandbox).await else { return };
        shows(&browser, "#requests tbody", "502").await;
        assert_eq!(
            run(&browser, "return matchMedia('(prefers-color-scheme: dark)').matches").await,
            !arguments.is_empty()
        );
        browser.find(Locator::Css("#requests summary")).await.unwrap().click().await.unwrap();
        for width in [1280, 500] {
            browser.set_window_size(width, 900).await.unwrap();
            let Some(faults) = axe::faults(&browser).await else { return };
            assert_eq!(faults, [""; 0], "{arguments:?} {width}");
            assert_eq!(run(&browser, "return document.documentElement.scrollWidth <= innerWidth").await, true);
        }
    }
}
