//! The way out: it takes its time at most, loses nothing that could be delivered, and leaves nobody waiting.

use std::time::Duration;

use axum_partnero::{
    NewTransaction, Partnero, SqliteOutbox,
    delivery::{BuildError, DeliveryError, PartneroBuilder, TrackError},
    sandbox::{Answer, Fault, Sandbox},
};

use crate::support::{DEADLINE, Log, dollars, ms, name, referred, sale, secs, shop, until, within};

/// `n` orders, each with its customer.
fn track(partnero: &Partnero, n: usize) {
    for i in 0..n {
        partnero.track_sign_up(referred(format!("c{i}")));
        partnero.track_sale(NewTransaction::new(format!("o{i}"), dollars(5)).customer(format!("c{i}")));
    }
}

async fn open() -> (Sandbox, Partnero) {
    let sandbox = shop().spawn().await.unwrap();
    let partnero = sandbox.partnero().unwrap();
    (sandbox, partnero)
}

#[tokio::test]
async fn what_is_pending_is_delivered_before_it_returns() {
    let (sandbox, partnero) = open().await;
    sandbox.set_latency(ms(3));
    track(&partnero, 40);
    let report = within(partnero.shutdown(DEADLINE)).await;
    assert_eq!((report.delivered, report.dead, report.lost, report.left), (80, 0, 0, Some(0)));
    assert_eq!(sandbox.ledger().transactions().len(), 40);
    assert_eq!(within(partnero.shutdown(Duration::ZERO)).await, report);
}

