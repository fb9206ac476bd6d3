//! What is read of Partnero's answers, and what is made of those that are odd.

use axum_partnero::{
    NewCustomer, Partnero,
    api::CustomerUpdate,
    dashboard::{Dashboard, Network, Texts},
    sandbox::{Answer, Fault, RafIdentity, Sandbox},
};
use serde_json::{Value, json};

use crate::app::{self, anna_with, data, parts};

fn gets(sandbox: &Sandbox, end: &str) -> usize {
    sandbox.requests().iter().filter(|request| request.method == "GET" && request.path.ends_with(end)).count()
}

fn names(dashboard: &Dashboard) -> Vec<String> {
    let friends = dashboard.friends.loaded().unwrap().list.iter();
    friends.map(|friend| friend.name.clone().or(friend.email.clone()).unwrap_or_default()).collect()
}

#[tokio::test]
async fn four_reads_make_a_dashboard() {
    let (sandbox, partnero) = app::full().await;
    let dashboard = partnero.dashboard("anna").await;
    assert_eq!(sandbox.requests().len(), 4);
    assert!(dashboard.registered && !dashboard.stale && dashboard.is_complete());
    assert_eq!(dashboard.link.loaded().unwrap(), "https://shop.example?ref=anna");
    assert_eq!((dashboard.clicks.loaded(), dashboard.referrals.loaded()), (Some(&Some(1284)), Some(&5)));
    let balances: Vec<_> = dashboard.balances.loaded().unwrap().iter().map(|it| it.amount.to_string()).collect();
    assert_eq!(balances, ["1234.5", "60"]);
    assert_eq!(names(&dashboard), ["Mia K.", "José Antonio G.", "s***@m***.example", "محمد", "Ada B."]);
    let json = serde_json::to_string(&dashboard).unwrap() + &format!("{dashboard:?}");
    for secret in ["mia.koch", "example.test", "Koch", "García", "Byron"] {
        assert!(!json.contains(secret), "{secret}");
    }
    let debug = format!("{dashboard:?} {:?}", dashboard.friends);
    assert!(!debug.contains("Mia") && !debug.contains("anna") && !debug.contains("m***"), "{debug}");
}

#[tokio::test]
async fn share_links_are_partneros_where_it_has_them_and_else_made_of_the_link() {
    let (sandbox, partnero, _) = anna_with(&[]).await;
    let stats = json!({"clicks": 1, "more": {"Twitter": "https://x.test/own", "facebook": "javascript:alert(1)"}});
    sandbox.fault(data(&stats)).on("GET", "/customers/anna/stats");
    let share = partnero.dashboard("anna").await.share;
    let url = |network| share.iter().find(|link| link.network == network).unwrap().url.as_str();
    let link = "https%3A%2F%2Fshop%2Eexample%3Fref%3Danna";
    assert_eq!(url(Network::X), "https://x.test/own");
    assert_eq!(url(Network::Facebook), format!("https://www.facebook.com/sharer/sharer.php?u={link}"));
    assert_eq!(url(Network::WhatsApp), format!("https://wa.me/?text={link}"));
    assert_eq!(url(Network::Email), format!("mailto:?body={link}"));
    assert_eq!(share.len(), 6);
}

#[tokio::test]
async fn each_part_may_fail_alone() {
    for (path, left) in
        [("/customers/anna", "+++++"), ("/stats", "+-+++"), ("/balance", "+++-+"), ("/referrals", "++++-")]
    {
        for fault in [Fault::Refuse, Answer::status(500).into(), Answer::html(200).into(), Answer::garbage(200).into()]
        {
            let (sandbox, partnero, _) = anna_with(&["mia"]).await;
            let path = if path.starts_with("/c") { path.to_owned() } else { format!("/customers/anna{path}") };
            sandbox.fault(fault.clone()).on("GET", &path);
            let dashboard = partnero.dashboard("anna").await;
            assert_eq!(parts(&dashboard), left, "{path} {fault:?}");
            assert!(dashboard.registered);
        }
    }
    // Without the customer, the balance tells the link. Without both, nobody says whose the rest is.
    let (sandbox, partnero, _) = anna_with(&["mia"]).await;
    sandbox.fault(Fault::Refuse).on("GET", "/customers/anna");
    sandbox.fault(Fault::Refuse).on("GET", "/customers/anna/balance");
    let dashboard = partnero.dashboard("anna").await;
    assert!(dashboard.registered);
    assert_eq!((parts(&dashboard).as_str(), dashboard.share.len()), ("-----", 0));
}

