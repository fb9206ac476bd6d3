//! A file system without any room left: a small one of its own, which takes Linux and user namespaces.

use std::path::Path;

use tokio::process::Command;

use crate::{
    child::{Database, Job, News, Order},
    plan::Call,
    process::Process,
    support::{ms, partnero, within},
};

/// Mounts it on `$1` for itself alone, and runs the rest.
const SMALL: &str = r#"mount -t tmpfs -o size=8m tmpfs "$1" && shift && exec "$@""#;

fn with_small_disk(folder: &Path) -> Command {
    let mut command = Command::new("unshare");
    command.args(["-rm", "sh", "-c", SMALL, "sh"]).arg(folder);
    command
}

async fn there_are_namespaces(folder: &Path) -> bool {
    let tried = with_small_disk(folder).arg("true").stderr(std::process::Stdio::null()).status().await;
    tried.is_ok_and(|status| status.success())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_a_disk_is_full_calls_wait_in_memory_and_are_stored_once_there_is_room() {
    let (folder, sandbox) = (tempfile::tempdir().unwrap(), partnero(7).await);
    if !there_are_namespaces(folder.path()).await {
        println!("left out: a file system of its own, which this system doesn't grant");
        return;
    }
    let job = Job::new(Database::Sqlite(folder.path().join("partnero.db")), &sandbox);
    let mut command = with_small_disk(folder.path());
    command.arg(std::env::current_exe().unwrap());
    let mut process = Process::run(command, &job);
    process.wait_for(&News::Up).await;
    process.order(Order::Track(0, Call::sign_up("mia")));
    process.wait_for(&News::Stored(0)).await;

    let ballast = folder.path().join("ballast");
    process.order(Order::Fill(ballast.clone()));
    process.wait_for(&News::Full).await;
    let sale = |number: u64| Call::sale("mia", &format!("order-{number}"), 100);
    for number in 1..=1_000 {
        process.order(Order::Track(number, sale(number)));
    }
    // Its log may have a little room.
    let mut stored = 0;
    while let Ok(Some(news)) = tokio::time::timeout(ms(3_000), process.hear()).await {
        stored += u64::from(matches!(news, News::Stored(_)));
    }
    assert!(stored < 1_000, "there was no room for all");

    process.order(Order::Remove(ballast));
    within(async {
        while stored < 1_000 {
            stored += u64::from(matches!(process.hear().await.expect("it lives"), News::Stored(_)));
        }
    })
    .await;
    process.order(Order::Flush);
    process.wait_for(&News::Flushed(0, 0)).await;
    let rows = sandbox.ledger().transactions().len();
    assert_eq!(rows, 1_000);
    assert!((1..=1_000).all(|number| sandbox.ledger().live_transactions(&format!("order-{number}")).len() == 1));
    process.shut_down().await;
}
