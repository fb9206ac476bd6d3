//! How many calls wait, for what, and for how long.

use axum_partnero::Partnero;

use crate::show::{Time, say};

pub(crate) async fn status(partnero: &Partnero) -> Result<(), Box<dyn std::error::Error>> {
    let status = partnero.status().await?;
    for (what, count, means) in [
        ("pending", status.pending, "wait to be sent"),
        ("in flight", status.in_flight, "are being sent"),
        ("uncertain", status.uncertain, "were sent without a clear answer: Partnero will be asked"),
        ("parked", status.parked, "wait behind a dead letter"),
        ("dead letters", status.dead, "wait for you: see `dead`"),
        ("untold", status.untold, "are news that the application's observer hasn't taken"),
    ] {
        say(format!("{what:<12} {count:>8}  {means}"));
    }
    if let Some(oldest) = status.oldest {
        say(format!("\nThe oldest open call was tracked {} ago.", Time(oldest)));
    }
    Ok(())
}
