//! The example `outbox`, run as an operator runs it, beside an application that goes on.
#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

#[path = "shared/example.rs"]
mod example;
#[path = "shared/postgres.rs"]
mod postgres;

use std::{fs, path::Path, process::Output, sync::LazyLock, time::Duration};

use axum_partnero::{
    Decimal, NewCustomer, NewTransaction, Partnero, PostgresOutbox, ReferralKey, SqliteOutbox,
    sandbox::{Answer, Sandbox},
};
use example::text;
use postgres::Postgres;
use serde_json::json;
use tempfile::TempDir;

/// Doesn't block: the application in this process may be in the middle of a transaction.
async fn outbox(arguments: &[&str]) -> (i32, String, String) {
    static OUTBOX: LazyLock<String> = LazyLock::new(|| example::build("outbox"));
    let mut run = tokio::process::Command::from(example::run(&OUTBOX, arguments));
    let Output { status, stdout, stderr } = run.output().await.unwrap();
    (status.code().unwrap(), text(&stdout).to_owned(), text(&stderr).to_owned())
}

/// An application that runs.
struct App {
    sandbox: Sandbox,
    partnero: Partnero,
    place: String,
    _folder: TempDir,
}

/// With customers `0` to `7`.
async fn sandbox() -> Sandbox {
    let customers = (0..8).map(|customer: u8| customer.to_string());
    let sandbox = Sandbox::affiliate().partner("anna");
    customers.fold(sandbox, |sandbox, customer| sandbox.referred_customer(customer, "anna")).spawn().await.unwrap()
}

impl App {
    async fn on_sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("partnero.db").to_str().unwrap().to_owned();
        let outbox = SqliteOutbox::open(&place).await.unwrap();
        let sandbox = sandbox().await;
        let partnero = sandbox.partnero_builder().outbox(outbox).build().unwrap();
        Self { sandbox, partnero, place, _folder: folder }
    }

    async fn on_postgres(postgres: &Postgres) -> Self {
        let place = postgres.database().await;
        let outbox = PostgresOutbox::connect(&place).await.unwrap();
        outbox.create_schema().await.unwrap();
        let sandbox = sandbox().await;
        let partnero = sandbox.partnero_builder().outbox(outbox).build().unwrap();
        Self { sandbox, partnero, place, _folder: tempfile::tempdir().unwrap() }
    }

    /// On each of the databases that there are.
    async fn each(prove: impl AsyncFn(Self)) {
        prove(Self::on_sqlite().await).await;
        if let Some(postgres) = Postgres::shared() {
            prove(Self::on_postgres(postgres).await).await;
        }
    }

    /// What the operator's command says when it does what it is to do.
    async fn operator(&self, arguments: &[&str]) -> String {
        let (status, stdout, stderr) = outbox(&[&[self.place.as_str()], arguments].concat()).await;
        assert_eq!((status, stderr.as_str()), (0, ""), "{arguments:?}: {stdout}");
        stdout
    }

    /// The same when it can't.
    async fn in_vain(&self, arguments: &[&str]) -> String {
        let (status, stdout, stderr) = outbox(&[&[self.place.as_str()], arguments].concat()).await;
        assert_eq!((status, stdout.as_str()), (1, ""), "{arguments:?}: {stderr}");
        stderr
    }

    async fn settled(&self) {
        self.partnero.flush(Duration::from_secs(60)).await.unwrap();
    }

    /// A sign-up that Partnero refuses, and a sale that is parked behind it.
    async fn refused(&self, customer: &str, order: &str) {
        let refusal = Answer::json(422, &json!({"message": "Not so.", "errors": {"email": ["Not so."]}}));
        self.sandbox.fault(refusal).on("POST", "/customers").mentioning(customer);
        let referred = NewCustomer::new(customer).referred_by(ReferralKey::new("anna").unwrap());
        self.partnero.track_sign_up(referred.email("mia@shop.example").name("Mia"));
        self.partnero.track_sale(NewTransaction::new(order, Decimal::new(4990, 2)).customer(customer));
        self.settled().await;
        self.sandbox.clear_faults();
    }

    /// The ids of the dead letters.
    async fn ids(&self) -> Vec<String> {
        let letters = self.partnero.dead_letters().page(0, 1_000).await.unwrap();
        letters.iter().map(|letter| letter.id.to_string()).collect()
    }
}

fn counts(status: &str) -> Vec<(&str, &str)> {
    status.lines().filter_map(|line| line.get(..12).zip(line.get(12..21))).map(|(a, b)| (a.trim(), b.trim())).collect()
}

