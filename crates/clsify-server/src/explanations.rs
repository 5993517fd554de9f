//! The threads of explanations, which are not those of the encoder.
//!
//! An explanation takes hundreds of encodings. In the pool of the encoder, the next batch of a prediction would wait until
//! all of them are computed, because a pool finishes the work that it has before it takes more. In a pool of its own the
//! system shares the processor between the two, and it prefers the predictions where threads have priorities.

use std::sync::Arc;

use clsify::error::{Error, ErrorKind, Result};
use rayon::{ThreadPool, ThreadPoolBuilder};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::refusal::Refusal;

/// The threads, and the turns of the requests that want them.
#[derive(Debug)]
pub(crate) struct Explanations {
    threads: Arc<ThreadPool>,
    turns: Arc<Semaphore>,
}

/// The right to compute an explanation.
#[derive(Debug)]
pub(crate) struct Turn {
    threads: Arc<ThreadPool>,
    _permit: OwnedSemaphorePermit,
}

impl Explanations {
    /// As many threads as the encoder has; they sleep while there is nothing to explain.
    pub(crate) fn new() -> Result<Self> {
        let threads = ThreadPoolBuilder::new()
            .num_threads(rayon::current_num_threads())
            .thread_name(|i| format!("explain-{i}"))
            .start_handler(|_| give_way())
            .build()
            .map_err(|error| {
                Error::new(ErrorKind::Io, format!("expected threads for explanations: {error}"))
            })?;
        Ok(Explanations { threads: Arc::new(threads), turns: Arc::new(Semaphore::new(1)) })
    }

    /// Waits until no other request is explained.
    pub(crate) async fn turn(&self) -> std::result::Result<Turn, Refusal> {
        let permit = self.turns.clone().acquire_owned().await;
        let permit = permit.map_err(|_| Refusal::backend("the encoder has stopped"))?;
        Ok(Turn { threads: self.threads.clone(), _permit: permit })
    }
}

impl Turn {
    /// Computes on the threads of explanations. The next request waits until this work has really ended.
    pub(crate) fn run<T: Send>(self, work: impl FnOnce() -> T + Send) -> T {
        self.threads.install(work)
    }
}

/// Lowers the priority of this thread on Linux; elsewhere that of a thread cannot be set alone. A thread that may not do so
/// computes the same.
fn give_way() {
    #[cfg(target_os = "linux")]
    let _ = rustix::process::nice(5);
}
