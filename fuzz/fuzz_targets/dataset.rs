//! Any bytes, read in any format with any options: accepted data keeps its promises, compressed or not, and the
//! readers agree.
#![no_main]

use std::io::Write;

use clsify::dataset::{
    Column, Dataset, DatasetOptions, Format, Header, Inspected, Quoting, SentenceReader, Sentences,
};
use clsify::error::Result;
use clsify_fuzz::{check, checked};
use libfuzzer_sys::fuzz_target;

const FORMATS: [Option<Format>; 6] = [
    None,
    Some(Format::Tsv),
    Some(Format::Csv),
    Some(Format::Jsonl),
    Some(Format::Lines),
    Some(Format::FastText),
];

const NAMES: [&str; 6] = ["data.tsv", "data.csv", "data.json", "data.txt", "data", "data.tsv.gz"];

fn column(choice: u8) -> Option<Column> {
    match choice % 8 {
        0..3 => None,
        3 => Some(Column::Name("text".to_string())),
        4 => Some(Column::Name("label".to_string())),
        n => Some(Column::Index(usize::from(n) - 5)),
    }
}

fn options([format, columns, other, table]: [u8; 4]) -> DatasetOptions {
    DatasetOptions {
        format: FORMATS[usize::from(format) % FORMATS.len()],
        text_column: column(columns),
        label_column: column(columns / 8),
        weight_column: column(columns.rotate_left(2) & 3),
        header: [Header::Auto, Header::Present, Header::Absent][usize::from(other % 3)],
        limit: (other / 3 % 4 == 3).then_some(usize::from(other / 12)),
        skip_bad_rows: format / 6 % 2 == 1,
        allow_one_class: format / 12 % 2 == 1,
        delimiter: [";", "|", "tab", ",", " ", "'"].get(usize::from(table % 16)).map(|d| parsed(d)),
        quoting: [Quoting::Auto, Quoting::Minimal, Quoting::None][usize::from(table / 16 % 3)],
        ..DatasetOptions::default()
    }
}

fn parsed<T: std::str::FromStr>(text: &str) -> T {
    text.parse().unwrap_or_else(|_| panic!("{text:?} can be parsed"))
}

fn check_weights(weights: Option<&[f64]>, n_rows: usize) {
    let Some(weights) = weights else { return };
    assert_eq!(weights.len(), n_rows);
    assert!(weights.iter().all(|weight| weight.is_finite() && *weight >= 0.0));
    assert!(weights.iter().any(|weight| *weight > 0.0));
}

fn check_labelled(file: &[u8], name: &str, options: &DatasetOptions) -> Option<Dataset> {
    let dataset = checked(Dataset::read(file, name, options));
    if let Some(dataset) = &dataset {
        let n_rows = dataset.len();
        assert_eq!((dataset.labels().len(), dataset.lines().len()), (n_rows, n_rows));
        assert!(dataset.classes().len() >= if options.allow_one_class { 1 } else { 2 });
        assert_eq!(dataset.summary().n_samples, n_rows);
        assert!(dataset.lines().is_sorted_by(|a, b| a < b));
        assert!(dataset.sentences().iter().all(|sentence| !sentence.trim().is_empty()));
        assert!(dataset.labels().iter().all(|label| !label.is_empty() && label.trim() == label));
        assert!(options.limit.is_none_or(|limit| n_rows <= limit));
        assert!(options.skip_bad_rows || dataset.skipped().n == 0);
        check_weights(dataset.weights(), n_rows);
    }
    // A reader that continues after errors finds the same good rows.
    if let Some(inspected) = checked(Inspected::read(file, name, options)) {
        inspected.damage();
        if let Some(dataset) = &dataset {
            assert_eq!(inspected.dataset.sentences(), dataset.sentences());
            assert_eq!(inspected.dataset.labels(), dataset.labels());
        }
    } else {
        assert!(dataset.is_none());
    }
    dataset
}

fn check_multi_label(file: &[u8], name: &str, options: &DatasetOptions) {
    let dataset = checked(Dataset::read(file, name, options));
    if let Some(dataset) = &dataset {
        assert_eq!(dataset.label_sets().len(), dataset.len());
        assert!(options.allow_one_class || !dataset.classes().is_empty());
        assert!(dataset.lines().is_sorted_by(|a, b| a < b));
        assert!(dataset.label_sets().iter().all(|labels| labels.is_sorted_by(|a, b| a < b)));
        check_weights(dataset.weights(), dataset.len());
    }
    if let Some(inspected) = checked(Inspected::read(file, name, options)) {
        inspected.damage();
        if let Some(dataset) = &dataset {
            assert_eq!(inspected.dataset.labels(), dataset.labels());
        }
    }
}

fn check_sentences(file: &[u8], name: &str, options: &DatasetOptions) {
    if let Some(sentences) = checked(Sentences::read(file, name, options)) {
        assert_eq!(sentences.lines().len(), sentences.len());
        assert!(sentences.sentences().iter().all(|sentence| !sentence.is_empty()));
    }
    let Some(mut reader) = checked(SentenceReader::new(file, name, options)) else { return };
    let mut last_line = 0;
    while let Some(Some(record)) = reader.next_record().map(checked) {
        assert!(record.line > last_line);
        last_line = record.line;
        if let Some(sentence) = checked(record.sentence) {
            assert!(!sentence.is_empty());
        }
    }
}

fn compressed(file: &[u8]) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(file).expect("a vector can be written");
    gzip.finish().expect("a vector can be written")
}

/// The value or the error message.
fn outcome<T>(result: Result<T>) -> std::result::Result<T, String> {
    result.map_err(|error| {
        check(&error);
        error.to_string()
    })
}

fuzz_target!(|data: &[u8]| {
    // The first six bytes are the options, the rest is the file.
    let [format, columns, other, table, names, readers, file @ ..] = data else { return };
    let options = options([*format, *columns, *other, *table]);
    let name = NAMES[usize::from(*names) % NAMES.len()];
    match readers % 4 {
        0 => drop(check_labelled(file, name, &options)),
        1 => check_sentences(file, name, &options),
        2 => {
            let multi_label = Some(parsed([";", ",", " ", "::"][usize::from(readers / 4 % 4)]));
            let label_columns = match readers / 16 % 4 {
                0 => vec![Column::Name("text".to_string()), Column::Index(1)],
                1 => vec![Column::Index(1), Column::Index(2)],
                _ => Vec::new(),
            };
            let label_column = options.label_column.filter(|_| label_columns.is_empty());
            let options = DatasetOptions { label_column, label_columns, multi_label, ..options };
            check_multi_label(file, name, &options);
        }
        // Data that is compressed, or should be by its name, differs.
        _ if !file.starts_with(b"\x1f\x8b") && !name.ends_with(".gz") => {
            let read = |file: &[u8]| outcome(Dataset::read(file, name, &options));
            assert_eq!(read(&compressed(file)), read(file));
        }
        _ => {}
    }
});
