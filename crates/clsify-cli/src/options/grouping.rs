//! Options that keep rows together in splits and folds.

use clap::Args;
use clsify::dataset::{Column, DatasetOptions};

use super::data_file::column_name;

/// Options for rows that belong together.
#[derive(Args)]
pub(crate) struct GroupArgs {
    /// Keep rows with the same value in this column of --data, such as an author, on one side of the split and in one
    /// fold
    ///
    /// The column is given by its name, or by its number counted from 0.
    ///
    /// The split is that of scikit-learn's GroupShuffleSplit with the same seed, and --test-size is a share or a
    /// number of groups. The folds are those of GroupKFold.
    #[arg(long, value_name = "COLUMN")]
    group_column: Option<Column>,

    /// Keep rows with equal sentences, ignoring case and spaces, on one side of the split and in one fold
    ///
    /// With --group-column, rows that share a value or a sentence belong together, directly or through other rows.
    #[arg(long)]
    group_duplicates: bool,
}

impl GroupArgs {
    pub(crate) fn of(&self, options: DatasetOptions) -> DatasetOptions {
        DatasetOptions {
            group_column: self.group_column.clone(),
            group_duplicates: self.group_duplicates,
            ..options
        }
    }

    /// The options that were given, as command-line arguments; a switch has an empty value.
    pub(crate) fn given(&self) -> Vec<(&'static str, String)> {
        let column = self.group_column.as_ref().map(|column| ("--group-column", column_name(column)));
        let duplicates = self.group_duplicates.then(|| ("--group-duplicates", String::new()));
        column.into_iter().chain(duplicates).collect()
    }
}
