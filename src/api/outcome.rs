//! What an attempt means to who waits for it: success, or an error.

use http::StatusCode;
use serde_json::Value;

use crate::api::{
    ApiClient, ApiError, Call,
    attempt::{Answer, Attempt},
    envelope,
    response::FromJson,
};

/// A success: the HTTP status and the JSON, if there is any.
type Success = (StatusCode, Option<Value>);

/// Tells success from failure.
fn outcome(attempt: Attempt) -> Result<Success, ApiError> {
    let Answer { status, retry_after, json } = match attempt {
        Attempt::NotSent(reason) => return Err(ApiError::NotSent { reason }),
        Attempt::Uncertain(reason) => return Err(ApiError::Uncertain { reason }),
        Attempt::Answered(answer) => answer,
    };
    let failed = |json: &Value| ApiError::Answered {
        status,
        message: envelope::message(json),
        errors: envelope::field_errors(json),
        retry_after,
    };
    match json {
        Some(json) if status.is_success() && !envelope::says_failed(&json) => Ok((status, Some(json))),
        Some(json) if status.is_success() || envelope::is_partneros(&json) => Err(failed(&json)),
        None if status == StatusCode::NO_CONTENT => Ok((status, None)),
        // What counts is how long to wait, whoever says it.
        _ if status == StatusCode::TOO_MANY_REQUESTS => Err(failed(&Value::Null)),
        _ => Err(ApiError::Unreadable { status }),
    }
}

impl ApiClient {
    /// Sends a call, and gives the whole JSON of the answer: null if there is none.
    pub(super) async fn value(&self, call: Call<'_>) -> Result<Value, ApiError> {
        outcome(self.send(call).await).map(|(_, json)| json.unwrap_or_default())
    }

    /// Sends a call whose answer says no more than that it was done.
    pub(super) async fn done(&self, call: Call<'_>) -> Result<(), ApiError> {
        self.enveloped(call).await.map(drop)
    }

    /// Sends a call, and gives the `data` of the answer as it is: null if there is none.
    pub(super) async fn data(&self, call: Call<'_>) -> Result<Value, ApiError> {
        let (_, json) = self.enveloped(call).await?;
        Ok(json.as_ref().and_then(envelope::data).cloned().unwrap_or_default())
    }

    /// Sends a call whose answer holds a `T`.
    pub(super) async fn fetch<T: FromJson>(&self, call: Call<'_>) -> Result<T, ApiError> {
        let (status, json) = self.enveloped(call).await?;
        json.as_ref().and_then(envelope::data).and_then(T::from_json).ok_or(ApiError::Unreadable { status })
    }

    /// An answer that is Partnero's.
    pub(super) async fn enveloped(&self, call: Call<'_>) -> Result<Success, ApiError> {
        let (status, json) = outcome(self.send(call).await)?;
        match &json {
            Some(json) if !envelope::is_partneros(json) => Err(ApiError::Unreadable { status }),
            _ => Ok((status, json)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;

    fn of(status: u16, json: Option<Value>) -> Result<Option<Value>, ApiError> {
        let status = StatusCode::from_u16(status).unwrap();
        outcome(Attempt::Answered(Answer { status, retry_after: Some(Duration::from_secs(7)), json }))
            .map(|(_, json)| json)
    }

    #[test]
    fn success_needs_a_success_in_header_and_body() {
        for (status, json) in [
            (200, json!({"status": 1})),
            (201, json!({"data": {}})),
            (202, json!({"data": [], "status": true})),
            (200, json!([])),
            (200, json!({"status": "active"})),
        ] {
            assert_eq!(of(status, Some(json.clone())), Ok(Some(json)));
        }
        assert_eq!(of(204, None), Ok(None));
    }

    #[test]
    fn every_other_answer_is_an_error_that_says_what_to_do() {
        let refused =
            json!({"message": "mia@x.test is no good", "errors": {"email": ["taken: mia@x.test"]}, "status": 0});
        for (status, json, variant, text) in [
            (200, Some(json!({"status": 0})), "Answered", "Partnero answered 200 OK"),
            (201, Some(json!({"status": false, "message": "no"})), "Answered", "201 Created: no."),
            (200, None, "Unreadable", "unknown whether it was carried out"),
            (302, None, "Unreadable", "never followed: check the base URL"),
            (302, Some(json!({"x": 1})), "Unreadable", "never followed"),
            (400, Some(refused.clone()), "Answered", "[masked] is no good (fields: email). Correct"),
            (401, Some(json!({"message": "Unauthenticated."})), "Answered", "Check the API key"),
            (403, Some(json!({"message": null})), "Answered", "Check the API key"),
            (403, None, "Unreadable", "Check the API key"),
            (404, Some(json!({"message": "gone"})), "Answered", "nothing of that key"),
            (404, None, "Unreadable", "Check the base URL"),
            (404, Some(json!([])), "Unreadable", "Check the base URL"),
            (409, Some(json!({"status": 0})), "Answered", "exists already"),
            (422, Some(json!({"errors": "odd"})), "Answered", "Correct what was sent"),
            (429, Some(json!({"message": "Too Many Attempts."})), "Answered", "wait"),
            (429, None, "Answered", "wait"),
            (500, Some(json!({"message": "Server Error"})), "Answered", "ask before you repeat"),
            (502, None, "Unreadable", "ask before you repeat"),
        ] {
            let error = of(status, json.clone()).unwrap_err();
            assert!(format!("{error:?}").starts_with(variant), "{status} {json:?}: {error:?}");
            assert!(error.to_string().contains(text), "{status} {json:?}: {error}");
            assert!(!format!("{error} {error:?}").contains("mia"), "{error:?}");
            assert_eq!(error.status().unwrap().as_u16(), status);
            assert_eq!(error.is_not_found(), status == 404 && variant == "Answered");
            assert_eq!(error.retry_after().is_some(), variant == "Answered");
            assert!(!error.is_not_sent());
        }
        let error = of(422, Some(refused)).unwrap_err();
        assert_eq!(error.errors().unwrap()["email"], ["taken: [masked]"]);
    }
}
