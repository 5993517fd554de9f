//! The thread that runs the encoder, batch after batch.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use clsify::matrix::Matrix;
use clsify::tokenizer::Encoding;

use crate::engine::Engine;
use crate::metrics::Metrics;
use crate::queue::{Embedded, Job, Queue};
use crate::refusal::Refusal;

/// Computes until the queue is closed and empty. The products use all threads of the library's pool.
pub(crate) fn run(queue: &Queue, metrics: &Metrics, max_batch_tokens: usize) {
    while let Some(batch) = queue.next_batch(max_batch_tokens) {
        compute(batch, metrics);
    }
}

fn compute(mut batch: Vec<Job>, metrics: &Metrics) {
    let Some(engine) = batch.first().map(|job| job.engine.clone()) else { return };
    let started = Instant::now();
    let lengths: Vec<usize> = batch.iter().map(|job| job.encodings.len()).collect();
    let encodings: Vec<Encoding> =
        batch.iter_mut().flat_map(|job| std::mem::take(&mut job.encodings)).collect();
    metrics.batch(encodings.len(), batch.iter().map(|job| job.n_tokens).sum());
    let features = embed(&engine, &encodings);
    let computed = started.elapsed();
    let mut start = 0;
    for (job, n) in batch.into_iter().zip(&lengths) {
        let own = start..start + n;
        start += n;
        let features = match &features {
            Ok(features) => rows(features, own),
            // One text of another request must not fail this one.
            Err(_) if lengths.len() > 1 => embed(&engine, &encodings[own]),
            Err(refusal) => Err(refusal.clone()),
        };
        let waited = started.duration_since(job.queued);
        // A request that is gone needs no answer.
        let _ = job.answer.send(features.map(|features| Embedded { features, waited, computed }));
    }
}

fn embed(engine: &Engine, encodings: &[Encoding]) -> Result<Matrix, Refusal> {
    // The thread outlives a fault of the arithmetic, and so does the server.
    match catch_unwind(AssertUnwindSafe(|| engine.embed(encodings))) {
        Ok(features) => features.map_err(Refusal::from),
        Err(_) => {
            tracing::error!("the encoder panicked");
            Err(Refusal::backend("the encoder failed"))
        }
    }
}

fn rows(features: &Matrix, range: std::ops::Range<usize>) -> Result<Matrix, Refusal> {
    let (n, cols) = (range.len(), features.cols());
    let own = features.as_slice()[range.start * cols..range.end * cols].to_vec();
    Matrix::from_vec(own, n, cols).map_err(Refusal::from)
}
