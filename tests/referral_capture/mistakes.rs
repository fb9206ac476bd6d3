//! Settings that can't be right are logged with their place, and change nothing.

use axum_partnero::{ReferralCookie, ReferralLayer};

use crate::{
    log::Log,
    support::{ask, get, keeping},
};

#[test]
fn each_is_said_once_with_the_line_that_has_it() {
    let (log, _guard) = Log::start();
    let cookie = ReferralCookie::new().domain("https://example.com").name("a b").domain("example.com").name("good");
    let line = line!();
    let layer = ReferralLayer::new().capture_query(["", "aff"]).capture_path(["aff", "a/b", ".."]).set_cookie(cookie);
    let text = log.text();
    for said in [
        "ReferralCookie::domain",
        "ReferralCookie::name",
        "ReferralLayer::capture_query",
        "ReferralLayer::capture_path",
    ] {
        assert_eq!(log.count(said), 1, "{said}: {text}");
    }
    assert_eq!(text.lines().filter(|line| line.contains("ERROR") && line.contains(file!())).count(), 4, "{text}");
    assert_eq!(log.count(&format!("{}:{}", file!(), line + 1)), 2, "{text}");
    assert_eq!(log.count(r#"["a/b", ".."]"#), 1, "{text}");
    drop(layer);
}

#[test]
fn requests_and_keys_leave_no_line_in_the_log() {
    let (log, _guard) = Log::start();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    for path in ["/?aff=mia%40shop.example", "/aff/mia%40shop.example", "/?aff=%00"] {
        let request = get(path).header("cookie", "referral_key=tom%40shop.example; partnero_partner=%FF");
        runtime.block_on(ask(crate::support::app(), keeping().consent(|_, _| true), request));
    }
    assert_eq!(log.text(), "");
}
