//! The fields of a request, as far as they are set.

use std::fmt;

use serde_json::{Map, Value};

/// Fields by name. `Debug` shows the names alone: among the values are e-mail addresses and a password.
#[derive(Clone, Default)]
pub(super) struct Fields(pub(super) Map<String, Value>);

impl Fields {
    pub(super) fn set(&mut self, name: &str, value: impl Into<Value>) {
        self.0.insert(name.to_owned(), value.into());
    }

    /// Sets a field of an object within.
    pub(super) fn set_in(&mut self, object: &str, name: &str, value: impl Into<Value>) {
        let object = self.0.entry(object).or_insert_with(|| Value::Object(Map::new()));
        if let Value::Object(object) = object {
            object.insert(name.to_owned(), value.into());
        }
    }

    /// Adds to a list.
    pub(super) fn push(&mut self, list: &str, value: impl Into<Value>) {
        let list = self.0.entry(list).or_insert_with(|| Value::Array(Vec::new()));
        if let Value::Array(list) = list {
            list.push(value.into());
        }
    }
}

impl fmt::Debug for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}
