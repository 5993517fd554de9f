//! A clean end when the process is told to stop.
//!
//! A signal that the parent has set to be ignored stays ignored: `nohup` does that with SIGHUP, and a shell with SIGINT of a
//! job in the background. The list of these is read from `/proc`; where there is none, every signal below ends the process.

use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};

/// Set by a signal: an error that follows from it is none to report.
static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Waits for the end of the process if a signal is ending it.
pub(crate) fn wait_if_interrupted() {
    while INTERRUPTED.load(Ordering::SeqCst) {
        std::thread::park();
    }
}

/// Saves what is to be saved, removes what is half-written, and ends the process as a shell reports the signal.
fn end(signal: i32) {
    INTERRUPTED.store(true, Ordering::SeqCst);
    clsify::files::remove_unfinished();
    if std::io::stderr().is_terminal() {
        // The shell's prompt comes after what is left of a progress bar.
        let _ = writeln!(std::io::stderr());
    }
    std::process::exit(128 + signal);
}

/// Handles every signal whose default is to end the process, as far as a handler can run after it.
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
        // `SIGRTMIN`: a C library keeps the first real-time signals to itself, glibc two and musl three.
        const FIRST_REAL_TIME: i32 = if cfg!(target_env = "musl") { 35 } else { 34 };
        signals.extend([SIGIO, SIGSTKFLT, SIGPWR]);
        signals.extend(FIRST_REAL_TIME..=64);
    }
    let ignored = ignored();
    signals.retain(|signal| ignored & (1u64 << (signal - 1)) == 0);
    // Where a file may not grow any more, the write fails and says so: the handler only has to be there.
    signal_hook::flag::register(SIGXFSZ, Arc::new(AtomicBool::new(false)))?;
    let mut signals = signal_hook::iterator::Signals::new(signals)?;
    std::thread::Builder::new().name("signals".into()).spawn(move || signals.forever().for_each(end))?;
    Ok(())
}

/// The signals that this process ignores, the first in the lowest bit.
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
