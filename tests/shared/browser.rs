//! A real browser of our own: headless Chromium, led by chromedriver. It ends with this process, however that ends.
//!
//! ```text
//! #[path = "../shared/browser.rs"]
//! mod browser;
//!
//! let Some(browser) = Browser::start().await else { return };     // said: `skipped:`
//! browser.goto(&format!("http://shop.test:{port}/")).await?;      // each name under .test is 127.0.0.1
//! ```
//!
//! What it can do is `fantoccini::Client`'s.
#![allow(dead_code, reason = "whoever includes it uses a part")]

pub(crate) mod guard;
pub(crate) mod installed;

use std::{ops::Deref, path::Path, thread, time::Duration};

use fantoccini::{Client, ClientBuilder, wd::Capabilities};
use guard::Guard;
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};

/// Nothing from outside, nothing that differs from run to run. The sandbox asks for rights that containers seldom give; what
/// is opened here is our own.
const ARGUMENTS: &[&str] = &[
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--disable-sync",
    "--disable-component-update",
    "--disable-background-networking",
    "--no-first-run",
    "--lang=en-US",
    "--host-resolver-rules=MAP *.test 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
    // It ends when chromedriver does.
    "--remote-debugging-pipe",
];

/// Each of the browser's processes writes to its profile until it is gone.
const FAREWELL: &str =
    r#"kill -9 "$server"; wait; while pkill -9 -f "user-data-dir=$PWD/profile"; do sleep 0.02; done"#;

/// A browser with a new profile. It is gone when this is dropped.
pub(crate) struct Browser {
    client: Client,
    driver: String,
    guard: Guard,
}

impl Browser {
    /// It takes a second or two, or says `skipped:` where chromedriver isn't installed.
    pub(crate) async fn start() -> Option<Self> {
        Self::with(&[]).await
    }

    /// One with more of Chromium's arguments.
    pub(crate) async fn with(arguments: &[&str]) -> Option<Self> {
        let Some(programs) = installed::folder_of(&["chromedriver"]) else {
            installed::skipped("chromedriver", "apt-get install chromium chromium-driver");
            return None;
        };
        let (guard, port) = start_driver(&programs);
        let driver = format!("http://127.0.0.1:{port}");
        let profile = format!("--user-data-dir={}", guard.folder().join("profile").display());
        let arguments: Vec<_> = ARGUMENTS.iter().chain(arguments).copied().chain([&*profile]).collect();
        let mut wanted = Capabilities::new();
        wanted.insert("goog:chromeOptions".into(), json!({ "args": arguments }));
        // What the page's console says, for `complaints`.
        wanted.insert("goog:loggingPrefs".into(), json!({ "browser": "ALL" }));
        let mut builder = ClientBuilder::new(HttpConnector::new());
        let client = builder.capabilities(wanted).connect(&driver).await;
        let client = client.unwrap_or_else(|error| panic!("no browser: {error}\n{}", guard.log()));
        Some(Self { client, driver, guard })
    }

    /// What the console has been told since it was last asked, but for what is only informative: scripts that failed,
    /// files that didn't come, what a policy forbade.
    pub(crate) async fn complaints(&self) -> Vec<String> {
        let entries = self.ask("se/log", &json!({ "type": "browser" })).await;
        let grave = entries.as_array().expect("a list").iter();
        let grave = grave.filter(|it| it["level"] == "SEVERE" || it["level"] == "WARNING");
        grave.map(|it| it["message"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// A screen of that many pixels, also smaller than a window can be.
    pub(crate) async fn screen(&self, width: u32, height: u32, scale: u32) {
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": scale, "mobile": true });
        self.tell("Emulation.setDeviceMetricsOverride", &metrics).await;
    }

    /// Lets pages read the clipboard, which in life the visitor is asked for.
    pub(crate) async fn allow_clipboard(&self) {
        self.tell("Browser.grantPermissions", &json!({ "permissions": ["clipboardReadWrite"] })).await;
    }

    /// A command of Chromium's own protocol.
    async fn tell(&self, command: &str, parameters: &Value) {
        self.ask("goog/cdp/execute", &json!({ "cmd": command, "params": parameters })).await;
    }

    /// What chromedriver knows beyond the standard.
    async fn ask(&self, path: &str, body: &Value) -> Value {
        let session = self.client.session_id().await.expect("it answers").expect("it is open");
        let request = reqwest::Client::new().post(format!("{}/session/{session}/{path}", self.driver)).json(body);
        let mut answer: Value = request.send().await.expect("it answers").json().await.expect("in JSON");
        let value = answer["value"].take();
        assert!(value["error"].is_null(), "{path}: {value}");
        value
    }

    /// Where it keeps all that it has.
    pub(crate) fn folder(&self) -> &Path {
        self.guard.folder()
    }
}

impl Deref for Browser {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

/// Chromedriver, and its port. One that is free by IPv6 it wants by IPv4, too, where somebody may have it: then it exits.
fn start_driver(programs: &Path) -> (Guard, u16) {
    let start = || {
        let guard = Guard::new(programs, false, FAREWELL);
        guard.run("HOME=$PWD TMPDIR=$PWD chromedriver --port=0 & server=$!");
        let port = port(&guard)?;
        Some((guard, port))
    };
    (0..5).find_map(|_| start()).expect("a port that chromedriver can have")
}

fn port(guard: &Guard) -> Option<u16> {
    for _ in 0..1500 {
        thread::sleep(Duration::from_millis(20));
        let log = guard.log();
        let said = log.split_once("successfully on port ").and_then(|(_, said)| said.split_once('.'));
        if let Some((port, _)) = said {
            return port.parse().ok();
        }
        if log.contains("port not available") {
            return None;
        }
    }
    panic!("it doesn't begin: {}", guard.log())
}
