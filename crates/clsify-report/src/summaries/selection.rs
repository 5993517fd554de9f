//! The choice of a classifier's features, in words.

use clsify::training::{Selection, SelectionRule};

use crate::table::Table;
use crate::text::six_digits;

/// The maximum number of candidates that are shown; the report has all of them.
const MOST_CANDIDATES: usize = 8;

/// Describes the choice of features and the optimism of its score.
pub(super) fn summary(selection: &Selection) -> String {
    let chosen = &selection.chosen;
    let (n, n_rows) = (selection.candidates.len(), selection.n_rows);
    let rule = match selection.rule {
        SelectionRule::LeaveOneOut => {
            format!("the best of {n} for few rows, by leave-one-out on {n_rows} training rows")
        }
        _ => format!(
            "the cheapest of {n} that is not clearly worse than the best, by cross-validation on {n_rows} training rows"
        ),
    };
    let mut text = format!("chosen       {}: {rule}\n", chosen.features);
    text.push_str(&format!(
        "             cross-validated {} {:.4}{}\n\n",
        selection.scoring,
        chosen.score,
        optimism(selection)
    ));
    text.push_str(&format!("{}\n", candidates(selection, MOST_CANDIDATES)));
    text
}

/// The expected score of the choice on other rows.
pub(super) fn optimism(selection: &Selection) -> String {
    let Some(optimism) = &selection.optimism else { return String::new() };
    let [low, high] = optimism.score_ci95;
    format!(
        "; expect {:.4} ({low:.3} to {high:.3}) on other rows, optimism {:+.4}",
        optimism.score, optimism.optimism
    )
}

/// The best candidates and the chosen one, ranked.
fn candidates(selection: &Selection, most: usize) -> Table {
    let score = selection.scoring.to_string();
    let mut table = Table::new(["features", "n_features", "Mop/sentence", "C", &score, "behind", "+-"]);
    let chosen = &selection.chosen;
    let best = selection.candidates.iter().take(most);
    let is_shown = best.clone().any(|candidate| candidate == chosen);
    for candidate in best.chain((!is_shown).then_some(chosen)) {
        let mark = if candidate == chosen { " <- chosen" } else { "" };
        table.row([
            format!("{}{mark}", candidate.features),
            candidate.n_features.to_string(),
            format!("{:.0}", candidate.operations / 1e6),
            six_digits(candidate.c).to_string(),
            format!("{:.4}", candidate.score),
            format!("{:.4}", candidate.behind),
            format!("{:.4}", candidate.behind_standard_error),
        ]);
    }
    table
}
