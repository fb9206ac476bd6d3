//! Lists: simple pagination, with no total count.

use serde::Serialize;
use serde_json::{Value, json};

use crate::sandbox::{
    call::Call,
    envelope::{Failure, Outcome, Reply},
    world::World,
};

/// One page of `rows`, oldest first unless `sort=desc`, each as `body` makes it.
pub(super) fn list<T, B: Serialize>(world: &World, call: &Call, mut rows: Vec<T>, body: impl Fn(&T) -> B) -> Outcome {
    let allowed = &world.switches.page_limit;
    let limit = number(call, "limit")?.unwrap_or(15.clamp(*allowed.start(), (*allowed.end()).max(*allowed.start())));
    if !allowed.contains(&limit) {
        return Err(Failure::field(
            "limit",
            &format!("The limit must be between {} and {}.", allowed.start(), allowed.end()),
        ));
    }
    let page = number(call, "page")?.unwrap_or(1);
    if page == 0 {
        return Err(Failure::field("page", "The page must be at least 1."));
    }
    match call.query.get("sort") {
        None | Some("asc") => {}
        Some("desc") => rows.reverse(),
        Some(_) => return Err(Failure::field("sort", "The sort must be asc or desc.")),
    }
    let skipped = (page - 1).saturating_mul(limit);
    let shown: Vec<B> = rows.iter().skip(skipped).take(limit).map(body).collect();
    let more = rows.len() > skipped.saturating_add(limit);
    let link = |page: usize| format!("{}?{}page={page}", call.url, kept(world, call));
    let envelope = List {
        links: json!({
            "first": link(1),
            "last": null,
            "prev": (page > 1).then(|| link(page - 1)),
            "next": more.then(|| link(page + 1)),
        }),
        meta: json!({
            "current_page": page,
            "from": (!shown.is_empty()).then(|| skipped + 1),
            "path": call.url,
            "per_page": limit,
            "to": (!shown.is_empty()).then(|| skipped + shown.len()),
        }),
        data: shown,
        status: 1,
    };
    Ok(Reply::json(http::StatusCode::OK, &envelope))
}

#[derive(Serialize)]
struct List<B> {
    data: Vec<B>,
    links: Value,
    meta: Value,
    status: u8,
}

fn kept(world: &World, call: &Call) -> String {
    if world.switches.next_keeps_query { call.query.without_page() } else { String::new() }
}

fn number(call: &Call, name: &str) -> Result<Option<usize>, Failure> {
    let wrong = |_| Failure::field(name, &format!("The {name} must be an integer."));
    call.query.get(name).map(|text| text.parse().map_err(wrong)).transpose()
}
