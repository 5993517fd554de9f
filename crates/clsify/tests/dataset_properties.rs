//! Properties of all data files: written records are read back, and no bytes make a reader panic.
#![allow(clippy::unwrap_used)]

use clsify::dataset::{Column, Dataset, DatasetOptions, Delimiter, Format, Header, Quoting, Sentences};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// Sentences of any characters except NUL, which text files do not contain, and not only whitespace.
fn sentence() -> impl Strategy<Value = String> {
    let special = select(vec!['"', ',', '\t', '\n', '\r', '\\', ' ', '\u{feff}', 'a']);
    vec(prop_oneof![any::<char>(), special], 1..20)
        .prop_map(|characters| characters.into_iter().filter(|c| *c != '\0').collect::<String>())
        .prop_filter("a sentence is not only whitespace", |sentence| !sentence.trim().is_empty())
}

/// At least two records of at least two classes.
fn records() -> impl Strategy<Value = Vec<(String, String)>> {
    (vec((sentence(), "[a-zé0-9\",]{1,4}"), 0..8), sentence(), sentence()).prop_map(|(mut records, a, b)| {
        records.push((a, "one".to_string()));
        records.push((b, "two".to_string()));
        records
    })
}

fn assert_reads_back(name: &str, file: &[u8], records: &[(String, String)]) {
    let dataset = Dataset::read(file, name, &DatasetOptions::default()).unwrap();
    let read = dataset.sentences().iter().cloned().zip(dataset.labels().iter().cloned());
    assert_eq!(read.collect::<Vec<_>>(), records);
    assert!(dataset.lines().is_sorted_by(|a, b| a < b));
}

/// Bytes, some of them similar to what the readers look for.
fn file() -> impl Strategy<Value = Vec<u8>> {
    let pieces: Vec<&[u8]> = vec![
        b"\"",
        b"\"\"",
        b",",
        b"\t",
        b"\n",
        b"\r\n",
        b"\r",
        b" ",
        b"a",
        b"1",
        b"\xc3\xa9",
        b"\0",
        b"\xff",
        b"\xef\xbb\xbf",
        b"\xff\xfe",
        b"{",
        b"}",
        b"[",
        b":",
        b"\\u",
        b"null",
        b"text",
        b"label",
        b"\"text\":",
        b"\"label\":",
        b"[",
        b"]",
        b"__label__a ",
        b"\x1f\x8b",
        b"{\"text\":\"a\",\"label\":1}",
        b";",
        b"|",
        b"sep=;",
    ];
    prop_oneof![vec(any::<u8>(), 0..200), vec(select(pieces), 0..40).prop_map(|pieces| pieces.concat())]
}

fn options() -> impl Strategy<Value = DatasetOptions> {
    let name = select(vec!["text", "label", "a", ""]).prop_map(|name| Some(Column::Name(name.to_string())));
    let index = (0..3_usize).prop_map(|index| Some(Column::Index(index)));
    let column = prop_oneof![3 => Just(None), 1 => index, 1 => name];
    (
        select(vec![Format::Tsv, Format::Csv, Format::Jsonl, Format::FastText, Format::Lines]),
        column.clone(),
        column.clone(),
        column,
        select(vec![Header::Auto, Header::Present, Header::Absent]),
        proptest::option::of(0..4_usize),
        proptest::option::of(select(vec![Delimiter::SEMICOLON, Delimiter::TAB, Delimiter::COMMA])),
        select(vec![Quoting::Auto, Quoting::Minimal, Quoting::None]),
    )
        .prop_map(
            |(format, text_column, label_column, weight_column, header, limit, delimiter, quoting)| {
                DatasetOptions {
                    format: Some(format),
                    text_column,
                    label_column,
                    weight_column,
                    header,
                    limit,
                    delimiter,
                    quoting,
                    ..DatasetOptions::default()
                }
            },
        )
}

