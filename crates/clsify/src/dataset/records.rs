//! Reads sentences one by one with their records, including records without a sentence: for programs that answer
//! every record and copy its other fields.

use std::io::Read;

use super::SentenceReader;
use super::example::{Example, Fields};
use super::examples::Examples;
use super::options::{DatasetOptions, Format};
use crate::error::{ErrorKind, Result};

/// One record of a file of sentences.
#[derive(Debug)]
pub struct SentenceRecord {
    /// The line where it starts, counted from 1; in a JSON array the number of the record.
    pub line: usize,
    /// The sentence, or an error with file and line if the record has none or cannot be read.
    pub sentence: Result<String>,
    /// The whole record.
    pub fields: Fields,
}

impl<R: Read> SentenceReader<R> {
    /// Reads lines as sentences: a blank line is a record without a sentence, and there may be no lines at all.
    ///
    /// # Errors
    /// [`ErrorKind::Dataset`] if the first bytes are not text; an I/O error if they cannot be read.
    ///
    /// ```
    /// use clsify::dataset::SentenceReader;
    /// let mut reader = SentenceReader::of_lines("first\n\nthird\n".as_bytes(), "stdin")?;
    /// let records = std::iter::from_fn(|| reader.next_record()).collect::<Result<Vec<_>, _>>()?;
    /// let sentences: Vec<Option<&str>> = records.iter().map(|r| r.sentence.as_deref().ok()).collect();
    /// assert_eq!(sentences, [Some("first"), None, Some("third")]);
    /// # Ok::<(), clsify::error::Error>(())
    /// ```
    pub fn of_lines(reader: R, name: &str) -> Result<Self> {
        let options = DatasetOptions { format: Some(Format::Lines), ..DatasetOptions::default() };
        let mut examples = Examples::new(reader, name, &options, false)?;
        examples.may_be_empty = true;
        Ok(SentenceReader { examples, file_bytes: None }.with_blank_lines())
    }

    /// Treats a blank line as a record without a sentence, if the file has one column: answers to records can then be
    /// matched to lines.
    #[must_use]
    pub fn with_blank_lines(mut self) -> Self {
        self.examples.records.take_blank_lines();
        self
    }

    /// Returns the next record; `None` at the end. It is an error if the records after it cannot be read either: the
    /// columns are not known yet, a quote is never closed, or the file cannot be read. Nothing follows an error.
    ///
    /// ```
    /// use clsify::dataset::{DatasetOptions, Fields, SentenceReader};
    /// let csv = "id,text\n7,a treat\n8,\n";
    /// let mut reader = SentenceReader::new(csv.as_bytes(), "reviews.csv", &DatasetOptions::default())?;
    /// let first = reader.next_record().unwrap()?;
    /// assert_eq!((first.line, first.sentence?.as_str()), (2, "a treat"));
    /// assert_eq!(first.fields, Fields::Row(vec!["7".into(), "a treat".into()]));
    /// assert_eq!(reader.header(), Some(&["id".to_string(), "text".to_string()][..]));
    /// let error = reader.next_record().unwrap()?.sentence.unwrap_err();
    /// assert_eq!(error.to_string(), "reviews.csv: line 3: expected a sentence, got an empty one");
    /// assert!(reader.next_record().is_none());
    /// # Ok::<(), clsify::error::Error>(())
    /// ```
    pub fn next_record(&mut self) -> Option<Result<SentenceRecord>> {
        if self.examples.is_over {
            return None;
        }
        let (line, sentence) = match self.examples.read_unchecked().transpose()? {
            Ok(example) => {
                let place = |error: crate::error::Error| error.at(self.examples.records.place());
                let checked = example.check(false).map_err(place);
                let Example { line, sentence, .. } = example;
                (line, checked.map(|()| sentence))
            }
            Err(error) => {
                let can_go_on = !self.examples.is_over && self.examples.records.can_go_on_without_labels();
                if error.kind() == ErrorKind::Io || !can_go_on {
                    self.examples.is_over = true;
                    return Some(Err(error.at(self.examples.name.as_str())));
                }
                self.examples.n_read += 1;
                (self.examples.records.line(), Err(error))
            }
        };
        let sentence = sentence.map_err(|error| error.at(self.examples.name.as_str()));
        Some(Ok(SentenceRecord { line, sentence, fields: self.examples.records.fields() }))
    }

    /// The names of the columns, once the first record has been read; `None` if the file has no header, or is JSONL.
    pub fn header(&self) -> Option<&[String]> {
        self.examples.records.names()
    }

    /// The unit of [`SentenceRecord::line`]: `line`, or `record` in a JSON array.
    ///
    /// ```
    /// use clsify::dataset::{DatasetOptions, SentenceReader};
    /// let reader = SentenceReader::new(r#"["a treat"]"#.as_bytes(), "a.json", &DatasetOptions::default())?;
    /// assert_eq!(reader.unit(), "record");
    /// # Ok::<(), clsify::error::Error>(())
    /// ```
    pub fn unit(&self) -> &'static str {
        self.examples.records.unit()
    }

    /// Returns true if a whole line has arrived that has not been returned: the next record can be read without
    /// waiting.
    pub fn has_line(&self) -> bool {
        self.examples.records.has_buffered_line()
    }
}
