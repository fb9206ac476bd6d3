//! The servers that other tests run against.
#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

#[path = "shared/pgbouncer.rs"]
mod pgbouncer;
#[path = "shared/postgres.rs"]
mod postgres;

use std::{
    env,
    io::{BufRead as _, BufReader},
    net::TcpStream,
    path::PathBuf,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use pgbouncer::PgBouncer;
use postgres::{Postgres, connect};
use tokio_postgres::SimpleQueryMessage;

/// The first value that a query gives.
async fn ask(url: &str, sql: &str) -> String {
    let messages = connect(url).await.unwrap().simple_query(sql).await.unwrap();
    let mut rows = messages.iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0),
        _ => None,
    });
    rows.next().unwrap().to_owned()
}

#[tokio::test]
async fn each_test_has_a_database_of_its_own() {
    let Some(postgres) = Postgres::shared() else { return };
    let (one, other) = (postgres.database().await, postgres.database().await);
    assert_ne!(one, other);
    for url in [&one, &other] {
        connect(url).await.unwrap().batch_execute("CREATE TABLE t (a int); INSERT INTO t VALUES (7)").await.unwrap();
        assert_eq!(ask(url, "SELECT a FROM t").await, "7");
    }
    assert!(std::ptr::eq(postgres, Postgres::shared().unwrap()));
    assert_eq!(ask(&one, "SHOW fsync").await, "off");
    assert_eq!(ask(&one, "SHOW synchronous_commit").await, "on");
}

#[tokio::test]
async fn it_goes_and_comes_back_with_what_it_had() {
    let Some(postgres) = Postgres::start() else { return };
    let url = postgres.database().await;
    let client = connect(&url).await.unwrap();
    client.batch_execute("CREATE TABLE t (a int)").await.unwrap();
    for count in ["1", "2"] {
        connect(&url).await.unwrap().batch_execute("INSERT INTO t VALUES (7)").await.unwrap();
        if count == "1" {
            postgres.stop().await;
        } else {
            postgres.kill().await;
        }
        assert!(client.simple_query("SELECT 1").await.is_err());
        assert!(TcpStream::connect(("127.0.0.1", postgres.port)).is_err(), "it is refused");
        postgres.begin().await;
        assert_eq!(ask(&url, "SELECT count(*) FROM t").await, count);
    }
    assert!(postgres.log().contains("automatic recovery in progress"));
}

#[tokio::test]
async fn a_durable_one_syncs() {
    let Some(postgres) = Postgres::durable() else { return };
    assert_eq!(ask(&postgres.url("postgres"), "SHOW fsync").await, "on");
}

#[tokio::test]
async fn behind_the_pooler_transactions_share_connections() {
    let Some(postgres) = Postgres::shared() else { return };
    let Some(pgbouncer) = PgBouncer::start(postgres) else { return };
    let direct = postgres.database().await;
    let url = pgbouncer.url(&direct);
    let mut clients = Vec::new();
    for _ in 0..20 {
        clients.push(connect(&url).await.unwrap());
    }
    for client in &clients {
        client.batch_execute("BEGIN; SELECT 1; COMMIT").await.unwrap();
    }
    let connections = ask(&direct, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()").await;
    assert!(connections.parse::<usize>().unwrap() <= PgBouncer::CONNECTIONS + 1, "{connections}");
}

/// The program runs this test again in a process that it kills.
#[test]
fn a_killed_process_leaves_no_server_and_no_folder() {
    if env::var_os("TO_BE_KILLED").is_some() {
        let postgres = Postgres::shared().unwrap();
        let bouncer = PgBouncer::start(postgres).unwrap();
        for (port, folder) in [(postgres.port, postgres.folder()), (bouncer.port, bouncer.folder())] {
            println!("\n{port} {}", folder.display());
        }
        std::thread::sleep(Duration::from_secs(600));
    }
    let Some(_) = Postgres::shared().and_then(PgBouncer::start) else { return };
    let mut process = Command::new(env::current_exe().unwrap())
        .args(["--exact", "--nocapture", "a_killed_process_leaves_no_server_and_no_folder"])
        .env("TO_BE_KILLED", "yes")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(process.stdout.take().unwrap()).lines().map_while(Result::ok);
    let read = |line: String| {
        let (port, folder) = line.split_once(' ')?;
        Some((port.parse::<u16>().ok()?, PathBuf::from(folder)))
    };
    let left: Vec<_> = lines.filter_map(read).take(2).collect();
    let is_up = |port| TcpStream::connect(("127.0.0.1", port)).is_ok();
    let is_there = left.len() == 2 && left.iter().all(|(port, folder)| is_up(*port) && folder.exists());
    process.kill().unwrap();
    process.wait().unwrap();
    assert!(is_there, "{left:?}");
    let began = Instant::now();
    while left.iter().any(|(port, folder)| is_up(*port) || folder.exists()) {
        assert!(began.elapsed() < Duration::from_secs(30), "still there: {left:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
