//! The file of an outbox: for nobody else's eyes, whole when it is copied, and clear errors where it can't be.
#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use std::time::Duration;

use axum_partnero::{
    Decimal, NewTransaction, Partnero, SqliteOutbox,
    delivery::{Outbox, OutboxError},
};
use sqlx::Row as _;

const DEADLINE: Duration = Duration::from_secs(300);

fn handle(outbox: impl Outbox) -> Partnero {
    // Nothing is sent.
    Partnero::builder("key").base_url("http://127.0.0.1:9/v1/").dispatch(false).outbox(outbox).build().unwrap()
}

async fn track(partnero: &Partnero, order: i64) {
    let sale = NewTransaction::new(order, Decimal::TEN).customer(7).customer_email("mia@mail.test");
    partnero.track_sale(sale).stored().await.unwrap();
}

#[tokio::test]
async fn a_file_that_is_copied_after_a_shutdown_has_everything_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let (path, copy) = (folder.path().join("partnero.db"), folder.path().join("copy.db"));
    let partnero = handle(SqliteOutbox::open(&path).await.unwrap());
    for order in 0..20 {
        track(&partnero, order).await;
    }
    assert_eq!(partnero.shutdown(DEADLINE).await.left, Some(20));
    std::fs::copy(&path, &copy).unwrap();
    let partnero = handle(SqliteOutbox::open(&copy).await.unwrap());
    assert_eq!(partnero.status().await.unwrap().pending, 20);
}

#[cfg(unix)]
#[tokio::test]
async fn nobody_else_may_read_the_file_nor_its_log() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = tempfile::tempdir().unwrap();
    let partnero = handle(SqliteOutbox::open(folder.path().join("partnero.db")).await.unwrap());
    track(&partnero, 1).await;
    let files: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(Result::unwrap).collect();
    assert!(files.len() >= 2, "the log is there, too: {files:?}");
    for file in files {
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{file:?}");
    }
}

#[tokio::test]
async fn a_file_of_its_own_is_synced_and_the_application_s_own_settings_stay() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.db");
    let options = sqlx::sqlite::SqliteConnectOptions::new()
        .filename(&path)
        .create_if_missing(true)
        .journal_mode(sqlx::sqlite::SqliteJournalMode::Delete)
        .synchronous(sqlx::sqlite::SqliteSynchronous::Normal);
    let pool = sqlx::SqlitePool::connect_with(options).await.unwrap();
    let outbox = SqliteOutbox::new(pool.clone());
    outbox.create_schema().await.unwrap();
    let partnero = handle(outbox);
    track(&partnero, 1).await;
    partnero.forget(7).await.unwrap();
    partnero.shutdown(DEADLINE).await;
    for (pragma, expected) in [("journal_mode", "delete"), ("synchronous", "1"), ("secure_delete", "0")] {
        let row = sqlx::query(sqlx::AssertSqlSafe(format!("PRAGMA {pragma}"))).fetch_one(&pool).await.unwrap();
        let value = row.try_get::<String, _>(0).or_else(|_| row.try_get::<i64, _>(0).map(|value| value.to_string()));
        assert_eq!(value.unwrap(), expected, "{pragma}");
    }
    drop(SqliteOutbox::open(folder.path().join("own.db")).await.unwrap());
    let own = std::fs::read(folder.path().join("own.db")).unwrap();
    assert_eq!(own[18..20], [2, 2], "write-ahead logging is a property of the file");
}

#[tokio::test]
async fn what_is_erased_is_not_in_the_file_any_more() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("partnero.db");
    let partnero = handle(SqliteOutbox::open(&path).await.unwrap());
    track(&partnero, 1).await;
    let holds = || {
        let files = std::fs::read_dir(folder.path()).unwrap().map(|file| std::fs::read(file.unwrap().path()).unwrap());
        files.into_iter().any(|bytes| bytes.windows(13).any(|window| window == b"mia@mail.test"))
    };
    assert!(holds());
    assert_eq!(partnero.forget(7).await.unwrap(), 1);
    assert!(!holds(), "neither in the database nor in its log");
}

#[tokio::test]
async fn a_file_that_can_t_be_an_outbox_is_a_clear_error() {
    let folder = tempfile::tempdir().unwrap();
    let error = SqliteOutbox::open(folder.path().join("nowhere/partnero.db")).await.unwrap_err();
    assert!(error.to_string().contains("nowhere"), "it names the path: {error}");
    let text = folder.path().join("notes.txt");
    std::fs::write(&text, "no database at all, but long enough to be looked at as if it were one. ".repeat(20))
        .unwrap();
    let error = SqliteOutbox::open(&text).await.unwrap_err();
    assert!(error.to_string().contains("not a database") && error.to_string().contains("notes.txt"), "{error}");
    for odd in [":memory:", "sqlite:partnero.db", "sqlite://partnero.db", "file:partnero.db?mode=rwc"] {
        let error = SqliteOutbox::open(odd).await.unwrap_err();
        assert!(error.to_string().contains("takes the path of a file"), "{error}");
        assert!(!std::path::Path::new(odd).exists(), "{odd}");
    }
    let pool = sqlx::SqlitePool::connect("sqlite::memory:").await.unwrap();
    let partnero = handle(SqliteOutbox::new(pool));
    let error = partnero.status().await.unwrap_err();
    assert!(matches!(error, OutboxError::NoTable { table: "partnero_calls", .. }), "{error}");
    assert!(error.to_string().contains("create_schema"), "{error}");
}
