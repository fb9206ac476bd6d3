//! The page, the fragment and the JSON, to the letter. `cargo insta review`, or `INSTA_UPDATE=always`, takes over a change.

use axum_partnero::{
    Partnero,
    dashboard::Texts,
    sandbox::{Answer, Sandbox},
};

use crate::{
    app::{self, anna_with},
    routes::get,
};

async fn page(partnero: &Partnero) -> String {
    get(partnero, "/account/friends", Some("anna")).await.1.replace(env!("CARGO_PKG_VERSION"), "VERSION")
}

macro_rules! snapshot {
    ($name:literal, $text:expr) => {{
        let mut settings = insta::Settings::clone_current();
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        let text = $text;
        settings.bind(|| insta::assert_snapshot!($name, text));
    }};
}

#[tokio::test]
async fn a_full_page() {
    let (_sandbox, partnero) = app::full().await;
    snapshot!("full", page(&partnero).await);
}

#[tokio::test]
async fn a_page_without_friends() {
    let (_sandbox, partnero, _) = anna_with(&[]).await;
    snapshot!("empty", page(&partnero).await);
}

#[tokio::test]
async fn a_page_in_part() {
    let (sandbox, partnero, _) = anna_with(&["mia"]).await;
    for part in ["", "/stats", "/balance", "/referrals"] {
        sandbox.fault(Answer::status(500)).on("GET", &format!("/customers/anna{part}"));
    }
    snapshot!("partial", page(&partnero).await);
}

#[tokio::test]
async fn a_page_for_someone_unregistered() {
    let sandbox = Sandbox::refer_a_friend().spawn().await.unwrap();
    snapshot!("unregistered", page(&app::handle(&sandbox).0).await);
}

#[tokio::test]
async fn a_page_with_old_parts_and_more_friends() {
    let friends: Vec<_> = (0..101).map(|number| format!("friend-{number}")).collect();
    let friends: Vec<_> = friends.iter().map(String::as_str).collect();
    let (sandbox, partnero, clock) = anna_with(&friends).await;
    partnero.dashboard("anna").await;
    sandbox.fault(Answer::status(500)).on("GET", "/customers/anna/stats");
    clock.advance(crate::wait::secs(60));
    let page = page(&partnero).await;
    assert_eq!(page.matches("<tr>").count(), 101, "a heading, and a hundred friends");
    for text in ["There are more. These are 100 of them.", "Some of this may be a few minutes old."] {
        assert!(page.contains(text), "{text}");
    }
}

#[tokio::test]
async fn the_json() {
    let (_sandbox, partnero) = app::full().await;
    let json = get(&partnero, "/account/friends/data", Some("anna")).await.1;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    snapshot!("json", serde_json::to_string_pretty(&json).unwrap());
}

#[tokio::test]
async fn the_fragment_is_the_same_from_the_route_and_from_the_handle() {
    let (_sandbox, partnero) = app::full().await;
    let routed = get(&partnero, "/account/friends/fragment", Some("anna")).await.1;
    let dashboard = partnero.dashboard("anna").await;
    for router in ["/account/friends", "/account/friends/"] {
        assert_eq!(dashboard.fragment(router, &Texts::english()).to_string(), routed);
    }
    let page = page(&partnero).await;
    let body = &routed[routed.find("<div class=\"partnero-dashboard\"").unwrap()..];
    assert!(page.contains(body.trim_end()), "the page has it, too");
}

#[tokio::test]
async fn ids_and_classes_of_the_fragment_are_its_own() {
    let (_sandbox, partnero) = app::full().await;
    let fragment = partnero.dashboard("anna").await.fragment("/f", &Texts::english()).to_string();
    for attribute in [" id=\"", " class=\""] {
        let values: Vec<_> = fragment.split(attribute).skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
        assert!(values.len() > 2);
        for name in values.iter().flat_map(|value| value.split(' ')) {
            assert!(name.starts_with("partnero-dashboard"), "{name}");
        }
    }
}

#[tokio::test]
async fn all_wording_is_the_applications() {
    let (sandbox, _) = app::full().await;
    let mut texts = Texts::english();
    (texts.lang, texts.dir) = ("de\"><script>".into(), "rtl".into());
    (texts.decimal_mark, texts.thousands_mark) = (",".into(), ".".into());
    (texts.date, texts.months[2]) = ("{day}. {month} {year}".into(), "März".into());
    texts.copy = "<b>Kopieren</b>".into();
    let dashboard = app::handle(&sandbox).0.dashboard("anna").await;
    let fragment = dashboard.fragment("/f\"><script>", &texts).to_string();
    for part in ["4. März 2026", "1.234,50", "&#60;b&#62;Kopieren", "dir=\"rtl\""] {
        assert!(fragment.contains(part), "{part}: {fragment}");
    }
    assert_eq!(fragment.matches("<script").count(), 1);
}
