//! An application that takes webhooks, in a process of its own.

use std::{
    env,
    io::{BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Child, ChildStdin, Command, Stdio},
    time::Duration,
};

use axum::{
    Router,
    body::Bytes,
    extract::{FromRef, State},
    routing::{MethodRouter, post},
};
use axum_partnero::{SqliteOutbox, VerifiedWebhook, WebhookEvent, WebhookSecret, Webhooks, webhook::EventId};
use sqlx::{
    SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

pub(crate) const SECRET: &str = "q7W8e9R0t1Y2u3I4";
const ROLE: &str = "BENCH_INBOX";

/// What it does before it answers.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Answers {
    Nothing,
    Verify,
    Inbox,
    InsertEach,
    HandleEach,
}

impl Answers {
    pub(crate) const ALL: [Self; 5] = [Self::Nothing, Self::Verify, Self::Inbox, Self::InsertEach, Self::HandleEach];

    async fn router(self, folder: &Path) -> Router {
        let secret = WebhookSecret::new(SECRET).expect("a secret");
        match self {
            Self::Nothing => Router::new().route("/", post(async |body: Bytes| drop(body))),
            Self::Verify => Router::new()
                .route("/", post(async |VerifiedWebhook(webhook): VerifiedWebhook| drop(webhook.event())))
                .with_state(secret),
            Self::Inbox => {
                let outbox = SqliteOutbox::open(folder.join("inbox.db")).await.expect("an inbox");
                let done = async |_: EventId, _: WebhookEvent| Ok::<_, String>(());
                Webhooks::<()>::new(secret).inbox(outbox).on_event(done).into_router().expect("a router")
            }
            Self::InsertEach => each(&folder.join("each.db"), secret, post(insert)).await,
            Self::HandleEach => each(&folder.join("handled.db"), secret, post(insert_and_handle)).await,
        }
    }
}

/// What an application would write by itself: a table, and an INSERT in each request.
async fn insert(State(pool): State<SqlitePool>, VerifiedWebhook(webhook): VerifiedWebhook) {
    const INSERT: &str = "INSERT INTO events (id, body) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    let query = sqlx::query(INSERT).bind(webhook.id().to_string()).bind(webhook.raw().to_vec());
    query.execute(&pool).await.expect("it is stored");
}

/// And an UPDATE, once a handler that does nothing is through.
async fn insert_and_handle(State(pool): State<SqlitePool>, webhook: VerifiedWebhook) {
    let id = webhook.0.id().to_string();
    insert(State(pool.clone()), webhook).await;
    tokio::spawn(async move {
        let query = sqlx::query("UPDATE events SET handled = 1 WHERE id = $1").bind(id);
        query.execute(&pool).await.expect("it is recorded");
    });
}

async fn each(file: &Path, secret: WebhookSecret, handler: MethodRouter<Each>) -> Router {
    let options = SqliteConnectOptions::new().filename(file).create_if_missing(true);
    let options = options.journal_mode(SqliteJournalMode::Wal).synchronous(SqliteSynchronous::Full);
    let pool = SqlitePoolOptions::new().max_connections(1).acquire_timeout(Duration::from_secs(60));
    let pool = pool.connect_with(options).await.expect("a database");
    let table =
        "CREATE TABLE events (id TEXT PRIMARY KEY, body BLOB NOT NULL, handled INTEGER NOT NULL DEFAULT 0) STRICT";
    sqlx::query(table).execute(&pool).await.expect("a table");
    Router::new().route("/", handler).with_state(Each { secret, pool })
}

#[derive(Clone, FromRef)]
struct Each {
    secret: WebhookSecret,
    pool: SqlitePool,
}

/// A running server. It ends with this value, and with this process.
pub(crate) struct Server {
    process: Child,
    _stdin: Option<ChildStdin>,
    pub(crate) address: String,
}

impl Server {
    pub(crate) fn start(answers: Answers, folder: &Path) -> Self {
        let mut program = Command::new(env::current_exe().expect("this program"));
        program.env(ROLE, format!("{answers:?} {}", folder.display())).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = program.spawn().expect("a second process");
        let mut address = String::new();
        let stdout = process.stdout.take().expect("its output");
        BufReader::new(stdout).read_line(&mut address).expect("its address");
        Self { _stdin: process.stdin.take(), process, address: address.trim().to_owned() }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Whether this process is a server: then it was one until now.
pub(crate) fn was_server() -> bool {
    let Ok(what) = env::var(ROLE) else { return false };
    let (role, folder) = what.split_once(' ').expect("a role and a folder");
    let answers = Answers::ALL.into_iter().find(|answers| format!("{answers:?}") == role).expect("a role");
    tokio::runtime::Runtime::new().expect("a runtime").block_on(async {
        let app = Router::new().nest("/webhooks/partnero", answers.router(Path::new(folder)).await);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        println!("{}", listener.local_addr().expect("its address"));
        std::io::stdout().flush().expect("somebody listens");
        tokio::spawn(async move { axum::serve(listener, app).await });
        // The other process is gone when there is nothing more to read from it.
        let _ = tokio::task::spawn_blocking(|| std::io::stdin().read_line(&mut String::new())).await;
    });
    true
}
