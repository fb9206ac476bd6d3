//! The shop's process: its outbox, its webhook, its server, and the way out. With `app.rs`, this is the part to copy.

use std::{env, error::Error, path::Path, pin::pin, time::Duration};

use axum_partnero::{Partnero, Webhooks, delivery::ShutdownReport};
use tokio::{sync::oneshot, time::timeout};

use crate::{
    app, app::AppState, commissions, commissions::Commissions, html, observer, outbox::Outbox, print, process,
    store::Shop,
};

/// For the demonstration alone: leave these three at their defaults of 10, 60 and 30 seconds. What a shop had begun when
/// it was killed is taken up again after the lease and the settle delay, and nobody wants to watch that for 90 seconds.
/// A lease is at least four request time-outs.
pub const REQUEST_TIMEOUT: Duration = Duration::from_millis(500);
pub const LEASE: Duration = Duration::from_secs(2);
pub const SETTLE_DELAY: Duration = Duration::from_secs(2);

/// Whether everything was as it must be.
pub async fn run() -> Result<bool, Box<dyn Error>> {
    let setting = |name: &str| env::var(name).map_err(|_| format!("{name} is not set"));
    let mut asked_to_end = pin!(process::asked_to_end()?);
    // The stage speaks to this process by its standard input. A shop of yours has SIGTERM alone.
    let mut stage_has_left = pin!(process::listen_to_the_stage(process::log()));

    let builder = Partnero::builder(setting("PARTNERO_API_KEY")?)
        .base_url(setting("PARTNERO_BASE_URL")?) // the sandbox's: leave it out
        .name(setting("SHOP_OUTBOX_NAME")?) // one handle, one database: leave it out
        .program_id(html::PROGRAM_ID)
        .observer(observer::Log)
        .request_timeout(REQUEST_TIMEOUT)
        .lease(LEASE)
        .settle_delay(SETTLE_DELAY);
    // Yours is `.outbox(SqliteOutbox::open("partnero.db").await?)`, or the like for PostgreSQL.
    let outbox = Outbox::open(&setting("SHOP_OUTBOX")?).await?;
    let partnero = outbox.of_calls(builder).build()?;
    let listener = process::listen(setting("SHOP_PORT")?.parse()?).await?;

    // Asks Partnero. To start also while it is down, have the secret in your configuration: `WebhookSecret::from_env`.
    let webhook = format!("http://{}/webhooks/partnero", listener.local_addr()?);
    let secret = partnero.ensure_webhook(webhook, ["transaction.created", "transaction.deleted"]).await?;
    // Yours is `.inbox(outbox)`, with a clone of the same outbox.
    let inbox = outbox
        .of_events(Webhooks::new(secret))
        .name(setting("SHOP_OUTBOX_NAME")?) // as above: leave it out
        .on_transaction_created(commissions::earned)
        .on_transaction_deleted(commissions::taken_back)
        .with_state(Commissions::open(Path::new(&setting("SHOP_COMMISSIONS")?)).await?)
        .build()?;

    let shop = Shop::open(Path::new(&setting("SHOP_FILE")?))?;
    let app = app::router(AppState { partnero: partnero.clone(), shop });
    let app = app.nest("/webhooks/partnero", inbox.router());
    print::line(format_args!("http://{}", listener.local_addr()?));
    let (stop, stopped) = oneshot::channel::<()>();
    let server = axum::serve(listener, app).with_graceful_shutdown(async { drop(stopped.await) });
    let mut server = tokio::spawn(server.into_future());

    tokio::select! {
        () = &mut asked_to_end => {}
        () = &mut stage_has_left => {}
    }

    // The way out: no more requests first (browsers keep connections without one), then what is under way. What waits
    // stays in the outbox, for the next process.
    drop(stop);
    if timeout(Duration::from_secs(2), &mut server).await.is_err() {
        server.abort();
    }
    let (report, events) =
        tokio::join!(partnero.shutdown(Duration::from_secs(10)), inbox.shutdown(Duration::from_secs(10)));
    let ShutdownReport { delivered, left, dead, lost, unknown, refused, .. } = report;
    let left = left.map_or("an unknown number".to_owned(), |left| left.to_string());
    let lost = lost + unknown;
    print::line(format_args!(
        "{delivered} calls delivered since its start, {left} left, {dead} dead letters, {lost} lost, {refused} refused"
    ));
    Ok(dead == 0 && lost == 0 && refused == 0 && events.dead == 0)
}
