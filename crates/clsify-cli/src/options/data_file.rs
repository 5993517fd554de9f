//! Options for reading data files.

use clap::Args;
use clsify::dataset::{Column, DatasetOptions, Delimiter, Format, Header, LabelSeparator, Quoting};

/// Options for reading the rows of a data file.
#[derive(Args)]
pub(crate) struct DataOptions {
    /// Read the data in this format: tsv, csv, jsonl (also a JSON array), fasttext or lines. The default follows the
    /// extension
    ///
    /// Data compressed with gzip is also read.
    #[arg(long, value_name = "FORMAT")]
    format: Option<Format>,

    /// Read sentences from this column: its name, or its number counted from 0
    #[arg(long, value_name = "COLUMN")]
    text_column: Option<Column>,

    /// Read labels from this column: its name, or its number counted from 0
    #[arg(long, value_name = "COLUMN")]
    label_column: Option<Column>,

    /// Read one label from each of these columns: 1 (or true) if the sentence has the label, 0 if not
    ///
    /// This replaces the label column. The rows are label sets, as with --multi-label.
    #[arg(long, value_name = "COLUMN,COLUMN,...", value_delimiter = ',', conflicts_with = "label_column")]
    label_columns: Vec<Column>,

    /// State whether the first row names the columns: auto, present or absent
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    header: Header,

    /// Separate the fields of a TSV or CSV file by this character, such as ";" or tab
    ///
    /// The default is tab for TSV and a comma for CSV, unless the header or a first line such as sep=; shows another
    /// one.
    #[arg(long, value_name = "CHAR")]
    delimiter: Option<Delimiter>,

    /// Read double quotes as CSV does (minimal), or as ordinary characters (none)
    ///
    /// `minimal` also reads TSV files that pandas has written. `auto` means minimal for CSV and none for TSV.
    #[arg(long, value_name = "QUOTING", default_value = "auto")]
    quoting: Quoting,
}

impl DataOptions {
    /// The options that were given, as command-line arguments.
    pub(crate) fn given(&self) -> Vec<(&'static str, String)> {
        let format = self.format.map(|format| match format {
            Format::Tsv => "tsv",
            Format::Csv => "csv",
            Format::Jsonl => "jsonl",
            Format::FastText => "fasttext",
            Format::Lines => "lines",
        });
        let header = match self.header {
            Header::Auto => None,
            Header::Present => Some("present"),
            Header::Absent => Some("absent"),
        };
        let quoting = match self.quoting {
            Quoting::Auto => None,
            Quoting::Minimal => Some("minimal"),
            Quoting::None => Some("none"),
        };
        let label_columns: Vec<String> = self.label_columns.iter().map(column_name).collect();
        let label_columns = (!label_columns.is_empty()).then(|| label_columns.join(","));
        let all = [
            ("--format", format.map(str::to_string)),
            ("--text-column", self.text_column.as_ref().map(column_name)),
            ("--label-column", self.label_column.as_ref().map(column_name)),
            ("--label-columns", label_columns),
            ("--header", header.map(str::to_string)),
            ("--delimiter", self.delimiter.map(|delimiter| delimiter.to_string())),
            ("--quoting", quoting.map(str::to_string)),
        ];
        all.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }

    pub(crate) fn with_limit(&self, limit: Option<usize>) -> DatasetOptions {
        DatasetOptions {
            format: self.format,
            text_column: self.text_column.clone(),
            label_column: self.label_column.clone(),
            label_columns: self.label_columns.clone(),
            multi_label: None,
            weight_column: None,
            group_column: None,
            group_duplicates: false,
            header: self.header,
            delimiter: self.delimiter,
            quoting: self.quoting,
            limit,
            skip_bad_rows: false,
            allow_one_class: false,
        }
    }

    /// Dataset options for labelled rows; label sets if `given` is a separator or if there are label columns.
    pub(crate) fn labelled(&self, limit: Option<usize>, given: Option<&LabelSeparator>) -> DatasetOptions {
        DatasetOptions { multi_label: self.separator(given), ..self.with_limit(limit) }
    }

    /// The separator of labels in a cell if sentences may have several labels; label columns have a default
    /// separator.
    fn separator(&self, given: Option<&LabelSeparator>) -> Option<LabelSeparator> {
        let of_columns = || if self.label_columns.is_empty() { None } else { ";".parse().ok() };
        given.cloned().or_else(of_columns)
    }
}

/// Options for reading labelled rows, where bad rows may be skipped.
#[derive(Args)]
pub(crate) struct RowArgs {
    #[command(flatten)]
    data: DataOptions,

    /// Leave out rows that cannot be used, such as those with an empty cell, instead of ending with an error
    ///
    /// The number of these rows and the first ten of them are shown.
    #[arg(long)]
    skip_bad_rows: bool,
}

impl RowArgs {
    pub(crate) fn with_limit(&self, limit: Option<usize>) -> DatasetOptions {
        DatasetOptions { skip_bad_rows: self.skip_bad_rows, ..self.data.with_limit(limit) }
    }

    /// Dataset options for labelled rows; label sets if `given` is a separator or if there are label columns.
    pub(crate) fn labelled(&self, limit: Option<usize>, given: Option<&LabelSeparator>) -> DatasetOptions {
        DatasetOptions { skip_bad_rows: self.skip_bad_rows, ..self.data.labelled(limit, given) }
    }

    /// The options that were given, as command-line arguments; a switch has an empty value.
    pub(crate) fn given(&self) -> Vec<(&'static str, String)> {
        let mut given = self.data.given();
        if self.skip_bad_rows {
            given.push(("--skip-bad-rows", String::new()));
        }
        given
    }
}

/// A column as a command-line argument.
pub(super) fn column_name(column: &Column) -> String {
    match column {
        Column::Name(name) => name.clone(),
        Column::Index(index) => index.to_string(),
    }
}