#[tokio::test]
async fn an_empty_outbox_says_so() {
    App::each(async |app| {
        let status = app.operator(&["status"]).await;
        let names = ["pending", "in flight", "uncertain", "parked", "dead letters", "untold"];
        let names = names.into_iter().chain(["oldest"]);
        assert_eq!(counts(&status), names.map(|name| (name, "0")).collect::<Vec<_>>());
        let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/partnero-down.md")).unwrap();
        assert!(page.contains(&format!("-- partnero.db status\n{status}```")), "the page shows something else");
        assert_eq!(app.operator(&["dead"]).await, "no dead letters\n");
        assert_eq!(app.operator(&["retry", "--all"]).await, "0 will be sent again\n");
        assert_eq!(app.operator(&["forget", "mia"]).await, "erased from 0 calls\n");
        for command in ["retry", "discard"] {
            for id in ["0", "1", "18446744073709551615", "first", "-1"] {
                assert_eq!(app.in_vain(&[command, id]).await, format!("there is no dead letter {id}\n"));
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_letter_is_listed_and_retried_and_the_application_delivers_it_with_what_was_parked_behind_it() {
    App::each(async |app| {
        app.refused("mia", "order-1").await;
        let status = app.operator(&["status"]).await;
        assert!(counts(&status).starts_with(&[
            ("pending", "0"),
            ("in flight", "0"),
            ("uncertain", "0"),
            ("parked", "1"),
            ("dead letters", "1"),
        ]));
        let [id] = &app.ids().await[..] else { panic!("one letter") };
        let dead = app.operator(&["dead"]).await;
        let [heads, letter] = dead.lines().collect::<Vec<_>>()[..] else { panic!("{dead}") };
        // Numbers end where their head does, the others begin with it.
        let number = |head: &str| letter[..heads.find(head).unwrap() + head.len()].split_whitespace().last().unwrap();
        let begins = |head: &str, text: &str| letter[heads.find(head).unwrap()..].starts_with(text);
        assert_eq!(
            [number("ID"), number("TRIES"), number("BEHIND"), number("HOURS AGO")],
            [id, "1", "1", "0.0"],
            "{dead}"
        );
        assert!(begins("WHAT", "sign_up ") && begins("ABOUT", "mia "), "{dead}");
        assert!(begins("WHY", "rejected: 422 Not so. (fields: email)"), "{dead}");

        assert_eq!(app.operator(&["retry", id]).await, format!("retry: {}\n", letter.trim_start()));
        app.settled().await;
        let ledger = app.sandbox.ledger();
        assert_eq!(ledger.customer("mia").unwrap().referrer.as_deref(), Some("anna"));
        assert_eq!(ledger.live_transactions("order-1").len(), 1);
        assert_eq!(app.operator(&["dead"]).await, "no dead letters\n");
        assert_eq!(app.in_vain(&["retry", id]).await, format!("there is no dead letter {id}\n"), "once");
    })
    .await;
}

#[tokio::test]
async fn a_letter_that_is_discarded_lets_go_what_was_parked_behind_it() {
    App::each(async |app| {
        app.refused("mia", "order-1").await;
        let [id] = &app.ids().await[..] else { panic!("one letter") };
        assert!(app.operator(&["discard", id]).await.starts_with(&format!("discard: {id}  sign_up ")));
        app.settled().await;
        assert_eq!(app.operator(&["dead"]).await, "no dead letters\n");
        assert!(counts(&app.operator(&["status"]).await).iter().all(|(_, count)| *count == "0"));
        assert!(app.sandbox.ledger().customer("mia").is_none());
        assert_eq!(app.in_vain(&["discard", id]).await, format!("there is no dead letter {id}\n"), "once");
    })
    .await;
}

#[tokio::test]
async fn every_page_is_listed_and_all_can_be_retried() {
    App::each(async |app| {
        app.sandbox.fault(Answer::status(400)).on("POST", "/transactions");
        for order in 0..230 {
            app.partnero.track_sale(NewTransaction::new(format!("order-{order}"), Decimal::ONE).customer(order % 8));
        }
        app.settled().await;
        let dead = app.operator(&["dead"]).await;
        assert_eq!(dead.lines().count(), 231, "{dead}");
        let why = dead.lines().next().unwrap().find("WHY").unwrap();
        let letters: Vec<_> = dead.lines().skip(1).take(230).collect();
        assert!(letters.iter().all(|letter| letter[why - 2..].starts_with("  1: rejected: 400")), "{dead}");
        assert!(letters.iter().enumerate().all(|(order, letter)| letter.contains(&format!(" order-{order} "))));

        app.sandbox.clear_faults();
        assert_eq!(app.operator(&["retry", "--all"]).await, "230 will be sent again\n");
        app.settled().await;
        assert_eq!(app.sandbox.ledger().transactions().len(), 230);
    })
    .await;
}

#[tokio::test]
async fn a_customer_is_forgotten_and_nobody_loses_a_commission() {
    App::each(async |app| {
        app.refused("mia@shop.example", "order-1").await;
        assert!(app.operator(&["dead"]).await.contains(" mia@shop.example "), "an operator sees the key as it is");
        assert_eq!(app.operator(&["forget", "mia@shop.example"]).await, "erased from 2 calls\n");
        app.operator(&["retry", "--all"]).await;
        app.settled().await;
        let ledger = app.sandbox.ledger();
        let customer = ledger.customer("mia@shop.example").unwrap();
        assert_eq!((customer.email.as_deref(), customer.referrer.as_deref()), (None, Some("anna")));
        assert_eq!(ledger.live_transactions("order-1").len(), 1);
        assert!(
            !fs::read(format!("{}-wal", app.place)).unwrap_or_default().windows(6).any(|bytes| bytes == b"\"Mia\"}")
        );
    })
    .await;
}

#[tokio::test]
async fn each_name_has_its_own() {
    App::each(async |app| {
        app.refused("mia", "order-1").await;
        for arguments in [&["--name", "friends", "dead"][..], &["dead", "--name", "friends"]] {
            assert_eq!(app.operator(arguments).await, "no dead letters\n");
        }
        assert!(app.operator(&["dead", "--name", "partnero"]).await.contains(" mia "));
    })
    .await;
}

#[tokio::test]
async fn what_is_no_outbox_is_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let at = |file: &str| folder.path().join(file).to_str().unwrap().to_owned();
    let commands =
        [&["status"][..], &["dead"], &["retry", "1"], &["retry", "--all"], &["discard", "1"], &["forget", "7"]];

    fs::write(at("text.db"), "This is no database, and long enough to be taken for one: ".repeat(100)).unwrap();
    // An application's own, in another journal mode and without our tables.
    let url = format!("sqlite://{}?mode=rwc", at("shop.db"));
    let pool = sqlx::SqlitePool::connect(&url).await.unwrap();
    sqlx::query("CREATE TABLE orders (id INTEGER)").execute(&pool).await.unwrap();
    pool.close().await;
    let was = fs::read(at("shop.db")).unwrap();
    for command in commands {
        for (place, says) in [
            (at("missing.db"), "unable to open database file"),
            (at("nowhere/partnero.db"), "unable to open database file"),
            (folder.path().to_str().unwrap().to_owned(), "unable to open database file"),
            (at("text.db"), "file is not a database"),
            (at("shop.db"), "there is no outbox in "),
        ] {
            let (status, stdout, stderr) = outbox(&[&[place.as_str()], command].concat()).await;
            assert_eq!((status, stdout.as_str()), (1, ""), "{place} {command:?}");
            assert!(
                stderr.contains(says) && stderr.contains(&place) && stderr.lines().count() == 1,
                "{place} {command:?}: {stderr}"
            );
        }
    }
    assert!(!Path::new(&at("missing.db")).exists());
    assert_eq!(fs::read(at("shop.db")).unwrap(), was);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "nor is there a file beside them");

    let (status, _, stderr) = outbox(&["postgres://shop:secret@127.0.0.1:1/shop", "status"]).await;
    assert!(
        status == 1 && stderr.starts_with("the outbox is out of reach: ") && !stderr.contains("secret"),
        "{stderr}"
    );
    if let Some(postgres) = Postgres::shared() {
        let (status, _, stderr) = outbox(&[&postgres.database().await, "status"]).await;
        assert!(status == 1 && stderr.starts_with("the database has no table `partnero_calls`"), "{stderr}");
    }
}

/// How it keeps its journal, above all: that would stay so.
#[tokio::test]
async fn a_database_of_an_application_s_own_keeps_its_settings() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("shop.db").to_str().unwrap().to_owned();
    let pool = sqlx::SqlitePool::connect(&format!("sqlite://{place}?mode=rwc")).await.unwrap();
    SqliteOutbox::new(pool.clone()).create_schema().await.unwrap();
    pool.close().await;
    for command in [&["status"][..], &["dead"], &["events"], &["retry", "--all"], &["forget", "7"]] {
        let (status, _, stderr) = outbox(&[&[place.as_str()], command].concat()).await;
        assert_eq!((status, stderr.as_str()), (0, ""), "{command:?}");
    }
    // Where the file says which journal it wants: 2 is a write-ahead log.
    assert_eq!(fs::read(&place).unwrap()[18..20], [1, 1]);
}

#[tokio::test]
async fn wrong_usage_is_answered_with_the_usage() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("partnero.db");
    drop(SqliteOutbox::open(&file).await.unwrap());
    let file = file.to_str().unwrap();
    for arguments in [
        &[][..],
        &[file],
        &[file, "list"],
        &[file, "status", "now"],
        &[file, "retry"],
        &[file, "retry", "--all", "1"],
        &[file, "forget"],
        &[file, "dead", "--name"],
        &["--name"],
    ] {
        let (status, stdout, stderr) = outbox(arguments).await;
        assert_eq!((status, stdout.as_str()), (2, ""), "{arguments:?}");
        assert!(stderr.starts_with("usage: outbox FILE|URL "), "{arguments:?}");
    }
    let (status, stdout, stderr) = outbox(&["--help"]).await;
    assert_eq!((status, stderr.as_str()), (0, ""));
    assert!(stdout.starts_with("usage: outbox FILE|URL ") && stdout.lines().all(|line| line.chars().count() <= 120));
}
