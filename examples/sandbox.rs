//! A local Partnero, on its own: `cargo run --example sandbox [affiliate | refer-a-friend] [PORT]`.
//!
//! Point an application at it with the base URL and the API key that it prints. `SANDBOX_API_KEY` sets the key, `PORT`
//! the port. It shows each request as it comes, and has a web page. It ends with Ctrl-C or SIGTERM.

use std::{
    env,
    error::Error,
    io::{self, IsTerminal},
    net::Ipv4Addr,
    pin::pin,
    process::ExitCode,
};

use axum_partnero::sandbox::Sandbox;
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;

const USAGE: &str = "\
usage: sandbox [affiliate | refer-a-friend] [PORT]

A local Partnero for an application in development, until Ctrl-C. It is an affiliate program on port 4010 unless told
otherwise.

  --help   this text

PORT sets the port, too; SANDBOX_API_KEY sets the API key, and RUST_LOG what is logged.";

#[tokio::main]
async fn main() -> ExitCode {
    let mut friends = false;
    let mut port = env::var("PORT").ok();
    for argument in env::args_os().skip(1) {
        match &*argument.to_string_lossy() {
            "--help" | "-h" => {
                println!("{USAGE}");
                return ExitCode::SUCCESS;
            }
            "affiliate" => friends = false,
            "refer-a-friend" => friends = true,
            number => port = Some(number.to_owned()),
        }
    }
    let Ok(port) = port.as_deref().unwrap_or("4010").parse() else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    match run(friends, port).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("the sandbox can't start: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(friends: bool, port: u16) -> Result<(), Box<dyn Error>> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("axum_partnero=info"));
    let colours = io::stdout().is_terminal();
    tracing_subscriber::fmt().with_env_filter(filter).with_target(false).with_ansi(colours).init();
    let asked_to_end = pin!(asked_to_end()?);

    let builder =
        if friends { Sandbox::refer_a_friend().customer("anna") } else { Sandbox::affiliate().partner("anna") };
    let api_key = env::var("SANDBOX_API_KEY").unwrap_or_else(|_| "sandbox-key".to_owned());
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => format!("port {port} is in use: name another, or 0 for a free one"),
        _ => format!("port {port}: {error}"),
    })?;
    let sandbox = builder.api_key(&api_key).serve(listener).await?;

    let program = if friends { "refer-a-friend" } else { "affiliate" };
    let (who, field) = if friends { ("customer", "referring_customer") } else { ("partner", "partner") };
    println!("A local Partnero, program type {program}, with the {who} `anna`.\n");
    println!("  base URL    {}", sandbox.url());
    println!("  API key     {api_key}");
    println!("  program id  {}", sandbox.program_id());
    println!("  its page    {}\n", sandbox.page_url().unwrap_or_default());
    println!("Try a sign-up and a sale:\n");
    for (path, body) in [
        ("customers", format!(r#"{{"key": "mia", "{field}": {{"key": "anna"}}}}"#)),
        ("transactions", r#"{"key": "order-1", "amount": 49.90, "customer": {"key": "mia"}}"#.to_owned()),
    ] {
        println!("  curl {}{path} -H 'Authorization: Bearer {api_key}' --json '{body}'", sandbox.url());
    }
    println!("\nCtrl-C ends it.\n");

    asked_to_end.await;
    sandbox.shutdown().await;
    let ledger = sandbox.ledger();
    println!(
        "\n{} requests, {} live sales, {} owed to anna",
        sandbox.requests().len(),
        ledger.transactions().iter().filter(|row| row.is_live()).count(),
        ledger.owed_to("anna").normalize()
    );
    Ok(())
}

/// Ctrl-C, or what a supervisor sends. From the call on, not only once it is awaited.
fn asked_to_end() -> io::Result<impl Future<Output = ()>> {
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
