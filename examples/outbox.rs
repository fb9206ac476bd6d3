//! An operator's command line over an outbox and its inbox, beside the application: `cargo run --example outbox -- --help`.

use std::{env, error::Error, io::Write as _, process::ExitCode, time::SystemTime};

use axum_partnero::{CustomerKey, DeadLetter, Partnero, PostgresOutbox, SqliteOutbox, delivery, webhook};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};

const USAGE: &str = "\
usage: outbox FILE|URL [--name NAME] COMMAND

FILE is an SQLite database, URL begins with postgres://. This sends nothing itself: the application takes up what is
retried within a second. NAME is that of its handle or, for `events`, of its `Webhooks`: `partnero`, if not given.

  status                  how many calls wait, for what, and for how long
  dead                    the dead letters, the oldest first
  retry ID|--all          sends dead letters again; what is parked behind them follows
  discard ID              gives a dead letter up; what is parked behind it goes on without it
  events [retry|discard]  the same for the dead letters of webhooks: the application's handlers are called again, or not
  forget CUSTOMER         erases e-mail address, name and tags of a customer, and the key where it is needed no more

Keys are shown as they are: if yours are e-mail addresses, mind where the output goes. The password of a URL may be in
PGPASSWORD or ~/.pgpass instead. Status: 0 done, 1 not done (no such letter, outbox out of reach), 2 wrong usage.";

enum Letters {
    OfCalls(delivery::DeadLetters),
    OfEvents(webhook::DeadEvents),
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let mut words: Vec<_> = env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned()).collect();
    let option = words.iter().position(|word| word == "--name").filter(|at| at + 1 < words.len());
    let name = option.and_then(|at| words.drain(at..at + 2).next_back()).unwrap_or("partnero".into());
    let words: Vec<_> = words.iter().map(String::as_str).collect();
    // Not `println!`: that panics when nobody reads any more (`… | head`).
    let done = run(&words, &name).await.map(|text| drop(writeln!(std::io::stdout(), "{text}")));
    let Err(problem) = done else { return ExitCode::SUCCESS };
    eprintln!("{problem}");
    ExitCode::from(if problem.to_string() == USAGE { 2 } else { 1 })
}

async fn run(words: &[&str], name: &str) -> Result<String, Box<dyn Error>> {
    let (place, words) = words.split_first().ok_or(USAGE)?;
    if place.starts_with("--") {
        return if *place == "--help" { Ok(USAGE.to_owned()) } else { Err(USAGE.into()) };
    }
    let (partnero, events) = open(place, name).await?;
    let (calls, events) = (Letters::OfCalls(partnero.dead_letters()), Letters::OfEvents(events));
    Ok(match words {
        ["status"] => status(&partnero).await?,
        ["dead"] => calls.list().await?,
        ["events"] => events.list().await?,
        [what @ ("retry" | "discard"), id] => calls.act(what, id).await?,
        ["events", what @ ("retry" | "discard"), id] => events.act(what, id).await?,
        ["forget", key] => format!("erased from {} calls", partnero.forget(&CustomerKey::new(key)?).await?),
        _ => return Err(USAGE.into()),
    })
}

async fn open(place: &str, name: &str) -> Result<(Partnero, webhook::DeadEvents), Box<dyn Error>> {
    let partnero = Partnero::builder("none").name(name).dispatch(false); // sends nothing, and needs no API key for that
    if place.starts_with("postgres://") || place.starts_with("postgresql://") {
        let outbox = PostgresOutbox::connect(place).await?;
        return Ok((partnero.outbox(outbox.clone()).build()?, webhook::DeadEvents::of(outbox, name)));
    }
    // `open` makes the file, its tables and its settings: not of a slip of the pen, nor of an application's database.
    let at = |problem: sqlx::Error| format!("{place}: {problem}");
    let file = SqlitePool::connect_with(SqliteConnectOptions::new().filename(place)).await.map_err(at)?;
    let tables = "SELECT count(*) FROM sqlite_schema WHERE name = 'partnero_calls'";
    if sqlx::query_scalar::<_, i64>(tables).fetch_one(&file).await.map_err(at)? == 0 {
        return Err(format!("there is no outbox in {place}").into());
    }
    let is_set = sqlx::query_scalar::<_, String>("PRAGMA journal_mode").fetch_one(&file).await? == "wal";
    let outbox = if is_set { SqliteOutbox::open(place).await? } else { SqliteOutbox::new(file) };
    Ok((partnero.outbox(outbox.clone()).build()?, webhook::DeadEvents::of(outbox, name)))
}

