//! Any bytes as a file of costs: a matrix that is accepted is square and finite, and so are the thresholds of labels.
#![no_main]

use std::path::PathBuf;
use std::sync::LazyLock;

use clsify::decision::{CostMatrix, LabelCosts};
use clsify_fuzz::{checked, own_folder, write};
use libfuzzer_sys::fuzz_target;

static FOLDER: LazyLock<PathBuf> = LazyLock::new(own_folder);

fuzz_target!(|file: &[u8]| {
    write(&FOLDER, "costs.csv", file);
    let path = FOLDER.join("costs.csv");
    let text = String::from_utf8_lossy(file);
    // The labels of the header, if none is in quotes.
    let header =
        text.trim_start_matches('\u{feff}').lines().find(|line| !line.is_empty()).unwrap_or_default();
    let labels: Vec<String> = header.split(',').skip(1).map(|label| label.trim().to_string()).collect();
    if let Some(matrix) = checked(CostMatrix::load(&path))
        && !header.contains(['"', '\r'])
    {
        let costs = matrix.of_classes(&labels).expect("a matrix has costs for the labels of its header");
        assert!(costs.len() >= 2 && costs.iter().all(|row| row.len() == costs.len()));
        assert!(costs.iter().flatten().all(|cost| cost.is_finite() && *cost >= 0.0));
    }
    if let Some(costs) = checked(LabelCosts::load(&path)) {
        let first_cells = text.lines().filter_map(|line| line.split(',').next());
        for label in first_cells {
            assert!((0.0..=1.0).contains(&costs.threshold(label.trim())));
        }
    }
});
