//! Settings of the client, with their defaults.

use std::{
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    time::Duration,
};

use http::HeaderValue;
use secrecy::{ExposeSecret, SecretString};

use crate::{
    api::{
        ApiClient,
        base_url::{self, BadBaseUrl, BaseUrl},
        client::Inner,
        send::chain,
    },
    model::ProgramType,
};

/// Settings of an [`ApiClient`].
#[must_use = "settings do nothing until `build`"]
pub struct ApiClientBuilder {
    api_key: SecretString,
    base_url: String,
    allow_plain_http: bool,
    connect_timeout: Duration,
    request_timeout: Duration,
    pool_idle_timeout: Duration,
    max_response_bytes: usize,
    program_type: Option<ProgramType>,
    http_client: Option<reqwest::ClientBuilder>,
}

/// Why there can be no client.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ApiBuildError {
    /// The API key is empty or blank.
    #[error("the Partnero API key is empty: take it from the dashboard (your program, Integration, API)")]
    NoApiKey,
    /// The API key has a blank, a quote, a line break or a character beyond ASCII within it.
    #[error(
        "the Partnero API key has a blank, a quote, a control character or one beyond ASCII in it: pass the key alone, \
         without `Bearer` and without quotes"
    )]
    MalformedApiKey,
    /// The base URL can't be used.
    #[error("the base URL can't be used: {0}")]
    BaseUrl(String),
    /// The HTTP client can't be built, as when the system has no CA certificates.
    #[error(
        "the HTTP client can't be built: {0}. If it is for lack of certificates, install the system's (the package \
         `ca-certificates`) or give your own with `http_client`; with the feature `rustls-no-provider`, install a \
         crypto provider first"
    )]
    HttpClient(String),
}

impl From<BadBaseUrl> for ApiBuildError {
    fn from(error: BadBaseUrl) -> Self {
        Self::BaseUrl(error.to_string())
    }
}

impl ApiClientBuilder {
    pub(super) fn new(api_key: SecretString) -> Self {
        Self {
            api_key,
            base_url: base_url::DEFAULT.to_owned(),
            allow_plain_http: false,
            connect_timeout: Duration::from_secs(3),
            request_timeout: Duration::from_secs(10),
            pool_idle_timeout: Duration::from_secs(15),
            max_response_bytes: 1 << 20,
            program_type: None,
            http_client: None,
        }
    }

    /// Where Partnero is: https, or this machine. Default: `https://api.partnero.com/v1/`.
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.base_url = url.into();
        self
    }

    /// Allows a base URL of plain http that isn't this machine. The API key is then sent readable: only for a network
    /// that you trust. Default: refused.
    pub fn allow_plain_http(mut self) -> Self {
        self.allow_plain_http = true;
        self
    }

    /// How long a connection may take, TLS included. Default: 3 seconds.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// How long a request may take in all, from connecting to the last byte of the answer. Default: 10 seconds.
    pub fn request_timeout(mut self, timeout: Duration) -> Self {
        self.request_timeout = timeout;
        self
    }

    /// How long an idle connection is kept for the next request. Default: 15 seconds, for load balancers drop theirs
    /// after 60, and a request on a connection that is just being dropped is lost.
    pub fn pool_idle_timeout(mut self, timeout: Duration) -> Self {
        self.pool_idle_timeout = timeout;
        self
    }

    /// How much of an answer is read. A longer one counts as unreadable. Default: 1 MiB.
    pub fn max_response_bytes(mut self, bytes: usize) -> Self {
        self.max_response_bytes = bytes;
        self
    }

    /// The kind of the program that the API key belongs to, which decides in which field a referrer is sent. Default:
    /// the kind of the referral key, affiliate where that is unknown.
    pub fn program_type(mut self, program_type: ProgramType) -> Self {
        self.program_type = Some(program_type);
        self
    }

    /// A client of your own to build on: a proxy, certificates, a resolver. Redirects, retries, decompression and the
    /// time-outs are still set by this crate.
    pub fn http_client(mut self, client: reqwest::ClientBuilder) -> Self {
        self.http_client = Some(client);
        self
    }

    /// Builds the client. No request is made.
    ///
    /// # Errors
    /// When the API key or the base URL can't be used, or the HTTP client can't be built (no CA certificates).
    pub fn build(self) -> Result<ApiClient, ApiBuildError> {
        let authorization = authorization(self.api_key.expose_secret())?;
        let base = BaseUrl::parse(&self.base_url, self.allow_plain_http)?;
        let http = self
            .http_client
            .unwrap_or_else(|| default_client(&base))
            // A redirect could take the API key elsewhere, a retry could pay a commission twice, and a decompressed
            // body could be a thousand times the one received.
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .no_gzip()
            .no_brotli()
            .no_zstd()
            .no_deflate()
            .user_agent(concat!("axum-partnero/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(self.connect_timeout)
            .timeout(self.request_timeout)
            .pool_idle_timeout(self.pool_idle_timeout);
        // Without a crypto provider, reqwest panics.
        let http = catch_unwind(AssertUnwindSafe(|| http.build()))
            .map_err(|_| ApiBuildError::HttpClient("its TLS could not be set up".to_owned()))?
            .map_err(|error| ApiBuildError::HttpClient(chain(error)))?;
        Ok(ApiClient::from_inner(Inner {
            http: Some(http),
            base,
            authorization,
            request_timeout: self.request_timeout,
            max_response_bytes: self.max_response_bytes,
            program_type: self.program_type,
        }))
    }
}

/// Without the API key.
impl fmt::Debug for ApiClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiClientBuilder").finish_non_exhaustive()
    }
}

fn authorization(api_key: &str) -> Result<HeaderValue, ApiBuildError> {
    // Environment variables and secret files like to end with a line break.
    let api_key = api_key.trim();
    if api_key.is_empty() {
        return Err(ApiBuildError::NoApiKey);
    }
    // Nor those of a file of settings whose reader leaves quotes where they are.
    if !api_key.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\'')) {
        return Err(ApiBuildError::MalformedApiKey);
    }
    let mut value = HeaderValue::from_str(&format!("Bearer {api_key}")).map_err(|_| ApiBuildError::MalformedApiKey)?;
    value.set_sensitive(true);
    Ok(value)
}

fn default_client(base: &BaseUrl) -> reqwest::ClientBuilder {
    let client = reqwest::Client::builder();
    // No proxy reaches this machine for us.
    let client = if base.is_loopback() { client.no_proxy() } else { client };
    // Plain http needs no certificates: the sandbox works in an image that has none.
    if base.is_https() { client } else { without_certificates(client) }
}

#[cfg(any(feature = "rustls", feature = "rustls-no-provider", feature = "native-tls"))]
fn without_certificates(client: reqwest::ClientBuilder) -> reqwest::ClientBuilder {
    client.tls_certs_only([])
}

#[cfg(not(any(feature = "rustls", feature = "rustls-no-provider", feature = "native-tls")))]
fn without_certificates(client: reqwest::ClientBuilder) -> reqwest::ClientBuilder {
    client
}
