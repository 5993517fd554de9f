//! Streams of sentences: the same vectors in the same order, errors at their place, panics not swallowed.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

use std::path::{Path, PathBuf};

use clsify::dataset::{DatasetOptions, Fields, Format, SentenceReader, Sentences};
use clsify::error::{Error, ErrorKind, Result};
use clsify::model::{Group, SentenceEncoder, Streamed};

fn tiny(case: &str) -> SentenceEncoder {
    let folder: PathBuf =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/transformers").join(case);
    SentenceEncoder::load(&folder).unwrap()
}

fn sentences(n: usize) -> Vec<String> {
    (0..n).map(|i| format!("film {i} {}", "was a quiet bore ".repeat(i % 7))).collect()
}

/// Groups of these sizes, in turn.
fn groups(sentences: Vec<String>, sizes: &'static [usize]) -> impl Iterator<Item = Result<Group>> + Send {
    let mut sentences = sentences.into_iter();
    let groups = sizes.iter().cycle().map(move |&size| sentences.by_ref().take(size).collect::<Vec<_>>());
    groups.take_while(|group| !group.is_empty()).map(|sentences| Ok(Group { sentences, n_bytes: 0 }))
}

fn run(
    encoder: &SentenceEncoder,
    groups: impl Iterator<Item = Result<Group>> + Send + 'static,
) -> (Vec<String>, Vec<u32>, Result<Streamed>) {
    let (mut seen, mut bits) = (Vec::new(), Vec::new());
    let streamed = encoder.encode_stream(groups, 0, |group, features| {
        assert_eq!(features.rows(), group.sentences.len());
        seen.extend_from_slice(&group.sentences);
        bits.extend(features.as_slice().iter().map(|x| x.to_bits()));
        Ok(())
    });
    (seen, bits, streamed)
}

#[test]
fn a_stream_gives_the_bits_of_the_whole_in_order_whatever_the_groups() {
    for case in ["bert", "mpnet"] {
        let encoder = tiny(case);
        let sentences = sentences(2500);
        let whole = encoder.encode(&sentences).unwrap();
        let expected: Vec<u32> = whole.features.as_slice().iter().map(|x| x.to_bits()).collect();
        for sizes in [&[4096][..], &[1, 700, 3, 64], &[500]] {
            let (seen, bits, streamed) = run(&encoder, groups(sentences.clone(), sizes));
            assert!(seen == sentences && bits == expected, "{case} {sizes:?}");
            let streamed = streamed.unwrap();
            assert_eq!((streamed.n_sentences, streamed.counts), (2500, whole.counts));
        }
        assert_eq!(run(&encoder, std::iter::empty()).2.unwrap(), Streamed::default());
    }
}

#[test]
fn an_error_comes_after_the_groups_before_it() {
    let encoder = tiny("bert");
    let failed = || Err(Error::new(ErrorKind::Dataset, "expected 2 columns, got 3").at("line 7"));
    for n_before in [0, 1, 4] {
        let before = groups(sentences(50 * n_before), &[50]);
        // Input after an error is not read.
        let after = std::iter::once_with(|| panic!("read on"));
        let (seen, _, streamed) = run(&encoder, before.chain(std::iter::once_with(failed)).chain(after));
        assert_eq!(seen, sentences(50 * n_before));
        assert_eq!(streamed.unwrap_err().to_string(), "line 7: expected 2 columns, got 3");
    }
}

#[test]
fn an_error_of_the_receiver_ends_the_stream_though_no_input_comes() {
    let encoder = tiny("bert");
    let (sender, receiver) = std::sync::mpsc::channel::<Result<Group>>();
    sender.send(Ok(Group { sentences: sentences(3), n_bytes: 0 })).unwrap();
    let full = |_: &Group, _: &_| Err(Error::new(ErrorKind::Io, "no space left on the disk"));
    let error = encoder.encode_stream(receiver.into_iter(), 0, full).unwrap_err();
    assert_eq!(error.to_string(), "no space left on the disk");
    drop(sender);
}

#[test]
#[should_panic(expected = "the reader has panicked")]
fn a_panic_of_the_reader_is_not_the_end_of_the_stream() {
    let first = groups(sentences(3), &[3]);
    let then = std::iter::once_with(|| panic!("the reader has panicked"));
    let _ = run(&tiny("bert"), first.chain(then));
}

