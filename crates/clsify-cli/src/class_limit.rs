//! `--max-classes`: how many classes are believed.

use std::path::Path;

use clap::Args;
use clsify::dataset::check_class_count;

use crate::options::at_least_one;

/// How many classes the data may have.
#[derive(Debug, Clone, Args)]
pub(crate) struct ClassLimitArgs {
    /// Stop if --data has more than N classes, before the encoder runs. The default is 1000, and half the rows where there are
    /// more than 20 rows: more classes usually mean that the columns are swapped
    #[arg(long, value_name = "N", value_parser = at_least_one, allow_negative_numbers = true)]
    max_classes: Option<usize>,
}

impl ClassLimitArgs {
    /// Fails where a file has more classes, or labels.
    pub(crate) fn check(&self, path: &Path, n_classes: usize, n_rows: usize) -> anyhow::Result<()> {
        let name = if path == Path::new("-") { "stdin".to_string() } else { path.display().to_string() };
        Ok(check_class_count(n_classes, n_rows, self.max_classes).map_err(|error| error.at(name))?)
    }

    /// The option as it would be given again, where it was.
    pub(crate) fn given(&self) -> Option<(&'static str, String)> {
        self.max_classes.map(|most| ("--max-classes", most.to_string()))
    }
}
