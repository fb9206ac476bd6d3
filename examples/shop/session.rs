//! Who is signed in: a session cookie with an id that nobody can guess.

use axum::{
    extract::{FromRef, FromRequestParts, OptionalFromRequestParts},
    http::{HeaderMap, HeaderValue, header::COOKIE, request::Parts},
};
use axum_extra::extract::{
    CookieJar,
    cookie::{Cookie, SameSite},
};

use crate::{
    error::ShopError,
    store::{Shop, User},
    token::Token,
};

const NAME: &str = "session";

/// `SameSite=Lax` keeps other sites from posting the shop's forms in the visitor's name. Behind TLS, add
/// `.secure(true)` and the prefix `__Host-`.
fn cookie(value: String) -> Cookie<'static> {
    Cookie::build((NAME, value)).path("/").http_only(true).same_site(SameSite::Lax).build()
}

/// A new id at each sign-up, never one that the browser came with.
pub fn start(shop: &Shop, user: &User) -> Result<CookieJar, ShopError> {
    let id = Token::random()?;
    shop.open_session(id.clone(), user)?;
    Ok(CookieJar::new().add(cookie(id.to_string())))
}

pub fn end(shop: &Shop, headers: &HeaderMap) -> Result<CookieJar, ShopError> {
    if let Some(id) = id(headers) {
        shop.close_session(&id)?;
    }
    let mut ended = cookie(String::new());
    ended.make_removal();
    Ok(CookieJar::new().add(ended))
}

/// `CookieJar` leaves out a whole `Cookie` line for one byte beyond ASCII. Any script on a page can set such a cookie,
/// and it shouldn't sign the visitor out.
fn id(headers: &HeaderMap) -> Option<Token> {
    let ascii = headers.get_all(COOKIE).iter().filter_map(|line| {
        let line: Vec<u8> = line.as_bytes().iter().map(|byte| if byte.is_ascii() { *byte } else { b'?' }).collect();
        Some((COOKIE, HeaderValue::from_bytes(&line).ok()?))
    });
    let jar = CookieJar::from_headers(&ascii.collect());
    Token::try_from(jar.get(NAME)?.value().to_owned()).ok()
}

/// For pages that need somebody: others are sent to the sign-up form.
impl<S> FromRequestParts<S> for User
where
    S: Send + Sync,
    Shop: FromRef<S>,
{
    type Rejection = ShopError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ShopError> {
        id(&parts.headers).and_then(|id| Shop::from_ref(state).user_of(&id)).ok_or(ShopError::NotSignedIn)
    }
}

impl<S> OptionalFromRequestParts<S> for User
where
    S: Send + Sync,
    Shop: FromRef<S>,
{
    type Rejection = ShopError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Option<Self>, ShopError> {
        Ok(<Self as FromRequestParts<S>>::from_request_parts(parts, state).await.ok())
    }
}
