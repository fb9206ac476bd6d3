//! The example `shop`, run as a user runs it.

#![allow(clippy::unwrap_used)]

#[path = "../shared/example.rs"]
mod example;
#[cfg(unix)]
mod open;
#[path = "../shared/postgres.rs"]
mod postgres;
#[path = "../shared/wait.rs"]
mod wait;

use std::{
    net::TcpListener,
    process::{Command, Output},
    sync::LazyLock,
};

use tokio_postgres::SimpleQueryMessage;

use example::text;
use postgres::{Postgres, connect};

/// Its own two ports are taken, which is no obstacle. Else the visitors of a test whose shop is killed would walk into
/// the shop of another test, which has taken its place.
fn shop(arguments: &[&str]) -> Command {
    static SHOP: LazyLock<String> = LazyLock::new(|| example::build("shop"));
    static TAKEN: LazyLock<[std::io::Result<TcpListener>; 2]> =
        LazyLock::new(|| [3000, 3001].map(|port| TcpListener::bind(("127.0.0.1", port))));
    LazyLock::force(&TAKEN);
    example::run(&SHOP, arguments)
}

#[track_caller]
fn must_have_walked(Output { status, stdout, stderr }: &Output) {
    let (stdout, stderr) = (text(stdout), text(stderr));
    assert!(status.success(), "{status}\n{stdout}\n{stderr}");
    assert_eq!((stdout.matches('✓').count(), stdout.matches('✗').count()), (19, 0), "{stdout}");
    for line in [
        "signs up                          user-1, referred by anna          0.00",
        "sends that form again             nothing to tell                  26.70",
        "gets 20.00 of the grinder back    order-1001: 89.00 → 69.00        35.67",
        "returns the kettle                order-1002: 49.90 deleted        20.70",
        "buys beans for 24.90              told; ignores it                 20.70",
        "looks around: 64 KiB              nothing to tell                  20.70",
        "The shop is killed (SIGKILL) before it knows of either, and started again",
        "is dead: two calls in its outbox  not told yet                     28.17",
        "asks for one, sends the other     order-1006: 49.90                43.14",
        "a lease of 2 s and a settle delay of 2 s. By default, 60 s and 30 s.",
        "Partnero told the shop of each sale and refund twice: 14 webhooks, 7 entries in the shop's books.",
        "Shut down: 2 calls delivered since its start, 0 left, 0 dead letters, 0 lost, 0 refused; 43.14 owed to anna",
    ] {
        assert!(stdout.contains(line), "no `{line}` in:\n{stdout}");
    }
    assert!(!stdout.contains('\x1b'), "colours without a terminal: {stdout:?}");
    assert!(stdout.lines().all(|line| line.chars().count() <= 110), "{stdout}");
    assert_eq!(stderr, "", "nothing to warn of");
}

#[test]
fn the_walk_ends_with_what_anna_is_owed_and_nothing_to_warn_of() {
    must_have_walked(&shop(&["--once"]).output().unwrap());
}

#[tokio::test]
async fn the_walk_is_the_same_with_an_outbox_in_postgresql() {
    let Some(postgres) = Postgres::shared() else { return };
    let url = postgres.database().await;
    // Twice: what the first shop has left there is none of the second's.
    for shops in ["1", "2"] {
        must_have_walked(&shop(&["--once", "--postgres", &url]).output().unwrap());
        let client = connect(&url).await.unwrap();
        let ask = async |sql: &str| match &client.simple_query(sql).await.unwrap()[1] {
            SimpleQueryMessage::Row(row) => row.get(0).unwrap().to_owned(),
            other => panic!("{other:?}"),
        };
        assert_eq!(ask("SELECT COUNT(DISTINCT name) FROM partnero_calls WHERE name LIKE 'shop-%'").await, shops);
        assert_eq!(ask("SELECT COUNT(*) FROM partnero_calls WHERE state NOT IN ('done', 'gone')").await, "0");
    }
}

#[test]
fn an_outbox_out_of_reach_is_said_and_is_a_failure() {
    let Output { status, stdout, stderr } =
        shop(&["--once", "--postgres", "postgres://shop:secret@127.0.0.1:1/shop"]).output().unwrap();
    let stderr = text(&stderr);
    assert_eq!((status.code(), text(&stdout)), (Some(1), ""));
    assert!(stderr.starts_with("the shop can't start: the outbox is out of reach: "), "{stderr}");
    assert!(!stderr.contains("secret") && stderr.lines().count() == 1, "{stderr}");
}

#[test]
fn unknown_arguments_are_answered_with_the_usage() {
    for arguments in
        [&["--twice"][..], &["--once", "--once"], &["--postgres"], &["--postgres", "shop.db"], &["3000"], &[""]]
    {
        let Output { status, stdout, stderr } = shop(arguments).output().unwrap();
        assert_eq!((status.code(), text(&stdout)), (Some(2), ""), "{arguments:?}");
        assert!(text(&stderr).starts_with("usage: shop [--once]"), "{arguments:?}");
    }
    let Output { status, stdout, stderr } = shop(&["--help"]).output().unwrap();
    assert_eq!((status.code(), text(&stderr)), (Some(0), ""));
    assert!(text(&stdout).starts_with("usage: shop [--once]"));
}
