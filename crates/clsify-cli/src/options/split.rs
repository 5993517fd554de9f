//! Options for the test rows.

use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;
use clsify::split::{SplitOptions, TestSize};

/// Options for the test rows.
#[derive(Debug, Clone, Args)]
pub(crate) struct SplitArgs {
    /// Hold out this share of the rows for testing, or this number of rows
    #[arg(long, value_name = "SIZE", default_value = "0.25", allow_negative_numbers = true, value_parser = test_size, conflicts_with = "test_data", requires = "data")]
    test_size: TestSize,

    /// Test on the rows of this file and train on all of --data
    #[arg(long, value_name = "FILE")]
    pub(crate) test_data: Option<PathBuf>,

    /// Set the random seed; the split is that of scikit-learn with the same random_state
    #[arg(long, default_value_t = 0, allow_negative_numbers = true)]
    pub(crate) seed: u32,

    /// Keep the share of each class, or of each label, in the split; it has no effect with --test-data
    #[arg(long, requires = "data")]
    stratify: bool,
}

impl SplitArgs {
    /// The split, if there is no test file.
    pub(crate) fn options(&self) -> SplitOptions {
        SplitOptions { seed: self.seed, test_size: self.test_size, stratify: self.stratify }
    }
}

/// Parses a share of the rows below 1, or a number of rows.
pub(crate) fn test_size(text: &str) -> Result<TestSize, String> {
    if let Ok(rows @ 1..) = usize::from_str(text) {
        return Ok(TestSize::Count(rows));
    }
    match f64::from_str(text) {
        Ok(share) if share > 0.0 && share < 1.0 => Ok(TestSize::Fraction(share)),
        _ => Err("expected a share between 0 and 1, or a number of rows".to_string()),
    }
}
