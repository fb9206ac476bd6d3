//! The pages that only show something.

use std::fmt::Write as _;

use axum::{extract::State, response::IntoResponse};

use crate::{
    error::ShopError,
    html::{Escaped, page},
    store::{Order, PRODUCTS, Shop, User},
    token::Token,
};

pub async fn home(user: Option<User>) -> Result<impl IntoResponse, ShopError> {
    let mut list = String::from("<ul>\n");
    for product in &PRODUCTS {
        let (id, name, price) = (product.id, product.name, product.price());
        let buy = if user.is_some() {
            // One token for each form that is shown: however often it is sent, it is one order.
            let form = Token::random()?;
            format!(
                r#"<form method="post" action="/checkout" autocomplete="off">
<input type="hidden" name="order" value="{form}"><input type="hidden" name="product" value="{id}">
<button aria-label="Buy {name}">Buy</button>
</form>"#
            )
        } else {
            r#"<a href="/signup">Sign up to buy</a>"#.to_owned()
        };
        let _ = writeln!(list, "<li><strong>{name}</strong> {price} USD\n{buy}</li>");
    }
    list.push_str("</ul>");
    Ok(page("Good coffee at home", user.as_ref(), &list))
}

pub async fn sign_up(user: Option<User>) -> impl IntoResponse {
    let form = r#"<form method="post">
<label>Name <input name="name" autocomplete="name" maxlength="100" required></label>
<label>E-mail <input name="email" type="email" autocomplete="email" maxlength="100" required></label>
<button>Sign up</button>
</form>"#;
    let here = "<p>You are signed up already.</p>\n<p><a href=\"/\">To the shop</a></p>";
    page("Sign up", user.as_ref(), if user.is_some() { here } else { form })
}

pub async fn welcome(user: User) -> impl IntoResponse {
    let text = format!("<p>Good to have you, {}.</p>\n<p><a href=\"/\">To the shop</a></p>", Escaped(&user.name));
    page("Welcome", Some(&user), &text)
}

pub async fn orders(State(shop): State<Shop>, user: User) -> Result<impl IntoResponse, ShopError> {
    let orders = shop.orders(&user);
    if orders.is_empty() {
        return Ok(page("Your orders", Some(&user), "<p>None so far. <a href=\"/\">To the shop</a></p>"));
    }
    let mut list = String::from("<ul>\n");
    for order in &orders {
        let _ = writeln!(list, "{}", row(order)?);
    }
    list.push_str("</ul>");
    Ok(page("Your orders", Some(&user), &list))
}

fn row(order: &Order) -> Result<String, ShopError> {
    let (id, name, price) = (&order.id, order.product.name, order.product.price());
    let (refunded, remaining) = (order.refunded(), order.remaining());
    if remaining.is_zero() {
        return Ok(format!("<li><s>{name} {price} USD</s> <small>{id}</small> refunded</li>"));
    }
    let so_far = if refunded.is_zero() { String::new() } else { format!(", {refunded} of it refunded") };
    let form = Token::random()?;
    Ok(format!(
        r#"<li><strong>{name}</strong> {price} USD{so_far} <small>{id}</small>
<form method="post" action="/refund/{id}"><button>Refund all ({remaining})</button></form>
<form method="post" action="/refund/{id}/part" autocomplete="off">
<input type="hidden" name="refund" value="{form}">
<label>Amount <input name="amount" type="number" min="0.01" max="{remaining}" step="0.01" required></label>
<button>Refund a part</button>
</form></li>"#
    ))
}
