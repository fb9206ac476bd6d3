//! What can be kept in a state, sent to a task and shared by threads; and which futures a task can take.

use std::{fmt::Debug, panic::UnwindSafe, rc::Rc};

use axum::{body::Body, extract::Request, response::Response};
use axum_partnero::{
    Amount, ApiClient, ApiError, BuildError, Clock, CustomerKey, DashboardRouter, DeadLetter, DeliveryError, Event,
    InTransactionError, MemoryOutbox, NewCustomer, NewTransaction, OutboxRow, Outcome, Partnero, PostgresOutbox,
    ReferralKey, ReferralKeys, Snippet, SnippetLayer, SqliteOutbox, TrackError, Tracked, TransactionKey,
    VerifiedWebhook, WebhookEvent, Webhooks,
    api::{self, ApiBuildError, ApiClientBuilder, List},
    dashboard::{Dashboard, Fragment, Texts},
    delivery::{
        CheckError, DeadLetters, FlushError, InTransaction, OutboxError, OutboxRows, PartneroBuilder, ShutdownReport,
        Status,
    },
    sandbox::{Sandbox, SandboxBuilder},
    snippet::{SnippetBody, SnippetFuture, SnippetService},
    webhook::{DeadEvents, EnsureWebhookError, Inbox, VerifyError, WebhookRejection, WebhooksError},
};
use static_assertions::{assert_impl_all, assert_not_impl_any};
use tower::Service;

// Handles: one for the whole application, cloned into every handler.
assert_impl_all!(Partnero: Clone, Debug, Send, Sync, Unpin);
assert_impl_all!(ApiClient: Clone, Debug, Send, Sync, Unpin);
assert_impl_all!(Clock: Clone, Debug, Send, Sync, Unpin);
assert_impl_all!(Sandbox: Clone, Debug, Send, Sync, Unpin);
assert_impl_all!(Inbox: Clone, Debug, Send, Sync, Unpin);
assert_impl_all!(DeadLetters: Clone, Debug, Send, Sync, Unpin);
assert_impl_all!(DeadEvents: Clone, Debug, Send, Sync, Unpin);
assert_impl_all!(Snippet: Clone, Debug, Send, Sync, Unpin);

// Builders and outboxes: made by one thread, moved to another.
assert_impl_all!(PartneroBuilder: Debug, Send, Unpin);
assert_impl_all!(ApiClientBuilder: Debug, Send, Sync, Unpin);
assert_impl_all!(SandboxBuilder: Debug, Send, Unpin);
assert_impl_all!(Webhooks: Debug, Send, Unpin);
assert_impl_all!(MemoryOutbox: Debug, Send, Sync, Unpin);
assert_impl_all!(SqliteOutbox: Debug, Send, Sync, Unpin);
assert_impl_all!(PostgresOutbox: Debug, Send, Sync, Unpin);

