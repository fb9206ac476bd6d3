//! An observer is told by a task, which any thread may run.
// says: future cannot be sent between threads safely

use std::rc::Rc;

use axum_partnero::{BoxError, HoldReason, Observer};

struct Alarm;

impl Observer for Alarm {
    async fn held(&self, reason: HoldReason) -> Result<(), BoxError> {
        let why = Rc::new(reason);
        #[cfg(not(right))]
        tokio::task::yield_now().await;
        println!("{why:?}");
        Ok(())
    }
}

fn main() {
    let _ = Alarm;
}
