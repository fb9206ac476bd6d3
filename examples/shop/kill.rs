//! The shop is killed when Partnero has one of its sales and the shop doesn't know, while the next one waits behind it.

use std::time::Instant;

use axum_partnero::sandbox::{Fault, RecordedRequest};

use crate::{
    serve::{LEASE, SETTLE_DELAY},
    visitor::Visitor,
    walk::{Calls, Off, Walk},
};

impl Walk<'_> {
    pub async fn killed(&mut self, mut mia: Visitor) -> Result<(), Off> {
        self.print.visitor("Mia comes back, and Partnero takes a sale without ever answering");
        self.sandbox.fault(Fault::StoreThenHang).on("POST", "/transactions");
        self.sandbox.fault(Fault::Hang).on("GET", "/transactions/*");
        let before = self.calls.len();
        mia.buy("beans").await?;
        self.books.set_sale("order-1005", 24_90);
        self.books.owe(28_17);
        self.step("buys beans for 24.90", Calls::Open(1)).await?;
        mia.buy("kettle").await?;
        self.step("buys the kettle: waits its turn", Calls::Open(2)).await?;

        self.print.visitor("The shop is killed (SIGKILL) before it knows of either, and started again");
        let status = self.shop.kill().await.map_err(|error| Off::new("the shop killed", error))?;
        if status.success() {
            return Err(Off::new("the shop killed", status));
        }
        self.step("is dead: two calls in its outbox", Calls::Open(2)).await?;
        self.sandbox.clear_faults();
        self.tell_twice();
        let began = Instant::now();
        self.shop.start_again().await.map_err(|error| Off::new("the shop started again", error))?;
        mia.open("/orders").await?;
        for order in ["order-1005", "order-1006"] {
            mia.must_see(order)?;
        }
        self.books.set_sale("order-1006", 49_90);
        self.books.owe(43_14);
        self.step("asks for one, sends the other", Calls::Some).await?;
        self.once("order-1005", before)?;
        self.once("order-1006", before)?;
        let (took, lease, settle_delay) = (began.elapsed().as_secs_f64(), LEASE.as_secs(), SETTLE_DELAY.as_secs());
        self.print.remark(format_args!(
            "Each was sent once, and is paid once: Partnero was asked for order-1005, and it was there."
        ));
        self.print.remark(format_args!(
            "It took {took:.1} s: a lease of {lease} s and a settle delay of {settle_delay} s. By default, 60 s and 30 s."
        ));
        Ok(())
    }

    /// Whatever the books say: it was sent once.
    fn once(&self, order: &str, before: usize) -> Result<(), Off> {
        let is_it = |request: &&RecordedRequest| {
            request.method == "POST" && String::from_utf8_lossy(&request.body).contains(order)
        };
        match self.calls[before..].iter().filter(is_it).count() {
            1 => Ok(()),
            sent => Err(Off::new(format!("{order} sent once"), format!("{sent} times"))),
        }
    }
}
