//! What the small examples share: a server for the application, a visitor, and what was proved.
#![allow(dead_code, reason = "not every example uses all of it")]

use std::{error::Error, io, time::Duration};

use axum::Router;
use axum_partnero::Partnero;
use tokio::net::TcpListener;

/// Serves the application on a free port, to the end of the process. Its URL.
pub(crate) async fn serve(app: Router) -> io::Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    tokio::spawn(async move { axum::serve(listener, app).await });
    Ok(url)
}

/// Who visits the application. An empty cookie is none.
pub(crate) struct Visitor {
    client: reqwest::Client,
    cookie: String,
}

impl Visitor {
    pub(crate) fn with_cookie(cookie: &str) -> Self {
        let client = reqwest::Client::builder().no_proxy().build().expect("a client");
        Self { client, cookie: cookie.to_owned() }
    }

    /// Sends a form, and returns the status of the answer.
    pub(crate) async fn post(&self, url: String, form: &[(&str, &str)]) -> reqwest::Result<u16> {
        let mut request = self.client.post(url).form(form);
        if !self.cookie.is_empty() {
            request = request.header("cookie", &self.cookie);
        }
        Ok(request.send().await?.status().as_u16())
    }
}

/// Waits until Partnero was told everything.
pub(crate) async fn delivered(partnero: &Partnero) -> Result<(), Box<dyn Error>> {
    Ok(partnero.flush(Duration::from_secs(60)).await?)
}

/// What was to be proved, and whether it was.
#[derive(Default)]
pub(crate) struct Proof {
    wrong: usize,
}

impl Proof {
    pub(crate) fn that(&mut self, what: &str, is_so: bool) {
        println!("  {} {what}", if is_so { '✓' } else { '✗' });
        self.wrong += usize::from(!is_so);
    }

    /// An error, and so exit code 1, if anything was otherwise.
    pub(crate) fn end(self) -> Result<(), Box<dyn Error>> {
        if self.wrong == 0 { Ok(()) } else { Err("that isn't what should have happened".into()) }
    }
}
