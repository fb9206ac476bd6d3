//! The extractors. Each takes what a layer left, and else reads the cookies itself.

use std::convert::Infallible;

use axum_core::extract::{FromRequestParts, OptionalFromRequestParts};
use http::request::Parts;

use crate::{
    model::{ReferralKey, ReferralKeys},
    referral::{rejection::ReferralKeyRejection, sources::Sources},
};

fn first_key(parts: &Parts) -> Option<ReferralKey> {
    match parts.extensions.get::<ReferralKeys>() {
        Some(verdict) => verdict.first().cloned(),
        None => Sources::default().read(&parts.headers)?.first().cloned(),
    }
}

fn all_keys(parts: &Parts) -> ReferralKeys {
    match parts.extensions.get::<ReferralKeys>() {
        Some(verdict) => verdict.clone(),
        None => Sources::default().read(&parts.headers).unwrap_or_default(),
    }
}

/// For handlers that make no sense without a referral: answers 400 where there is none.
impl<S: Send + Sync> FromRequestParts<S> for ReferralKey {
    type Rejection = ReferralKeyRejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        first_key(parts).ok_or(ReferralKeyRejection)
    }
}

/// Never rejects: `None` when nobody referred the visitor.
impl<S: Send + Sync> OptionalFromRequestParts<S> for ReferralKey {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Self::Rejection> {
        Ok(first_key(parts))
    }
}

/// Never rejects: empty when nobody referred the visitor.
impl<S: Send + Sync> FromRequestParts<S> for ReferralKeys {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(all_keys(parts))
    }
}

/// Never rejects: `None` when nobody referred the visitor.
impl<S: Send + Sync> OptionalFromRequestParts<S> for ReferralKeys {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Self::Rejection> {
        Ok(Some(all_keys(parts)).filter(|keys| !keys.is_empty()))
    }
}
