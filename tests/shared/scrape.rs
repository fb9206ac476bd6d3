//! What Prometheus would see of this thread.
#![allow(dead_code, reason = "whoever includes it uses a part")]

use std::collections::{BTreeMap, BTreeSet};

use metrics::LocalRecorderGuard;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle, PrometheusRecorder};

/// The labels of a series.
type Labels = BTreeMap<String, String>;

/// A recorder of what this thread counts and measures. Other tests have threads, and so recorders, of their own.
pub(crate) struct Scrape(PrometheusHandle);

impl Scrape {
    pub(crate) fn start() -> (Self, LocalRecorderGuard<'static>) {
        let builder = PrometheusBuilder::new().set_buckets(&[0.1, 1.0, 10.0]).unwrap();
        // Guards borrow it, as long as the test runs.
        let recorder: &'static PrometheusRecorder = Box::leak(Box::new(builder.build_recorder()));
        (Self(recorder.handle()), metrics::set_default_local_recorder(recorder))
    }

    pub(crate) fn text(&self) -> String {
        self.0.render()
    }

    /// The series of a metric, with their values.
    pub(crate) fn series(&self, metric: &str) -> Vec<(Labels, f64)> {
        let text = self.text();
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        let of_metric = lines.filter_map(|line| {
            let rest = line.strip_prefix(metric)?;
            let (labels, value) = match rest.strip_prefix('{') {
                Some(rest) => rest.rsplit_once("} ")?,
                None => ("", rest.strip_prefix(' ')?),
            };
            let labels = labels.split_terminator("\",").filter_map(|label| {
                let (name, value) = label.split_once("=\"")?;
                Some((name.trim_start_matches(',').to_owned(), value.trim_end_matches('"').to_owned()))
            });
            Some((labels.collect(), value.parse().unwrap()))
        });
        of_metric.collect()
    }

    /// The value of the only series that has these labels, whatever others it has. `None` if there is none.
    pub(crate) fn value(&self, metric: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let has = |its: &Labels| labels.iter().all(|(name, value)| its.get(*name).is_some_and(|its| its == value));
        let mut fitting = self.series(metric).into_iter().filter(|(its, _)| has(its));
        let value = fitting.next().map(|(_, value)| value);
        assert!(fitting.next().is_none(), "several {metric} with {labels:?} in {}", self.text());
        value
    }

    /// What a label is among the series of a metric.
    pub(crate) fn values_of(&self, metric: &str, label: &str) -> BTreeSet<String> {
        self.series(metric).into_iter().filter_map(|(mut labels, _)| labels.remove(label)).collect()
    }
}
