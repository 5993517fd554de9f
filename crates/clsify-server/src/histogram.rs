//! Counters and histograms that are written in the text format of Prometheus.

use std::fmt::Write;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// A number that only grows.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add(&self, n: u64) {
        self.0.fetch_add(n, Ordering::Relaxed);
    }

    pub(crate) fn value(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Counts of values below ascending bounds.
#[derive(Debug)]
pub(crate) struct Histogram {
    bounds: Vec<f64>,
    counts: Mutex<Counts>,
}

#[derive(Debug, Clone)]
struct Counts {
    /// One per bound, and one for larger values.
    of_buckets: Vec<u64>,
    sum: f64,
}

impl Histogram {
    pub(crate) fn new(bounds: Vec<f64>) -> Self {
        let counts = Counts { of_buckets: vec![0; bounds.len() + 1], sum: 0.0 };
        Histogram { bounds, counts: Mutex::new(counts) }
    }

    /// The bounds of text-embeddings-inference for durations in seconds: 35, each 1.5 times the one before it.
    pub(crate) fn of_seconds() -> Self {
        Self::new(std::iter::successors(Some(1.5e-5), |bound| Some(bound * 1.5)).take(35).collect())
    }

    /// Powers of two up to this one.
    pub(crate) fn of_counts(largest: u32) -> Self {
        Self::new((0..=largest).map(|power| 2f64.powi(power.cast_signed())).collect())
    }

    pub(crate) fn record(&self, value: f64) {
        let bucket = self.bounds.partition_point(|&bound| bound < value);
        let mut counts = self.lock();
        counts.of_buckets[bucket] += 1;
        counts.sum += value;
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Appends the histogram under a name.
    pub(crate) fn write(&self, out: &mut String, name: &str, help: &str) {
        let counts = self.lock().clone();
        head(out, name, help, "histogram");
        let mut total = 0;
        let bounds = self.bounds.iter().map(ToString::to_string).chain(["+Inf".to_string()]);
        for (bound, n) in bounds.zip(&counts.of_buckets) {
            total += n;
            // Writing to a text cannot fail.
            let _ = writeln!(out, "{name}_bucket{{le=\"{bound}\"}} {total}");
        }
        let _ = writeln!(out, "{name}_sum {}\n{name}_count {total}", counts.sum);
    }
}

/// Appends the lines before a metric.
pub(crate) fn head(out: &mut String, name: &str, help: &str, kind: &str) {
    let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}");
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Oracle: the format as Prometheus documents it, in which buckets count all values up to their bound.
    #[test]
    fn buckets_are_cumulative() {
        let histogram = Histogram::new(vec![1.0, 2.0]);
        [0.5, 1.0, 1.5, 9.0].into_iter().for_each(|value| histogram.record(value));
        let mut out = String::new();
        histogram.write(&mut out, "x", "An example.");
        let lines = [
            "# HELP x An example.",
            "# TYPE x histogram",
            "x_bucket{le=\"1\"} 2",
            "x_bucket{le=\"2\"} 3",
            "x_bucket{le=\"+Inf\"} 4",
            "x_sum 12",
            "x_count 4",
        ];
        assert_eq!(out.lines().collect::<Vec<_>>(), lines);
    }
}