#[tokio::test]
async fn stats_of_any_shape_are_read_as_far_as_they_can_be() {
    for (stats, clicks) in [
        (json!({}), Some(None)),
        (json!([]), Some(None)),
        (json!({"clicks": "12"}), Some(Some(12))),
        (json!({"clicks": -1, "referrals": "many"}), Some(None)),
        (json!({"clicks": {"total": 5}, "referrals_count": 7}), Some(None)),
        (json!("no"), None),
        (Value::Null, None),
    ] {
        let (sandbox, partnero, _) = anna_with(&["mia"]).await;
        sandbox.fault(data(&stats)).on("GET", "/customers/anna/stats");
        let dashboard = partnero.dashboard("anna").await;
        assert_eq!(dashboard.clicks.loaded(), clicks.as_ref(), "{stats}");
        assert!(dashboard.referrals.is_loaded(), "the customer's own count serves, too");
        let page = dashboard.fragment("/f", &Texts::english()).to_string();
        assert_eq!(page.contains("<dt>Clicks</dt>"), clicks != Some(None), "what isn't counted isn't shown");
    }
}

#[tokio::test]
async fn who_is_not_known_yet_or_no_more_is_not_registered() {
    let (sandbox, partnero, clock) = anna_with(&["mia"]).await;
    let nobody = partnero.dashboard("nobody").await;
    assert!(!nobody.registered);
    assert_eq!((parts(&nobody).as_str(), nobody.share.len()), ("-----", 0));
    assert!(partnero.dashboard("anna").await.registered);
    partnero.api().customers().archive("anna").await.unwrap();
    clock.advance(crate::wait::secs(60));
    let archived = partnero.dashboard("anna").await;
    assert_eq!((archived.registered, parts(&archived).as_str()), (false, "-----"), "also nothing of before");
    partnero.api().customers().restore("anna").await.unwrap();
    clock.advance(crate::wait::secs(2));
    assert!(partnero.dashboard("anna").await.registered);
    partnero.api().customers().delete("anna").await.unwrap();
    clock.advance(crate::wait::secs(60));
    assert!(!partnero.dashboard("anna").await.registered);
    drop(sandbox);
}

#[tokio::test]
async fn nobody_sees_the_dashboard_of_one_whom_partnero_calls_by_that_name() {
    let email = "Anna+1@example.test";
    for shows_key in [true, false] {
        // Also where who it is can't be read, or only from the balance.
        for (fails, left) in [(&[][..], "+++++"), (&[""], "+++++"), (&["", "/balance"], "-----")] {
            let (sandbox, partnero, _) = anna_with(&["mia"]).await;
            sandbox.switch(|switches| switches.raf_shows_key = shows_key);
            partnero.api().customers().update("anna", &CustomerUpdate::new().email(email)).await.unwrap();
            assert!(partnero.api().customers().get(email).await.unwrap().raw()["id"] == "anna");
            for key in ["anna", "anna%2B1%40example.test"] {
                for part in fails {
                    sandbox.fault(Answer::status(500)).on("GET", &format!("/customers/{key}{part}"));
                }
            }
            assert_eq!(parts(&partnero.dashboard(email.to_lowercase()).await), "-----", "{shows_key} {fails:?}");
            assert_eq!(parts(&partnero.dashboard("anna").await), left, "{shows_key} {fails:?}");
        }
    }
}

#[tokio::test]
async fn who_is_known_by_an_e_mail_address_is_found_by_the_link_where_the_id_is_another() {
    for identity in [RafIdentity::Same, RafIdentity::Separate] {
        let (sandbox, partnero, _) = anna_with(&[]).await;
        sandbox.switch(|switches| switches.raf_identity = identity);
        let email = "mia+1@example.test";
        partnero.api().customers().create(&NewCustomer::new(email).email(email)).await.unwrap();
        assert_eq!(parts(&partnero.dashboard(email).await), "+++++", "{identity:?}");
    }
}

