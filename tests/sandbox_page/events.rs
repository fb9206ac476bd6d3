//! What a page is told, read as a browser reads it.

use axum_partnero::sandbox::Sandbox;
use reqwest::Response;
use serde_json::Value;

use crate::wait::within;

pub(crate) struct Events {
    response: Response,
    /// What came, and is not a whole event yet.
    rest: Vec<u8>,
}

impl Events {
    pub(crate) async fn open(sandbox: &Sandbox) -> Self {
        let response = within(ask(sandbox)).await;
        assert_eq!(
            (response.status().as_u16(), &response.headers()["content-type"]),
            (200, &"text/event-stream".parse().unwrap())
        );
        Self { response, rest: Vec::new() }
    }

    /// The name and data of the next event; `None` when it is the end.
    pub(crate) async fn next(&mut self) -> Option<(String, String)> {
        loop {
            if let Some(end) = self.rest.windows(2).position(|two| two == b"\n\n") {
                let event = String::from_utf8(self.rest.drain(..end + 2).collect()).unwrap();
                let field = |name| event.lines().find_map(|line| Some(line.strip_prefix(name)?.to_owned()));
                match (field("event: "), field("data: ")) {
                    (Some(name), Some(data)) => return Some((name, data)),
                    _ => continue,
                }
            }
            match within(self.response.chunk()).await {
                Ok(Some(chunk)) => self.rest.extend_from_slice(&chunk),
                Ok(None) | Err(_) => return None,
            }
        }
    }

    /// The first state of this part that is as it should be; what came before it is passed over.
    pub(crate) async fn until(&mut self, part: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        let told = async {
            loop {
                let (name, data) = self.next().await.expect("it goes on");
                let data = if name == part { serde_json::from_str(&data).unwrap() } else { Value::Null };
                if name == part && is_so(&data) {
                    break data;
                }
            }
        };
        within(told).await
    }
}

pub(crate) async fn ask(sandbox: &Sandbox) -> Response {
    // No time-out: it goes on for as long as the page is open.
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    http.get(format!("{}page/events", sandbox.page_url().unwrap())).send().await.unwrap()
}
