//! Ends the process cleanly on signals.
//!
//! A signal that the parent process ignores stays ignored: `nohup` does this with SIGHUP, and a shell with SIGINT for
//! background jobs. The list of ignored signals is read from `/proc`; on systems without it, every signal below ends
//! the process.

use std::io::{IsTerminal, Write};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

/// Asked first: it returns true if the work itself handles the signal of this number.
type Handler = Box<dyn Fn(i32) -> bool + Send + Sync>;

static HANDLER: OnceLock<Handler> = OnceLock::new();

/// Set by a signal, so that errors caused by it are not reported.
static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Set while the first signal asks the work to end early instead of ending the process.
static ENDS_EARLY: AtomicBool = AtomicBool::new(false);

/// Set by the first such signal.
static SHOULD_STOP: AtomicBool = AtomicBool::new(false);

/// From now on every signal goes to a handler first; those that it does not handle end the process. Only the first call
/// has an effect.
#[cfg(feature = "serve")]
pub(crate) fn hand_to(handler: Handler) {
    let _ = HANDLER.set(handler);
}

/// From now on the first signal lets the work end early, with what it has so far, and the second ends the process.
pub(crate) fn end_work_first() {
    ENDS_EARLY.store(true, Ordering::SeqCst);
}

/// Returns true if the work should end early.
pub(crate) fn should_stop() -> bool {
    SHOULD_STOP.load(Ordering::SeqCst)
}

/// Waits for the end of the process if a signal is ending it.
pub(crate) fn wait_if_interrupted() {
    while INTERRUPTED.load(Ordering::SeqCst) {
        std::thread::park();
    }
}

/// Saves pending data, removes partial files, and ends the process with the exit code of the signal.
fn end(signal: i32) {
    if HANDLER.get().is_some_and(|handles| handles(signal)) {
        return;
    }
    if ENDS_EARLY.swap(false, Ordering::SeqCst) {
        SHOULD_STOP.store(true, Ordering::SeqCst);
        return;
    }
    INTERRUPTED.store(true, Ordering::SeqCst);
    clsify::files::remove_unfinished();
    if std::io::stderr().is_terminal() {
        // The shell's prompt must start on a new line after a progress bar.
        let _ = writeln!(std::io::stderr());
    }
    std::process::exit(128 + signal);
}

/// Handles every signal whose default action ends the process, if a handler can run.
#[cfg(unix)]
pub(crate) fn handle() -> anyhow::Result<()> {
    use std::sync::Arc;

    use signal_hook::consts::signal::{
        SIGABRT, SIGALRM, SIGHUP, SIGINT, SIGIO, SIGPROF, SIGQUIT, SIGSYS, SIGTERM, SIGTRAP, SIGUSR1,
        SIGUSR2, SIGVTALRM, SIGXCPU, SIGXFSZ,
    };
    let mut signals = vec![
        SIGABRT, SIGALRM, SIGHUP, SIGINT, SIGPROF, SIGQUIT, SIGSYS, SIGTERM, SIGTRAP, SIGUSR1, SIGUSR2,
        SIGVTALRM, SIGXCPU,
    ];
    if cfg!(target_os = "linux") {
        const SIGSTKFLT: i32 = 16;
        const SIGPWR: i32 = 30;
        // `SIGRTMIN`, because C libraries reserve the first real-time signals: glibc two, musl three.
        const FIRST_REAL_TIME: i32 = if cfg!(target_env = "musl") { 35 } else { 34 };
        signals.extend([SIGIO, SIGSTKFLT, SIGPWR]);
        signals.extend(FIRST_REAL_TIME..=64);
    }
    let ignored = ignored();
    signals.retain(|signal| ignored & (1u64 << (signal - 1)) == 0);
    // A write beyond the file size limit fails with an error, provided that the signal has a handler.
    signal_hook::flag::register(SIGXFSZ, Arc::new(AtomicBool::new(false)))?;
    let mut signals = signal_hook::iterator::Signals::new(signals)?;
    std::thread::Builder::new().name("signals".into()).spawn(move || signals.forever().for_each(end))?;
    Ok(())
}

/// The signals that this process ignores, as a bit mask; the first signal is the lowest bit.
#[cfg(unix)]
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}

#[cfg(not(unix))]
pub(crate) fn handle() -> anyhow::Result<()> {
    const INTERRUPT: i32 = 2;
    Ok(ctrlc::set_handler(|| end(INTERRUPT))?)
}
