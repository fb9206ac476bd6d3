//! What holds for every key and every cookie.

use axum_partnero::{ProgramType, ReferralCookie, ReferralKey};
use cookie::{Cookie, time::SignedDuration as Duration};
use proptest::prelude::*;

use crate::support::{Answer, app, ask, get, layer};

fn run<T>(future: impl Future<Output = T>) -> T {
    futures_util::FutureExt::now_or_never(future).expect("nothing here waits")
}

fn cookies() -> impl Strategy<Value = ReferralCookie> {
    let names = prop_oneof![
        Just(ReferralCookie::new()),
        Just(ReferralCookie::partnero_js(ProgramType::Affiliate)),
        Just(ReferralCookie::partnero_js(ProgramType::ReferAFriend)),
        "[a-zA-Z0-9_.-]{1,64}".prop_map(|name| ReferralCookie::new().name(name)),
    ];
    (names, any::<bool>()).prop_map(|(cookie, shared)| if shared { cookie.domain("shop.test") } else { cookie })
}

fn component(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// What a browser sends back: what is removed is gone.
fn sent_back(answer: &Answer) -> String {
    let all = answer.cookies().into_iter().map(|line| Cookie::parse(line.to_owned()).unwrap());
    let kept = all.filter(|cookie| cookie.max_age().is_some_and(Duration::is_positive));
    kept.map(|cookie| format!("{}={}", cookie.name(), cookie.value())).collect::<Vec<_>>().join("; ")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn every_key_comes_back_as_it_was_written(
        key in prop_oneof!["\\PC{1,20}", "[!-~ ]{1,20}", "[;,=\"% \\\\+&#?/]{1,8}", "\\PC{200,255}"],
        cookie in cookies(),
        by_path in any::<bool>(),
    ) {
        let Ok(key) = ReferralKey::new(&key) else { return Ok(()) };
        let path = if by_path { format!("/aff/{}", component(key.as_str())) } else { format!("/?aff={}", component(key.as_str())) };
        prop_assume!(!by_path || !matches!(key.as_str(), "." | ".."));
        let layer = layer().set_cookie(cookie);
        let answer = run(ask(app(), layer.clone(), get(&path)));
        let line = sent_back(&answer);
        prop_assert!(line.len() <= 4_096, "browsers drop longer ones");
        prop_assert!(line.bytes().all(|byte| matches!(byte, b'!'..=b'~')));

        let again = run(ask(app(), layer.clone(), get("/").header("cookie", &line)));
        prop_assert_eq!(&again.body, key.as_str());
        let unchanged = run(ask(app(), layer, get(&path).header("cookie", &line)));
        prop_assert!(unchanged.cookies().is_empty());

        // As any script decodes it, once.
        let theirs = Cookie::parse_encoded(line).unwrap().value().to_owned();
        prop_assert_eq!(theirs, key.as_str());
    }

    #[test]
    fn no_request_fails_and_no_bad_key_is_written(
        path in "/(aff/)?[a-z%/.0-9]{0,12}(\\?(aff|ref|x)=[%a-f0-9+&=]{0,12}){0,2}",
        line in prop::collection::vec(any::<u8>(), 0..64),
        ours in "[ -~]{0,12}",
        cookie in cookies(),
    ) {
        let line = [line.as_slice(), b"; referral_key=", ours.as_bytes()].concat();
        let Ok(value) = axum::http::HeaderValue::from_bytes(&line) else { return Ok(()) };
        let request = get(&path).header("cookie", value);
        prop_assume!(request.uri_ref().is_some());
        let answer = run(ask(app(), layer().set_cookie(cookie), request));
        prop_assert!(answer.status.is_success() || answer.status.is_redirection());
        for line in answer.cookies() {
            let cookie = Cookie::parse_encoded(line.to_owned()).unwrap();
            let removes = cookie.max_age().is_some_and(Duration::is_zero);
            prop_assert!(removes || ReferralKey::new(cookie.value()).is_ok_and(|key| key.as_str() == cookie.value()));
        }
    }
}
