//! The wiring: this is what a shop adds to earn its partners their commissions.

use axum::{
    Router,
    extract::{FromRef, State},
    http::HeaderMap,
    response::Redirect,
    routing::{get, post},
};
use axum_extra::extract::CookieJar;
use axum_partnero::{NewCustomer, NewTransaction, Partnero, ReferralKey, ReferralLayer};
use serde::Deserialize;

use crate::{
    error::{Form, Path, ShopError},
    pages, session,
    store::{Order, Shop, User},
    token::Token,
};

#[derive(Clone, FromRef)]
pub struct AppState {
    pub partnero: Partnero,
    pub shop: Shop,
}

pub fn router(state: AppState) -> Router {
    Router::new()
        .route("/", get(pages::home))
        .route("/signup", get(pages::sign_up).post(sign_up))
        .route("/welcome", get(pages::welcome))
        .route("/orders", get(pages::orders))
        .route("/checkout", post(checkout))
        .route("/refund/{order}", post(refund))
        .route("/refund/{order}/part", post(refund_part))
        .route("/logout", post(log_out))
        .fallback(async || ShopError::NotFound)
        .method_not_allowed_fallback(async || ShopError::MethodNotAllowed)
        .layer(ReferralLayer::new())
        .with_state(state)
}

#[derive(Deserialize)]
struct SignUp {
    name: String,
    email: String,
}

/// Reports every sign-up, referred or not: Partnero ignores those it has no use for.
async fn sign_up(
    State(partnero): State<Partnero>,
    State(shop): State<Shop>,
    signed_in: Option<User>,
    referral: Option<ReferralKey>,
    Form(form): Form<SignUp>,
) -> Result<(CookieJar, Redirect), ShopError> {
    if signed_in.is_some() {
        return Ok((CookieJar::new(), Redirect::to("/")));
    }
    let user = shop.sign_up(&form.name, &form.email)?;
    let session = session::start(&shop, &user)?;
    partnero.track_sign_up(NewCustomer::new(user.id).email(user.email).name(user.name).referred_by(referral));
    Ok((session, Redirect::to("/welcome")))
}

#[derive(Deserialize)]
struct Checkout {
    order: Token,
    product: String,
}

/// The form again (a double click, a reload) finds the order it has made, and the second report isn't sent.
async fn checkout(
    State(partnero): State<Partnero>,
    State(shop): State<Shop>,
    user: User,
    Form(form): Form<Checkout>,
) -> Result<Redirect, ShopError> {
    let order = shop.place(&user, form.order, &form.product)?;
    let sale = NewTransaction::new(order.id, order.product.price()).customer(user.id).product_id(order.product.id);
    // Waits for the outbox, never for Partnero. The order stands even if the report can't be taken: that is logged and
    // told to the observer, and is no reason for an error page. If your orders are in the outbox's database, let
    // `partnero.in_transaction(&mut tx)` store the two together.
    partnero.track_sale(sale).stored().await.ok();
    Ok(Redirect::to("/orders"))
}

/// All of an order's money back: the commission goes, too.
async fn refund(
    State(partnero): State<Partnero>,
    State(shop): State<Shop>,
    user: User,
    Path(order): Path<String>,
) -> Result<Redirect, ShopError> {
    let refund = |order: &mut Order| {
        order.refund();
        Ok(())
    };
    // Once the shop has it in its file: what isn't refunded must never be reported as if it were. `track_*` waits for
    // nothing, so it may be called under the shop's lock: then the reports have the order of the refunds. In a
    // transaction of yours, `partnero.in_transaction(&mut tx)` does both.
    shop.change_order(&user, &order, refund, |order| {
        partnero.track_refund(&order.id);
    })?;
    Ok(Redirect::to("/orders"))
}

#[derive(Deserialize)]
struct RefundPart {
    refund: Token,
    amount: String,
}

/// Some of it back: Partnero is told what remains, and if that is nothing, it is a refund.
async fn refund_part(
    State(partnero): State<Partnero>,
    State(shop): State<Shop>,
    user: User,
    Path(order): Path<String>,
    Form(form): Form<RefundPart>,
) -> Result<Redirect, ShopError> {
    let refund = |order: &mut Order| order.refund_part(form.refund, &form.amount);
    shop.change_order(&user, &order, refund, |order| {
        let remaining = NewTransaction::new(&order.id, order.remaining());
        partnero.track_adjustment(remaining.customer(&user.id).product_id(order.product.id));
    })?;
    Ok(Redirect::to("/orders"))
}

async fn log_out(State(shop): State<Shop>, headers: HeaderMap) -> Result<(CookieJar, Redirect), ShopError> {
    Ok((session::end(&shop, &headers)?, Redirect::to("/")))
}
