//! Long work beside the interpreter.
//!
//! The work runs in threads of its own, which never touch Python. The calling thread waits without holding the interpreter
//! lock; it passes on progress and notes, and looks for signals several times a second.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use clsify::error::Result;
use clsify::observer::{Observer, Stage};
use clsify_hub::FetchObserver;
use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use rayon::ThreadPool;

use crate::errors::exception;

/// The longest time in which a signal is not noticed.
const SIGNALS: Duration = Duration::from_millis(50);

/// What the calling thread is told. Stages have names.
enum Event {
    Start(String, usize),
    Advance(String, usize),
    Finish(String),
    Note(String),
    Warning(String),
    Fetch(String),
    Done,
}

/// Passes reports to the calling thread.
pub(crate) struct Reporter {
    events: Mutex<Sender<Event>>,
    is_cancelled: Arc<AtomicBool>,
    /// The file that is being fetched.
    fetched: Mutex<Option<String>>,
}

impl Reporter {
    fn send(&self, event: Event) {
        // The calling thread receives until the work is done.
        let _ = self.events.lock().unwrap_or_else(PoisonError::into_inner).send(event);
    }
}

impl Observer for Reporter {
    fn start(&self, stage: Stage, total: usize) {
        self.send(Event::Start(name(stage), total));
    }

    fn advance(&self, stage: Stage, done: usize) {
        self.send(Event::Advance(name(stage), done));
    }

    fn finish(&self, stage: Stage) {
        self.send(Event::Finish(name(stage)));
    }

    fn note(&self, text: &str) {
        self.send(Event::Note(text.to_string()));
    }

    fn warn(&self, text: &str) {
        self.send(Event::Warning(text.to_string()));
    }

    fn is_cancelled(&self) -> bool {
        self.is_cancelled.load(Ordering::Relaxed)
    }
}

impl FetchObserver for Reporter {
    fn message(&self, text: &str) {
        self.send(Event::Fetch(text.to_string()));
    }

    fn bytes(&self, file: &str, done: u64, total: u64) {
        let number = |bytes: u64| usize::try_from(bytes).unwrap_or(usize::MAX);
        if self.fetched.lock().unwrap_or_else(PoisonError::into_inner).replace(file.to_string()).as_deref()
            != Some(file)
        {
            self.send(Event::Start(file.to_string(), number(total)));
        }
        self.send(Event::Advance(file.to_string(), number(done)));
        if done == total {
            self.send(Event::Finish(file.to_string()));
        }
    }
}

fn name(stage: Stage) -> String {
    format!("{stage:?}").to_lowercase()
}

/// Runs work in `threads` threads, and returns its result.
///
/// `report`, a callable of Python, receives `("start" | "advance" | "finish", stage, number)` and `("warning" | "note" | "fetch", text, 0)`; a
/// file that is fetched is a stage too, in bytes. An exception of it, and one of a signal handler, such as `KeyboardInterrupt`, cancels the
/// work and is raised when it has ended.
pub(crate) fn run<T: Send>(
    py: Python<'_>,
    threads: Option<usize>,
    report: Option<&Bound<'_, PyAny>>,
    work: impl FnOnce(Arc<Reporter>) -> Result<T> + Send,
) -> PyResult<T> {
    let pool = pool(threads)?;
    let (sender, receiver) = channel();
    let is_cancelled = Arc::new(AtomicBool::new(false));
    let events = Mutex::new(sender.clone());
    let reporter =
        Arc::new(Reporter { events, is_cancelled: is_cancelled.clone(), fetched: Mutex::default() });
    let mut result = None;
    let watched = std::thread::scope(|scope| {
        let result = &mut result;
        scope.spawn(move || {
            *result = Some(catch_unwind(AssertUnwindSafe(|| pool.install(|| work(reporter)))));
            let _ = sender.send(Event::Done);
        });
        watch(py, receiver, report, &is_cancelled)
    });
    watched?;
    match result {
        Some(Ok(result)) => result.map_err(|error| exception(py, &error)),
        Some(Err(panic)) => Err(PyRuntimeError::new_err(format!("clsify: {}", message(&*panic)))),
        None => Err(PyRuntimeError::new_err("clsify: the work has not ended")),
    }
}

