//! Sentences from files, stdin or the command line, in groups, with the records that contain them.

use std::io::{Read, Stdin};
use std::path::Path;

use clsify::dataset::{DatasetOptions, Fields, SentenceReader, SentenceRecord};
use clsify::error::{Error, ErrorKind};
use clsify::model::{Group, SentenceGroup};
use clsify::observer::Observer;

use crate::console::Console;

/// A source of groups of records.
pub(crate) type Groups = Box<dyn Iterator<Item = anyhow::Result<Records>> + Send>;

/// Records whose sentences are encoded together.
#[derive(Default)]
pub(crate) struct Records {
    /// In the order of the input.
    pub(crate) rows: Vec<Row>,
    /// The names of the columns, if the file has a header.
    pub(crate) header: Option<Vec<String>>,
    /// The name of the source, which precedes a line in an error.
    source: String,
    sentences: Vec<String>,
    n_bytes: u64,
}

/// One record.
pub(crate) struct Row {
    /// The line, counted from 1; for texts on the command line their number.
    pub(crate) line: usize,
    /// The index of its sentence, or the reason why it has none, if that is tolerated.
    pub(crate) sentence: Result<usize, Error>,
    /// The whole record; empty unless fields are kept.
    pub(crate) fields: Fields,
}

impl SentenceGroup for Records {
    fn sentences(&self) -> &[String] {
        &self.sentences
    }

    fn n_bytes(&self) -> u64 {
        self.n_bytes
    }
}

impl Records {
    /// The sentence of a row, if it has one.
    pub(crate) fn sentence(&self, row: &Row) -> Option<&str> {
        row.sentence.as_ref().ok().map(|&i| self.sentences[i].as_str())
    }

    /// The place of a sentence, for an error.
    pub(crate) fn place(&self, sentence: usize) -> String {
        let line = self.rows.iter().find(|row| row.sentence.as_ref().ok() == Some(&sentence));
        format!("{} {}", self.source, line.map_or(0, |row| row.line))
    }

    fn push(&mut self, line: usize, sentence: Result<String, Error>, fields: Fields) {
        let sentence = sentence.map(|sentence| {
            self.sentences.push(sentence);
            self.sentences.len() - 1
        });
        self.rows.push(Row { line, sentence, fields });
    }
}

/// Options for reading records.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct RecordOptions {
    /// Continue after a record without a sentence; in files with one sentence per line, blank lines are such records.
    pub(crate) tolerates: bool,
    /// Treat a sentence of only whitespace as missing.
    pub(crate) refuses_whitespace: bool,
    /// Keep the other fields of each record.
    pub(crate) keeps_fields: bool,
    /// Return the records that have arrived before waiting for more.
    pub(crate) is_prompt: bool,
}

/// Reads the records of a file group by group, and returns the file's length, 0 if it has none; `-` is stdin. The
/// first group is read at once, so that errors in the options, the header or the first record appear immediately.
pub(crate) fn stream_records(
    path: &Path,
    data: &DatasetOptions,
    options: RecordOptions,
) -> anyhow::Result<(Groups, u64)> {
    if path == Path::new("-") {
        return Ok((groups(SentenceReader::new(stdin()?, "stdin", data)?, "stdin", options)?, 0));
    }
    let reader = SentenceReader::open(path, data)?;
    let total_bytes = reader.file_bytes().unwrap_or(0);
    let options = RecordOptions { is_prompt: false, ..options };
    Ok((groups(reader, &path.display().to_string(), options)?, total_bytes))
}

/// Reads the lines of stdin, one sentence per line. Nothing has been read yet.
pub(crate) fn stream_stdin(options: RecordOptions) -> Groups {
    let mut groups = None;
    Box::new(std::iter::from_fn(move || {
        if groups.is_none() {
            match stdin().and_then(|stdin| SentenceReader::of_lines(stdin, "stdin")) {
                Ok(reader) => groups = Some(RecordGroups::new(reader, "stdin", options)),
                Err(error) => return Some(Err(error.into())),
            }
        }
        groups.as_mut()?.next()
    }))
}

/// Standard input; an error if it was closed when the program started, because it would look empty.
pub(crate) fn stdin() -> Result<Stdin, Error> {
    if clsify_kernels::startup::stdin_was_closed() {
        let error = Error::new(ErrorKind::Io, "expected an open stream, got a closed one").at("stdin");
        return Err(error.with_hint("to read nothing, redirect it: < /dev/null"));
    }
    Ok(std::io::stdin())
}

/// Reads the sentences of a file without the other fields of their records.
pub(crate) fn stream_sentences(path: &Path, data: &DatasetOptions) -> anyhow::Result<(Groups, u64)> {
    stream_records(path, data, RecordOptions::default())
}

/// Texts from the command line as one group.
pub(crate) fn texts(texts: Vec<String>, options: RecordOptions) -> anyhow::Result<Groups> {
    let mut group = Records { source: "text".to_string(), ..Records::default() };
    for (line, text) in (1..).zip(texts) {
        let fields = Fields::Row(vec![text.clone()]);
        let checked = match text.is_empty() {
            true => Err(Error::new(ErrorKind::InvalidArgument, "the sentence is empty")),
            false => check_whitespace(text, options),
        };
        match checked.map_err(|error| error.at(format!("text {line}"))) {
            Err(error) if !options.tolerates => return Err(error.into()),
            sentence => group.push(line, sentence, fields),
        }
    }
    Ok(Box::new(std::iter::once(Ok(group))))
}

