//! What `advise` does differently for rows of one label and for rows of any number: reading, training, held-out scores.

use std::path::Path;

use clsify::classifier::LogisticRegressionOptions;
use clsify::dataset::{Dataset, DatasetOptions, LabelSeparator, MultiLabelDataset};
use clsify::encoder::Dtype;
use clsify::evaluation::{Scoring, WeightedMultiLabelScores};
use clsify::pipeline::{
    EncoderSpeed, FeatureChoice, Features, MultiLabelTestRows, MultiLabelTrainOptions, Observer, Selection,
    SentenceEncoder, TestRows, TrainOptions, train_multi_label_selected, train_selected,
};
use clsify::split::SplitOptions;
use serde::Serialize;

use crate::class_limit::ClassLimitArgs;
use crate::commands::train::{multi_label, say_counts};
use crate::console::Console;
use crate::loading::{load_dataset, load_multi_label_dataset};

/// Sentences that a speed is measured with.
const N_SENTENCES: usize = 500;

/// Labelled sentences.
pub(super) enum Data {
    Classes(Dataset),
    LabelSets(MultiLabelDataset, LabelSeparator),
}

/// What a choice of features came to.
pub(super) struct Chosen {
    pub(super) selection: Option<Selection>,
    pub(super) held_out: HeldOut,
    /// Of the encoder with the chosen features.
    pub(super) speed: EncoderSpeed,
    pub(super) dtype: Dtype,
}

/// Scores on the held-out rows, which no choice has seen. Each row counts once; by its weight where that is said, and in a
/// log loss.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum HeldOut {
    Classes {
        /// What was chosen by.
        test_score: f64,
        test_accuracy: f64,
        test_accuracy_ci95: [f64; 2],
        /// Each row counted by its weight, where there are weights.
        #[serde(skip_serializing_if = "Option::is_none")]
        test_weighted_accuracy: Option<f64>,
    },
    LabelSets {
        /// What was chosen by.
        test_score: f64,
        test_f1_micro: f64,
        test_subset_accuracy: f64,
        test_subset_accuracy_ci95: [f64; 2],
        /// Each row counted by its weight, where there are weights.
        #[serde(skip_serializing_if = "Option::is_none")]
        test_weighted: Option<WeightedMultiLabelScores>,
    },
}

impl Data {
    /// Reads a file, as sets of labels where a separator says so, and tells what was read.
    pub(super) fn load(
        path: &Path,
        options: &DatasetOptions,
        separator: Option<&LabelSeparator>,
        class_limit: &ClassLimitArgs,
        console: &Console,
    ) -> anyhow::Result<Self> {
        let name = path.display().to_string();
        let Some(separator) = separator else {
            let dataset = load_dataset(path, options, console)?;
            class_limit.check(path, dataset.classes().len(), dataset.len())?;
            say_counts(&name, &dataset.summary(), console);
            return Ok(Data::Classes(dataset));
        };
        let dataset = load_multi_label_dataset(path, separator, options, console)?;
        class_limit.check(path, dataset.classes().len(), dataset.len())?;
        let in_cells = options.label_columns.is_empty().then_some(separator);
        multi_label::say_counts(&name, &dataset, in_cells, console);
        Ok(Data::LabelSets(dataset, separator.clone()))
    }

    pub(super) fn sentences(&self) -> &[String] {
        match self {
            Data::Classes(dataset) => dataset.sentences(),
            Data::LabelSets(dataset, _) => dataset.sentences(),
        }
    }

    pub(super) fn default_scoring(&self) -> Scoring {
        match self {
            Data::Classes(_) => Scoring::default(),
            Data::LabelSets(..) => multi_label::DEFAULT_SCORING,
        }
    }

