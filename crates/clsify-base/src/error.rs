//! The one error type of the library: a kind, the place, what was expected and what was found.
//!
//! The text is one line, lower case, without a full stop: `data.tsv: line 57: expected 2 columns, got 3`. Advice on
//! what to do next is separate, in [`Error::hint`], so that a program can print it on a line of its own.

use std::error::Error as StdError;
use std::fmt;
use std::path::Path;

/// A [`std::result::Result`] whose error is [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The kind of an error, for programs that distinguish cases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A file or folder could not be read or written.
    Io,
    /// A data file is malformed, or does not contain what a classifier needs.
    Dataset,
    /// The tokenizer's files are missing or malformed.
    Tokenizer,
    /// The encoder's `config.json` is missing, malformed or describes something that is not supported.
    Config,
    /// The encoder's weights are missing, misshapen, truncated or of an unknown type.
    Checkpoint,
    /// A saved classifier is malformed, of another format version, or its encoder has changed.
    Model,
    /// An argument of a call is out of its range.
    InvalidArgument,
    /// An encoder or data set could not be fetched.
    Fetch,
    /// Training has left the range of finite numbers.
    Diverged,
    /// The caller asked long work to end.
    Interrupted,
}

/// An error of the library.
///
/// `Debug` prints what `Display` does, then the hint on a line of its own: a `main` that returns [`Result`] shows both.
///
/// ```
/// use clsify_base::error::{Error, ErrorKind};
/// let error = Error::new(ErrorKind::Dataset, "expected 2 columns, got 3").at("data.tsv: line 57");
/// assert_eq!(error.to_string(), "data.tsv: line 57: expected 2 columns, got 3");
/// assert_eq!(error.kind(), ErrorKind::Dataset);
/// ```
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    place: Option<String>,
    /// The index of the sentence, among those passed to a call, at which it failed.
    sentence: Option<usize>,
    message: String,
    hint: Option<String>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    /// Creates an error of this kind with this message.
    ///
    /// The message may quote a file: control characters in it are escaped, so that it stays one line, and text beyond
    /// 1,000 characters is cut off.
    ///
    /// ```
    /// use clsify_base::error::{Error, ErrorKind};
    /// let error = Error::new(ErrorKind::Checkpoint, "unknown dtype F\n32");
    /// assert_eq!(error.to_string(), "unknown dtype F\\n32");
    /// ```
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Error(Box::new(Inner {
            kind,
            place: None,
            sentence: None,
            message: one_line(&message.into()),
            hint: None,
            source: None,
        }))
    }

    /// Creates an I/O error at a path.
    pub fn io(path: impl AsRef<Path>, source: std::io::Error) -> Self {
        let path = path.as_ref();
        let to = match source.kind() {
            std::io::ErrorKind::NotFound => link_to_nowhere(path),
            _ => None,
        };
        let error = match to {
            Some(to) => Error::new(ErrorKind::Io, to).caused_by(source),
            None => Error::from_io(source),
        };
        error.at(path.display().to_string())
    }

    /// Creates an I/O error without a place.
    pub fn from_io(source: std::io::Error) -> Self {
        let message = match source.kind() {
            std::io::ErrorKind::NotFound => "no such file or folder".to_string(),
            std::io::ErrorKind::PermissionDenied => "permission denied".to_string(),
            std::io::ErrorKind::IsADirectory => "expected a file, got a folder".to_string(),
            std::io::ErrorKind::NotADirectory => "expected a folder, got a file".to_string(),
            std::io::ErrorKind::StorageFull => "no space left on the disk".to_string(),
            _ => source.to_string(),
        };
        Error::new(ErrorKind::Io, message).caused_by(source)
    }

    /// Adds the place where the error happened: a file, a file and line, a field of a file.
    ///
    /// A second call puts the new place in front of the first.
    #[must_use]
    pub fn at(mut self, place: impl Into<String>) -> Self {
        let place = one_line(&place.into());
        self.0.place = Some(match self.0.place.take() {
            Some(inner) => format!("{place}: {inner}"),
            None => place,
        });
        self
    }

    /// Adds the index of the sentence, among those passed to a call, counted from 0. The text counts sentences from
    /// 1, unless [`at_line_of`](Self::at_line_of) sets the line.
    #[must_use]
    pub fn at_sentence(mut self, sentence: usize) -> Self {
        self.0.sentence = Some(sentence);
        self
    }

    /// The index of the sentence, among those passed to a call, at which it failed, counted from 0; `None` if the
    /// error is not about a sentence, or its place is known better.
    ///
    /// ```
    /// use clsify_base::error::{Error, ErrorKind};
    /// let error = Error::new(ErrorKind::Checkpoint, "expected finite numbers").at_sentence(1);
    /// assert_eq!(error.sentence(), Some(1));
    /// assert_eq!(error.to_string(), "sentence 2: expected finite numbers");
    /// ```
    pub fn sentence(&self) -> Option<usize> {
        self.0.sentence
    }

    /// Replaces the index of a sentence by that sentence's line.
    #[must_use]
    pub fn at_line_of(mut self, lines: &[usize]) -> Self {
        match self.0.sentence.and_then(|sentence| lines.get(sentence)) {
            Some(line) => {
                self.0.sentence = None;
                self.at(format!("line {line}"))
            }
            None => self,
        }
    }

    /// Adds advice on what to do next: one line, like the message.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(one_line(&hint.into()));
        self
    }

    /// The same error with the one that caused it: what [`source`](StdError::source) returns. The text says already what that one says,
    /// so that a program prints one of the two.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// The kind of the error.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// What to do next, if the library knows.
    pub fn hint(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }
}

/// Names the link in a path whose target does not exist, if there is one.
fn link_to_nowhere(path: &Path) -> Option<String> {
    let link = path.ancestors().find(|part| part.is_symlink() && !part.exists())?;
    let target = std::fs::read_link(link).ok()?;
    let which = if link == path { "the link".to_string() } else { format!("the link {}", link.display()) };
    Some(format!("{which} leads to {}, which does not exist", target.display()))
}

/// Libraries copy what they found into their messages, including line breaks.
fn one_line(text: &str) -> String {
    const MAX_CHARACTERS: usize = 1000;
    let mut line = String::with_capacity(text.len().min(MAX_CHARACTERS));
    for (i, character) in text.chars().enumerate() {
        if i == MAX_CHARACTERS {
            line.push_str("...");
            break;
        }
        match character.is_control() {
            true => line.extend(character.escape_debug()),
            false => line.push(character),
        }
    }
    line
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = &self.0.place {
            write!(f, "{place}: ")?;
        }
        if let Some(sentence) = self.0.sentence {
            write!(f, "sentence {}: ", sentence + 1)?;
        }
        f.write_str(&self.0.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")?;
        match self.hint() {
            Some(hint) => write!(f, "\nhint: {hint}"),
            None => Ok(()),
        }
    }
}

impl StdError for Error {
    /// The error of the operating system or of a parser that caused this one, where there was one.
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_reads_as_a_program_would_print_it() {
        let error = Error::new(ErrorKind::Dataset, "expected 2 columns, got 3").at("data.tsv: line 57");
        assert_eq!(format!("{error:?}"), "data.tsv: line 57: expected 2 columns, got 3");
        let error = error.with_hint("quote the field");
        let expected = "data.tsv: line 57: expected 2 columns, got 3\nhint: quote the field";
        assert_eq!(format!("{error:?}"), expected);
        assert_eq!(format!("{error:#?}"), expected);
        assert_eq!(error.to_string(), "data.tsv: line 57: expected 2 columns, got 3");
    }
}
