//! How long work tells what it is doing, without printing.
//!
//! An encoder holds its observer, which hears of everything that is done with it.

use std::fmt;

/// A step that may take long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stage {
    /// Reading an encoder's weights and tokenizer.
    Load,
    /// Sentences to token ids; counted in sentences.
    Tokenize,
    /// Token ids through the encoder; counted in tokens.
    Embed,
    /// Sentences that come in groups, through tokenizer and encoder; counted in bytes of the input.
    Stream,
    /// The final fit of the classifier.
    Fit,
    /// The fits of a grid search; counted in fits.
    GridSearch,
}

/// Is told how far the work is. Every method does nothing unless it is implemented; `()` is the silent observer, which is the default.
///
/// ```no_run
/// use std::sync::Arc;
/// use clsify::model::{SentenceEncoder, SentenceEncoderOptions};
/// use clsify::observer::Observer;
/// struct Stderr;
/// impl Observer for Stderr {
///     fn note(&self, text: &str) {
///         eprintln!("note: {text}");
///     }
/// }
/// let options = SentenceEncoderOptions { observer: Arc::new(Stderr), ..Default::default() };
/// let encoder = SentenceEncoder::load_with("all-MiniLM-L6-v2", options)?;
/// # Ok::<(), clsify::error::Error>(())
/// ```
pub trait Observer: Send + Sync {
    /// A step begins; `total` is how much there is to do, 0 if that is not known.
    fn start(&self, _stage: Stage, _total: usize) {}
    /// So much of the step is done.
    fn advance(&self, _stage: Stage, _done: usize) {}
    /// The step is over.
    fn finish(&self, _stage: Stage) {}
    /// Something that the user should know, in plain words: one line, no full stop.
    fn note(&self, _text: &str) {}
}

impl Observer for () {}

/// So that the options that hold one can be printed.
impl fmt::Debug for dyn Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Observer")
    }
}
