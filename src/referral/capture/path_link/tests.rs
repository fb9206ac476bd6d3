use proptest::prelude::*;

use super::*;

fn names() -> Vec<String> {
    ["aff", "ref"].map(String::from).to_vec()
}

/// The key, and where the link leads without it and with it.
fn link(path: &str) -> Option<(String, String, String)> {
    let (names, uri) = (names(), path.parse().unwrap());
    let link = PathLink::find(&names, &uri)?;
    let location = |with_key| link.location(with_key).unwrap().to_str().unwrap().to_owned();
    Some((link.key.to_string(), location(false), location(true)))
}

#[test]
fn links_lead_to_the_page_behind_them() {
    for (path, key, target, with_key) in [
        ("/aff/anna", "anna", "/", "/?aff=anna"),
        ("/aff/anna/", "anna", "/", "/?aff=anna"),
        ("/ref/k77/shoes", "k77", "/shoes", "/shoes?ref=k77"),
        ("/aff/anna/shoes/?size=9&b", "anna", "/shoes/?size=9&b", "/shoes/?aff=anna&size=9&b"),
        ("/aff/anna?aff=bert", "anna", "/?aff=bert", "/?aff=anna&aff=bert"),
        ("/aff/anna?", "anna", "/", "/?aff=anna"),
        ("/aff/j%C3%BCrgen", "jürgen", "/", "/?aff=j%C3%BCrgen"),
        ("/aff/a%20b+c%26d", "a b+c&d", "/", "/?aff=a%20b%2Bc%26d"),
        ("/aff/a%2Fb/x", "a/b", "/x", "/x?aff=a%2Fb"),
        ("/aff/50%25", "50%", "/", "/?aff=50%25"),
        ("/aff/anna/aff", "anna", "/aff", "/aff?aff=anna"),
        ("/aff/anna/a//b", "anna", "/a//b", "/a//b?aff=anna"),
        ("https://shop.test/aff/anna/x?y", "anna", "/x?y", "/x?aff=anna&y"),
    ] {
        assert_eq!(link(path), Some((key.into(), target.into(), with_key.into())), "{path}");
    }
}

#[test]
fn what_is_no_link_is_left_to_the_application() {
    let long = "x".repeat(256);
    for path in [
        "/",
        "/aff",
        "/aff/",
        "/aff//",
        "/aff//anna",
        "/affx/anna",
        "/AFF/anna",
        "/x/aff/anna",
        "/aff%2Fanna",
        "/%61ff/anna",
        "/aff/%00",
        "/aff/%0A",
        "/aff/%20",
        "/aff/%FF",
        "/aff/%C2%85",
        &format!("/aff/{long}"),
        &format!("/aff/{}", "%41".repeat(5_000)),
        "*",
        "/?aff=anna",
        "/x?/aff/anna",
    ] {
        assert_eq!(link(path), None, "{path}");
    }
}

#[test]
fn no_link_leads_to_another_site() {
    for (path, target) in [
        ("/aff/anna//evil.test", "/evil.test"),
        ("/aff/anna////evil.test/x", "/evil.test/x"),
        ("//aff/anna//evil.test", "/evil.test"),
        ("/aff/anna/https://evil.test", "/https://evil.test"),
        ("/aff/anna/@evil.test", "/@evil.test"),
        ("/aff/anna/:443@evil.test", "/:443@evil.test"),
        ("/aff/anna/%2F%2Fevil.test", "/%2F%2Fevil.test"),
        ("/aff/anna/%2Fevil.test", "/%2Fevil.test"),
        ("/aff/anna/%5Cevil.test", "/%5Cevil.test"),
        ("/aff/anna/%09/evil.test", "/%09/evil.test"),
        ("/aff/anna/%0d%0aSet-Cookie:x=y", "/%0d%0aSet-Cookie:x=y"),
        ("/aff/anna/aff/bert//evil.test", "/evil.test"),
        ("/aff/anna//aff/bert///aff/carl//evil.test", "/evil.test"),
        ("https://user@shop.test/aff/anna//evil.test", "/evil.test"),
    ] {
        assert_eq!(link(path).map(|(_, target, _)| target).as_deref(), Some(target), "{path}");
    }
    // Browsers take `\` for a slash and resolve dots before they ask, so these are from none.
    for path in [
        r"/aff/anna/\evil.test",
        r"/aff/anna\/evil.test",
        r"/\aff/anna",
        "/aff/anna/..//evil.test",
        "/aff/anna/.//evil.test",
        "/aff/anna/%2e%2E//evil.test",
        "/aff/anna/x/../../..//evil.test",
        "/aff/../evil.test",
        "/aff/%2e%2e",
        "/aff/.",
    ] {
        assert_eq!(link(path), None, "{path}");
    }
}

#[test]
fn a_thousand_links_in_one_are_one_redirect_by_the_first() {
    let path = "/aff/anna".to_owned() + &"/ref/bert".repeat(1_000) + "/shoes";
    assert_eq!(link(&path).unwrap(), ("anna".into(), "/shoes".into(), "/shoes?aff=anna".into()));
}

fn path_of_fragments() -> impl Strategy<Value = String> {
    let fragment = prop_oneof![
        4 => Just("/aff/".to_owned()),
        2 => Just("/ref/".to_owned()),
        4 => "[a-z]{1,4}",
        3 => Just("/".to_owned()),
        1 => Just("\\".to_owned()),
        1 => Just("..".to_owned()),
        1 => Just(".".to_owned()),
        1 => Just("%2e".to_owned()),
        1 => Just("evil.test".to_owned()),
        2 => "%[0-9A-F]{2}",
        1 => "[!$&'()*+,;=:@%~_-]",
        1 => Just("?".to_owned()),
        1 => Just("ü".to_owned()),
    ];
    prop::collection::vec(fragment, 0..16).prop_map(|fragments| format!("/{}", fragments.concat()))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    /// As a browser resolves it, by the standard's own words.
    #[test]
    fn every_target_is_a_page_of_this_site_and_no_link_again(
        path in prop_oneof![path_of_fragments(), path_of_fragments().prop_map(|path| format!("/aff/anna{path}"))]
    ) {
        let Ok(uri) = path.parse::<Uri>() else { return Ok(()) };
        let names = names();
        let Some(link) = PathLink::find(&names, &uri) else { return Ok(()) };
        for with_key in [false, true] {
            let location = link.location(with_key).unwrap();
            let location = location.to_str().unwrap();
            let here = reqwest::Url::parse(&format!("https://shop.test{path}")).unwrap();
            let there = here.join(location).unwrap();
            prop_assert_eq!(there.origin(), here.origin(), "{}", location);
            prop_assert!(there.username().is_empty() && there.password().is_none());
            let target = location.parse::<Uri>().unwrap();
            prop_assert_eq!(PathLink::find(&names, &target), None, "{}", location);
            if with_key {
                let found = ReferralKey::from_url_with(there.as_str(), &["aff", "ref"]);
                // Of two names, the first has its way; of one, the first of the query.
                prop_assert!(found.is_some());
                let named = ReferralKey::from_url_with(there.as_str(), &[link.name]);
                prop_assert_eq!(named.as_ref().map(ReferralKey::as_str), Some(link.key.as_str()));
            }
        }
    }
}
