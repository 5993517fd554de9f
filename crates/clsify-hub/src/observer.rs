//! How a fetch tells its progress: the crate prints nothing, the caller decides what to show.

/// Hears what happens while an encoder or data set is fetched.
///
/// `()` hears it and says nothing.
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
pub trait FetchObserver {
    /// One line of plain words: what is being done, or why a fallback is taken.
    fn message(&self, text: &str);

    /// `done` of `total` bytes of `file` have arrived; `total` is 0 where the size is not known.
    ///
    /// Called often (every 64 KiB). `done` may fall back when a download starts anew.
    fn bytes(&self, file: &str, done: u64, total: u64);
}

impl FetchObserver for () {
    fn message(&self, _text: &str) {}
    fn bytes(&self, _file: &str, _done: u64, _total: u64) {}
}
