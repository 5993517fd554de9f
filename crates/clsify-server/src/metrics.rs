//! What a server counts, under the names of text-embeddings-inference.

use std::fmt::Write;
use std::time::{Duration, Instant};

use crate::histogram::{Counter, Histogram, head};
use crate::refusal::Kind;

/// The kinds of failure, with their values of the label `err`.
const FAILURES: [(Kind, &str); 9] = [
    (Kind::Empty, "empty"),
    (Kind::Validation, "validation"),
    (Kind::Tokenizer, "tokenizer"),
    (Kind::Backend, "inference"),
    (Kind::Overloaded, "overloaded"),
    (Kind::Unhealthy, "unhealthy"),
    (Kind::Unauthorized, "unauthorized"),
    (Kind::NotFound, "not_found"),
    (Kind::Timeout, "timeout"),
];

/// The numbers of one task, for one text and for several.
#[derive(Debug)]
pub(crate) struct TaskMetrics {
    count: [Counter; 2],
    success: [Counter; 2],
    duration: Histogram,
}

impl TaskMetrics {
    fn new() -> Self {
        TaskMetrics {
            count: Default::default(),
            success: Default::default(),
            duration: Histogram::of_seconds(),
        }
    }

    fn write(&self, out: &mut String, prefix: &str, what: &str) {
        for (name, counters) in [("count", &self.count), ("success", &self.success)] {
            let name = format!("{prefix}_{name}");
            head(out, &name, &format!("The number of {what}."), "counter");
            for (method, counter) in ["single", "batch"].iter().zip(counters) {
                let _ = writeln!(out, "{name}{{method=\"{method}\"}} {}", counter.value());
            }
        }
        let name = format!("{prefix}_duration");
        self.duration.write(out, &name, &format!("The seconds of {what}."));
    }
}

/// A task that has numbers of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Task {
    Embed,
    Predict,
    Explain,
}

/// The times that a request took in the parts of the server.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Times {
    pub(crate) tokenization: Duration,
    pub(crate) queue: Duration,
    pub(crate) inference: Duration,
    pub(crate) steps: Steps,
}

/// When the parts of a request began and ended; a request of several batches waits first for `queue`, and between its
/// batches within `inference`.
#[derive(Debug, Clone, Copy, Default)]
#[cfg_attr(not(feature = "otel"), allow(dead_code, reason = "for traces"))]
pub(crate) struct Steps {
    pub(crate) tokenization: Option<(Instant, Instant)>,
    pub(crate) queue: Option<(Instant, Instant)>,
    pub(crate) inference: Option<(Instant, Instant)>,
}

/// Everything that a server counts.
#[derive(Debug)]
pub(crate) struct Metrics {
    requests: TaskMetrics,
    embed: TaskMetrics,
    predict: TaskMetrics,
    explain: TaskMetrics,
    failures: [Counter; FAILURES.len()],
    tokenization: Histogram,
    queue: Histogram,
    inference: Histogram,
    input_length: Histogram,
    batch_size: Histogram,
    batch_tokens: Histogram,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        Metrics {
            requests: TaskMetrics::new(),
            embed: TaskMetrics::new(),
            predict: TaskMetrics::new(),
            explain: TaskMetrics::new(),
            failures: Default::default(),
            tokenization: Histogram::of_seconds(),
            queue: Histogram::of_seconds(),
            inference: Histogram::of_seconds(),
            input_length: Histogram::of_counts(14),
            batch_size: Histogram::of_counts(12),
            batch_tokens: Histogram::of_counts(17),
        }
    }

    fn task(&self, task: Task) -> &TaskMetrics {
        match task {
            Task::Embed => &self.embed,
            Task::Predict => &self.predict,
            Task::Explain => &self.explain,
        }
    }

    /// A request for a task has begun; it is counted once, however it ends.
    pub(crate) fn begin(&self, task: Task, is_batch: bool) {
        [&self.requests, self.task(task)].iter().for_each(|of| of.count[usize::from(is_batch)].add(1));
    }

    /// It was answered.
    pub(crate) fn succeed(&self, task: Task, is_batch: bool, took: Duration, times: Times) {
        for of in [&self.requests, self.task(task)] {
            of.success[usize::from(is_batch)].add(1);
            of.duration.record(took.as_secs_f64());
        }
        self.tokenization.record(times.tokenization.as_secs_f64());
        self.queue.record(times.queue.as_secs_f64());
        self.inference.record(times.inference.as_secs_f64());
    }

    /// A request was refused.
    pub(crate) fn fail(&self, kind: Kind) {
        let counters = FAILURES.iter().zip(&self.failures);
        counters.filter(|((of, _), _)| *of == kind).for_each(|(_, counter)| counter.add(1));
    }

    /// The number of tokens of a text.
    pub(crate) fn input(&self, n_tokens: usize) {
        self.input_length.record(n_tokens as f64);
    }

    /// A batch that the encoder is about to compute.
    pub(crate) fn batch(&self, n_sentences: usize, n_tokens: usize) {
        self.batch_size.record(n_sentences as f64);
        self.batch_tokens.record(n_tokens as f64);
    }

    /// The text that Prometheus reads.
    pub(crate) fn text(&self, queue_size: usize) -> String {
        let mut out = String::new();
        self.requests.write(&mut out, "te_request", "requests");
        self.embed.write(&mut out, "te_embed", "requests for vectors");
        self.predict.write(&mut out, "te_predict", "requests for labels");
        self.explain.write(&mut out, "te_explain", "requests for explanations");
        head(
            &mut out,
            "te_request_failure",
            "The number of requests that were refused or failed.",
            "counter",
        );
        for ((_, name), counter) in FAILURES.iter().zip(&self.failures) {
            let _ = writeln!(out, "te_request_failure{{err=\"{name}\"}} {}", counter.value());
        }
        let out_mut = &mut out;
        self.tokenization.write(
            out_mut,
            "te_request_tokenization_duration",
            "The seconds that a request was tokenized.",
        );
        self.queue.write(out_mut, "te_request_queue_duration", "The seconds that a request waited.");
        self.inference.write(
            out_mut,
            "te_request_inference_duration",
            "The seconds of the encoder for the batches of a request.",
        );
        self.input_length.write(out_mut, "te_request_input_length", "The number of tokens per text.");
        self.batch_size.write(out_mut, "te_batch_next_size", "The number of texts per batch.");
        self.batch_tokens.write(out_mut, "te_batch_next_tokens", "The number of tokens per batch.");
        head(
            &mut out,
            "te_queue_size",
            "The number of parts of requests that wait for the encoder.",
            "gauge",
        );
        let _ = writeln!(out, "te_queue_size {queue_size}");
        out
    }
}