// Words: data, whatever happens to the thread that made it.
assert_impl_all!(NewCustomer: Clone, Debug, Send, Sync, Unpin, UnwindSafe);
assert_impl_all!(NewTransaction: Clone, Debug, Send, Sync, Unpin, UnwindSafe);
assert_impl_all!(Amount: Clone, Debug, Send, Sync, Unpin, UnwindSafe);
assert_impl_all!(CustomerKey: Clone, Debug, Send, Sync, Unpin, UnwindSafe, std::hash::Hash, Ord);
assert_impl_all!(TransactionKey: Clone, Debug, Send, Sync, Unpin, UnwindSafe, std::hash::Hash, Ord);
assert_impl_all!(ReferralKey: Clone, Debug, Send, Sync, Unpin, UnwindSafe, Eq);
assert_impl_all!(ReferralKeys: Clone, Debug, Send, Sync, Unpin, UnwindSafe, Default, Eq);
assert_impl_all!(DeadLetter: Clone, Debug, Send, Sync, Unpin);
assert_impl_all!(OutboxRow: Clone, Debug, Send, Sync, Unpin);
assert_impl_all!(Outcome<api::Customer>: Clone, Debug, Send, Sync, Unpin);
assert_impl_all!(Status: Clone, Debug, Send, Sync, Unpin);
assert_impl_all!(ShutdownReport: Clone, Debug, Send, Sync, Unpin);
assert_impl_all!(WebhookEvent: Clone, Debug, Send, Sync, Unpin);
assert_impl_all!(Event<Rc<()>>: Clone, Debug);
assert_impl_all!(VerifiedWebhook: Debug, Send, Sync, Unpin);
assert_impl_all!(Dashboard: Clone, Debug, Send, Sync, Unpin);
assert_impl_all!(Texts: Clone, Debug, Send, Sync, Unpin);
assert_impl_all!(Fragment<'_>: Debug, Send, Sync, Unpin, std::fmt::Display);

// What a call gives back, whatever Partnero's answer is read as.
assert_impl_all!(Tracked<Rc<()>>: Debug, Send, Sync, Unpin);
assert_impl_all!(List<Rc<()>>: Debug, Unpin);
assert_impl_all!(List<api::Customer>: Send);
assert_impl_all!(InTransaction<'_>: Debug, Send, Unpin);
assert_impl_all!(OutboxRows<'_>: Debug, Send, Sync, Unpin);

// Errors: `?` takes them into any of `anyhow`, `eyre` and `Box<dyn Error + Send + Sync>`.
assert_impl_all!(ApiError: std::error::Error, Send, Sync, Unpin);
assert_impl_all!(ApiBuildError: std::error::Error, Send, Sync, Unpin);
assert_impl_all!(BuildError: std::error::Error, Send, Sync, Unpin);
assert_impl_all!(CheckError: std::error::Error, Send, Sync, Unpin);
assert_impl_all!(DeliveryError: std::error::Error, Send, Sync, Unpin);
assert_impl_all!(EnsureWebhookError: std::error::Error, Send, Sync, Unpin);
assert_impl_all!(FlushError: std::error::Error, Send, Sync, Unpin);
assert_impl_all!(InTransactionError: std::error::Error, Send, Sync, Unpin);
assert_impl_all!(OutboxError: std::error::Error, Send, Sync, Unpin);
assert_impl_all!(TrackError: std::error::Error, Send, Sync, Unpin);
assert_impl_all!(VerifyError: std::error::Error, Send, Sync, Unpin);
assert_impl_all!(WebhookRejection: std::error::Error, Send, Sync, Unpin);
assert_impl_all!(WebhooksError: std::error::Error, Send, Sync, Unpin);

// The layer that writes the tag is what the service within is, and asks for a body and nothing else.
assert_impl_all!(SnippetLayer: Clone, Debug, Send, Sync, Unpin, tower::Layer<()>);
assert_impl_all!(SnippetService<Rc<()>>: Clone);
assert_not_impl_any!(SnippetService<Rc<()>>: Send, Sync);
assert_not_impl_any!(SnippetService<Inner>: Clone);
assert_impl_all!(SnippetService<Inner>: Service<axum::http::Request<Rc<u8>>, Response = axum::http::Response<SnippetBody<Local>>, Error = Rc<str>>);
assert_impl_all!(SnippetFuture<std::future::Ready<()>>: Send, Sync, Unpin);
assert_not_impl_any!(SnippetFuture<std::marker::PhantomPinned>: Unpin);

/// Neither `Clone` nor `Send`; nor are the request, the answer and the error.
struct Inner;

impl Service<axum::http::Request<Rc<u8>>> for Inner {
    type Response = axum::http::Response<Local>;
    type Error = Rc<str>;
    type Future = std::future::Pending<Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), Self::Error>> {
        std::task::Poll::Pending
    }

    fn call(&mut self, _: axum::http::Request<Rc<u8>>) -> Self::Future {
        std::future::pending()
    }
}

/// A body that stays with its thread.
struct Local(#[allow(dead_code)] Rc<()>);

impl http_body::Body for Local {
    type Data = std::io::Cursor<Rc<[u8]>>;
    type Error = Rc<str>;

    fn poll_frame(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<http_body::Frame<Self::Data>, Self::Error>>> {
        std::task::Poll::Ready(None)
    }
}

fn sent<T: Send>(_: T) {}

/// The futures of `async fn` name no traits, and yet a task must be able to take them. This compiles: that is the test.
#[test]
fn every_future_can_be_sent() {
    let _ = handles;
    let _ = client;
    let _ = outboxes;
    let _ = serving::<axum::routing::Route>;
}

fn handles(partnero: &'static Partnero, inbox: &'static Inbox, dead: &'static DeadEvents, wait: std::time::Duration) {
    sent(async {
        partnero.track_sale(NewTransaction::new(1, Amount::from_minor(1, "usd")?)).stored().await?;
        partnero.track_refund(1).delivered().await?;
        partnero.track_sign_up(NewCustomer::new(1)).delivered().await?;
        partnero.track_adjustment(NewTransaction::new(1, Amount::from_minor(1, "usd")?)).delivered().await?;
        partnero.check().await?;
        partnero.status().await?;
        partnero.flush(wait).await?;
        partnero.forget(1).await?;
        partnero.dead_letters().page(0, 1).await?;
        partnero.dead_letters().retry(1).await?;
        partnero.dead_letters().retry_all().await?;
        partnero.dead_letters().discard(1).await?;
        partnero.ensure_webhook("url", ["customer.created"]).await?;
        drop((partnero.dashboard(1).await, partnero.shutdown(wait).await));
        inbox.status().await?;
        inbox.shutdown(wait).await;
        dead.page(0, 1).await?;
        dead.retry(1).await?;
        dead.retry_all().await?;
        dead.discard(1).await?;
        Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
    });
}

fn client(api: &'static ApiClient) {
    sent(async {
        api.program().await?;
        api.test().await?;
        api.request(axum::http::Method::GET, "path", None).await?;
        api.customers().create(&NewCustomer::new(1)).await?;
        api.customers().get(1).await?;
        api.customers().search(api::CustomerSearch::Key("1")).await?;
        api.customers().update(1, &api::CustomerUpdate::new()).await?;
        api.customers().credit(1, Amount::from_minor(1, "usd")?).await?;
        api.customers().list(api::CustomerFilter::new()).next().await.transpose()?;
        api.customers().referrals(1).collect().await?;
        api.partners().sign_in_url(api::PartnerBy::Key("1"), std::time::Duration::ZERO).await?;
        api.partners().create(&api::NewPartner::new("1")).await?;
        api.transactions().create(&NewTransaction::new(1, Amount::from_minor(1, "usd")?)).await?;
        api.transactions().delete(1).await?;
        api.webhooks().create(&api::NewWebhook::new("name", "url", ["customer.created"])).await?;
        Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
    });
}

fn outboxes(partnero: &'static Partnero, mut pg: sqlx::PgConnection, mut lite: sqlx::SqliteConnection) {
    sent(async move {
        PostgresOutbox::connect("url").await?.create_schema().await?;
        SqliteOutbox::open("file").await?.create_schema().await?;
        partnero.in_transaction(&mut pg).track_sign_up(NewCustomer::new(1)).await?;
        partnero.in_transaction(&mut lite).track_refund(1).await?;
        Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
    });
}

/// What axum asks of a layer around its routes.
fn serving<S>(
    snippet: &SnippetLayer,
    service: S,
) -> impl Service<Request, Response = Response<SnippetBody<Body>>, Error = S::Error, Future: Send> + Clone + Send + Sync
where
    S: Service<Request, Response = Response, Future: Send> + Clone + Send + Sync,
{
    let _ = DashboardRouter::<ReferralKey, fn(ReferralKey) -> String>::texts;
    tower::Layer::layer(snippet, service)
}
