//! An operator's command line over an outbox and its inbox: `cargo run --example outbox -- FILE|URL COMMAND`.
//!
//! It works beside the application, on the same SQLite file or PostgreSQL database, and sends nothing itself. Keys are
//! shown as they are, for they are what an operator looks things up by; the logs of the application show a hash of those
//! that are e-mail addresses.

use std::{env, path::Path, process::ExitCode};

use axum_partnero::{CustomerKey, Partnero, PostgresOutbox, SqliteOutbox, webhook::DeadEvents};

use crate::{
    events::EventsCommand,
    letters::{act_on, all, find, list, parked},
    show::{counted, say},
};

mod events;
mod file;
mod letters;
mod show;
mod status;

const USAGE: &str = "\
usage: outbox FILE|URL [--name NAME] COMMAND

Looks into an outbox of axum-partnero, and acts on it: FILE is an SQLite database, URL begins with postgres://. It sends
nothing: the application, if it runs, takes up what is retried within a second.

  status             how many calls wait, for what, and for how long
  dead               the dead letters, the oldest first
  retry ID|--all     sends dead letters again; what is parked behind them follows
  discard ID         gives a dead letter up; what is parked behind it goes on without it
  events             the webhooks' dead letters, the oldest first
  events retry ID|--all, events discard ID
                     the same for those: the application's handlers are called again, or not any more
  forget CUSTOMER    erases e-mail address, name and tags of a customer, and the key where it is needed no more

  --name NAME        the name of the application's handle, for `events` that of its `Webhooks`, if it has one; else
                     `partnero`
  --help             this text

Keys are shown as they are: if yours are e-mail addresses, mind where the output goes. The password of a URL may be in
PGPASSWORD or ~/.pgpass instead. Status: 0 done, 1 not done (no such letter, outbox out of reach), 2 wrong usage.";

enum Command {
    Status,
    Dead,
    Retry(u64),
    RetryAll,
    Discard(u64),
    Events(EventsCommand),
    Forget(CustomerKey),
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments: Vec<_> = env::args_os().skip(1).map(|it| it.to_string_lossy().into_owned()).collect();
    if matches!(arguments.first().map(String::as_str), Some("--help" | "-h")) {
        say(USAGE);
        return ExitCode::SUCCESS;
    }
    let Some((place, name, command)) = read(arguments) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    match run(&place, &name, command).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::FAILURE
        }
    }
}

/// The outbox's place, the handle's name, and what to do.
fn read(mut arguments: Vec<String>) -> Option<(String, String, Command)> {
    let mut name = String::from("partnero");
    if let Some(at) = arguments.iter().position(|argument| argument == "--name") {
        name = arguments.drain(at..=(at + 1).min(arguments.len() - 1)).nth(1)?;
    }
    let [place, command, rest @ ..] = &arguments[..] else { return None };
    let command = match (command.as_str(), rest) {
        ("status", []) => Command::Status,
        ("dead", []) => Command::Dead,
        ("retry", [all]) if all == "--all" => Command::RetryAll,
        ("retry", [id]) => Command::Retry(id.parse().ok()?),
        ("discard", [id]) => Command::Discard(id.parse().ok()?),
        ("events", rest) => Command::Events(EventsCommand::read(rest)?),
        ("forget", [customer]) => Command::Forget(CustomerKey::new(customer).ok()?),
        _ => return None,
    };
    Some((place.clone(), name, command))
}

async fn run(place: &str, name: &str, command: Command) -> Result<(), Box<dyn std::error::Error>> {
    // The API key is for what sends, and with `dispatch(false)` nothing does.
    let partnero = Partnero::builder("none").name(name).dispatch(false);
    let mut file = None;
    let (partnero, dead_events) = if place.starts_with("postgres://") || place.starts_with("postgresql://") {
        let outbox = PostgresOutbox::connect(place).await?;
        (partnero.outbox(outbox.clone()).build()?, DeadEvents::of(outbox, name))
    } else {
        let outbox = SqliteOutbox::new(file.insert(file::open(Path::new(place))?).clone());
        (partnero.outbox(outbox.clone()).build()?, DeadEvents::of(outbox, name))
    };
    let letters = partnero.dead_letters();
    match command {
        Command::Status => status::status(&partnero).await?,
        Command::Dead => list(&all(&letters).await?),
        Command::Retry(id) => {
            let letter = find(&letters, id).await?;
            act_on(id, letters.retry(id).await?)?;
            say(format!("{letter} will be sent again{}", parked(&letter.0, ["follows", "follow"])));
        }
        Command::RetryAll => match letters.retry_all().await? {
            0 => say("no dead letters"),
            many => say(format!("{} will be sent again", counted(many, "dead letter", "dead letters"))),
        },
        Command::Discard(id) => {
            let letter = find(&letters, id).await?;
            act_on(id, letters.discard(id).await?)?;
            say(format!("{letter} is discarded{}", parked(&letter.0, ["goes on without it", "go on without it"])));
        }
        Command::Events(command) => command.run(&dead_events).await?,
        Command::Forget(customer) => {
            let touched = partnero.forget(&customer).await?;
            if let Some(pool) = &file {
                // What is erased may still be in the log.
                sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(pool).await?;
            }
            match touched {
                0 => say("nothing is known of this customer"),
                many => say(format!("erased from {}", counted(many, "call", "calls"))),
            }
        }
    }
    Ok(())
}
