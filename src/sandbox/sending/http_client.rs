//! The HTTP clients that webhooks are sent with. They are made when they are first needed.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, OnceLock},
    time::Duration,
};

use reqwest::{Client, ClientBuilder};

/// One client for plain http, which needs no certificates, and one for https.
#[derive(Debug, Clone, Default)]
pub(in crate::sandbox) struct HttpClient(Arc<[OnceLock<Option<Client>>; 2]>);

impl HttpClient {
    /// The client for a URL; `None` if its TLS can't be set up.
    pub(super) fn to(&self, url: &str) -> Option<Client> {
        let secure = url.starts_with("https:");
        let build = || {
            let builder = Client::builder()
                // As Partnero does: a 3xx is no 2xx.
                .redirect(reqwest::redirect::Policy::none())
                .retry(reqwest::retry::never())
                .no_proxy()
                .pool_idle_timeout(Duration::from_secs(15));
            let builder = if secure { builder } else { without_certificates(builder) };
            // Without a crypto provider, reqwest panics.
            catch_unwind(AssertUnwindSafe(|| builder.build())).ok()?.ok()
        };
        self.0[usize::from(secure)].get_or_init(build).clone()
    }
}

#[cfg(any(feature = "rustls", feature = "rustls-no-provider", feature = "native-tls"))]
fn without_certificates(client: ClientBuilder) -> ClientBuilder {
    client.tls_certs_only([])
}

#[cfg(not(any(feature = "rustls", feature = "rustls-no-provider", feature = "native-tls")))]
fn without_certificates(client: ClientBuilder) -> ClientBuilder {
    client
}
