//! Whose dashboard it is comes from the request.
// says: String: FromRequestParts<

use axum::{Router, http::HeaderMap};
use axum_partnero::{DashboardRouter, Partnero};

fn routes(partnero: Partnero) -> Router {
    #[cfg(right)]
    let whose = |headers: HeaderMap| format!("{:?}", headers.get("x-user"));
    #[cfg(not(right))]
    let whose = |user: String| user;
    DashboardRouter::new(partnero, whose).into_router()
}

fn main() {
    let _ = routes;
}
