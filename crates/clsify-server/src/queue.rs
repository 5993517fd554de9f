//! The queue between requests and the encoder.
//!
//! A request puts its texts here as jobs of at most one batch each. The worker takes the oldest job, and with it later
//! ones of the same encoder, as long as they fit into the token budget. A job whose request is gone is dropped.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use clsify::matrix::Matrix;
use clsify::tokenizer::Encoding;
use tokio::sync::oneshot;

use crate::engine::Engine;
use crate::refusal::Refusal;

/// The features of a job.
#[derive(Debug)]
pub(crate) struct Embedded {
    /// `[n_encodings, n_features]`.
    pub(crate) features: Matrix,
    /// The time that the job waited.
    pub(crate) waited: Duration,
    /// The time of the batch that it was part of.
    pub(crate) computed: Duration,
}

/// Texts of one request that are computed together.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) engine: Arc<Engine>,
    pub(crate) encodings: Vec<Encoding>,
    pub(crate) n_tokens: usize,
    pub(crate) queued: Instant,
    /// Closed if the request is gone.
    pub(crate) answer: oneshot::Sender<Result<Embedded, Refusal>>,
}

#[derive(Debug, Default)]
struct State {
    jobs: VecDeque<Job>,
    is_closed: bool,
}

/// The jobs that wait, the oldest first.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    state: Mutex<State>,
    has_work: Condvar,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a job at the end; returns it if the queue is closed.
    pub(crate) fn push(&self, job: Job) -> Result<(), Refusal> {
        let mut state = self.lock();
        if state.is_closed {
            return Err(Refusal::backend("the encoder has stopped"));
        }
        state.jobs.push_back(job);
        self.has_work.notify_one();
        Ok(())
    }

    /// The number of jobs that wait.
    pub(crate) fn len(&self) -> usize {
        self.lock().jobs.len()
    }

    /// No job is accepted from now on; those that wait are still computed.
    pub(crate) fn close(&self) {
        self.lock().is_closed = true;
        self.has_work.notify_all();
    }

    /// Waits for the next batch: jobs of one encoder with at most this many tokens, or a single larger one. `None` if
    /// the queue is closed and empty.
    pub(crate) fn next_batch(&self, max_tokens: usize) -> Option<Vec<Job>> {
        let mut state = self.lock();
        loop {
            let batch = take_batch(&mut state.jobs, max_tokens);
            if !batch.is_empty() {
                return Some(batch);
            }
            if state.is_closed {
                return None;
            }
            state = self.has_work.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

fn take_batch(jobs: &mut VecDeque<Job>, max_tokens: usize) -> Vec<Job> {
    let mut batch: Vec<Job> = Vec::new();
    let (mut n_tokens, mut is_full) = (0, false);
    let mut left = VecDeque::with_capacity(jobs.len());
    for job in jobs.drain(..) {
        if job.answer.is_closed() {
            continue;
        }
        let is_of_batch = batch.first().is_none_or(|first| Arc::ptr_eq(&first.engine, &job.engine));
        if !is_of_batch || is_full {
            left.push_back(job);
        } else if batch.is_empty() || n_tokens + job.n_tokens <= max_tokens {
            n_tokens += job.n_tokens;
            batch.push(job);
        } else {
            // A later, shorter job must not overtake this one again and again.
            is_full = true;
            left.push_back(job);
        }
    }
    *jobs = left;
    batch
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::path::Path;

    use clsify::model::SentenceEncoder;

    use super::*;

    fn engine() -> Arc<Engine> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/transformers/bert");
        Arc::new(Engine::new(SentenceEncoder::load(folder).unwrap()))
    }

    type Answer = oneshot::Receiver<Result<Embedded, Refusal>>;

    fn push(queue: &Queue, engine: &Arc<Engine>, n_tokens: usize) -> Answer {
        let (answer, receiver) = oneshot::channel();
        let (engine, encodings, queued) = (engine.clone(), Vec::new(), Instant::now());
        queue.push(Job { engine, encodings, n_tokens, queued, answer }).unwrap();
        receiver
    }

    fn sizes(queue: &Queue) -> Option<Vec<usize>> {
        Some(queue.next_batch(10)?.iter().map(|job| job.n_tokens).collect())
    }

    #[test]
    fn a_batch_has_the_oldest_job_and_what_fits_beside_it() {
        let (queue, a, b) = (Queue::default(), engine(), engine());
        let jobs = [(&a, 3), (&b, 1), (&a, 4), (&a, 4), (&a, 1), (&b, 20)];
        let answers: Vec<Answer> = jobs.iter().map(|(engine, n)| push(&queue, engine, *n)).collect();
        // The 1 does not overtake the 4 before it.
        assert_eq!(sizes(&queue), Some(vec![3, 4]));
        assert_eq!(sizes(&queue), Some(vec![1]), "of the other encoder; the 20 does not fit");
        assert_eq!(sizes(&queue), Some(vec![4, 1]));
        assert_eq!(sizes(&queue), Some(vec![20]), "a job above the budget is computed alone");
        queue.close();
        assert_eq!(sizes(&queue), None);
        drop(answers);
    }

    #[test]
    fn the_work_of_a_gone_client_is_dropped() {
        let (queue, engine) = (Queue::default(), engine());
        let kept = push(&queue, &engine, 1);
        drop(push(&queue, &engine, 2));
        let also_kept = push(&queue, &engine, 3);
        assert_eq!((queue.len(), sizes(&queue)), (3, Some(vec![1, 3])));
        assert_eq!(queue.len(), 0);
        drop((kept, also_kept));
    }

    #[test]
    fn a_closed_queue_takes_nothing_and_gives_what_it_has() {
        let (queue, engine) = (Queue::default(), engine());
        let answer = push(&queue, &engine, 1);
        queue.close();
        let (sender, _receiver) = oneshot::channel();
        let late = Job { engine, encodings: Vec::new(), n_tokens: 1, queued: Instant::now(), answer: sender };
        assert!(queue.push(late).is_err());
        assert_eq!((sizes(&queue), sizes(&queue)), (Some(vec![1]), None));
        drop(answer);
    }
}
