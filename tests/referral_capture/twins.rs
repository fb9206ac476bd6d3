//! Two cookies of one name: the script's of one host, and ours of a domain.

use axum_partnero::{ProgramType, ReferralCookie};

use crate::support::{app, ask, get, layer};

fn shared(cookie: ReferralCookie) -> axum_partnero::ReferralLayer<axum_partnero::referral::Capturing> {
    layer().set_cookie(cookie.domain("shop.test").secure(false))
}

fn theirs() -> axum_partnero::ReferralLayer<axum_partnero::referral::Capturing> {
    shared(ReferralCookie::partnero_js(ProgramType::Affiliate))
}

#[tokio::test]
async fn whoever_writes_a_shared_cookie_removes_the_one_of_the_host_first() {
    let answer = ask(app(), theirs(), get("/?aff=anna").header("cookie", "partnero_partner=bert")).await;
    assert_eq!(
        answer.cookies(),
        [
            "partnero_partner=; Path=/; Max-Age=0",
            "partnero_partner=anna; Path=/; Domain=shop.test; Max-Age=2592000; SameSite=Lax"
        ]
    );
    let link = ask(app(), theirs(), get("/aff/anna")).await;
    assert_eq!(link.cookies(), answer.cookies());

    let own = ask(app(), shared(ReferralCookie::new()), get("/?aff=anna")).await;
    assert!(own.cookies()[0].starts_with("referral_key=; Path=/; Max-Age=0"), "also one of ours, of before the domain");
    assert!(own.cookies().iter().all(|line| !line.contains("partnero_partner")), "the script's isn't ours to remove");
}

#[tokio::test]
async fn the_first_valid_one_is_read_and_both_must_agree_or_it_is_written_anew() {
    for (cookies, who, is_written) in [
        ("partnero_partner=anna; partnero_partner=anna", "anna", false),
        ("partnero_partner=anna; partnero_partner=bert", "anna", true),
        ("partnero_partner=bert; partnero_partner=anna", "bert", true),
        ("partnero_partner=; partnero_partner=anna", "anna", true),
        ("partnero_partner=anna; partnero_partner=%00", "anna", true),
    ] {
        let read = ask(app(), theirs(), get("/").header("cookie", cookies)).await;
        assert_eq!((read.body.as_str(), read.is_untouched()), (who, true), "{cookies}");
        let link = ask(app(), theirs(), get("/?aff=anna").header("cookie", cookies)).await;
        assert_eq!((link.body.as_str(), !link.is_untouched()), ("anna", is_written), "{cookies}");
    }
}

#[tokio::test]
async fn a_cookie_of_its_own_is_not_hidden_by_the_script_s() {
    for cookies in ["partnero_partner=bert; referral_key=anna", "referral_key=anna; partnero_partner=bert"] {
        let read = ask(app(), shared(ReferralCookie::new()), get("/").header("cookie", cookies)).await;
        assert_eq!(read.body, "anna");
    }
}
