//! Progress of downloads and uploads: the crate prints nothing, the caller decides what to show.

use std::fmt;

/// Receives messages and progress while an encoder, model or data set is downloaded or uploaded.
///
/// `()` ignores them; it is the default of a [`Hub`](crate::Hub).
///
/// ```
/// use clsify_hub::FetchObserver;
///
/// struct Stderr;
/// impl FetchObserver for Stderr {
///     fn message(&self, text: &str) {
///         eprintln!("{text}");
///     }
///     fn bytes(&self, file: &str, done: u64, total: u64) {
///         eprintln!("{file}: {done} of {total} bytes");
///     }
/// }
/// Stderr.message("the hub did not answer: trying the package index");
/// ```
pub trait FetchObserver: Send + Sync {
    /// Receives one line of text: the current action, or the reason for a fallback.
    fn message(&self, text: &str);

    /// Receives progress: `done` of `total` bytes of `file` have been transferred; `total` is 0 if the size is not known.
    ///
    /// Called often (every 64 KiB). `done` may decrease when a transfer starts again.
    fn bytes(&self, file: &str, done: u64, total: u64);
}

/// Needed for the `Debug` implementation of [`Hub`](crate::Hub).
impl fmt::Debug for dyn FetchObserver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FetchObserver")
    }
}

impl FetchObserver for () {
    fn message(&self, _text: &str) {}
    fn bytes(&self, _file: &str, _done: u64, _total: u64) {}
}