fn assert_is_one_line(error: &clsify::error::Error) {
    let message = error.to_string();
    assert!(message.starts_with("data: "), "{message:?}");
    assert!(!message.contains(char::is_control) && !message.ends_with('.'), "{message:?}");
    assert!(message.len() < 1000, "{message:?}");
    assert!(error.hint().is_none_or(|hint| !hint.contains(char::is_control)), "{:?}", error.hint());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn tsv_reads_what_was_written(records in records()) {
        // The format cannot represent a tab or a line break.
        let without = |sentence: String| format!("{}.", sentence.replace(['\t', '\n', '\r'], " "));
        let records: Vec<_> = records.into_iter().map(|(sentence, label)| (without(sentence), label)).collect();
        let rows: String = records.iter().map(|(sentence, label)| format!("{sentence}\t{label}\n")).collect();
        assert_reads_back("a.tsv", format!("text\tlabel\n{rows}").as_bytes(), &records);
    }

    #[test]
    fn csv_reads_what_was_written(records in records()) {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(["text", "label"]).unwrap();
        for (sentence, label) in &records {
            writer.write_record([sentence, label]).unwrap();
        }
        assert_reads_back("a.csv", &writer.into_inner().unwrap(), &records);
    }

    /// A header with known names determines any delimiter.
    #[test]
    fn other_delimiters_are_found(records in records(), delimiter in select(vec![b';', b'\t', b'|'])) {
        let mut writer = csv::WriterBuilder::new().delimiter(delimiter).from_writer(Vec::new());
        writer.write_record(["label", "text"]).unwrap();
        for (sentence, label) in &records {
            writer.write_record([label, sentence]).unwrap();
        }
        assert_reads_back("a.csv", &writer.into_inner().unwrap(), &records);
    }

    #[test]
    fn jsonl_reads_what_was_written(records in records()) {
        let line = |(text, label): &(String, String)| serde_json::json!({"text": text, "label": label}).to_string() + "\n";
        let lines: String = records.iter().map(line).collect();
        assert_reads_back("a.jsonl", lines.as_bytes(), &records);
    }

    /// Files that the strict reader accepts are read in the same way by the `csv` crate.
    #[test]
    fn csv_agrees_with_the_crate(first in "[,a ]{0,8}", rest in "[\",a \n]{0,30}") {
        // Two columns, because with one a line of spaces is a sentence.
        let text = format!("{first},b\n{rest}");
        let options = DatasetOptions {
            text_column: Some(Column::Index(0)),
            header: Header::Absent,
            ..DatasetOptions::default()
        };
        if let Ok(sentences) = Sentences::read(text.as_bytes(), "a.csv", &options) {
            let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
            let records = reader.records().map(|record| record.unwrap());
            let is_record = |record: &csv::StringRecord| record.len() > 1 || !record[0].trim().is_empty();
            let expected: Vec<_> = records.filter(is_record).map(|record| record[0].to_string()).collect();
            prop_assert_eq!(sentences.sentences(), expected);
        }
    }

    #[test]
    fn no_bytes_make_a_reader_panic(file in file(), options in options()) {
        match Dataset::read(file.as_slice(), "data", &options) {
            Ok(dataset) => prop_assert!(dataset.classes().len() >= 2),
            Err(error) => assert_is_one_line(&error),
        }
        let label_columns = vec![Column::Name("a".to_string()), Column::Index(1)];
        let multi_label = Some(";".parse().unwrap());
        let tolerant = DatasetOptions { skip_bad_rows: true, multi_label, ..options.clone() };
        let one_hot = DatasetOptions { label_column: None, label_columns, ..tolerant.clone() };
        for options in [&tolerant, &one_hot] {
            match Dataset::read(file.as_slice(), "data", options) {
                Ok(dataset) => prop_assert!(!dataset.classes().is_empty()),
                Err(error) => assert_is_one_line(&error),
            }
        }
        match Sentences::read(file.as_slice(), "data", &options) {
            Ok(sentences) => prop_assert!(sentences.sentences().iter().all(|sentence| !sentence.is_empty())),
            Err(error) => assert_is_one_line(&error),
        }
    }
}
