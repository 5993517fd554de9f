//! Sentences without labels: all sentences of a file, or one by one.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::example::Example;
use super::examples::Examples;
use super::options::DatasetOptions;
use super::source_file::open;
use crate::error::Result;

/// Sentences without labels, with the lines on which they were found; used by `embed`.
///
/// It reads every file that [`Dataset`](super::Dataset) reads, and also files with one sentence per line
/// ([`Format::Lines`](super::Format::Lines)); no label column is needed. Whitespace is a sentence here, but an empty
/// text is not.
///
/// ```
/// use clsify::dataset::{DatasetOptions, Sentences};
/// let options = DatasetOptions::default();
/// let sentences = Sentences::read("first\n \nthird\n".as_bytes(), "sentences.txt", &options)?;
/// assert_eq!(sentences.sentences(), ["first", " ", "third"]);
/// assert_eq!(sentences.lines(), [1, 2, 3]);
/// # Ok::<(), clsify::error::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sentences {
    sentences: Vec<String>,
    lines: Vec<usize>,
}

impl Sentences {
    /// Reads sentences from a file.
    ///
    /// # Errors
    /// Those of [`Dataset::load`](super::Dataset::load) that are not about labels.
    ///
    /// ```
    /// # let folder = std::env::temp_dir().join(format!("clsify-doc-sentences-{}", std::process::id()));
    /// # std::fs::create_dir_all(&folder).unwrap();
    /// use clsify::dataset::{DatasetOptions, Sentences};
    /// let path = folder.join("reviews.tsv");
    /// std::fs::write(&path, "a treat\t1\na chore\t0\n").unwrap();
    /// let sentences = Sentences::load(&path, &DatasetOptions::default())?;
    /// assert_eq!(sentences.sentences(), ["a treat", "a chore"]);
    /// # std::fs::remove_dir_all(&folder).unwrap();
    /// # Ok::<(), clsify::error::Error>(())
    /// ```
    pub fn load(path: impl AsRef<Path>, options: &DatasetOptions) -> Result<Self> {
        let path = path.as_ref();
        Sentences::read(open(path)?, &path.display().to_string(), options)
    }

    /// Reads sentences from bytes; `name` appears in errors and, if no format is chosen, determines it.
    ///
    /// # Errors
    /// Those of [`load`](Self::load).
    ///
    /// ```
    /// use clsify::dataset::{DatasetOptions, Sentences};
    /// let jsonl = r#"{"id": 7, "text": "a treat"}"#;
    /// let sentences = Sentences::read(jsonl.as_bytes(), "reviews.jsonl", &DatasetOptions::default())?;
    /// assert_eq!(sentences.sentences(), ["a treat"]);
    /// # Ok::<(), clsify::error::Error>(())
    /// ```
    pub fn read(reader: impl Read, name: &str, options: &DatasetOptions) -> Result<Self> {
        let mut all = Sentences { sentences: Vec::new(), lines: Vec::new() };
        for example in Examples::new(reader, name, options, false)? {
            let Example { sentence, line, .. } = example?;
            all.sentences.push(sentence);
            all.lines.push(line);
        }
        Ok(all)
    }

    /// The number of sentences.
    pub fn len(&self) -> usize {
        self.sentences.len()
    }

    /// Returns true if there are no sentences, which is never the case after loading.
    pub fn is_empty(&self) -> bool {
        self.sentences.is_empty()
    }

    /// The sentences, in the order of the file.
    pub fn sentences(&self) -> &[String] {
        &self.sentences
    }

    /// The line where each sentence starts, counted from 1.
    pub fn lines(&self) -> &[usize] {
        &self.lines
    }
}

/// Reads the sentences of a file one by one, for files that are larger than memory. The result and the errors are
/// those of [`Sentences`], but an error appears only when it is reached. Nothing follows an error.
///
/// ```
/// use clsify::dataset::{DatasetOptions, SentenceReader};
/// let reader = SentenceReader::new("first\nsecond\n".as_bytes(), "sentences.txt", &DatasetOptions::default())?;
/// let sentences: Vec<String> = reader.collect::<Result<_, _>>()?;
/// assert_eq!(sentences, ["first", "second"]);
/// # Ok::<(), clsify::error::Error>(())
/// ```
pub struct SentenceReader<R> {
    pub(super) examples: Examples<R>,
    pub(super) file_bytes: Option<u64>,
}

impl SentenceReader<File> {
    /// Opens a file.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::error::ErrorKind::Io) if it cannot be opened,
    /// [`InvalidArgument`](crate::error::ErrorKind::InvalidArgument) and
    /// [`Dataset`](crate::error::ErrorKind::Dataset) if the options contradict each other or the format is not known.
    pub fn open(path: impl AsRef<Path>, options: &DatasetOptions) -> Result<Self> {
        let path = path.as_ref();
        let file = open(path)?;
        let file_bytes = file.metadata().ok().filter(|metadata| metadata.is_file()).map(|m| m.len());
        Ok(SentenceReader { file_bytes, ..SentenceReader::new(file, &path.display().to_string(), options)? })
    }
}

impl<R: Read> SentenceReader<R> {
    /// Reads from bytes; `name` appears in errors and, if no format is chosen, determines it.
    ///
    /// # Errors
    /// Those of [`open`](SentenceReader::open) about the options.
    pub fn new(reader: R, name: &str, options: &DatasetOptions) -> Result<Self> {
        Ok(SentenceReader { examples: Examples::new(reader, name, options, false)?, file_bytes: None })
    }

    /// The length of the file, if it has one.
    pub fn file_bytes(&self) -> Option<u64> {
        self.file_bytes
    }

    /// The number of bytes of the file that the sentences so far have taken.
    pub fn n_bytes(&self) -> u64 {
        self.examples.n_bytes()
    }
}

impl<R: Read> Iterator for SentenceReader<R> {
    type Item = Result<String>;

    fn next(&mut self) -> Option<Self::Item> {
        Some(self.examples.next()?.map(|example| example.sentence))
    }
}
