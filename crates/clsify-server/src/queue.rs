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
