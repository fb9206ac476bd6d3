//! A process that is frozen past its lease, and goes on as if nothing had happened.

use axum_partnero::sandbox::{Fault, Sandbox};

use crate::{
    child::{Job, News, Order},
    plan::Call,
    postgres::connect,
    process::Process,
    support::{Place, ms, partnero, until},
};

/// Holds up the next claim: in its transaction, or as it commits.
const HOLD_UP: &str = "CREATE TABLE held_up (once INT); INSERT INTO held_up VALUES (1);
    CREATE FUNCTION hold_up() RETURNS TRIGGER LANGUAGE plpgsql AS $$ BEGIN
        IF NEW.state = 'claimed' AND EXISTS (SELECT FROM held_up) THEN PERFORM pg_sleep(0.5); END IF;
        RETURN NEW;
    END $$;";
const IN_ITS_TRANSACTION: &str = "CREATE TRIGGER hold_up BEFORE UPDATE ON partnero_calls
    FOR EACH ROW EXECUTE FUNCTION hold_up()";
const AS_IT_COMMITS: &str = "CREATE CONSTRAINT TRIGGER hold_up AFTER UPDATE ON partnero_calls
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION hold_up()";
const IS_HELD_UP: &str = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'";

fn sale() -> Call {
    Call::sale("mia", "order-1", 4990)
}

fn posts(sandbox: &Sandbox) -> usize {
    let requests = sandbox.requests();
    requests.iter().filter(|request| request.method == "POST" && request.path == "/v1/transactions").count()
}

/// Freezes a process in the middle of its claim of [`sale`].
async fn freeze_in_a_claim(url: &str, trigger: &str, job: &Job) -> Process {
    let mut process = Process::up(job).await;
    process.order(Order::Deliver(0, Call::sign_up("mia")));
    process.wait_for(&News::Delivered(0, "recorded".to_owned())).await;
    let client = connect(url).await.unwrap();
    client.batch_execute(HOLD_UP).await.unwrap();
    client.batch_execute(trigger).await.unwrap();
    process.order(Order::Track(1, sale()));
    until("it is held up", async || !client.query(IS_HELD_UP, &[]).await.unwrap().is_empty()).await;
    process.freeze().await;
    client.batch_execute("DELETE FROM held_up").await.unwrap();
    process
}

/// Another process delivers it; then the first wakes, and has all opportunity to send what it had claimed.
async fn another_takes_over(mut frozen: Process, job: &Job, sandbox: &Sandbox) {
    assert_eq!(posts(sandbox), 0, "it was frozen before it sent anything");
    let mut other = Process::up(job).await;
    other.order(Order::Flush);
    other.wait_for(&News::Flushed(0, 0)).await;
    assert_eq!(posts(sandbox), 1);
    frozen.thaw().await;
    frozen.order(Order::Deliver(2, Call::sale("mia", "order-2", 100)));
    frozen.wait_for(&News::Delivered(2, "recorded".to_owned())).await;
    tokio::time::sleep(ms(300)).await;
    assert_eq!(sandbox.ledger().live_transactions("order-1").len(), 1);
    assert_eq!(posts(sandbox), 2, "one for each order");
    frozen.shut_down().await;
    other.shut_down().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_was_frozen_between_its_claim_and_the_first_byte_sends_nothing_when_it_wakes() {
    let Some(place) = Place::postgres().await else { return };
    let sandbox = partnero(7).await;
    let job = Job::new(place.database.clone(), &sandbox);
    let frozen = freeze_in_a_claim(place.url(), AS_IT_COMMITS, &job).await;
    let client = connect(place.url()).await.unwrap();
    let claimed = "SELECT FROM partnero_calls WHERE state = 'claimed'";
    until("it is claimed", async || !client.query(claimed, &[]).await.unwrap().is_empty()).await;
    another_takes_over(frozen, &job, &sandbox).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_is_frozen_in_the_middle_of_a_claim_keeps_the_others_waiting_for_seconds_only() {
    let Some(place) = Place::postgres().await else { return };
    let sandbox = partnero(7).await;
    let job = Job::new(place.database.clone(), &sandbox);
    let frozen = freeze_in_a_claim(place.url(), IN_ITS_TRANSACTION, &job).await;
    another_takes_over(frozen, &job, &sandbox).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_frozen_process_learns_too_late_changes_nothing() {
    let Some(place) = Place::postgres().await else { return };
    let sandbox = partnero(7).await;
    let job = Job::new(place.database.clone(), &sandbox);
    let mut frozen = Process::up(&job).await;
    frozen.order(Order::Deliver(0, Call::sign_up("mia")));
    frozen.wait_for(&News::Delivered(0, "recorded".to_owned())).await;
    sandbox.fault(Fault::Slow(ms(50))).on("POST", "/transactions").times(1);
    frozen.order(Order::Track(1, sale()));
    until("it is sent", async || posts(&sandbox) == 1).await;
    frozen.freeze().await;

    let mut other = Process::up(&job).await;
    other.order(Order::Flush);
    other.wait_for(&News::Flushed(0, 0)).await;
    let client = connect(place.url()).await.unwrap();
    let row = async || {
        let all = "SELECT row_to_json(c)::text FROM partnero_calls c WHERE transaction_key = 'order-1'";
        client.query_one(all, &[]).await.unwrap().get::<_, String>(0)
    };
    let before = row().await;
    assert!(before.contains("recorded"), "{before}");
    frozen.thaw().await;
    frozen.order(Order::Deliver(2, Call::sale("mia", "order-2", 100)));
    frozen.wait_for(&News::Delivered(2, "recorded".to_owned())).await;
    tokio::time::sleep(ms(300)).await;
    assert_eq!(row().await, before);
    assert_eq!((posts(&sandbox), sandbox.ledger().transactions().len()), (2, 2), "one for each order");
    frozen.shut_down().await;
    other.shut_down().await;
}