/// Waits until the work is done; after an exception it waits for the end of the cancelled work, then returns it.
fn watch(
    py: Python<'_>,
    receiver: Receiver<Event>,
    report: Option<&Bound<'_, PyAny>>,
    is_cancelled: &AtomicBool,
) -> PyResult<()> {
    // A receiver may be moved to another thread, but not shared with one.
    let mut receiver = receiver;
    let mut failed: Option<PyErr> = None;
    loop {
        let (received, back) = py.detach(move || (receiver.recv_timeout(SIGNALS), receiver));
        receiver = back;
        let passed = match received {
            Ok(Event::Done) | Err(RecvTimeoutError::Disconnected) => return failed.map_or(Ok(()), Err),
            Ok(event) if failed.is_none() => pass_on(&event, report).and_then(|()| py.check_signals()),
            Ok(_) => Ok(()),
            Err(RecvTimeoutError::Timeout) => py.check_signals(),
        };
        if let Err(error) = passed {
            is_cancelled.store(true, Ordering::Relaxed);
            failed.get_or_insert(error);
        }
    }
}

fn pass_on(event: &Event, report: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
    let Some(report) = report else { return Ok(()) };
    let (what, of, number) = match event {
        Event::Start(stage, total) => ("start", stage, *total),
        Event::Advance(stage, done) => ("advance", stage, *done),
        Event::Finish(stage) => ("finish", stage, 0),
        Event::Note(text) => ("note", text, 0),
        Event::Warning(text) => ("warning", text, 0),
        Event::Fetch(text) => ("fetch", text, 0),
        Event::Done => return Ok(()),
    };
    report.call1((what, of, number)).map(drop)
}

fn message(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or(panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("an internal error")
}

/// Pools by the id of their process and the number of their threads.
type Pools = HashMap<(u32, usize), Arc<ThreadPool>>;

/// The pools of this process, by the number of their threads. A pool does not survive a fork, so that the id of the process is part of
/// the key; one of the parent is never dropped, because its threads are gone.
static POOLS: Mutex<Option<Pools>> = Mutex::new(None);

/// The pool with this many threads. Only a thread that holds the interpreter lock calls it, and only such a thread forks, so that no child
/// inherits a locked table.
fn pool(threads: Option<usize>) -> PyResult<Arc<ThreadPool>> {
    let threads = threads.map_or_else(default_threads, Ok)?;
    if !(1..=1024).contains(&threads) {
        return Err(PyValueError::new_err(format!(
            "threads: expected a number from 1 to 1024, got {threads}"
        )));
    }
    let mut pools = POOLS.lock().unwrap_or_else(PoisonError::into_inner);
    let pools = pools.get_or_insert_with(HashMap::new);
    let key = (std::process::id(), threads);
    if let Some(pool) = pools.get(&key) {
        return Ok(pool.clone());
    }
    let others: Vec<_> = pools.extract_if(|(process, _), _| *process != key.0).collect();
    others.into_iter().for_each(std::mem::forget);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    let pool = Arc::new(pool.map_err(|error| PyRuntimeError::new_err(format!("threads: {error}")))?);
    pools.insert(key, pool.clone());
    Ok(pool)
}

/// The variable for the number of threads, which the program reads too.
const THREADS: &str = "CLSIFY_NUM_THREADS";

/// The number of threads if none is given: `CLSIFY_NUM_THREADS`, `OMP_NUM_THREADS`, `RAYON_NUM_THREADS`, or one per core that this process
/// may use. Variables of other libraries may hold what only these understand.
#[pyfunction]
#[pyo3(signature = () -> "int")]
pub(crate) fn default_threads() -> PyResult<usize> {
    let number = |value: &str| value.trim().parse().ok().filter(|n| (1..=1024).contains(n));
    if let Some(value) = std::env::var_os(THREADS).filter(|value| !value.is_empty()) {
        let value = value.to_string_lossy();
        return number(&value).ok_or_else(|| {
            PyValueError::new_err(format!("{THREADS}: expected a number from 1 to 1024, got {value:?}"))
        });
    }
    let of_others = ["OMP_NUM_THREADS", "RAYON_NUM_THREADS"];
    let set = of_others.into_iter().find_map(|name| number(&std::env::var(name).ok()?));
    Ok(set.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from)))
}
