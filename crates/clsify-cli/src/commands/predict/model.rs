//! One label per sentence or several: the same answers to whoever writes them.

use std::path::Path;

use clsify::matrix::Matrix;
use clsify::pipeline::{ABSTAINED, MultiLabelClassifier, SentenceClassifier, SentenceEncoder};

use crate::console::Console;
use crate::loading::{load_classifier, load_multi_label_classifier};
use crate::options::DtypeArg;

/// A saved model of either kind.
pub(super) enum Model {
    Single(Box<SentenceClassifier>),
    MultiLabel(Box<MultiLabelClassifier>),
}

/// What a model says of a sentence.
pub(super) struct Answer {
    /// The label, or [`ABSTAINED`]; of a multi-label model all labels, maybe none.
    pub(super) labels: Vec<String>,
    /// The most probable label, where the model may abstain.
    pub(super) best_guess: Option<String>,
    /// In the order of the classes.
    pub(super) probabilities: Vec<f64>,
}

impl Answer {
    /// Whether the model has no answer but a guess.
    pub(super) fn is_abstained(&self) -> bool {
        self.best_guess.is_some() && self.labels == [ABSTAINED]
    }
}

impl Model {
    pub(super) fn load(
        model: &Path,
        encoder: Option<&str>,
        dtype: Option<DtypeArg>,
        console: &Console,
    ) -> anyhow::Result<Self> {
        Ok(Model::Single(Box::new(load_classifier(model, encoder, dtype, None, console)?)))
    }

    pub(super) fn load_multi_label(
        model: &Path,
        encoder: Option<&str>,
        dtype: Option<DtypeArg>,
        console: &Console,
    ) -> anyhow::Result<Self> {
        Ok(Model::MultiLabel(Box::new(load_multi_label_classifier(model, encoder, dtype, None, console)?)))
    }

    pub(super) fn encoder(&self) -> &SentenceEncoder {
        match self {
            Model::Single(classifier) => classifier.encoder(),
            Model::MultiLabel(classifier) => classifier.encoder(),
        }
    }

    pub(super) fn classes(&self) -> &[String] {
        match self {
            Model::Single(classifier) => classifier.classes(),
            Model::MultiLabel(classifier) => classifier.classes(),
        }
    }

    /// Whether it may leave sentences unanswered: then its best guess has a place of its own.
    pub(super) fn abstains(&self) -> bool {
        match self {
            Model::Single(classifier) => classifier.decision().abstain_below.is_some(),
            Model::MultiLabel(_) => false,
        }
    }

    /// What stands between the labels of a sentence; `None` where there is one.
    pub(super) fn separator(&self) -> Option<String> {
        match self {
            Model::Single(_) => None,
            Model::MultiLabel(classifier) => Some(classifier.separator().to_string()),
        }
    }

    pub(super) fn answer(&self, features: &Matrix) -> Vec<Answer> {
        match self {
            Model::Single(classifier) => {
                let answer = |prediction: clsify::pipeline::Prediction| {
                    let best_guess = &classifier.classes()[prediction.class_id];
                    let label = if prediction.abstained { ABSTAINED } else { best_guess };
                    Answer {
                        labels: vec![label.to_string()],
                        best_guess: self.abstains().then(|| best_guess.clone()),
                        probabilities: prediction.probabilities,
                    }
                };
                classifier.predict_features(features).into_iter().map(answer).collect()
            }
            Model::MultiLabel(classifier) => {
                let answer = |prediction: clsify::pipeline::MultiLabelPrediction| Answer {
                    labels: classifier.labels(&prediction).into_iter().map(str::to_string).collect(),
                    best_guess: None,
                    probabilities: prediction.probabilities,
                };
                classifier.predict_features(features).into_iter().map(answer).collect()
            }
        }
    }
}
