//! axe-core, which looks for what keeps people from using a page. `ci/test` installs it.
#![allow(dead_code, reason = "whoever includes it uses a part")]

use std::{fs, path::Path};

use fantoccini::Client;
use serde_json::Value;

/// What it finds on the page that the browser shows, but for what is minor. `None` where it isn't installed.
///
/// It is put there by the driver, so a strict policy of the page's stays as it is.
pub(crate) async fn faults(client: &Client) -> Option<Vec<String>> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/npm/node_modules/axe-core/axe.min.js");
    let Ok(script) = fs::read_to_string(script) else {
        super::browser::installed::skipped("axe-core", "npm install --prefix target/npm axe-core");
        return None;
    };
    client.execute(&script, Vec::new()).await.expect("axe-core is loaded");
    let run = "const done = arguments[0]; axe.run().then(done, error => done({ error: String(error) }));";
    let found = client.execute_async(run, Vec::new()).await.expect("axe-core runs");
    let violations = found["violations"].as_array().unwrap_or_else(|| panic!("axe-core failed: {found}"));
    assert!(found["passes"].as_array().is_some_and(|passes| !passes.is_empty()), "it has looked at nothing");
    Some(violations.iter().filter(|it| it["impact"] != "minor").map(fault).collect())
}

fn fault(violation: &Value) -> String {
    let places = violation["nodes"].as_array().into_iter().flatten().map(|node| {
        format!(
            "{}: {}",
            node["html"].as_str().unwrap_or_default(),
            node["failureSummary"].as_str().unwrap_or_default()
        )
    });
    format!("{} {}\n{}", violation["impact"], violation["id"], places.collect::<Vec<_>>().join("\n"))
}