async fn status(partnero: &Partnero) -> Result<String, Box<dyn Error>> {
    let delivery::Status { pending, in_flight, uncertain, parked, dead, untold, oldest, .. } =
        partnero.status().await?;
    let age = oldest.unwrap_or_default().as_secs();
    Ok(format!(
        "pending      {pending:>8}  wait to be sent
in flight    {in_flight:>8}  are being sent
uncertain    {uncertain:>8}  were sent without a clear answer: Partnero will be asked
parked       {parked:>8}  wait behind a dead letter
dead letters {dead:>8}  wait for you: see `dead`
untold       {untold:>8}  are news that the application's observer hasn't taken
oldest       {age:>8}  seconds ago the oldest open call was tracked"
    ))
}

impl Letters {
    async fn page(&self, after: u64, most: usize) -> Result<Vec<(u64, String)>, Box<dyn Error>> {
        Ok(match self {
            Self::OfCalls(letters) => letters.page(after, most).await?.iter().map(of_call).collect(),
            Self::OfEvents(letters) => letters.page(after, most).await?.iter().map(of_event).collect(),
        })
    }

    async fn list(&self) -> Result<String, Box<dyn Error>> {
        const HEADS: &str = "    ID  WHAT                 ABOUT                        TRIES  BEHIND  HOURS AGO  WHY";
        let mut letters = Vec::new();
        while let page @ [_, ..] = &self.page(letters.last().map_or(0, |(id, _)| *id), 100).await?[..] {
            letters.extend_from_slice(page);
        }
        let lines: Vec<_> = letters.into_iter().map(|(_, line)| line).collect();
        Ok(if lines.is_empty() { "no dead letters".to_owned() } else { format!("{HEADS}\n{}", lines.join("\n")) })
    }

    async fn act(&self, what: &str, id: &str) -> Result<String, Box<dyn Error>> {
        if (what, id) == ("retry", "--all") {
            return Ok(match self {
                Self::OfCalls(letters) => format!("{} will be sent again", letters.retry_all().await?),
                Self::OfEvents(letters) => format!("{} will be handled again", letters.retry_all().await?),
            });
        }
        let none = || format!("there is no dead letter {id}");
        let id: u64 = id.parse().map_err(|_| none())?;
        let (_, line) = self.page(id.saturating_sub(1), 1).await?.pop().filter(|it| it.0 == id).ok_or_else(none)?;
        let found = match (self, what) {
            (Self::OfCalls(letters), "retry") => letters.retry(id).await?,
            (Self::OfCalls(letters), _) => letters.discard(id).await?,
            (Self::OfEvents(letters), "retry") => letters.retry(id).await?,
            (Self::OfEvents(letters), _) => letters.discard(id).await?,
        };
        found.then(|| format!("{what}: {}", line.trim_start())).ok_or_else(|| none().into())
    }
}

fn of_call(letter: &DeadLetter) -> (u64, String) {
    let about = [&letter.customer, &letter.transaction].map(|key| key.as_deref().unwrap_or_default()).join(" ");
    let amount = letter.amount.map(|amount| format!("{amount}: ")).unwrap_or_default();
    let doubt = if letter.uncertain { ", and Partnero may have it" } else { "" };
    let why = format!("{amount}{}{doubt}: {}", letter.reason.as_str(), letter.message);
    (letter.id, line(letter.id, letter.kind.as_str(), &about, letter.attempts, letter.parked, letter.died_at, &why))
}

fn of_event(letter: &webhook::DeadEvent) -> (u64, String) {
    let webhook::DeadEvent { id, name, attempts, waiting, died_at, message, .. } = letter;
    (*id, line(*id, name, &letter.event().resource().unwrap_or_default(), *attempts, *waiting, *died_at, message))
}

fn line(id: u64, what: &str, about: &str, tries: u32, behind: usize, died: SystemTime, why: &str) -> String {
    let hours = died.elapsed().unwrap_or_default().as_secs_f64() / 3600.0;
    let line = format!("{id:>6}  {what:<19}  {about:<27}  {tries:>5}  {behind:>6}  {hours:>9.1}  {why}");
    // What comes from outside moves no cursor.
    line.replace(char::is_control, "\u{fffd}")
}
