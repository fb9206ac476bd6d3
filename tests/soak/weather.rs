//! What Partnero does to those who call it: a fifth of all requests goes wrong, and over and over it is gone for a while,
//! then slow for a while.

use std::time::Duration;

use axum_partnero::sandbox::{Answer, Fault, Sandbox, WebhookFault};

use tokio::time::Instant;

use crate::{
    visitors::BAD,
    wait::{ms, secs},
};

/// Gone for a tenth of it, and slow for another.
const ROUND: Duration = secs(30);

/// A fifth of all requests, from now on. Each with the same chance.
pub(crate) fn rains(sandbox: &Sandbox) {
    sandbox.fault(Answer::status(400)).on("POST", "/transactions").mentioning(BAD);
    let faults: [Fault; 10] = [
        Fault::Refuse,
        Fault::Hang,
        Fault::Slow(ms(50)),
        Fault::StoreThenDrop,
        Fault::StoreThenHang,
        Fault::store_then_500(),
        Fault::DropThenStore(ms(100)),
        Answer::html(503).into(),
        Answer::garbage(500).into(),
        Fault::StoreThenAnswer(Answer::garbage(200)),
    ];
    for fault in faults {
        sandbox.fault(fault).probability(0.022);
    }
    sandbox.webhook_fault(WebhookFault::Duplicate(2)).probability(0.05);
    sandbox.webhook_fault(WebhookFault::Late(3)).probability(0.05);
}

/// And it is gone, and slow, again and again until the time is up.
pub(crate) async fn changes(sandbox: &Sandbox, time: Duration) {
    let end = Instant::now() + time;
    let round = ROUND.min(time);
    let part = |tenths: u32| tokio::time::sleep(round / 10 * tenths);
    while Instant::now() < end {
        part(4).await;
        sandbox.stop_listening().await;
        part(1).await;
        calms(sandbox).await;
        part(3).await;
        sandbox.set_latency(ms(300));
        part(1).await;
        calms(sandbox).await;
        part(1).await;
    }
}

/// But for the rain.
pub(crate) async fn calms(sandbox: &Sandbox) {
    sandbox.set_latency(Duration::ZERO);
    sandbox.resume_listening().await.unwrap();
}
