//! `--max-classes`: the largest plausible number of classes.

use std::path::Path;

use clap::Args;
use clsify::dataset::check_class_count;

use super::number::at_least_one;

/// The option for the largest number of classes.
#[derive(Debug, Clone, Args)]
pub(crate) struct ClassLimitArgs {
    /// Stop before the encoder runs if --data has more than N classes, which usually means that the columns are
    /// swapped
    ///
    /// The default is 1000, and with more than 20 rows also half the number of rows.
    #[arg(long, value_name = "N", value_parser = at_least_one, allow_negative_numbers = true)]
    max_classes: Option<usize>,
}

impl ClassLimitArgs {
    /// Fails if a file has more classes, or more labels, than allowed.
    pub(crate) fn check(&self, path: &Path, n_classes: usize, n_rows: usize) -> anyhow::Result<()> {
        let name = if path == Path::new("-") { "stdin".to_string() } else { path.display().to_string() };
        Ok(check_class_count(n_classes, n_rows, self.max_classes).map_err(|error| error.at(name))?)
    }

    /// The option as a command-line argument, if it was given.
    pub(crate) fn given(&self) -> Option<(&'static str, String)> {
        self.max_classes.map(|most| ("--max-classes", most.to_string()))
    }
}
