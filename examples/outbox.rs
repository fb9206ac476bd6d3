//! An operator's command line over an outbox and its inbox: `cargo run --example outbox -- FILE|URL COMMAND`.
//!
//! It works beside the application, on the same SQLite file or PostgreSQL database, and sends nothing itself. Keys are
//! shown as they are, for they are what an operator looks things up by; the logs of the application show a hash of those
//! that are e-mail addresses.

use std::{
    env, fmt,
    io::{self, Write},
    path::Path,
    process::ExitCode,
    time::{Duration, SystemTime},
};

use axum_partnero::{
    CustomerKey, Partnero, PostgresOutbox, SqliteOutbox,
    delivery::{DeadLetter, DeadLetters},
    webhook::DeadEvents,
};
use events::EventsCommand;
use sqlx::{
    SqlitePool,
    sqlite::{SqliteConnectOptions, SqlitePoolOptions, SqliteSynchronous},
};

#[path = "outbox/events.rs"]
mod events;

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

/// Letters read at a time.
const PAGE: usize = 100;

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
        let outbox = SqliteOutbox::new(file.insert(open(Path::new(place))?).clone());
        (partnero.outbox(outbox.clone()).build()?, DeadEvents::of(outbox, name))
    };
    let letters = partnero.dead_letters();
    match command {
        Command::Status => status(&partnero).await?,
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

/// Not `SqliteOutbox::open`: that makes the file and its tables, and this may be a slip of the pen, or the application's
/// own database.
fn open(file: &Path) -> Result<SqlitePool, String> {
    if !file.is_file() {
        return Err(format!("there is no file {}", file.display()));
    }
    let options = SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(false)
        .busy_timeout(Duration::from_secs(10))
        .synchronous(SqliteSynchronous::Full)
        .pragma("secure_delete", "ON");
    Ok(SqlitePoolOptions::new().max_connections(2).connect_lazy_with(options))
}

async fn status(partnero: &Partnero) -> Result<(), Box<dyn std::error::Error>> {
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

/// Every page of them.
async fn all(letters: &DeadLetters) -> Result<Vec<DeadLetter>, Box<dyn std::error::Error>> {
    let mut all: Vec<DeadLetter> = Vec::new();
    loop {
        let page = letters.page(all.last().map_or(0, |last| last.id), PAGE).await?;
        if page.is_empty() {
            return Ok(all);
        }
        all.extend(page);
    }
}

async fn find(letters: &DeadLetters, id: u64) -> Result<Letter, Box<dyn std::error::Error>> {
    let next = letters.page(id.saturating_sub(1), 1).await?.pop().filter(|letter| letter.id == id);
    next.map(Letter).ok_or_else(|| no_such(id).into())
}

/// Somebody else may have been faster.
fn act_on(id: u64, found: bool) -> Result<(), String> {
    if found { Ok(()) } else { Err(no_such(id)) }
}

fn no_such(id: u64) -> String {
    format!("there is no dead letter {id}")
}

fn list(letters: &[DeadLetter]) {
    if letters.is_empty() {
        return say("no dead letters");
    }
    let heads = ["ID", "CALL", "CUSTOMER", "TRANSACTION", "AMOUNT", "TRIES", "PARKED", "DIED", "WHY"].map(String::from);
    table(&std::iter::once(heads).chain(letters.iter().map(row)).collect::<Vec<_>>(), &[0, 4, 5, 6]);
    say(format!("\n{}", counted(letters.len(), "dead letter", "dead letters")));
}

/// Rows of cells, of which some columns are numbers.
fn table<const N: usize>(rows: &[[String; N]], numbers: &[usize]) {
    // A key has up to 255 characters: one that long shifts its own line alone.
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count().min(48)).max().unwrap_or_default();
    let widths: [usize; N] = std::array::from_fn(width);
    for row in rows {
        let cells = row.iter().zip(widths).enumerate().map(|(column, (cell, width))| match column {
            column if numbers.contains(&column) => format!("{cell:>width$}"),
            _ => format!("{cell:<width$}"),
        });
        say(cells.collect::<Vec<_>>().join("  ").trim_end());
    }
}

fn row(letter: &DeadLetter) -> [String; 9] {
    let key = |key: &Option<String>| key.as_deref().map(printable).unwrap_or_default();
    let mut why = letter.reason.as_str().to_owned();
    if letter.uncertain {
        why.push_str(", and Partnero may have it");
    }
    if !letter.message.is_empty() {
        why = format!("{why}: {}", printable(&letter.message));
    }
    [
        letter.id.to_string(),
        letter.kind.as_str().to_owned(),
        key(&letter.customer),
        key(&letter.transaction),
        letter.amount.map(|amount| amount.to_string()).unwrap_or_default(),
        letter.attempts.to_string(),
        letter.parked.to_string(),
        ago(letter.died_at),
        why,
    ]
}

fn ago(time: SystemTime) -> String {
    format!("{} ago", Time(SystemTime::now().duration_since(time).unwrap_or_default()))
}

/// What comes from outside moves no cursor.
fn printable(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { '\u{fffd}' } else { character }).collect()
}

struct Letter(DeadLetter);

impl fmt::Display for Letter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(letter) = self;
        let keys = [&letter.customer, &letter.transaction].into_iter().flatten();
        let about: Vec<_> =
            std::iter::once(letter.kind.as_str().to_owned()).chain(keys.map(|key| printable(key))).collect();
        write!(f, "dead letter {} ({})", letter.id, about.join(", "))
    }
}

/// What becomes of those behind it: of one, of many.
fn parked(letter: &DeadLetter, [one, many]: [&str; 2]) -> String {
    match letter.parked {
        0 => String::new(),
        1 => format!("; 1 call parked behind it {one}"),
        calls => format!("; {calls} calls parked behind it {many}"),
    }
}

fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// How long, roughly.
struct Time(Duration);

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        match seconds {
            0..60 => write!(f, "{seconds} s"),
            60..3_600 => write!(f, "{} min", seconds / 60),
            3_600..172_800 => write!(f, "{} h", seconds / 3_600),
            _ => write!(f, "{} days", seconds / 86_400),
        }
    }
}

/// Not `println!`: that panics when nobody reads any more (`… | head`).
fn say(text: impl fmt::Display) {
    let _ = writeln!(io::stdout(), "{text}");
}