#[tokio::test]
async fn what_is_tracked_in_the_last_moment_is_delivered_too() {
    // Which of its tasks hears of the end first is a matter of luck.
    for luck in 0..50 {
        let (sandbox, partnero) = open().await;
        if luck % 2 == 0 {
            track(&partnero, 1);
            partnero.flush(DEADLINE).await.unwrap();
        }
        partnero.track_sale(sale("last", 5));
        let report = within(partnero.shutdown(DEADLINE)).await;
        assert_eq!((report.lost, sandbox.ledger().live_transactions("last").len()), (0, 1));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn on_several_threads_too() {
    let (sandbox, partnero) = open().await;
    let handlers = (0..8).map(|handler| {
        let partnero = partnero.clone();
        tokio::spawn(async move {
            for i in 0..25 {
                partnero.track_sale(sale(&format!("o{handler}-{i}"), 5)).stored().await.unwrap();
            }
        })
    });
    for handler in handlers.collect::<Vec<_>>() {
        within(handler).await.unwrap();
    }
    let report = within(partnero.shutdown(DEADLINE)).await;
    assert_eq!((report.delivered, report.lost), (200, 0));
    assert_eq!(sandbox.ledger().transactions().len(), 200);
}

#[tokio::test]
async fn while_partnero_hangs_it_returns_in_time_and_says_what_is_lost() {
    let (log, _guard) = Log::start();
    let (sandbox, partnero) = open().await;
    sandbox.fault(Fault::Hang);
    track(&partnero, 20);
    let waiting = partnero.track_sale(sale("o99", 5));
    let waits = tokio::spawn(waiting.delivered());
    until("it hangs", async || !sandbox.requests().is_empty()).await;
    // The hanging request alone would take ten seconds.
    let report = within(partnero.shutdown(ms(50))).await;
    assert_eq!((report.delivered, report.lost, report.left), (0, 41, Some(0)));
    assert_eq!(within(waits).await.unwrap().unwrap_err(), DeliveryError::ShutDown);
    assert_eq!(log.count("shut down with calls that are lost"), 1);

    let mut late = partnero.track_sale(sale("o100", 5));
    assert_eq!(late.stored().await, Err(TrackError::ShutDown));
    assert_eq!(late.delivered().await, Err(DeliveryError::NotTaken(TrackError::ShutDown)));
    assert_eq!(within(partnero.shutdown(DEADLINE)).await, report);
    // Nothing here waits for what will never come.
    assert!(within(partnero.flush(ms(1))).await.is_err());
    assert_eq!(partnero.status().await.unwrap().refused, 1);
}

#[tokio::test]
async fn several_at_once_get_the_same_report() {
    let (sandbox, partnero) = open().await;
    sandbox.set_latency(ms(2));
    track(&partnero, 20);
    let clones: Vec<_> = (0..4).map(|_| partnero.clone()).collect();
    let reports = futures_util::future::join_all(clones.iter().map(|partnero| partnero.shutdown(DEADLINE)));
    let reports = within(reports).await;
    assert!(reports.iter().all(|report| report == &reports[0]));
    assert_eq!((reports[0].delivered, reports[0].lost), (40, 0));
}

#[tokio::test]
async fn an_impatient_one_cuts_a_patient_one_short() {
    let (sandbox, partnero) = open().await;
    sandbox.fault(Fault::Hang);
    let waiting = partnero.track_sale(sale("o1", 5));
    until("it hangs", async || !sandbox.requests().is_empty()).await;
    let patient = tokio::spawn({
        let partnero = partnero.clone();
        async move { partnero.shutdown(Duration::from_secs(24 * 60 * 60)).await }
    });
    until("it is shutting down", async || partnero.track_refund("o2").stored().await == Err(TrackError::ShutDown))
        .await;
    let report = within(partnero.shutdown(ms(20))).await;
    assert_eq!(within(patient).await.unwrap(), report);
    assert_eq!(within(waiting.delivered()).await, Err(DeliveryError::ShutDown));
}

#[tokio::test]
async fn a_cancelled_one_can_be_followed_by_another() {
    let (sandbox, partnero) = open().await;
    sandbox.fault(Fault::Hang).times(1);
    sandbox.fault(Answer::status(500)).mentioning("never");
    let hung = partnero.track_sale(sale("o1", 5));
    let never = partnero.track_sale(NewTransaction::new("never", dollars(5)).customer("8"));
    until("it hangs", async || !sandbox.requests().is_empty()).await;
    assert!(tokio::time::timeout(ms(20), partnero.shutdown(DEADLINE)).await.is_err());
    assert_eq!(partnero.track_refund("o2").stored().await, Err(TrackError::ShutDown), "closed it is");
    let report = within(partnero.shutdown(ms(50))).await;
    assert_eq!((report.delivered, report.lost), (0, 2));
    for call in [hung, never] {
        assert_eq!(within(call.delivered()).await.unwrap_err(), DeliveryError::ShutDown);
    }
}

#[tokio::test]
async fn it_returns_early_when_nothing_can_be_done_before_the_time_is_up() {
    let (sandbox, partnero) = open().await;
    sandbox.fault(Answer::too_many_requests(Some(secs(3000))));
    let sold = partnero.track_sale(sale("o1", 5));
    let hour = partnero.shutdown(secs(2900));
    assert_eq!(within(hour).await.lost, 1);
    assert_eq!(name(within(sold.delivered()).await), "shut down");

    let (_sandbox, partnero) = open().await;
    let nothing = within(partnero.shutdown(Duration::MAX)).await;
    assert_eq!((nothing.delivered, nothing.lost), (0, 0));
}

#[tokio::test]
async fn no_time_at_all_is_time_enough_to_end() {
    let (_sandbox, partnero) = open().await;
    track(&partnero, 10);
    let report = within(partnero.shutdown(Duration::ZERO)).await;
    assert_eq!(report.delivered + u64::try_from(report.lost).unwrap(), 20);
}

#[tokio::test]
async fn when_all_handles_are_dropped_what_is_in_memory_is_still_delivered() {
    let (sandbox, partnero) = open().await;
    sandbox.set_latency(ms(2));
    track(&partnero, 30);
    let sold = partnero.track_sale(sale("o99", 5));
    drop(partnero);
    assert_eq!(name(within(sold.delivered()).await), "recorded");
    until("all is there", async || sandbox.ledger().transactions().len() == 31).await;
}

#[tokio::test]
async fn when_all_handles_are_dropped_nobody_waits_for_what_is_parked() {
    let (sandbox, partnero) = open().await;
    sandbox.fault(Answer::status(404)).on("POST", "/customers");
    let sign_up = partnero.track_sign_up(referred("8"));
    let parked = partnero.track_sale(NewTransaction::new("o1", dollars(5)).customer("8"));
    assert_eq!(name(within(sign_up.delivered()).await), "dead: rejected");
    drop(partnero);
    assert_eq!(within(parked.delivered()).await.unwrap_err(), DeliveryError::ShutDown);
}

#[test]
fn when_the_runtime_ends_nobody_waits_either() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let first = runtime();
    let (sandbox, partnero, stored) = first.block_on(async {
        let (sandbox, partnero) = open().await;
        sandbox.fault(Fault::Hang);
        let mut stored = partnero.track_sale(sale("o1", 5));
        stored.stored().await.unwrap();
        (sandbox, partnero, stored)
    });
    // Taken, but the runtime doesn't run any more.
    let mut queued = partnero.track_sale(sale("o2", 5));
    drop(first);
    let mut late = partnero.track_sale(sale("o3", 5));
    runtime().block_on(async {
        assert_eq!(within(stored.delivered()).await.unwrap_err(), DeliveryError::ShutDown);
        assert_eq!(within(queued.stored()).await, Err(TrackError::ShutDown));
        assert_eq!(within(queued.delivered()).await.unwrap_err(), DeliveryError::ShutDown);
        assert_eq!(late.stored().await, Err(TrackError::ShutDown));
        let report = within(partnero.shutdown(ms(1))).await;
        assert_eq!((report.delivered, report.lost), (0, 2));
    });
    drop(sandbox);
}

#[test]
fn without_a_runtime_there_is_no_handle() {
    let error = Partnero::builder("key").base_url("http://127.0.0.1:9/v1/").build().unwrap_err();
    assert!(matches!(error, BuildError::NoRuntime), "{error}");
}

#[tokio::test]
async fn settings_that_cannot_be_are_errors_and_the_greatest_are_not() {
    let builder = || Partnero::builder("key").base_url("http://127.0.0.1:9/v1/");
    let no = Duration::ZERO;
    for (built, says) in [
        (builder().capacity(0).build(), "must be at least 1"),
        (builder().max_in_flight(0).build(), "must be at least 1"),
        (builder().backoff(secs(2), secs(1)).build(), "min <= max"),
        (builder().backoff(no, no).build(), "min <= max"),
        (builder().lease(secs(39)).build(), "four request time-outs"),
        (builder().request_timeout(Duration::MAX).build(), "four request time-outs"),
        (builder().dispatch(false).build(), "not one in memory"),
        (builder().program_id("abc").build(), "8 letters and digits"),
        (builder().name("").build(), "1 to 64 characters"),
        (builder().name("é".repeat(65)).build(), "1 to 64 characters"),
        (builder().name("a\nb").build(), "without control characters"),
        (builder().base_url("http://partnero.test/v1/").build(), "https"),
        (builder().base_url("nonsense").build(), ""),
        (Partnero::builder("").build(), ""),
        (Partnero::builder("a\nb").build(), ""),
    ] {
        let error = built.unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
    }
    let folder = tempfile::tempdir().unwrap();
    let file = SqliteOutbox::open(folder.path().join("partnero.db")).await.unwrap();
    the_greatest_will_do(|builder| builder).await;
    the_greatest_will_do(|builder| builder.outbox(file)).await;
}

async fn the_greatest_will_do(set: impl FnOnce(PartneroBuilder) -> PartneroBuilder) {
    let sandbox = shop().spawn().await.unwrap();
    let most = Duration::MAX;
    let partnero = set(sandbox.partnero_builder())
        .outbox_timeout(most)
        .lease(most)
        .settle_delay(most)
        .max_age(most)
        .backoff(ms(1), most)
        .keep_settled(most)
        .keep_dead_letters(most)
        .observer_timeout(most)
        .capacity(usize::MAX)
        .max_in_flight(usize::MAX)
        .max_call_bytes(usize::MAX)
        .max_dead_letters(usize::MAX)
        .name("é".repeat(64))
        .build()
        .unwrap();
    sandbox.fault(Fault::Refuse).on("POST", "/transactions").times(1);
    partnero.track_sale(sale("o1", 5));
    let other = partnero.track_sign_up(referred("8"));
    assert_eq!(name(within(other.delivered()).await), "recorded");
    until("it is uncertain", async || partnero.status().await.unwrap().uncertain == 1).await;
    let other = partnero.track_sign_up(referred("9"));
    assert_eq!(name(within(other.delivered()).await), "recorded");
}

/// A runtime on this thread, whose log is kept, that ends when this has been done.
fn in_a_runtime(work: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work);
}

