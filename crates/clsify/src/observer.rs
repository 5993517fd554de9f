//! Progress reports of long-running work, without printing, and its cancellation.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use crate::error::{Error, ErrorKind, Result};

/// A step that may take long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stage {
    /// Reading an encoder's weights and tokenizer.
    Load,
    /// Turning sentences into token ids; counted in sentences.
    Tokenize,
    /// Running token ids through the encoder; counted in tokens.
    Embed,
    /// Tokenizing and encoding sentences that arrive in groups; counted in bytes of the input.
    Stream,
    /// The final fit of the classifier.
    Fit,
    /// The fits of a grid search; counted in fits.
    GridSearch,
    /// Fine-tuning the encoder; counted in tokens.
    Tune,
    /// Encoding sentences without some of their words; counted in sentences.
    Explain,
}

/// Receives progress and notes. Every method does nothing by default. `()` is a silent observer, and the default of every
/// option.
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
    /// Called when a step begins; `total` is the amount of work, 0 if that is not known.
    fn start(&self, _stage: Stage, _total: usize) {}
    /// Called when an amount of work is done.
    fn advance(&self, _stage: Stage, _done: usize) {}
    /// Called when the step is over.
    fn finish(&self, _stage: Stage) {}
    /// Returns true if long work should end early, with what it has so far. Fine-tuning asks after every step.
    fn should_stop(&self) -> bool {
        false
    }
    /// Returns true if the work should end with an error of [`ErrorKind::Interrupted`]. Encoding asks after every few
    /// sentences, fits after every step, from any thread.
    fn is_cancelled(&self) -> bool {
        false
    }
    /// Receives a note for the user in plain words: one line, no full stop.
    fn note(&self, _text: &str) {}
    /// Receives a note about something that is probably wrong: with the data, with a score, or with the options. By default it is a
    /// note like any other.
    fn warn(&self, text: &str) {
        self.note(text);
    }
}

impl Observer for () {}

/// An observer to which progress and cancellation pass, but no notes: those about the same sentences have been made.
pub(crate) struct WithoutNotes(pub(crate) Arc<dyn Observer>);

impl Observer for WithoutNotes {
    fn start(&self, stage: Stage, total: usize) {
        self.0.start(stage, total);
    }
    fn advance(&self, stage: Stage, done: usize) {
        self.0.advance(stage, done);
    }
    fn finish(&self, stage: Stage) {
        self.0.finish(stage);
    }
    fn should_stop(&self) -> bool {
        self.0.should_stop()
    }
    fn is_cancelled(&self) -> bool {
        self.0.is_cancelled()
    }
    fn note(&self, _text: &str) {}
}

/// An observer to which only cancellation passes: the work is a part of a step whose progress is shown.
pub(crate) struct OnlyCancels<O>(pub(crate) O);

impl<'a, O: Deref<Target = dyn Observer + 'a> + Send + Sync> Observer for OnlyCancels<O> {
    fn is_cancelled(&self) -> bool {
        self.0.is_cancelled()
    }
}

/// Asked often during long work; its error ends the work.
pub(crate) type GoOn<'a> = &'a (dyn Fn() -> Result<()> + Sync);

/// Receives how much of a piece of long work is done. The work ends with its error.
pub type Progress<'a> = &'a (dyn Fn(usize) -> Result<()> + Sync);

/// Reports progress to an observer: the body of a [`Progress`] whose work is cancelled by an observer.
///
/// # Errors
/// [`ErrorKind::Interrupted`] if the observer has cancelled the work.
///
/// ```
/// use clsify::observer::{Progress, Stage, advance};
/// let progress: Progress = &|done| advance(&(), Stage::Fit, done);
/// assert!(progress(1).is_ok());
/// ```
pub fn advance(observer: &dyn Observer, stage: Stage, done: usize) -> Result<()> {
    observer.advance(stage, done);
    check_cancelled(observer)
}

/// # Errors
/// [`ErrorKind::Interrupted`] if the observer has cancelled the work.
pub(crate) fn check_cancelled(observer: &dyn Observer) -> Result<()> {
    if observer.is_cancelled() {
        return Err(Error::new(ErrorKind::Interrupted, "interrupted"));
    }
    Ok(())
}

/// Needed for the `Debug` implementation of options that hold an observer.
impl fmt::Debug for dyn Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Observer")
    }
}
