//! An application whose handlers fail, panic and hang: this program, executed again.

use std::{io::Read as _, path::PathBuf};

use axum::extract::State;
use axum_partnero::{
    PostgresOutbox, SqliteOutbox, WebhookEvent,
    webhook::{EventId, Webhooks},
};
use serde::{Deserialize, Serialize};

use crate::{
    effects::Effects,
    events::Events,
    support::{ms, secs, serve_at, signature, webhooks},
};

/// The variable that holds the job.
pub(crate) const JOB: &str = "PARTNERO_WEBHOOKS_JOB";
/// Before the URL that it listens at.
pub(crate) const MARK: &str = ">listens at ";

/// Where an application keeps its events, and what it does with them.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Job {
    /// Nothing, and in memory.
    Nothing,
    Sqlite {
        inbox: PathBuf,
        effects: PathBuf,
    },
    Postgres {
        url: String,
    },
}

impl Job {
    pub(crate) async fn effects(&self) -> Effects {
        match self {
            Self::Nothing => unreachable!("nothing has no effects"),
            Self::Sqlite { effects, .. } => Effects::sqlite(effects).await,
            Self::Postgres { url } => Effects::postgres(url).await,
        }
    }

    /// The inbox's table, looked at from outside: a handle of one would handle what is in it.
    pub(crate) async fn events(&self) -> Events {
        match self {
            Self::Nothing => unreachable!("it has no table"),
            Self::Sqlite { inbox, .. } => Events::sqlite(inbox).await,
            Self::Postgres { url } => Events::postgres(url).await,
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn process() {
    let Ok(job) = std::env::var(JOB) else { return };
    let path = format!("/webhooks/{}", &signature(job.as_bytes())[..16]);
    let job: Job = serde_json::from_str(&job).unwrap();
    let inbox = match &job {
        Job::Nothing => {
            let done = async |_: EventId, _: WebhookEvent| Ok::<_, String>(());
            webhooks::<()>().on_event(done).build()
        }
        Job::Sqlite { inbox, .. } => {
            let outbox = SqliteOutbox::open(inbox).await.unwrap();
            hasty().inbox(outbox).with_state(job.effects().await).build()
        }
        Job::Postgres { url } => {
            let outbox = PostgresOutbox::connect(url).await.unwrap();
            outbox.create_schema().await.unwrap();
            hasty().inbox(outbox).with_state(job.effects().await).build()
        }
    };
    let address = serve_at(&path, &inbox.unwrap()).await;
    println!("\n{MARK}http://{address}{path}");
    // Until whoever started it is gone.
    tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new())).await.unwrap().unwrap();
    std::process::exit(0);
}

/// The settings of an application that has little time: in proportion to each other as they are by default.
fn hasty() -> Webhooks<Effects> {
    let webhooks = webhooks().on_event(handle).handler_timeout(ms(300)).lease(secs(1));
    webhooks.backoff(ms(5), ms(50)).attempts(u32::MAX).max_in_progress(48)
}

/// One in ten fails, panics or hangs, before its effect or after it.
async fn handle(State(effects): State<Effects>, id: EventId, event: WebhookEvent) -> Result<(), sqlx::Error> {
    trouble(fastrand::u32(..200)).await?;
    effects.take(&id.to_string(), &event).await?;
    trouble(fastrand::u32(..200)).await
}

async fn trouble(dice: u32) -> Result<(), sqlx::Error> {
    match dice {
        0..=5 => Err(sqlx::Error::WorkerCrashed),
        6..=8 => panic!("on purpose"),
        9 => std::future::pending().await,
        _ => Ok(()),
    }
}