    /// Chooses features and C on the training rows, trains with the choice, scores it on the others and measures its speed.
    pub(super) fn train(
        &self,
        load: &dyn Fn(Features) -> anyhow::Result<SentenceEncoder>,
        (split, classifier, scoring): (SplitOptions, LogisticRegressionOptions, Scoring),
        console: &Console,
    ) -> anyhow::Result<Chosen> {
        let sample = &self.sentences()[..self.sentences().len().min(N_SENTENCES)];
        let speed = |encoder: &SentenceEncoder| -> anyhow::Result<(EncoderSpeed, Dtype)> {
            Ok((EncoderSpeed::measure(encoder, sample, console)?, encoder.dtype()))
        };
        let choice = FeatureChoice { scoring, required: true };
        match self {
            Data::Classes(dataset) => {
                let test = TestRows::Split(split);
                let options = TrainOptions { test, classifier, ..TrainOptions::default() };
                let trained = train_selected(load, dataset, options, choice, console)?;
                let test = &trained.report.test;
                let held_out = HeldOut::Classes {
                    test_score: match scoring {
                        Scoring::F1Macro => test.macro_average.f1,
                        Scoring::LogLoss => trained.report.probabilities.scores.log_loss,
                        // One answer per row: micro F1 is accuracy.
                        Scoring::Accuracy | Scoring::F1Micro => test.accuracy,
                    },
                    test_accuracy: test.accuracy,
                    test_accuracy_ci95: test.accuracy_ci95,
                    test_weighted_accuracy: trained.report.test_weighted_accuracy,
                };
                trained.report.split.leakage_note().iter().for_each(|note| console.note(note));
                let (speed, dtype) = speed(trained.classifier.encoder())?;
                Ok(Chosen { selection: trained.report.selection, held_out, speed, dtype })
            }
            Data::LabelSets(dataset, separator) => {
                let test = MultiLabelTestRows::Split(split);
                let options =
                    MultiLabelTrainOptions { test, classifier, ..MultiLabelTrainOptions::default() };
                let trained = train_multi_label_selected(load, dataset, separator, options, choice, console)?;
                let test = &trained.report.test;
                let held_out = HeldOut::LabelSets {
                    test_score: match scoring {
                        Scoring::Accuracy => test.subset_accuracy,
                        Scoring::F1Macro => test.macro_average.f1,
                        Scoring::F1Micro => test.micro_average.f1,
                        Scoring::LogLoss => trained.report.probabilities.scores.log_loss,
                    },
                    test_f1_micro: test.micro_average.f1,
                    test_subset_accuracy: test.subset_accuracy,
                    test_subset_accuracy_ci95: test.subset_accuracy_ci95,
                    test_weighted: trained.report.test_weighted,
                };
                trained.report.split.leakage_note().iter().for_each(|note| console.note(note));
                let (speed, dtype) = speed(trained.classifier.encoder())?;
                Ok(Chosen { selection: trained.report.selection, held_out, speed, dtype })
            }
        }
    }
}

/// Whether a score is among those that are shown whatever the choice went by. Of one label per row, micro F1 is accuracy.
fn is_always_shown(scoring: Scoring) -> bool {
    matches!(scoring, Scoring::Accuracy | Scoring::F1Micro)
}

impl HeldOut {
    /// The titles of [`cells`](Self::cells).
    pub(super) fn columns(&self, scoring: Scoring) -> Vec<String> {
        let others = match self {
            HeldOut::Classes { .. } => ["held-out accuracy", "interval"].as_slice(),
            HeldOut::LabelSets { .. } => &["held-out micro F1", "held-out subset accuracy", "interval"],
        };
        let chosen_by = (!is_always_shown(scoring)).then(|| format!("held-out {scoring}"));
        chosen_by.into_iter().chain(others.iter().map(ToString::to_string)).collect()
    }

    pub(super) fn cells(&self, scoring: Scoring) -> Vec<String> {
        let interval = |[low, high]: [f64; 2]| format!("{low:.3} to {high:.3}");
        let score = |score: f64| format!("{score:.4}");
        let others = match *self {
            HeldOut::Classes { test_accuracy, test_accuracy_ci95, .. } => {
                vec![score(test_accuracy), interval(test_accuracy_ci95)]
            }
            HeldOut::LabelSets { test_f1_micro, test_subset_accuracy, test_subset_accuracy_ci95, .. } => {
                vec![score(test_f1_micro), score(test_subset_accuracy), interval(test_subset_accuracy_ci95)]
            }
        };
        let chosen_by = (!is_always_shown(scoring)).then(|| score(self.test_score()));
        chosen_by.into_iter().chain(others).collect()
    }

    /// The score that was chosen by.
    fn test_score(&self) -> f64 {
        match *self {
            HeldOut::Classes { test_score, .. } | HeldOut::LabelSets { test_score, .. } => test_score,
        }
    }

    pub(super) fn in_words(&self, scoring: Scoring) -> String {
        let chosen_by = match is_always_shown(scoring) {
            true => String::new(),
            false => format!("{scoring} {:.4}, ", self.test_score()),
        };
        chosen_by + &self.others_in_words()
    }

    fn others_in_words(&self) -> String {
        match *self {
            HeldOut::Classes { test_accuracy, test_weighted_accuracy: Some(weighted), .. } => {
                format!("accuracy {test_accuracy:.4}, by weight {weighted:.4}")
            }
            HeldOut::Classes { test_accuracy, .. } => format!("accuracy {test_accuracy:.4}"),
            HeldOut::LabelSets { test_f1_micro, test_subset_accuracy, test_weighted, .. } => {
                let by_weight = test_weighted.map_or(String::new(), |weighted| {
                    let WeightedMultiLabelScores { micro_f1, subset_accuracy } = weighted;
                    format!(", by weight {micro_f1:.4} and {subset_accuracy:.4}")
                });
                format!("micro F1 {test_f1_micro:.4}, subset accuracy {test_subset_accuracy:.4}{by_weight}")
            }
        }
    }
}
