//! The table "what an answer means", cell by cell, and how presence is read.

mod cells;
mod customers;
mod sign_ups;
mod transactions;

use serde_json::{Value, json};

use super::*;

/// A whole answer.
fn answered(status: u16, json: Option<Value>) -> Attempt {
    Attempt::Answered(Answer { status: StatusCode::from_u16(status).unwrap(), retry_after: None, json })
}

fn after(status: u16, seconds: u64, json: Option<Value>) -> Attempt {
    let retry_after = Some(Duration::from_secs(seconds));
    Attempt::Answered(Answer { status: StatusCode::from_u16(status).unwrap(), retry_after, json })
}

/// What Partnero says when it refuses.
fn refusing() -> Value {
    json!({"message": "No.", "status": 0})
}

fn refused(status: u16, errors: &Value) -> Refusal {
    refusal(StatusCode::from_u16(status).unwrap(), &json!({"message": "No.", "errors": errors}))
}
