//! Who gets the credit.

use axum_partnero::{Attribution, ProgramType, ReferralCookie};

use crate::support::{app, ask, get, keeping, kinds, layer, who};

const ALL: [(&str, &str); 2] = [("x-referral-key", "header"), ("cookie", "partnero_partner=script; referral_key=own")];

#[tokio::test]
async fn the_last_click_is_the_header_then_the_link_then_our_cookie_then_the_script_s() {
    for layer in [keeping(), keeping().attribution(Attribution::LastClick)] {
        let layer = layer.header("x-referral-key");
        let request = || ALL.iter().fold(get("/?aff=link"), |request, (name, value)| request.header(*name, *value));
        assert_eq!(who(layer.clone(), request()).await, "header");
        assert_eq!(who(layer.clone(), get("/?aff=link").header("cookie", ALL[1].1)).await, "link");
        assert_eq!(who(layer.clone(), get("/").header("cookie", ALL[1].1)).await, "own");
        assert_eq!(who(layer.clone(), get("/").header("cookie", "partnero_partner=script")).await, "script");
        assert_eq!(who(layer, get("/")).await, "nobody");
    }
}

#[tokio::test]
async fn the_first_click_is_a_valid_cookie() {
    let layer = || keeping().header("x-referral-key").attribution(Attribution::FirstClick);
    let sent = || get("/?aff=link").header("x-referral-key", "header");
    assert_eq!(who(layer(), sent().header("cookie", ALL[1].1)).await, "own");
    assert_eq!(who(layer(), sent().header("cookie", "partnero_referral=script")).await, "script");
    assert_eq!(who(layer(), sent()).await, "header");
    assert_eq!(who(layer(), get("/?aff=link")).await, "link");
    for invalid in ["referral_key=", "referral_key=%00", "referral_key=%FF; partnero_partner=\"\"", "referral_keys=x"] {
        assert_eq!(who(layer(), get("/?aff=link").header("cookie", invalid)).await, "link", "{invalid}");
    }
}

#[tokio::test]
async fn the_first_click_never_overwrites_and_the_last_one_does() {
    let visit = || get("/?aff=link").header("cookie", "referral_key=own");
    let first = ask(app(), keeping().attribution(Attribution::FirstClick), visit()).await;
    assert!(first.is_untouched());
    let last = ask(app(), keeping(), visit()).await;
    assert!(last.cookies()[0].starts_with("referral_key=link;"));

    // The script's cookie came first, and says the same: then ours keeps it, for longer.
    let visit = get("/?aff=link").header("cookie", "partnero_partner=link");
    let same = ask(app(), keeping().attribution(Attribution::FirstClick), visit).await;
    assert!(same.cookies()[0].starts_with("referral_key=link;"));
}

#[tokio::test]
async fn a_header_that_wins_keeps_the_link_out_of_the_cookie() {
    let layer = || keeping().header("x-referral-key");
    let answer = ask(app(), layer(), get("/?aff=link").header("x-referral-key", "header")).await;
    assert_eq!(answer.body, "header");
    assert!(answer.is_untouched());
    let answer = ask(app(), layer(), get("/").header("x-referral-key", "header")).await;
    assert!(answer.is_untouched(), "an app that sends a header keeps the key itself");
    let answer = ask(app(), layer(), get("/?aff=link").header("x-referral-key", "\t")).await;
    assert!(answer.cookies()[0].starts_with("referral_key=link;"), "an invalid header is none");
}

#[tokio::test]
async fn a_key_kept_under_a_name_of_the_script_s_is_of_its_kind() {
    let layer = || layer().set_cookie(ReferralCookie::partnero_js(ProgramType::ReferAFriend));
    assert_eq!(ask(kinds(), layer(), get("/?ref=mia")).await.body, "- - mia");
    let both = "partnero_partner=anna; partnero_referral=tom";
    let answer = ask(kinds(), layer(), get("/?ref=mia").header("cookie", both)).await;
    assert_eq!(answer.body, "- anna mia");
    assert!(answer.cookies()[0].starts_with("partnero_referral=mia;"));
    let first = layer().attribution(Attribution::FirstClick);
    assert_eq!(ask(kinds(), first.clone(), get("/?ref=mia").header("cookie", both)).await.body, "- anna tom");
    let other = get("/?ref=mia").header("cookie", "partnero_partner=anna");
    assert_eq!(
        ask(kinds(), first, other).await.body,
        "- anna mia",
        "another program's cookie isn't this one's first click"
    );
}

#[tokio::test]
async fn the_script_s_cookie_of_another_program_is_left_alone() {
    let layer = || keeping().program_type(ProgramType::Affiliate);
    let visit = get("/").header("cookie", "partnero_referral=mia");
    assert_eq!(who(layer(), visit).await, "nobody");
    let visit = get("/?aff=anna").header("cookie", "partnero_referral=mia");
    assert_eq!(who(layer().attribution(Attribution::FirstClick), visit).await, "anna");
}

#[tokio::test]
async fn settings_keep_in_whatever_order_they_are_given() {
    use axum_partnero::ReferralLayer;

    let orders = [
        ReferralLayer::new().header("x-referral-key").program_type(ProgramType::Affiliate).capture_query(["aff"]),
        ReferralLayer::new().capture_query(["aff"]).program_type(ProgramType::Affiliate).header("x-referral-key"),
    ];
    for layer in orders {
        let layer = layer.set_cookie(ReferralCookie::new());
        assert_eq!(who(layer.clone(), get("/?aff=link").header("x-referral-key", "header")).await, "header");
        assert_eq!(who(layer.clone(), get("/?aff=link").header("cookie", "partnero_referral=mia")).await, "link");
        assert_eq!(who(layer, get("/").header("cookie", "partnero_referral=mia")).await, "nobody");
    }
}
