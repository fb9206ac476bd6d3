use axum_partnero::sandbox::{Sandbox, SandboxBuilder};

use axum::body::Body;
use axum::http::Request;
use proptest::prelude::*;
use tower::ServiceExt;

fn number() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("0".to_owned()),
        Just("-0.0".to_owned()),
        Just("1e-28".to_owned()),
        Just("1e12".to_owned()),
        Just("99999999999999999999999999999999".to_owned()),
        Just("0.1234567890123456789012345678".to_owned()),
        Just("1E+99999999999".to_owned()),
        any::<f64>()
            .prop_filter("JSON has no other", |number| number.is_finite())
            .prop_map(|number| number.to_string()),
        any::<i64>().prop_map(|number| number.to_string()),
    ]
}

fn json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        number(),
        Just("null".to_owned()),
        Just("true".to_owned()),
        Just(r#""mia""#.to_owned()),
        Just(r#""anna""#.to_owned()),
        Just(r#""2026-03-04T05:06:07+99:99""#.to_owned()),
        ".{0,12}".prop_map(|text| serde_json::to_string(&text).unwrap()),
    ];
    let name = prop::sample::select(vec![
        "key",
        "id",
        "email",
        "name",
        "tags",
        "partner",
        "referring_customer",
        "customer",
        "amount",
        "reward",
        "created_at",
        "product_id",
        "options",
        "create_customer",
        "transactions",
        "update",
        "events",
        "url",
        "is_active",
        "expires_in",
        "metadata",
        "rewardable",
        "settings",
        "personalization",
    ]);
    leaf.prop_recursive(4, 32, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|items| format!("[{}]", items.join(","))),
            prop::collection::vec((name.clone(), inner), 0..6).prop_map(|fields| {
                let fields: Vec<_> = fields.iter().map(|(name, value)| format!("{name:?}:{value}")).collect();
                format!("{{{}}}", fields.join(","))
            }),
        ]
    })
}

fn path() -> impl Strategy<Value = String> {
    let resource = prop::sample::select(vec![
        "customers",
        "customers/mia",
        "customers:search",
        "customers:invite",
        "customers/mia/balance/credit",
        "customers/mia/archive",
        "customers/mia/stats",
        "customers/mia/referrals",
        "transactions",
        "transactions/mia",
        "transactions/mia/archive",
        "partners",
        "partner",
        "partners:search",
        "partners:sign-in-url",
        "webhooks",
        "webhooks/mia",
        "settings",
        "program/overview",
    ]);
    let query = prop::sample::select(vec![
        "",
        "?key=mia",
        "?email=%ff",
        "?limit=18446744073709551615&page=2",
        "?page=18446744073709551615",
        "?%=&=&&a",
        "?customer.key=mia&partner_key=anna",
    ]);
    prop_oneof![
        4 => (resource, query).prop_map(|(resource, query)| format!("/v1/{resource}{query}")),
        1 => "(/v1)?(/[a-z%.:0-9]{0,8}){0,4}".prop_map(|path| format!("/{}", path.trim_start_matches('/'))),
    ]
}

fn call() -> impl Strategy<Value = (String, String, String)> {
    let method = prop::sample::select(vec!["GET", "POST", "PUT", "DELETE", "PATCH"]).prop_map(str::to_owned);
    (method, path(), json())
}

fn survives(builder: SandboxBuilder, calls: Vec<(String, String, String)>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let sandbox = builder.referred_customer("mia", "anna").api_key("k").build();
    runtime.block_on(async {
        for (method, path, body) in calls {
            let request = Request::builder().method(method.as_str()).uri(&path).header("authorization", "Bearer k");
            let Ok(request) = request.header("content-type", "application/json").body(Body::from(body.clone())) else {
                continue;
            };
            let status = sandbox.router().oneshot(request).await.unwrap().status();
            assert!(!status.is_server_error(), "{method} {path} {body} was answered {status}");
        }
    });
    sandbox.ledger().owed();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn no_request_makes_an_affiliate_program_panic(calls in prop::collection::vec(call(), 1..24)) {
        survives(Sandbox::affiliate(), calls);
    }

    #[test]
    fn no_request_makes_a_refer_a_friend_program_panic(calls in prop::collection::vec(call(), 1..24)) {
        survives(Sandbox::refer_a_friend(), calls);
    }
}
