//! Which endpoint a call is for. A path that is known with another method is 405, any other 404.

use http::{Method, StatusCode};

use crate::sandbox::{
    call::Call,
    customer_calls, customers, dashboard,
    envelope::{Failure, Outcome},
    partners, program, transaction_calls, transactions, webhooks,
    world::World,
};

pub(super) fn route(world: &mut World, call: &Call) -> Outcome {
    let unknown = || Failure::not_found("Route");
    if call.encoded_slash && !world.switches.encoded_slash {
        return Err(unknown());
    }
    let segments = call.segments.as_deref().ok_or_else(unknown)?;
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    if segments.iter().any(|segment| segment.is_empty()) {
        return Err(unknown());
    }
    let (resource, rest) = segments.split_first().ok_or_else(unknown)?;
    let answer = match *resource {
        "customers" | "customers:search" | "customers:invite" => customer_routes(world, call, resource, rest),
        "transactions" => transaction_routes(world, call, rest),
        "partners" | "partners:search" | "partners:sign-in-url" | "partner" if !world.is_raf() => {
            partner_routes(world, call, resource, rest)
        }
        "webhooks" => webhook_routes(world, call, rest),
        _ => program_routes(world, call, &segments),
    };
    answer.unwrap_or_else(|| Err(unknown()))
}

/// `None` is an unknown path.
type Routed = Option<Outcome>;

#[expect(clippy::unnecessary_wraps, reason = "an arm of a routing table")]
fn not_allowed() -> Routed {
    Some(Err(Failure::new(StatusCode::METHOD_NOT_ALLOWED, "The method is not supported for this route.")))
}

fn customer_routes(world: &mut World, call: &Call, resource: &str, rest: &[&str]) -> Routed {
    let raf = world.is_raf();
    Some(match (resource, rest, &call.method) {
        ("customers:search", [], &Method::GET) => customer_calls::search(world, call),
        ("customers:invite", [], &Method::POST) if raf => dashboard::invite(world, call),
        ("customers", [], &Method::GET) => customer_calls::list(world, call),
        ("customers", [], &Method::POST) => customers::create(world, call),
        ("customers", [], &Method::PUT) => customer_calls::update(world, call, None),
        ("customers", [], &Method::DELETE) => customer_calls::delete(world, call, None),
        ("customers", [who], &Method::GET) => customer_calls::get(world, who),
        ("customers", [who], &Method::PUT) => customer_calls::update(world, call, Some(who)),
        ("customers", [who], &Method::DELETE) => customer_calls::delete(world, call, Some(who)),
        ("customers", [who, "archive"], &Method::POST) => customer_calls::archive(world, who, true),
        ("customers", [who, "revoke-archive"], &Method::POST) => customer_calls::archive(world, who, false),
        ("customers", [who, "transactions"], &Method::GET) => transaction_calls::of_customer(world, call, who),
        ("customers", [who, "stats"], &Method::GET) if raf => dashboard::stats(world, who),
        ("customers", [who, "balance"], &Method::GET) if raf => dashboard::balance(world, who),
        ("customers", [who, "balance", "credit"], &Method::POST) if raf => dashboard::credit(world, call, who),
        ("customers", [who, "referrals"], &Method::GET) if raf => dashboard::referred(world, call, who),
        ("customers", [who, "referral_links"], &Method::GET) if raf => dashboard::referral_links(world, call, who),
        ("customers", [] | [_] | [_, "archive" | "revoke-archive" | "transactions"], _)
        | ("customers:search", [], _) => {
            return not_allowed();
        }
        ("customers", [_, "stats" | "balance" | "referrals" | "referral_links"] | [_, "balance", "credit"], _)
        | ("customers:invite", [], _)
            if raf =>
        {
            return not_allowed();
        }
        _ => return None,
    })
}

fn transaction_routes(world: &mut World, call: &Call, rest: &[&str]) -> Routed {
    let affiliate = !world.is_raf();
    Some(match (rest, &call.method) {
        ([], &Method::GET) => transaction_calls::list(world, call),
        ([], &Method::POST) => transactions::create(world, call),
        ([], &Method::DELETE) => transaction_calls::delete(world, call, None),
        ([key], &Method::GET) => transaction_calls::get(world, key),
        ([key], &Method::DELETE) => transaction_calls::delete(world, call, Some(key)),
        ([key, "archive"], &Method::POST) if affiliate => transaction_calls::archive(world, key, true),
        ([key, "revoke-archive"], &Method::POST) if affiliate => transaction_calls::archive(world, key, false),
        ([] | [_], _) => return not_allowed(),
        ([_, "archive" | "revoke-archive"], _) if affiliate => return not_allowed(),
        _ => return None,
    })
}

fn partner_routes(world: &mut World, call: &Call, resource: &str, rest: &[&str]) -> Routed {
    Some(match (resource, rest, &call.method) {
        ("partners", [], &Method::GET) => partners::list(world, call),
        ("partners", [], &Method::POST) => partners::create(world, call),
        ("partners", [id], &Method::GET) => partners::get(world, id),
        ("partners:search", [], &Method::GET) => partners::search(world, call),
        ("partners:sign-in-url", [], &Method::POST) => partners::sign_in_url(world, call),
        ("partner", [], &Method::GET) => partners::resolve(world, call),
        ("partners", [] | [_], _) | (_, [], _) => return not_allowed(),
        _ => return None,
    })
}

fn webhook_routes(world: &mut World, call: &Call, rest: &[&str]) -> Routed {
    Some(match (rest, &call.method) {
        ([], &Method::GET) => webhooks::list(world, call),
        ([], &Method::POST) => webhooks::create(world, call),
        ([key], &Method::GET) => webhooks::get(world, key),
        ([key], &Method::PUT) => webhooks::update(world, call, key),
        ([key], &Method::DELETE) => webhooks::delete(world, key),
        ([] | [_], _) => return not_allowed(),
        _ => return None,
    })
}

fn program_routes(world: &World, call: &Call, segments: &[&str]) -> Routed {
    Some(match (segments, &call.method) {
        (["test"], &Method::GET) => Ok(program::test(world)),
        (["program"], &Method::GET) => Ok(program::program(world)),
        (["program", "overview"], &Method::GET) => Ok(program::overview(world)),
        (["settings"], &Method::PUT) => program::settings(call),
        (["test" | "program" | "settings"] | ["program", "overview"], _) => return not_allowed(),
        _ => return None,
    })
}
