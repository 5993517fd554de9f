//! The option for sample weights.

use clap::Args;
use clsify::dataset::{Column, DatasetOptions};

use super::data_file::column_name;

/// The option for sample weights.
#[derive(Args)]
pub(crate) struct WeightArgs {
    /// Weight each row by the number in this column of --data, at least 0: its name, or its number counted from 0
    #[arg(long, value_name = "COLUMN")]
    weight_column: Option<Column>,
}

impl WeightArgs {
    pub(crate) fn of(&self, options: DatasetOptions) -> DatasetOptions {
        DatasetOptions { weight_column: self.weight_column.clone(), ..options }
    }

    /// The option as a command-line argument, if it was given.
    pub(crate) fn given(&self) -> Option<(&'static str, String)> {
        self.weight_column.as_ref().map(|column| ("--weight-column", column_name(column)))
    }
}
