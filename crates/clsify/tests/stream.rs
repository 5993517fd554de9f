//! Streams of sentences: the same vectors in the same order, errors where they happen, panics not swallowed.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

use std::path::{Path, PathBuf};

use clsify::dataset::{DatasetOptions, Format, SentenceReader, Sentences};
use clsify::error::{Error, ErrorKind, Result};
use clsify::pipeline::{Group, SentenceEncoder, SentenceEncoderOptions, Streamed};

fn tiny(case: &str) -> SentenceEncoder {
    let folder: PathBuf =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/transformers").join(case);
    SentenceEncoder::load(&folder, SentenceEncoderOptions::default(), &()).unwrap()
}

fn sentences(n: usize) -> Vec<String> {
    (0..n).map(|i| format!("film {i} {}", "was a quiet bore ".repeat(i % 7))).collect()
}

/// Groups of these sizes in turn.
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
    let streamed = encoder.encode_stream(groups, 0, &(), |group, features| {
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
        let whole = encoder.encode(&sentences, &()).unwrap();
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
        // What comes after an error is not read.
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
    let error = encoder.encode_stream(receiver.into_iter(), 0, &(), full).unwrap_err();
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
