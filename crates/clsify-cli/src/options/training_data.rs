//! Options for the labelled rows that a command learns from.

use std::path::{Path, PathBuf};

use clap::Args;
use clsify::dataset::{DatasetOptions, LabelSeparator};

use super::class_limit::ClassLimitArgs;
use super::data_file::RowArgs;
use super::grouping::GroupArgs;
use super::number::at_least_one;
use super::weight::WeightArgs;

/// Options for a file of labelled rows, with their weights and groups.
#[derive(Args)]
pub(crate) struct TrainingDataArgs {
    /// Read labelled sentences from this file: TSV, CSV, JSON, JSONL or fastText, also gzipped; - is stdin and needs
    /// --format
    #[arg(long, value_name = "FILE", required = true)]
    data: Option<PathBuf>,

    /// Read only the first N rows of --data
    #[arg(long, value_name = "N", value_parser = at_least_one, allow_negative_numbers = true)]
    pub(crate) limit: Option<usize>,

    /// Read label sets instead of single labels: the separator of the labels in a cell, such as ";"
    ///
    /// A sentence may have several labels or none, and one classifier is fitted per label.
    #[arg(long, value_name = "SEPARATOR")]
    multi_label: Option<LabelSeparator>,

    #[command(flatten)]
    rows: RowArgs,

    #[command(flatten)]
    weight: WeightArgs,

    #[command(flatten)]
    grouping: GroupArgs,

    #[command(flatten)]
    pub(crate) class_limit: ClassLimitArgs,
}

impl TrainingDataArgs {
    /// The file, unless the command can do without one.
    pub(crate) fn file(&self) -> Option<&Path> {
        self.data.as_deref()
    }

    /// The options for reading --data.
    pub(crate) fn options(&self) -> DatasetOptions {
        self.grouping.of(self.weight.of(self.rows.labelled(self.limit, self.multi_label.as_ref())))
    }

    /// The options for reading a test file, which has the form of --data.
    pub(crate) fn test_options(&self) -> DatasetOptions {
        self.rows.labelled(None, self.multi_label.as_ref())
    }

    /// An option that needs --data and was given without it; a test file has the form of --data.
    pub(crate) fn unused(&self, has_test_data: bool) -> Option<&'static str> {
        let limit = self.limit.map(|_| ("--limit", String::new()));
        let of_rows =
            self.weight.given().into_iter().chain(self.grouping.given()).chain(self.class_limit.given());
        let of_files = if has_test_data { Vec::new() } else { self.rows.given() };
        let first = limit.into_iter().chain(of_rows).chain(of_files).next();
        first.filter(|_| self.data.is_none()).map(|(option, _)| option)
    }

    /// The options that were given beside --data and --limit, as command-line arguments; a switch has an empty value.
    pub(crate) fn given(&self) -> Vec<(&'static str, String)> {
        let separator = self.multi_label.as_ref().map(|separator| ("--multi-label", separator.to_string()));
        let rows = self.rows.given().into_iter().chain(self.weight.given()).chain(self.grouping.given());
        rows.chain(self.class_limit.given()).chain(separator).collect()
    }
}
