//! fastText's format: one sentence per line, its labels among the words, marked by the prefix `__label__`.
//!
//! ```text
//! __label__positive a treat
//! __label__sport __label__politics the vote and the match
//! ```
//!
//! Labels usually come first, but as in fastText every word with the prefix is one. A label contains no whitespace.
//! Source: fastText's `Dictionary::getLine`.

use std::io::Read;

use super::lines::LineReader;
use crate::dataset::LabelSeparator;
use crate::dataset::example::Example;
use crate::error::{Error, ErrorKind, Result};

const PREFIX: &str = "__label__";

pub(in crate::dataset) struct FastTextReader<R> {
    lines: LineReader<R>,
    labelled: bool,
    /// The separator of labels in a cell, if sentences may have several labels.
    pub(super) separator: Option<LabelSeparator>,
}

impl<R: Read> FastTextReader<R> {
    pub(super) fn new(lines: LineReader<R>, labelled: bool) -> Self {
        FastTextReader { lines, labelled, separator: None }
    }

    pub(super) fn lines(&self) -> &LineReader<R> {
        &self.lines
    }

    pub(super) fn next(&mut self) -> Result<Option<Example>> {
        while let Some(line) = self.lines.next_line()? {
            if line.text.trim().is_empty() {
                continue;
            }
            let (labels, sentence) = take_apart(line.text);
            let example = match (&self.separator, labels.as_slice()) {
                _ if !self.labelled => Ok(Example::new(line.number, &sentence, None)),
                (Some(separator), labels) => {
                    separator.cell(labels).map(|cell| Example::with_cell(line.number, &sentence, &cell))
                }
                (None, []) => Ok(Example::new(line.number, &sentence, Some(""))),
                (None, [label]) => Ok(Example::new(line.number, &sentence, Some(label))),
                (None, labels) => {
                    let message = format!("expected one label per line, got {}", labels.len());
                    let hint = "if a sentence may have several labels, add --multi-label ';'";
                    Err(Error::new(ErrorKind::Dataset, message).with_hint(hint))
                }
            };
            return example.map(Some).map_err(|error| error.at(format!("line {}", line.number)));
        }
        Ok(None)
    }
}

/// Splits a line into its labels without their prefix, and the other words.
pub(super) fn take_apart(line: &str) -> (Vec<&str>, String) {
    let (mut labels, mut sentence) = (Vec::new(), String::new());
    for word in line.split_inclusive(|c: char| c.is_ascii_whitespace()) {
        match word.trim_ascii_end().strip_prefix(PREFIX) {
            Some(label) => labels.push(label),
            None => sentence.push_str(word),
        }
    }
    (labels, sentence.trim().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Oracle: fastText's rule that a word with the prefix is a label, wherever it stands.
    #[test]
    fn labels_are_the_words_with_the_prefix() {
        for (line, labels, sentence) in [
            ("__label__good a  treat ", &["good"][..], "a  treat"),
            ("__label__a __label__b\tthe match", &["a", "b"], "the match"),
            ("the __label__a match __label__b", &["a", "b"], "the match"),
            ("no label", &[], "no label"),
            ("__label__ x__label__y", &[""], "x__label__y"),
            ("__label__sci-fi", &["sci-fi"], ""),
        ] {
            assert_eq!(take_apart(line), (labels.to_vec(), sentence.to_string()), "{line:?}");
        }
    }
}
