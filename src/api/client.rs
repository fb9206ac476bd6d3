//! The client itself.

use std::{fmt, sync::Arc, time::Duration};

use http::HeaderValue;
use secrecy::SecretString;

use crate::{
    api::{ApiBuildError, ApiClientBuilder, base_url::BaseUrl},
    model::ProgramType,
};

/// A client of Partnero's REST API. Cheap to clone; all clones share their connections.
///
/// ```no_run
/// use axum_partnero::ApiClient;
///
/// # async fn f() -> Result<(), Box<dyn std::error::Error>> {
/// let client = ApiClient::new(std::env::var("PARTNERO_API_KEY")?)?;
///
/// let mia = client.customers().get(4711).await?;
/// println!("{:?} was referred by {:?}", mia.key, mia.partner);
///
/// match client.transactions().delete("order-1").await {
///     Err(error) if !error.is_not_found() => return Err(error.into()),
///     _ => {}
/// }
/// # Ok(())
/// # }
/// ```
///
/// Its methods wait for Partnero, and send once: what failed is not repeated. To report sign-ups and sales without
/// waiting, and without losing or doubling one, use [`Partnero`](crate::Partnero).
#[derive(Clone)]
pub struct ApiClient {
    pub(super) inner: Arc<Inner>,
}

pub(super) struct Inner {
    /// `None` where nothing is to be sent.
    pub(super) http: Option<reqwest::Client>,
    pub(super) base: BaseUrl,
    pub(super) authorization: HeaderValue,
    pub(super) request_timeout: Duration,
    pub(super) max_response_bytes: usize,
    pub(super) program_type: Option<ProgramType>,
}

impl ApiClient {
    /// A client with the default settings, for the program that the API key belongs to.
    ///
    /// # Errors
    /// When the API key can't be one, or the HTTP client can't be built (no CA certificates).
    pub fn new(api_key: impl Into<SecretString>) -> Result<Self, ApiBuildError> {
        Self::builder(api_key).build()
    }

    /// The settings, with their defaults.
    pub fn builder(api_key: impl Into<SecretString>) -> ApiClientBuilder {
        ApiClientBuilder::new(api_key.into())
    }

    /// A client that sends nothing.
    pub(crate) fn disabled() -> Self {
        Self::from_inner(Inner {
            http: None,
            base: BaseUrl::partneros(),
            authorization: HeaderValue::from_static("none"),
            request_timeout: Duration::ZERO,
            max_response_bytes: 0,
            program_type: None,
        })
    }

    pub(super) fn from_inner(inner: Inner) -> Self {
        Self { inner: Arc::new(inner) }
    }

    pub(crate) fn request_timeout(&self) -> Duration {
        self.inner.request_timeout
    }

    pub(crate) fn program_type(&self) -> Option<ProgramType> {
        self.inner.program_type
    }
}

/// Without the API key.
impl fmt::Debug for ApiClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiClient")
            .field("base_url", &self.inner.base)
            .field("program_type", &self.program_type())
            .field("request_timeout", &self.request_timeout())
            .finish_non_exhaustive()
    }
}
