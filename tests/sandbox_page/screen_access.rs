//! What a page of another site can do to the sandbox, in a real browser: nothing.

use axum::{Router, response::Html, routing::get};
use serde_json::{Value, json};

use crate::{browser::Browser, client::shop};

/// Tries all that a page can try, and says what came of it.
const ATTACK: &str = r"
const [page, done] = arguments;
const body = JSON.stringify({ fault: 'error', often: 'always' });
const went = async (what) => { try { return await what(); } catch { return 'failed'; } };
const told = (url) => new Promise((resolve) => {
  const source = new EventSource(url);
  source.onmessage = source.onopen = () => resolve('told');
  source.onerror = () => { source.close(); resolve('failed'); };
});
const framed = () => new Promise((resolve) => {
  const frame = document.createElement('iframe');
  frame.onload = () => { try { resolve(frame.contentDocument ? 'seen' : 'unseen'); } catch { resolve('unseen'); } };
  frame.src = page;
  document.body.append(frame);
});
const loaded = () => new Promise((resolve) => {
  const script = document.createElement('script');
  script.onload = () => resolve('loaded');
  script.onerror = () => resolve('failed');
  script.src = page + 'page/tables.js';
  document.body.append(script);
});
(async () => done({
  simple: await went(async () => (await fetch(page + 'page/faults', { method: 'POST', mode: 'no-cors', body })).type),
  full: await went(async () => (await fetch(page + 'page/faults', { method: 'POST', body })).status),
  all: await went(async () => (await fetch(page + 'page/faults', { method: 'DELETE' })).status),
  read: await went(async () => (await fetch(page)).status),
  told: await told(page + 'page/events'),
  framed: await framed(),
  loaded: await loaded(),
}))();";

#[tokio::test]
async fn a_page_of_another_site_reads_nothing_and_presses_nothing() {
    let client = shop().await;
    let Some(browser) = Browser::start().await else { return };
    client.sandbox.fault(axum_partnero::sandbox::Fault::Refuse).on("GET", "/kept");
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let page = Html("<!doctype html><title>Evil</title><body>");
    tokio::spawn(axum::serve(listener, Router::new().route("/", get(async move || page))).into_future());
    // A stranger's, and another program's on this machine.
    for site in [format!("http://evil.test:{port}/"), format!("http://127.0.0.1:{port}/")] {
        browser.goto(&site).await.unwrap();
        let came = browser.execute_async(ATTACK, vec![json!(client.sandbox.page_url())]).await.unwrap();
        for (how, wanted) in [
            ("full", "failed"),
            ("all", "failed"),
            ("read", "failed"),
            ("told", "failed"),
            ("framed", "unseen"),
            ("loaded", "failed"),
        ] {
            assert_eq!(came[how], wanted, "{site} {how}: {came}");
        }
        assert_ne!(came["simple"], Value::Null);
        assert_eq!(client.get("test").await.0, 200, "{site}: no fault has begun");
    }
    assert!(client.request("GET", "kept").send().await.is_err(), "and none was ended");
}

#[tokio::test]
async fn a_name_that_leads_here_only_now_gets_nothing() {
    let client = shop().await;
    let Some(browser) = Browser::start().await else { return };
    let port = client.sandbox.local_addr().unwrap().port();
    browser.goto(&format!("http://rebound.test:{port}/")).await.unwrap();
    let text = browser.execute("return document.body.innerText", Vec::new()).await.unwrap();
    assert!(text.as_str().unwrap().contains("127.0.0.1"), "{text}");
    let script = "const [done] = arguments, body = JSON.stringify({ fault: 'error', often: 'always' });\
                  fetch('/page/faults', { method: 'POST', body }).then((answer) => done(answer.status), () => done(0));";
    assert_eq!(browser.execute_async(script, Vec::new()).await.unwrap(), 403);
    assert_eq!(client.get("test").await.0, 200);
}