#[test]
fn a_reader_gives_what_the_whole_file_gives_up_to_the_first_error() {
    let options = |format, limit| DatasetOptions { format: Some(format), limit, ..DatasetOptions::default() };
    let csv = "text,label\n\"a, \"\"b\"\"\nc\",x\n\nd,y\ne,z\n";
    let jsonl = "{\"text\": \"a\"}\n\n{\"text\": \"b\", \"label\": 1}\n";
    for (format, text) in [
        (Format::Csv, csv),
        (Format::Tsv, "sentence\tlabel\na\t1\n b \t0\n"),
        (Format::Tsv, "a\n \nb\n\n\n"),
        (Format::Lines, "a\tb\n\"c\n"),
        (Format::Jsonl, jsonl),
    ] {
        for limit in [None, Some(1), Some(2)] {
            let options = options(format, limit);
            let whole = Sentences::read(text.as_bytes(), "data", &options).unwrap();
            let mut reader = SentenceReader::new(text.as_bytes(), "data", &options).unwrap();
            let one_by_one: Vec<String> = reader.by_ref().collect::<Result<_>>().unwrap();
            assert_eq!(one_by_one, whole.sentences(), "{format:?}");
            assert!(reader.n_bytes() <= text.len() as u64 && (limit.is_some() || reader.n_bytes() > 0));
        }
    }
    let mut reader =
        SentenceReader::new("a\t1\nb\t0\nc\nd\t1\n".as_bytes(), "data", &options(Format::Tsv, None)).unwrap();
    assert_eq!(reader.next().unwrap().unwrap(), "a");
    assert_eq!(reader.next().unwrap().unwrap(), "b");
    let error = reader.next().unwrap().unwrap_err();
    assert_eq!(error.to_string(), "data: line 3: expected 2 columns, got 1");
    assert!(reader.next().is_none(), "nothing follows an error");

    let mut empty = SentenceReader::new("".as_bytes(), "data", &options(Format::Tsv, None)).unwrap();
    assert_eq!(empty.next().unwrap().unwrap_err().to_string(), "data: expected sentences, got an empty file");
}

/// The line, sentence and fields of a record.
type Record = (usize, Option<String>, Fields);

/// The line, the sentence or error, and the cells or text of every record, until nothing more can be read.
fn records(format: Format, text: &[u8], blank_lines: bool) -> (Vec<Record>, Option<String>) {
    let options = DatasetOptions { format: Some(format), ..DatasetOptions::default() };
    let mut reader = SentenceReader::new(text, "data", &options).unwrap();
    if blank_lines {
        reader = reader.with_blank_lines();
    }
    let mut seen = Vec::new();
    while let Some(record) = reader.next_record() {
        match record {
            Ok(record) => seen.push((record.line, record.sentence.ok(), record.fields)),
            Err(error) => return (seen, Some(error.to_string())),
        }
    }
    (seen, None)
}

#[test]
fn every_record_has_its_place_whether_it_has_a_sentence_or_not() {
    let row = |cells: &[&str]| Fields::Row(cells.iter().map(|cell| cell.to_string()).collect());
    let some = |text: &str| Some(text.to_string());
    let csv = b"id,text\n1,a\n2,\n\n3,b,c\n4,\"d\ne\"\n5,\xff\n6,f\n";
    let (seen, end) = records(Format::Csv, csv, true);
    assert_eq!(end, None);
    assert_eq!(
        seen,
        [
            (2, some("a"), row(&["1", "a"])),
            (3, None, row(&["2", ""])),
            (5, None, row(&["3", "b", "c"])),
            (6, some("d\ne"), row(&["4", "d\ne"])),
            (8, None, row(&[])),
            (9, some("f"), row(&["6", "f"])),
        ]
    );
    // If the end of a record cannot be found, reading ends.
    let (seen, end) = records(Format::Csv, b"id,text\n1,a\n2,\"b\n3,c\n", true);
    assert_eq!(seen.len(), 1);
    assert_eq!(end.as_deref(), Some("data: line 3: expected a closing quote, got the end of the file"));
    // With one sentence per line, every line is a record; otherwise blank lines are not.
    let blank = b"\na\n\n\nb\n\n";
    let lines = |format, blank_lines| -> Vec<(usize, bool)> {
        records(format, blank, blank_lines).0.iter().map(|(line, text, _)| (*line, text.is_some())).collect()
    };
    let expected = [(1, false), (2, true), (3, false), (4, false), (5, true), (6, false)];
    assert_eq!(lines(Format::Lines, true), expected);
    for format in [Format::Tsv, Format::Csv] {
        assert_eq!(lines(format, true), expected[..5], "{format:?}");
    }
    // A line that is too long does not affect the other lines.
    let long = [b"a\n", vec![b'x'; (16 << 20) + 5].as_slice(), b"\nb\n"].concat();
    let (seen, end) = records(Format::Lines, &long, true);
    let texts: Vec<Option<&str>> = seen.iter().map(|(_, text, _)| text.as_deref()).collect();
    assert_eq!((texts, end), (vec![Some("a"), None, Some("b")], None));
    // A file in another encoding has no lines at all.
    assert!(records(Format::Lines, b"\xff\xfea\0\n\0b\0", true).1.unwrap().contains("got UTF-16"));
}

#[test]
fn json_records_without_a_sentence_have_their_place() {
    let jsonl = b"{broken\n{\"id\": 1.10, \"text\": \"a\"}\n{\"id\": 2}\n\n{\"text\": 7}\n{\"text\": \"\"}\n{\"text\": \"b\"}";
    let (seen, end) = records(Format::Jsonl, jsonl, true);
    assert_eq!(end, None);
    let places: Vec<(usize, bool)> = seen.iter().map(|(line, text, _)| (*line, text.is_some())).collect();
    assert_eq!(places, [(1, false), (2, true), (3, false), (5, false), (6, false), (7, true)]);
    assert_eq!(seen[1].2, Fields::Object("{\"id\": 1.10, \"text\": \"a\"}".to_string()));
    // If the keys are not known, they are not guessed.
    let (seen, end) = records(Format::Jsonl, b"{\"id\": 1}\n{\"text\": \"a\"}\n", true);
    assert_eq!((seen.len(), end.unwrap().as_str()), (0, "data: line 1: expected a sentence key, got \"id\""));
}