/// Notes that a text is the name of a file, which is probably not meant as a sentence.
pub(crate) fn note_files(texts: &[String], what_to_do: &str, console: &Console) {
    for text in texts.iter().filter(|text| Path::new(text).is_file()) {
        console.note(&format!("the text {text:?} is the name of a file: {what_to_do}"));
    }
}

fn check_whitespace(sentence: String, options: RecordOptions) -> Result<String, Error> {
    match options.refuses_whitespace && sentence.trim().is_empty() {
        true => Err(Error::new(ErrorKind::Dataset, "expected a sentence, got only whitespace")),
        false => Ok(sentence),
    }
}

fn groups<R: Read + Send + 'static>(
    reader: SentenceReader<R>,
    name: &str,
    options: RecordOptions,
) -> anyhow::Result<Groups> {
    let reader = if options.tolerates { reader.with_blank_lines() } else { reader };
    let mut groups = RecordGroups::new(reader, name, options);
    let first = groups.next().transpose()?;
    Ok(Box::new(first.map(Ok).into_iter().chain(groups)))
}

/// Collects records in groups. At an error it returns the records before it, then the error, then nothing.
struct RecordGroups<R> {
    reader: SentenceReader<R>,
    name: String,
    options: RecordOptions,
    failed: Option<Error>,
    is_over: bool,
}

impl<R: Read> RecordGroups<R> {
    fn new(reader: SentenceReader<R>, name: &str, options: RecordOptions) -> Self {
        RecordGroups { reader, name: name.to_string(), options, failed: None, is_over: false }
    }

    fn end(&mut self, failed: Option<Error>) {
        self.failed = failed;
        self.is_over = true;
    }
}

impl<R: Read> Iterator for RecordGroups<R> {
    type Item = anyhow::Result<Records>;

    fn next(&mut self) -> Option<Self::Item> {
        let source = format!("{}: {}", self.name, self.reader.unit());
        let mut group = Records { source: source.clone(), ..Records::default() };
        let start = self.reader.n_bytes();
        let is_full = |group: &Records, bytes: u64| {
            group.rows.len() >= Group::MAX_SENTENCES || bytes >= Group::MAX_TEXT_BYTES as u64
        };
        while !self.is_over && !is_full(&group, self.reader.n_bytes() - start) {
            let SentenceRecord { line, sentence, fields } = match self.reader.next_record() {
                None => {
                    self.end(None);
                    break;
                }
                Some(Err(error)) => {
                    self.end(Some(error));
                    break;
                }
                Some(Ok(record)) => record,
            };
            let place = |error: Error| error.at(format!("{source} {line}"));
            let checked = sentence.and_then(|s| check_whitespace(s, self.options).map_err(place));
            match checked {
                Err(error) if !self.options.tolerates => self.end(Some(error)),
                checked => {
                    let fields = if self.options.keeps_fields { fields } else { Fields::Row(Vec::new()) };
                    group.push(line, checked, fields);
                }
            }
            if self.options.is_prompt && !self.reader.has_line() {
                break;
            }
        }
        if group.rows.is_empty() {
            return self.failed.take().map(|error| Err(error.into()));
        }
        group.n_bytes = self.reader.n_bytes();
        group.header = self.reader.header().map(<[String]>::to_vec);
        Some(Ok(group))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8], tolerates: bool) -> Vec<anyhow::Result<Vec<Option<String>>>> {
        let reader = SentenceReader::of_lines(bytes, "stdin").unwrap();
        let options = RecordOptions { tolerates, refuses_whitespace: true, ..RecordOptions::default() };
        let sentences = |group: Records| {
            group.rows.iter().map(|row| group.sentence(row).map(str::to_string)).collect::<Vec<_>>()
        };
        RecordGroups::new(reader, "stdin", options).map(|group| group.map(sentences)).collect()
    }

    #[test]
    fn lines_lose_their_ends_and_the_byte_order_mark() {
        let some = |text: &str| Some(text.to_string());
        let groups = read(b"\xef\xbb\xbfone\r\ntwo\nthree\n", false);
        assert_eq!(
            groups.into_iter().map(Result::unwrap).collect::<Vec<_>>(),
            [[some("one"), some("two"), some("three")]]
        );
    }

    #[test]
    fn what_comes_before_a_bad_line_comes_before_its_error() {
        for (bytes, expected) in [
            (&b"one\n\ntwo\n"[..], "stdin: line 2: expected a sentence, got an empty one"),
            (b"one\n\n", "stdin: line 2: expected a sentence, got an empty one"),
            (b"one\n \t\ntwo", "stdin: line 2: expected a sentence, got only whitespace"),
            (b"one\n\xff\n", "stdin: line 2: expected UTF-8, got the byte 0xff at byte 1"),
        ] {
            let mut groups = read(bytes, false).into_iter();
            assert_eq!(groups.next().unwrap().unwrap(), [Some("one".to_string())]);
            assert_eq!(groups.next().unwrap().unwrap_err().to_string(), expected);
            assert!(groups.next().is_none());
            let n_lines = bytes.split(|&b| b == b'\n').count() - usize::from(bytes.ends_with(b"\n"));
            let rows: Vec<Option<String>> = read(bytes, true).into_iter().flat_map(Result::unwrap).collect();
            assert_eq!((rows.len(), &rows[1]), (n_lines, &None));
        }
    }
}