#[test]
fn a_runtime_that_ends_without_it_says_how_much_is_lost() {
    let (log, _guard) = Log::start();
    in_a_runtime(async {
        let (sandbox, partnero) = open().await;
        sandbox.stop_listening().await;
        within(partnero.track_sale(sale("stored", 5)).stored()).await.unwrap();
        partnero.track_sale(sale("in the queue", 5));
    });
    let said: Vec<_> = log.text().lines().filter(|line| line.contains("ended with calls")).map(str::to_owned).collect();
    assert!(matches!(&said[..], [line] if line.contains("ERROR") && line.contains("lost=2")), "{said:?}");
}

#[test]
fn an_end_that_loses_nothing_or_was_reported_says_nothing_more() {
    let (log, _guard) = Log::start();
    in_a_runtime(async {
        let (sandbox, partnero) = open().await;
        within(partnero.track_sale(sale("delivered", 5)).delivered()).await.unwrap();
        drop(partnero);
        let partnero = sandbox.partnero().unwrap();
        sandbox.stop_listening().await;
        within(partnero.track_sale(sale("reported", 5)).stored()).await.unwrap();
        assert_eq!(within(partnero.shutdown(Duration::ZERO)).await.lost, 1);
    });
    assert_eq!(
        (log.count("shut down with calls that are lost"), log.count("ended with calls")),
        (1, 0),
        "{}",
        log.text()
    );
}
