//! The program, and all that has no method of its own.

use http::Method;
use serde_json::Value;

use crate::api::{ApiClient, ApiError, Call, Program};

impl ApiClient {
    /// Asks whether the API key is good, and of which program it is (`GET /test`).
    ///
    /// # Errors
    /// When it fails: see [`ApiError`]. A wrong API key is answered 401.
    pub async fn test(&self) -> Result<Program, ApiError> {
        self.fetch(Call::test()).await
    }

    /// The program that the API key belongs to.
    ///
    /// # Errors
    /// When it fails: see [`ApiError`].
    pub async fn program(&self) -> Result<Program, ApiError> {
        self.fetch(Call::get("/program")).await
    }

    /// Any other call: leads, coupons, payouts, … The whole JSON of the answer is given back, null if there is none.
    ///
    /// The path is relative to the base URL (`leads?limit=10`); what you put into it must be percent-encoded. It can't
    /// lead out of the base URL.
    ///
    /// ```no_run
    /// # async fn f(client: axum_partnero::ApiClient) -> Result<(), axum_partnero::ApiError> {
    /// use serde_json::json;
    ///
    /// let lead = json!({ "name": "Mia", "email": "mia@shop.example", "partner": { "key": "anna" } });
    /// let answer = client.request(http::Method::POST, "leads", Some(&lead)).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// When the path isn't below the base URL, or when it fails: see [`ApiError`].
    pub async fn request(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value, ApiError> {
        if method == Method::CONNECT {
            return Err(ApiError::Request("CONNECT asks for a tunnel, not for anything of Partnero's"));
        }
        let path = path.strip_prefix('/').unwrap_or(path);
        if self.inner.base.at(path).is_err() || path.split('?').next().is_some_and(|path| path.contains("://")) {
            return Err(ApiError::Request("the path isn't one below the base URL: give it relative, such as `leads`"));
        }
        let call = Call::other(method, path);
        self.value(match body {
            Some(body) => call.text(body.to_string()),
            None => call,
        })
        .await
    }
}
