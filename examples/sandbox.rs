//! A local Partnero, on its own: `cargo run --example sandbox [affiliate | refer-a-friend] [PORT]`.
//!
//! Point an application at it with the base URL and the API key that it prints. `SANDBOX_API_KEY` sets the key, `PORT`
//! the port. It shows each request as it comes, and ends with Ctrl-C.

use std::env;
use std::error::Error;
use std::net::Ipv4Addr;

use axum_partnero::sandbox::Sandbox;
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("axum_partnero=info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_target(false).init();

    let mut program = "affiliate".to_owned();
    let mut port: u16 = env::var("PORT").map_or(Ok(4010), |port| port.parse())?;
    for argument in env::args().skip(1) {
        match argument.as_str() {
            "affiliate" | "refer-a-friend" => program = argument,
            number => {
                port = number.parse().map_err(|_| "usage: sandbox [affiliate | refer-a-friend] [PORT]")?;
            }
        }
    }
    let friends = program == "refer-a-friend";
    let builder =
        if friends { Sandbox::refer_a_friend().customer("anna") } else { Sandbox::affiliate().partner("anna") };
    let api_key = env::var("SANDBOX_API_KEY").unwrap_or_else(|_| "sandbox-key".to_owned());
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    let sandbox = builder.api_key(&api_key).serve(listener).await?;

    let (who, field) = if friends { ("customer", "referring_customer") } else { ("partner", "partner") };
    println!("A local Partnero, program type {program}, with the {who} `anna`.\n");
    println!("  base URL    {}", sandbox.url());
    println!("  API key     {api_key}");
    println!("  program id  {}\n", sandbox.program_id());
    println!("Try a sign-up and a sale:\n");
    for (path, body) in [
        ("customers", format!(r#"{{"key": "mia", "{field}": {{"key": "anna"}}}}"#)),
        ("transactions", r#"{"key": "order-1", "amount": 49.90, "customer": {"key": "mia"}}"#.to_owned()),
    ] {
        println!("  curl {}{path} -H 'Authorization: Bearer {api_key}' --json '{body}'", sandbox.url());
    }
    println!("\nCtrl-C ends it.\n");

    tokio::signal::ctrl_c().await?;
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
