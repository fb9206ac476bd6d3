//! What the process has to do with its surroundings: the log, the ports, the signals.

use std::{
    error::Error,
    io::{self, IsTerminal},
    net::Ipv4Addr,
    thread,
};

use tokio::{net::TcpListener, sync::oneshot};
use tracing_subscriber::EnvFilter;

/// Both ends: what the shop's observer is told, and what the sandbox is asked.
const TALK: &str = "warn,shop=info,axum_partnero::sandbox=info";

/// Logs to stderr: what `RUST_LOG` says, else warnings only, until the function that is returned is called.
pub fn log() -> impl FnOnce() -> Result<(), Box<dyn Error>> + Send {
    let asked = EnvFilter::try_from_default_env();
    let is_asked = asked.is_ok();
    let log = tracing_subscriber::fmt()
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .with_env_filter(asked.unwrap_or_else(|_| EnvFilter::new("warn")))
        .with_filter_reloading();
    let filter = log.reload_handle();
    log.init();
    move || if is_asked { Ok(()) } else { Ok(filter.reload(TALK)?) }
}

/// That port of the loopback interface, or a free one if it is taken.
pub async fn listen(port: u16) -> io::Result<TcpListener> {
    match TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await {
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await,
        bound => bound,
    }
}

/// Ctrl-C, or what a supervisor sends. From the call on, not only once it is awaited.
pub fn asked_to_end() -> io::Result<impl Future<Output = ()>> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
        Ok(async move {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        })
    }
    #[cfg(not(unix))]
    Ok(async { drop(tokio::signal::ctrl_c().await) })
}

/// A line of standard input has the log say more; its end is the end, also if the stage was killed.
pub fn listen_to_the_stage(
    talk: impl FnOnce() -> Result<(), Box<dyn Error>> + Send + 'static,
) -> impl Future<Output = ()> {
    let (left, has_left) = oneshot::channel::<()>();
    // A thread, because tokio waits for a read of standard input before it ends.
    thread::spawn(move || {
        let mut lines = io::stdin().lines();
        if matches!(lines.next(), Some(Ok(_))) {
            let _ = talk();
            while matches!(lines.next(), Some(Ok(_))) {}
        }
        drop(left);
    });
    async { drop(has_left.await) }
}
