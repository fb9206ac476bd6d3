//! What can go wrong, as a page with a status.

use axum::{
    extract::{
        FromRequest, FromRequestParts,
        rejection::{FormRejection, PathRejection},
    },
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use rust_decimal::Decimal;

use crate::html::{self, Escaped};

#[derive(Debug, thiserror::Error)]
pub enum ShopError {
    #[error("Please sign up first.")]
    NotSignedIn,
    #[error("There is no such page, product or order.")]
    NotFound,
    #[error("This address takes another kind of request: start at the shop's home page.")]
    MethodNotAllowed,
    #[error("We need a name and an e-mail address, of at most 100 characters each.")]
    SignUp,
    #[error("This e-mail address has an account already. (There is no log-in here: take another one.)")]
    EmailTaken,
    #[error("The amount must be between 0.01 and {most}, in whole cents.")]
    Amount { most: Decimal },
    #[error("{1}")]
    Request(StatusCode, String),
    #[error("The shop can't write down what it does.")]
    Unwritten(#[from] std::io::Error),
    #[error("The system has no random numbers.")]
    NoRandomness(#[from] getrandom::Error),
}

impl ShopError {
    fn status(&self) -> StatusCode {
        match self {
            Self::NotSignedIn => StatusCode::UNAUTHORIZED,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::SignUp | Self::Amount { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            Self::EmailTaken => StatusCode::CONFLICT,
            Self::Request(status, _) => *status,
            Self::Unwritten(_) | Self::NoRandomness(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl IntoResponse for ShopError {
    fn into_response(self) -> Response {
        if matches!(self, Self::NotSignedIn) {
            return Redirect::to("/signup").into_response();
        }
        let status = self.status();
        let title = if status == StatusCode::NOT_FOUND { "Not found" } else { "That didn't work" };
        let text = format!("<p>{}</p>\n<p><a href=\"/\">Back to the shop</a></p>", Escaped(&self.to_string()));
        (status, html::document(title, "", &text)).into_response()
    }
}

/// axum's own, with our pages for what it rejects.
#[derive(FromRequest)]
#[from_request(via(axum::Form), rejection(ShopError))]
pub struct Form<T>(pub T);

#[derive(FromRequestParts)]
#[from_request(via(axum::extract::Path), rejection(ShopError))]
pub struct Path<T>(pub T);

impl From<FormRejection> for ShopError {
    fn from(rejection: FormRejection) -> Self {
        Self::Request(rejection.status(), rejection.body_text())
    }
}

impl From<PathRejection> for ShopError {
    fn from(rejection: PathRejection) -> Self {
        Self::Request(rejection.status(), rejection.body_text())
    }
}
