//! The dead letters of webhooks.

use std::error::Error;

use axum_partnero::webhook::{DeadEvent, DeadEvents};

use crate::{
    letters::{PAGE, act_on, no_such},
    show::{ago, counted, printable, say, table},
};

pub(crate) enum EventsCommand {
    List,
    Retry(u64),
    RetryAll,
    Discard(u64),
}

impl EventsCommand {
    pub(crate) fn read(arguments: &[String]) -> Option<Self> {
        match arguments {
            [] => Some(Self::List),
            [what, all] if what == "retry" && all == "--all" => Some(Self::RetryAll),
            [what, id] if what == "retry" => Some(Self::Retry(id.parse().ok()?)),
            [what, id] if what == "discard" => Some(Self::Discard(id.parse().ok()?)),
            _ => None,
        }
    }

    pub(crate) async fn run(self, letters: &DeadEvents) -> Result<(), Box<dyn Error>> {
        match self {
            Self::List => list(&all(letters).await?),
            Self::Retry(id) => {
                let letter = find(letters, id).await?;
                act_on(id, letters.retry(id).await?)?;
                say(format!("{} will be handled again{}", about(&letter), waiting(&letter, ["follows", "follow"])));
            }
            Self::RetryAll => match letters.retry_all().await? {
                0 => say("no dead letters"),
                many => say(format!("{} will be handled again", counted(many, "dead letter", "dead letters"))),
            },
            Self::Discard(id) => {
                let letter = find(letters, id).await?;
                act_on(id, letters.discard(id).await?)?;
                let rest = waiting(&letter, ["goes on without it", "go on without it"]);
                say(format!("{} is discarded{rest}", about(&letter)));
            }
        }
        Ok(())
    }
}

/// Every page of them.
async fn all(letters: &DeadEvents) -> Result<Vec<DeadEvent>, Box<dyn Error>> {
    let mut all: Vec<DeadEvent> = Vec::new();
    loop {
        let page = letters.page(all.last().map_or(0, |last| last.id), PAGE).await?;
        if page.is_empty() {
            return Ok(all);
        }
        all.extend(page);
    }
}

async fn find(letters: &DeadEvents, id: u64) -> Result<DeadEvent, Box<dyn Error>> {
    let next = letters.page(id.saturating_sub(1), 1).await?.pop().filter(|letter| letter.id == id);
    next.ok_or_else(|| no_such(id).into())
}

fn list(letters: &[DeadEvent]) {
    if letters.is_empty() {
        return say("no dead letters");
    }
    let heads = ["ID", "EVENT", "ABOUT", "TRIES", "WAITING", "DIED", "WHY"].map(String::from);
    let row = |letter: &DeadEvent| {
        [
            letter.id.to_string(),
            printable(&letter.name),
            letter.event().resource().as_deref().map(printable).unwrap_or_default(),
            letter.attempts.to_string(),
            letter.waiting.to_string(),
            ago(letter.died_at),
            printable(&letter.message),
        ]
    };
    table(&std::iter::once(heads).chain(letters.iter().map(row)).collect::<Vec<_>>(), &[0, 3, 4]);
    say(format!("\n{}", counted(letters.len(), "dead letter", "dead letters")));
}

fn about(letter: &DeadEvent) -> String {
    let about = [Some(letter.name.clone()), letter.event().resource()];
    let about: Vec<_> = about.iter().flatten().map(|text| printable(text)).collect();
    format!("dead letter {} ({})", letter.id, about.join(", "))
}

/// What becomes of those behind it: of one, of many.
fn waiting(letter: &DeadEvent, [one, many]: [&str; 2]) -> String {
    match letter.waiting {
        0 => String::new(),
        1 => format!("; 1 event that waits behind it {one}"),
        events => format!("; {events} events that wait behind it {many}"),
    }
}
