//! The last step of the tutorial: the encoder learns too.

use clsify::training::{ClassScores, TrainingReport};

use super::report::ARTICLE;
use super::steps::{paragraph, passage};
use crate::table::Table;

/// Step 14, before it is run.
pub fn tuning_step(report: &TrainingReport) -> String {
    let text = format!(
        "So far the encoder has stayed as it is. The article ends with what comes next: fine-tuning, in which the encoder learns too. \
         All its layers learn together with the classifier, from the same {} training rows. Each row is learned from several times, \
         with small steps, so that the encoder keeps what it knows. This takes much longer than all the steps above.",
        report.split.n_train
    );
    passage(14, "The article's last step: fine-tuning", &text)
}

/// Step 14, after it was run: the scores of the frozen and the tuned encoder on the same test rows. `folder` is where the model
/// will be, quoted for a shell.
pub fn tuned_step(frozen: &ClassScores, tuned: &TrainingReport, folder: &str) -> Option<String> {
    let (scores, tuning) = (tuned.class_scores()?, tuned.tuning.as_ref()?);
    let interval = |[low, high]: [f64; 2]| format!("{low:.3} to {high:.3}");
    let of =
        |scores: &ClassScores| [format!("{:.3}", scores.test.accuracy), interval(scores.test.accuracy_ci95)];
    let mut table = Table::new(["test rows", "accuracy", "interval"]);
    let dummy = [format!("{:.3}", frozen.baseline.test_accuracy), String::new()];
    let name = if tuning.is_kept { "tuned encoder" } else { "frozen encoder, chosen layers" };
    for (name, cells) in
        [("dummy", dummy), ("frozen encoder, last layer's [CLS]", of(frozen)), (name, of(scores))]
    {
        table.row(std::iter::once(name.to_string()).chain(cells));
    }
    let how = format!(
        "The encoder learned for {} epochs, in {:.0} seconds. Only then was it tried on the test rows. Before that, {} training rows \
         that it had not learned from decided whether it is worth keeping: there its accuracy is {:.3}, and {:.3} with the frozen \
         encoder and the best of its layers.",
        tuning.epochs_done.len(),
        tuning.seconds,
        tuning.n_held_out,
        tuning.tuned.score,
        tuning.frozen.score,
    );
    let result = match tuning.is_kept {
        true => format!(
            "The article reports {:.1} % for a tuned DistilBERT and {:.1} % for a tuned BERT, from more sentences. The tuned model is in \
             {folder}.",
            100.0 * ARTICLE.distilbert_fine_tuned,
            100.0 * ARTICLE.bert_fine_tuned
        ),
        false => format!(
            "So the frozen encoder is kept, with the best of its layers instead of the last one. This model is in {folder}."
        ),
    };
    Some(format!("{table}\n{}\n{}\n", paragraph(&how), paragraph(&result)))
}
