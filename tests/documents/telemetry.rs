//! `docs/telemetry.md`, held to the code that it speaks of.

use std::collections::{BTreeMap, BTreeSet};

use yaml_rust2::{Yaml, YamlLoader};

use super::read;

fn section(title: &str) -> String {
    let page = read("docs/telemetry.md");
    let after = page.split(&format!("\n## {title}\n")).nth(1).unwrap();
    after.split("\n## ").next().unwrap().to_owned()
}

/// The cells of each row of the tables that begin with this heading.
fn table(section: &str, heading: &str) -> Vec<Vec<String>> {
    let rows = section.lines().skip_while(|line| !line.starts_with(heading)).skip(2);
    let rows = rows.take_while(|line| line.starts_with('|'));
    rows.map(|row| row.trim_matches('|').split(" | ").map(|cell| cell.trim().to_owned()).collect()).collect()
}

/// What stands between backticks.
fn quoted(text: &str) -> BTreeSet<String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// The documented metrics, and their labels. That they are what Prometheus sees is a test in `tests/webhooks/metrics.rs`.
fn metrics() -> BTreeMap<String, BTreeSet<String>> {
    let rows = table(&section("Metrics"), "| metric |");
    rows.into_iter().map(|row| (row[0].trim_matches('`').to_owned(), quoted(&row[3]))).collect()
}

fn label_rows() -> Vec<Vec<String>> {
    table(&section("Metrics"), "| label |")
}

/// The words of a text that begin like this.
fn words<'a>(text: &'a str, start: &'a str) -> impl Iterator<Item = &'a str> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').filter(move |word| word.starts_with(start))
}

/// The rules, as Prometheus would read them.
fn rules() -> Vec<Yaml> {
    let alerts = section("Three alerts");
    let yaml = alerts.split("```yaml\n").nth(1).unwrap().split("```").next().unwrap();
    let file = YamlLoader::load_from_str(yaml).unwrap().remove(0);
    let groups = file["groups"].as_vec().unwrap();
    assert!(groups.iter().all(|group| group["name"].as_str().is_some()));
    groups.iter().flat_map(|group| group["rules"].as_vec().unwrap().clone()).collect()
}

#[test]
fn the_alerts_are_yaml_and_name_only_metrics_and_labels_that_exist() {
    let (rules, metrics) = (rules(), metrics());
    let explained: BTreeSet<_> = label_rows().into_iter().map(|row| row[0].trim_matches('`').to_owned()).collect();
    assert_eq!(explained, metrics.values().flatten().cloned().collect());
    assert_eq!((rules.len(), metrics.len()), (3, 7));
    for rule in rules {
        let (alert, expr) = (rule["alert"].as_str().unwrap(), rule["expr"].as_str().unwrap());
        let named: BTreeSet<_> = words(expr, "partnero_").collect();
        assert_eq!(named.len(), 1, "{alert}: {expr}");
        let labels = &metrics[*named.first().unwrap()];
        for (open, close) in [("by (", ')'), ("{", '}')] {
            for part in expr.split(open).skip(1).flat_map(|rest| rest.split(close).next().unwrap().split(',')) {
                let label = part.split(['=', '!', '~']).next().unwrap().trim();
                assert!(labels.contains(label), "{alert} goes by {label}: {expr}");
            }
        }
        for text in ["summary", "description"] {
            let text = rule["annotations"][text].as_str().unwrap();
            for label in text.split("$labels.").skip(1).map(|rest| words(rest, "").next().unwrap()) {
                assert!(expr.contains(label), "{alert} shows {label}, which {expr} drops");
            }
        }
        assert!(rule["labels"]["severity"].as_str().is_some(), "{alert}");
        assert_eq!(expr.matches('(').count(), expr.matches(')').count(), "{expr}");
    }
}

#[test]
fn what_an_alert_or_a_text_goes_by_is_a_value_that_the_label_has() {
    let page = read("docs/telemetry.md");
    let labels = label_rows();
    let mut found = 0;
    for row in &labels {
        let (label, values) = (row[0].trim_matches('`'), quoted(&row[1]));
        for operator in ["=", "!="] {
            for used in page.split(&format!("{label}{operator}\"")).skip(1) {
                found += 1;
                let value = used.split('"').next().unwrap();
                assert!(values.contains(value), "{label} is never {value}");
            }
        }
    }
    assert!(found >= 2);
}

#[test]
fn the_table_of_fields_is_that_of_the_span() {
    let code = read("src/api/span.rs");
    let span = code.split("info_span!(").nth(1).unwrap().split("\n    )").next().unwrap();
    let there: BTreeSet<_> =
        span.lines().filter_map(|line| line.split_once(" = ")).map(|(field, _)| field.trim().to_owned()).collect();
    let listed: BTreeSet<_> = table(&section("Spans"), "| field |").iter().flat_map(|row| quoted(&row[0])).collect();
    assert_eq!(listed, there);
}

fn source_of(target: &str) -> String {
    let path = target.replacen("axum_partnero", "src", 1).replace("::", "/");
    read(&format!("{path}.rs"))
}

#[test]
fn each_line_of_the_log_is_of_its_target_and_its_level() {
    let spans = table(&section("Spans"), "| level | target");
    let rows = table(&section("Logs"), "| level | target");
    assert!(spans.len() == 2 && rows.len() >= 10);
    for row in spans {
        let (level, target, span) = (row[0].to_lowercase(), row[1].trim_matches('`'), row[2].trim_matches('`'));
        let code: String = source_of(target).split_whitespace().collect();
        assert!(code.contains(&format!("tracing::{level}_span!(\"{span}\"")), "{target} has no {span} at {level}");
    }
    for row in rows {
        let (level, target, message) = (row[0].to_lowercase(), row[1].trim_matches('`'), row[2].trim_matches('`'));
        let code = source_of(target).replace("\\\n", "");
        let place = code.find(&format!("\"{message}")).unwrap_or_else(|| panic!("{target} never says {message}"));
        // By the nearest macro before it; a text with none before it is logged further down.
        let macros =
            ["error", "warn", "info", "debug"].map(|level| (code[..place].rfind(&format!("tracing::{level}!")), level));
        let nearest = macros.into_iter().filter(|(at, _)| at.is_some()).max();
        let is_right = nearest.map_or_else(|| code.contains(&format!("tracing::{level}!")), |(_, its)| its == level);
        assert!(is_right, "{target}: {message} isn't at {level}");
    }
}
