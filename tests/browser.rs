//! The browser that other tests use.
#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

#[path = "shared/axe.rs"]
mod axe;
#[path = "shared/browser.rs"]
mod browser;
#[path = "shared/wait.rs"]
mod wait;

use std::{
    env,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use axum::{
    Router,
    http::header::{CONTENT_SECURITY_POLICY, SET_COOKIE},
    response::Html,
    routing::get,
};
use browser::Browser;
use fantoccini::Locator;
use wait::until;

const PAGE: &str = "<!doctype html><html lang=en><title>Shop</title><main><h1>Shop</h1><p id=at></p></main>\
                    <script>document.getElementById('at').textContent = location.hostname</script>";

async fn serve(app: Router) -> u16 {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(axum::serve(listener, app).into_future());
    port
}

#[tokio::test]
async fn it_runs_scripts_keeps_cookies_and_finds_each_name_here() {
    let Some(browser) = Browser::start().await else { return };
    let app = Router::new().route("/", get(async || ([(SET_COOKIE, "a=1")], Html(PAGE))));
    let port = serve(app.route("/plain", get(async || Html(PAGE)))).await;
    for host in ["shop.test", "app.shop.test"] {
        browser.goto(&format!("http://{host}:{port}/")).await.unwrap();
        assert_eq!(browser.find(Locator::Id("at")).await.unwrap().text().await.unwrap(), host);
        assert_eq!(browser.execute("return document.cookie", Vec::new()).await.unwrap(), "a=1");
    }
    assert!(browser.goto("http://example.com/").await.is_err(), "nothing goes out");
    let Some(other) = Browser::start().await else { return };
    other.goto(&format!("http://shop.test:{port}/plain")).await.unwrap();
    assert_eq!(other.execute("return document.cookie", Vec::new()).await.unwrap(), "", "each begins anew");
}

#[tokio::test]
async fn what_a_policy_forbids_is_heard_of_and_what_people_cannot_use_is_found() {
    let Some(browser) = Browser::start().await else { return };
    let policy = [(CONTENT_SECURITY_POLICY, "default-src 'none'")];
    let bad = format!("{PAGE}<input name=unlabelled>");
    let app = Router::new().route("/", get(async || Html(PAGE))).route("/bad", get(async move || (policy, Html(bad))));
    let port = serve(app).await;
    browser.goto(&format!("http://shop.test:{port}/")).await.unwrap();
    let Some(faults) = axe::faults(&browser).await else { return };
    assert_eq!(faults, [""; 0]);
    browser.complaints().await;
    browser.goto(&format!("http://shop.test:{port}/bad")).await.unwrap();
    assert!(axe::faults(&browser).await.unwrap()[0].contains("label"));
    assert!(browser.complaints().await.iter().any(|it| it.contains("Content Security Policy")));
}

/// The program runs this test again in a process that it kills.
#[tokio::test]
async fn a_killed_process_leaves_no_browser_and_no_folder() {
    if env::var_os("TO_BE_KILLED").is_some() {
        let browser = Browser::start().await.unwrap();
        println!("\n{}", browser.folder().display());
        std::thread::sleep(wait::DEADLINE);
    }
    if Browser::start().await.is_none() {
        return;
    }
    let mut process = Command::new(env::current_exe().unwrap())
        .args(["--exact", "--nocapture", "a_killed_process_leaves_no_browser_and_no_folder"])
        .env("TO_BE_KILLED", "yes")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(process.stdout.take().unwrap()).lines().map_while(Result::ok);
    let folder = lines.filter(|line| line.starts_with('/')).map(PathBuf::from).next();
    let is_there = folder.as_deref().is_some_and(Path::exists);
    process.kill().unwrap();
    process.wait().unwrap();
    assert!(is_there, "{folder:?}");
    let folder = folder.unwrap();
    let processes = || Command::new("ps").args(["-eo", "args"]).output().unwrap().stdout;
    until("neither folder nor process is left", async || {
        !folder.exists() && !String::from_utf8_lossy(&processes()).contains(folder.to_str().unwrap())
    })
    .await;
}
