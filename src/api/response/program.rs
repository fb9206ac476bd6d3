//! The program that an API key belongs to.

use serde_json::Value;

use crate::api::response::{FromJson, field};

/// The program that the API key belongs to.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Program {
    /// The public id: eight characters, the one that the browser's snippet names.
    pub id: Option<String>,
    /// The name.
    pub name: Option<String>,
    raw: Raw,
}

#[derive(Clone, PartialEq)]
struct Raw(Value);

/// It may hold the user's data.
impl std::fmt::Debug for Raw {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[hidden]")
    }
}

impl Program {
    /// The JSON as it came. Most of it isn't documented.
    pub fn raw(&self) -> &Value {
        &self.raw.0
    }
}

/// `GET /program` answers with the program, `GET /test` with one within user and program.
impl FromJson for Program {
    fn from_json(it: &Value) -> Option<Self> {
        let program = it.get("program").filter(|program| program.is_object()).unwrap_or(it);
        (it.is_object() || it.as_array().is_some_and(Vec::is_empty)).then(|| Self {
            id: field::text(program, "pub_id").or_else(|| field::text(program, "id")),
            name: field::text(program, "name"),
            raw: Raw(it.clone()),
        })
    }
}
