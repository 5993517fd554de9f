//! Scores of two models on the same rows, as a table.

use clsify::evaluation::PairedScores;

use crate::table::Table;

/// The scores of both models on the same rows, and their differences.
pub(super) fn paired_table(scores: &[(&str, &PairedScores)]) -> Table {
    let mut table = Table::new(["", "A", "B", "B - A", "95 % interval"]);
    for (name, scores) in scores {
        let [low, high] = scores.difference_ci95;
        table.row([
            name.to_string(),
            format!("{:.4}", scores.a),
            format!("{:.4}", scores.b),
            format!("{:+.4}", scores.difference),
            format!("{low:+.4} to {high:+.4}"),
        ]);
    }
    table
}
