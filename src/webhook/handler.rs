//! What an application does with events.

use std::{collections::HashMap, fmt, pin::Pin, sync::Arc};

use axum::extract::{FromRef, State};

use crate::{
    delivery::BoxError,
    webhook::{Event, EventId, WebhookEvent, event::with_events},
};

/// What handles an event: an async function or closure of the event's id and the event, and before them, if it needs
/// any, [`State`].
///
/// ```
/// use axum::extract::State;
/// use axum_partnero::{Event, EventId, TransactionData};
///
/// # #[derive(Clone)] struct Books;
/// # impl Books { async fn credit(&self, _: EventId, _: Event<TransactionData>) -> Result<(), std::io::Error> { Ok(()) } }
/// async fn credit(State(books): State<Books>, id: EventId, sale: Event<TransactionData>) -> Result<(), std::io::Error> {
///     books.credit(id, sale).await // in one transaction with the id, so that a repeat changes nothing
/// }
/// ```
///
/// It gives a `Result`: after an error the event is handled again, later. The error's text is logged, and stored with the
/// event, where operators read it: let it hold nobody's data.
///
/// It is a function, so a test can call it, with an event that nobody signed and that came by no socket:
///
/// ```
/// use axum_partnero::{Event, EventId, TransactionData, WebhookEvent};
///
/// async fn credit(_: EventId, sale: Event<TransactionData>) -> Result<(), &'static str> {
///     sale.data.transaction_key().map(drop).ok_or("a sale without a key")
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let event = WebhookEvent::parse(r#"{"event": "transaction.created", "data": {"amount": 49.90}}"#);
/// let id = event.envelope().id();
/// let WebhookEvent::TransactionCreated(sale) = event else { panic!("it is another event") };
/// assert_eq!(credit(id, sale).await, Err("a sale without a key"));
/// # }
/// ```
///
/// The feature `sandbox` has signed ones, for the route. Sealed.
#[diagnostic::on_unimplemented(
    message = "`{Self}` doesn't handle this event",
    label = "expected an async function of `EventId` and the event",
    note = "its arguments are `EventId` and the event, before them, if needed, `State<T>` of what the router's state holds",
    note = "it returns `Result<(), E>`, where `E` is an error that is `Send` and `Sync`"
)]
pub trait Handler<S, E, Arguments>: sealed::Call<S, E, Arguments> {}

pub(crate) type Handling = Pin<Box<dyn Future<Output = Result<(), BoxError>> + Send>>;
type Handle<S> = Arc<dyn Fn(&S, EventId, WebhookEvent) -> Handling + Send + Sync>;

pub(crate) mod sealed {
    use super::{EventId, Handling};

    pub trait Call<S, E, Arguments>: Send + Sync + 'static {
        fn call(&self, state: &S, id: EventId, event: E) -> Handling;
    }
}

impl<H, S, E, Arguments> Handler<S, E, Arguments> for H where H: sealed::Call<S, E, Arguments> {}

impl<H, F, X, S, E> sealed::Call<S, E, (EventId, E)> for H
where
    H: Fn(EventId, E) -> F + Send + Sync + 'static,
    F: Future<Output = Result<(), X>> + Send + 'static,
    X: Into<BoxError>,
{
    fn call(&self, _: &S, id: EventId, event: E) -> Handling {
        let handling = self(id, event);
        Box::pin(async move { handling.await.map_err(Into::into) })
    }
}

impl<H, F, X, S, T, E> sealed::Call<S, E, (State<T>, EventId, E)> for H
where
    H: Fn(State<T>, EventId, E) -> F + Send + Sync + 'static,
    F: Future<Output = Result<(), X>> + Send + 'static,
    X: Into<BoxError>,
    T: FromRef<S>,
{
    fn call(&self, state: &S, id: EventId, event: E) -> Handling {
        let handling = self(State(T::from_ref(state)), id, event);
        Box::pin(async move { handling.await.map_err(Into::into) })
    }
}

/// The handlers of an application.
pub(crate) struct Handlers<S> {
    by_name: HashMap<&'static str, Handle<S>>,
    rest: Option<Handle<S>>,
    /// A method that was called twice: one of its handlers would never be.
    twice: Option<&'static str>,
}

impl<S: Send + Sync + 'static> Handlers<S> {
    fn on(&mut self, method: &'static str, name: &'static str, handle: Handle<S>) {
        if self.by_name.insert(name, handle).is_some() {
            self.twice = Some(method);
        }
    }

    pub(crate) fn rest<H: Handler<S, WebhookEvent, A>, A>(&mut self, handler: H) {
        let handle: Handle<S> = Arc::new(move |state, id, event| handler.call(state, id, event));
        if self.rest.replace(handle).is_some() {
            self.twice = Some("on_event");
        }
    }

    pub(crate) fn twice(&self) -> Option<&'static str> {
        self.twice
    }

    pub(crate) fn with_state(self, state: S) -> Handlers<()> {
        let state = Arc::new(state);
        let with = |handle: Handle<S>| -> Handle<()> {
            let state = Arc::clone(&state);
            Arc::new(move |(), id, event| handle(&state, id, event))
        };
        let by_name = self.by_name.into_iter().map(|(name, handle)| (name, with(handle))).collect();
        Handlers { by_name, rest: self.rest.map(with), twice: self.twice }
    }

    fn of(&self, name: &str) -> Option<&Handle<S>> {
        self.by_name.get(name).or(self.rest.as_ref())
    }

    /// Whether anything is done with events of this name.
    pub(crate) fn handles(&self, name: &str) -> bool {
        self.of(name).is_some()
    }
}

impl Handlers<()> {
    /// Begins to handle an event. `None` if nobody does.
    pub(crate) fn handle(&self, id: EventId, event: WebhookEvent) -> Option<Handling> {
        Some(self.of(event.name())?(&(), id, event))
    }
}

impl<S> Default for Handlers<S> {
    fn default() -> Self {
        Self { by_name: HashMap::new(), rest: None, twice: None }
    }
}

/// The names that have a handler.
impl<S> fmt::Debug for Handlers<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut names: Vec<_> = self.by_name.keys().collect();
        names.sort_unstable();
        f.debug_struct("Handlers").field("names", &names).field("rest", &self.rest.is_some()).finish_non_exhaustive()
    }
}

/// A method of [`Webhooks`](crate::webhook::Webhooks) for each name that events have.
macro_rules! on {
    ($($variant:ident $on:ident $name:literal $data:ident,)*) => {
        impl<S: Send + Sync + 'static> crate::webhook::Webhooks<S> {
            $(
                #[doc = concat!("Handles `", $name, "`. See [`Handler`]. Default: [`on_event`](Self::on_event) does.")]
                pub fn $on<H, A>(mut self, handler: H) -> Self
                where
                    H: Handler<S, Event<crate::webhook::$data>, A>,
                {
                    let handle: Handle<S> = Arc::new(move |state, id, event| match event {
                        WebhookEvent::$variant(event) => handler.call(state, id, event),
                        _ => Box::pin(async { Err("this isn't what its name says".into()) }),
                    });
                    self.handlers.on(stringify!($on), $name, handle);
                    self
                }
            )*
        }
    };
}

with_events!(on);