#[tokio::test]
async fn keys_that_cannot_be_ask_nothing() {
    let (sandbox, partnero, _) = anna_with(&[]).await;
    for key in ["", " ", "..", "a\nb", &"k".repeat(300)] {
        assert!(!partnero.dashboard(key).await.registered);
    }
    assert!(sandbox.requests().is_empty());
    let disabled = Partnero::disabled().dashboard("anna").await;
    assert_eq!((disabled.registered, parts(&disabled).as_str()), (true, "-----"));
}

#[tokio::test]
async fn keys_with_anything_in_them_are_one_segment_of_the_path() {
    let key = "a/../b?c=d#e%2f ü@x.test";
    let sandbox = Sandbox::refer_a_friend().referred_customer("mia", key).spawn().await.unwrap();
    let (partnero, _) = app::handle(&sandbox);
    let dashboard = partnero.dashboard(key).await;
    assert_eq!((parts(&dashboard).as_str(), names(&dashboard).len()), ("+++++", 1));
}

#[tokio::test]
async fn links_that_are_not_http_are_dropped() {
    for link in ["javascript:alert(1)", "data:text/html,x", "", "//x.test", "ftp://x.test/", "https://"] {
        let (sandbox, partnero, _) = anna_with(&[]).await;
        let customer = data(&json!({"id": "anna", "referral_link": link}));
        sandbox.fault(customer).on("GET", "/customers/anna");
        let dashboard = partnero.dashboard("anna").await;
        assert_eq!((parts(&dashboard).as_str(), dashboard.share.len()), ("-++++", 0), "{link}");
    }
}

#[tokio::test]
async fn of_ten_thousand_friends_a_hundred_are_read() {
    let friends: Vec<_> = (0..10_000).map(|number| format!("friend-{number}")).collect();
    let friends: Vec<_> = friends.iter().map(String::as_str).collect();
    let (sandbox, partnero, _) = anna_with(&friends).await;
    let dashboard = partnero.dashboard("anna").await;
    let shown = dashboard.friends.loaded().unwrap();
    assert_eq!((shown.list.len(), shown.more), (100, true));
    assert_eq!(dashboard.referrals.loaded(), Some(&10_000));
    assert_eq!(gets(&sandbox, "/referrals"), 7, "pages of 15");
    assert_eq!(gets(&sandbox, ""), 10);
}

#[tokio::test]
async fn a_list_that_is_too_long_to_be_read_is_left_out() {
    let friend = json!({"id": "x", "name": "n".repeat(1000)});
    let (sandbox, partnero, _) = anna_with(&[]).await;
    sandbox.fault(data(&json!(vec![friend; 2000]))).on("GET", "/customers/anna/referrals");
    assert_eq!(parts(&partnero.dashboard("anna").await), "++++-");
}

#[tokio::test]
async fn friends_are_found_where_the_list_is_wrapped_twice_and_odd_ones_hide_nobody() {
    let (sandbox, partnero, _) = anna_with(&[]).await;
    let rows = json!({"data": [{"name": "Mia"}, null, 5, "x", {"name": [], "created_at": 7, "status": {}}, {}]});
    sandbox.fault(data(&rows)).on("GET", "/customers/anna/referrals");
    assert_eq!(names(&partnero.dashboard("anna").await), ["Mia", "", ""]);
}

#[tokio::test]
async fn pages_that_came_before_the_next_failed_are_shown() {
    let friends: Vec<_> = (0..40).map(|number| format!("friend-{number}")).collect();
    let friends: Vec<_> = friends.iter().map(String::as_str).collect();
    for fault in [Fault::Hang, Answer::status(500).into()] {
        let (sandbox, partnero, clock) = anna_with(&friends).await;
        sandbox.fault(fault).on("GET", "/customers/anna/referrals").mentioning("page=3");
        let reading = tokio::spawn(async move { partnero.dashboard("anna").await });
        crate::wait::until("the third page is asked for", async || gets(&sandbox, "/referrals") == 3).await;
        let dashboard = app::passing(&clock, reading).await.unwrap();
        let shown = dashboard.friends.loaded().unwrap();
        assert_eq!((shown.list.len(), shown.more), (30, true));
    }
}
