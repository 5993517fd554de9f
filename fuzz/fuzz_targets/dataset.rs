//! Any bytes, read as any format under any options: no panic, and what is accepted keeps its promises.
#![no_main]

use clsify::dataset::{Column, Dataset, DatasetOptions, Format, Header, MultiLabelDataset, Sentences};
use libfuzzer_sys::fuzz_target;

fn column(choice: u8) -> Option<Column> {
    match choice % 4 {
        0 => None,
        1 => Some(Column::Name("text".to_string())),
        2 => Some(Column::Name("label".to_string())),
        _ => Some(Column::Index(usize::from(choice / 4))),
    }
}

fuzz_target!(|data: &[u8]| {
    // The first three bytes are the options, the rest is the file.
    let [format, columns, other, file @ ..] = data else { return };
    let options = DatasetOptions {
        format: Some([Format::Tsv, Format::Csv, Format::Jsonl, Format::Lines, Format::FastText]
            [usize::from(format % 5)]),
        text_column: column(columns % 16),
        label_column: column(columns / 16),
        weight_column: column(columns.rotate_left(2) % 16),
        header: [Header::Auto, Header::Present, Header::Absent][usize::from(other % 3)],
        limit: (other / 3 % 4 != 0).then_some(usize::from(other / 12)),
        skip_bad_rows: format / 5 % 2 == 1,
        ..DatasetOptions::default()
    };
    match Dataset::read(file, "data", &options) {
        Ok(dataset) => {
            assert!(dataset.classes().len() >= 2);
            assert_eq!(dataset.summary().n_samples, dataset.len());
            assert!(dataset.lines().is_sorted_by(|a, b| a < b));
            assert!(dataset.sentences().iter().all(|sentence| !sentence.trim().is_empty()));
        }
        Err(error) => assert!(!error.to_string().contains(char::is_control)),
    }
    let label_columns = vec![Column::Name("text".to_string()), Column::Index(1)];
    let one_hot = DatasetOptions { label_column: None, label_columns, ..options.clone() };
    for options in [&options, &one_hot] {
        match MultiLabelDataset::read(file, "data", &";".parse().unwrap(), options) {
            Ok(dataset) => assert!(!dataset.classes().is_empty()),
            Err(error) => assert!(!error.to_string().contains(char::is_control)),
        }
    }
    match Sentences::read(file, "data", &options) {
        Ok(sentences) => assert!(sentences.sentences().iter().all(|sentence| !sentence.is_empty())),
        Err(error) => assert!(!error.to_string().contains(char::is_control)),
    }
});
