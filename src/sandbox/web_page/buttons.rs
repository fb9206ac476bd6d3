//! What the page's buttons do: faults begin and end.

use std::{sync::Arc, time::Duration};

use http::StatusCode;
use serde::Deserialize;

use crate::sandbox::{
    answer::Answer,
    core::Core,
    fault::{Fault, FaultRule, WebhookFault},
};

/// How many faults the page lets be in force at once.
const MAX_FAULTS: usize = 50;

/// The longest path.
const MAX_PATH: usize = 200;

/// What "late" is: within the client's time-out.
const LATE: Duration = Duration::from_secs(5);

type Refusal = (StatusCode, &'static str);

/// What a button sends.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Press {
    fault: Button,
    /// `POST /transactions`, as [`FaultRule::on`] has it; of webhooks the event.
    #[serde(default)]
    on: Option<String>,
    often: Often,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Button {
    Cut,
    Hang,
    Unauthorized,
    Rejected,
    TooMany,
    Error,
    Html,
    Redirect,
    StoreThenCut,
    StoreThenHang,
    StoreThenError,
    StoreThenGarbage,
    Slow,
    CutThenStore,
    Duplicate,
    Late,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Often {
    /// So many times.
    Next(u64),
    /// In so many of a hundred.
    Share(u8),
    /// Until it is stopped.
    Always,
}

enum Kind {
    OfRequests(Fault),
    OfWebhooks(WebhookFault),
}

impl Button {
    fn kind(self) -> Kind {
        Kind::OfRequests(match self {
            Self::Cut => Fault::Refuse,
            Self::Hang => Fault::Hang,
            Self::Unauthorized => Answer::status(401).into(),
            Self::Rejected => Answer::status(422).into(),
            Self::TooMany => Answer::too_many_requests(Some(LATE)).into(),
            Self::Error => Answer::status(500).into(),
            Self::Html => Answer::html(502).into(),
            Self::Redirect => Answer::redirect(302, "https://partnero.example/").into(),
            Self::StoreThenCut => Fault::StoreThenDrop,
            Self::StoreThenHang => Fault::StoreThenHang,
            Self::StoreThenError => Fault::store_then_500(),
            Self::StoreThenGarbage => Fault::StoreThenAnswer(Answer::garbage(200)),
            Self::Slow => Fault::Slow(LATE),
            Self::CutThenStore => Fault::DropThenStore(LATE),
            Self::Duplicate => return Kind::OfWebhooks(WebhookFault::Duplicate(1)),
            Self::Late => return Kind::OfWebhooks(WebhookFault::Late(1)),
        })
    }
}

/// Starts a fault.
pub(super) fn press(core: &Arc<Core>, body: &[u8]) -> Result<(), Refusal> {
    const UNCLEAR: Refusal = (StatusCode::BAD_REQUEST, "That isn't what a button sends.");
    let press: Press = serde_json::from_slice(body).map_err(|_| UNCLEAR)?;
    if matches!(press.often, Often::Next(0) | Often::Share(0 | 101..)) {
        return Err((StatusCode::BAD_REQUEST, "How often? A number from 1, or 1 to 100 of a hundred."));
    }
    let on = press.on.as_deref().filter(|on| on.len() <= MAX_PATH);
    if on.is_none() && press.on.is_some() {
        return Err(UNCLEAR);
    }
    if in_force(core) >= MAX_FAULTS {
        return Err((StatusCode::CONFLICT, "So many faults are in force already: stop some of them."));
    }
    match press.fault.kind() {
        Kind::OfRequests(fault) => {
            // First, for a rule that is dropped starts.
            let (method, path) = on.unwrap_or("* *").split_once(' ').ok_or(UNCLEAR)?;
            often(FaultRule::new(Arc::clone(core), fault).on(method, path), press.often);
        }
        Kind::OfWebhooks(fault) => {
            let rule = FaultRule::of_webhooks(Arc::clone(core), fault);
            often(rule.on(on.unwrap_or("*")), press.often);
        }
    }
    Ok(())
}

/// Its end starts it.
fn often<F>(rule: FaultRule<F>, often: Often) {
    drop(match often {
        Often::Next(times) => rule.times(times),
        Often::Share(percent) => rule.probability(f64::from(percent) / 100.0),
        Often::Always => rule,
    });
}

fn in_force(core: &Core) -> usize {
    let state = core.lock();
    state.faults.in_force().count() + state.post.faults.in_force().count()
}

/// Ends the fault `/requests/ID` or `/webhooks/ID`, or all of them if that is empty. One that is over already is no
/// mistake: it may have been used up just now.
pub(super) fn stop(core: &Core, which: &str) -> Result<(), Refusal> {
    let mut state = core.lock();
    let id = |text: &str| text.parse().map_err(|_| (StatusCode::NOT_FOUND, "There is no such fault."));
    if which.is_empty() {
        state.faults.clear();
        state.post.faults.clear();
    } else if let Some(of_requests) = which.strip_prefix("/requests/") {
        state.faults.remove(id(of_requests)?);
    } else {
        state.post.faults.remove(id(which.strip_prefix("/webhooks/").unwrap_or_default())?);
    }
    Ok(())
}
