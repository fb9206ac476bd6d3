//! What tests wait for, as long as it takes: nothing here says how fast anything must be.
#![allow(dead_code, reason = "whoever includes it uses a part")]

use std::time::Duration;

/// No test waits longer than this for what must come, however busy the machine: then it never will.
pub(crate) const DEADLINE: Duration = secs(300);

pub(crate) const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

pub(crate) const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// What `future` gives, or a panic when it never does.
pub(crate) async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(DEADLINE, future).await.expect("it never came to an end")
}

/// Waits until it is so.
pub(crate) async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let looked = async {
        while !is_so().await {
            tokio::time::sleep(ms(2)).await;
        }
    };
    assert!(tokio::time::timeout(DEADLINE, looked).await.is_ok(), "never: {what}");
}

/// A number from the environment.
pub(crate) fn setting(name: &str, default: u64) -> u64 {
    match std::env::var(name) {
        Ok(value) => value.parse().unwrap_or_else(|_| panic!("{name} must be a number")),
        Err(_) => default,
    }
}
