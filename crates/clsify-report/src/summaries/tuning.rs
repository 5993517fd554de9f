//! What fine-tuning did, in words.

use clsify::tuning::{ComparedScore, TuningReport};

/// The lines of a training summary.
pub(super) fn summary(tuning: &TuningReport) -> String {
    let settings = &tuning.settings;
    let n_done = tuning.epochs_done.len();
    let epochs = match n_done < settings.epochs {
        true => format!("stopped in epoch {n_done} of {}", settings.epochs),
        false => format!("{n_done} epochs"),
    };
    let mut text = format!(
        "tuning       {} rows, {epochs}, learning rate {:e}, batches of {}, {}, {:.0} s\n",
        tuning.n_rows, settings.learning_rate, settings.batch_size, settings.dtype, tuning.seconds
    );
    for (number, epoch) in (1..).zip(&tuning.epochs_done) {
        let held_out = epoch.held_out_score.map_or(String::new(), |score| {
            format!(", {} on {} held-out rows {score:.3}", tuning.scoring, tuning.n_held_out)
        });
        let chosen = if number == tuning.chosen_epoch && n_done > 1 { " (saved)" } else { "" };
        text.push_str(&format!(
            "  epoch {number}    loss {:.4}{held_out}, {:.1} s{chosen}\n",
            epoch.loss, epoch.seconds
        ));
    }
    let how = match tuning.n_splits {
        1 => format!("{} held-out rows", tuning.n_held_out),
        n => format!("{} rows in {n} folds", tuning.n_held_out),
    };
    let score = |of: &ComparedScore| format!("{:.3} [{:.3}, {:.3}]", of.score, of.ci95[0], of.ci95[1]);
    let kept = if tuning.is_kept { "tuned" } else { "frozen" };
    text.push_str(&format!(
        "  {} on {how}: tuned {}, frozen {}: the model has the {kept} encoder\n",
        tuning.scoring,
        score(&tuning.tuned),
        score(&tuning.frozen)
    ));
    text
}
