//! How a fetch tells its progress: the crate prints nothing, the caller decides what to show.

use std::fmt;

/// Hears what happens while an encoder or data set is fetched.
///
/// `()` hears it and says nothing; it is the default of a [`Hub`](crate::Hub).
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
    /// One line of plain words: what is being done, or why a fallback is taken.
    fn message(&self, text: &str);

    /// `done` of `total` bytes of `file` have arrived; `total` is 0 where the size is not known.
    ///
    /// Called often (every 64 KiB). `done` may fall back when a download starts anew.
    fn bytes(&self, file: &str, done: u64, total: u64);
}

/// So that a [`Hub`](crate::Hub) can be printed.
impl fmt::Debug for dyn FetchObserver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FetchObserver")
    }
}

impl FetchObserver for () {
    fn message(&self, _text: &str) {}
    fn bytes(&self, _file: &str, _done: u64, _total: u64) {}
}
