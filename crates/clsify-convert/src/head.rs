//! A linear classifier that was read from a file, before it gets an encoder.

use clsify::classifier::{LinearClassifier, Link, LogisticRegression, OneVsRest};
use clsify::dataset::LabelSeparator;
use clsify::model::{ImportedClassifier, SavedImport};
use clsify_base::error::Result;

use crate::error::bad;

/// The form of a classifier's answers.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Form {
    /// Two classes with one row of weights.
    Binary,
    /// Three or more classes.
    Classes(Link),
    /// Independent labels; whether each is constant.
    Labels(Vec<Option<bool>>),
}

/// A linear classifier of another library: weights for unscaled features, and labels in the library's order.
#[derive(Debug, Clone, PartialEq)]
pub struct Head {
    /// One row for two classes, otherwise one per class or label.
    pub(crate) coef: Vec<Vec<f64>>,
    /// One per row.
    pub(crate) intercept: Vec<f64>,
    pub(crate) form: Form,
    pub(crate) labels: Vec<String>,
    pub(crate) normalize: bool,
    pub(crate) origin: SavedImport,
}

impl Head {
    /// The labels in the library's order.
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// The number of features that it takes.
    pub fn n_features(&self) -> usize {
        self.coef.first().map_or(0, Vec::len)
    }

    /// True if it takes features divided by their Euclidean length.
    pub fn normalize(&self) -> bool {
        self.normalize
    }

    /// True if it assigns a set of labels to each sentence.
    pub fn has_label_sets(&self) -> bool {
        matches!(self.form, Form::Labels(_))
    }

    /// The library, the estimator and the file.
    pub fn origin(&self) -> &SavedImport {
        &self.origin
    }

    /// The classifier for an encoder, with other names of its labels if these are given, in the library's order.
    /// `separator` joins the labels of a set.
    ///
    /// # Errors
    /// [`ErrorKind::Model`](clsify_base::error::ErrorKind::Model) if there is not one name per label, if two are
    /// equal, if one is empty or contains the separator, or if a weight is not finite.
    pub fn imported(self, names: Option<&[String]>, separator: LabelSeparator) -> Result<ImportedClassifier> {
        let Head { mut coef, mut intercept, mut form, labels, normalize, origin, .. } = self;
        let names = names.unwrap_or(&labels);
        if names.len() != labels.len() {
            return Err(bad(format!("expected {} names of labels, got {}", labels.len(), names.len()))
                .with_hint(format!("the labels of the file are, in this order: {}", labels.join(", "))));
        }
        let is_set = matches!(form, Form::Labels(_));
        for name in names {
            if name.trim().is_empty() || name.trim() != name {
                return Err(bad(format!(
                    "expected names of labels without white space around them, got {name:?}"
                ))
                .with_hint("give other names with --labels"));
            }
            if is_set && separator.split(name) != [name.as_str()] {
                return Err(bad(format!("expected labels without the separator, got {name:?}"))
                    .with_hint("choose another separator"));
            }
        }
        let mut order: Vec<usize> = (0..names.len()).collect();
        order.sort_by(|&a, &b| names[a].cmp(&names[b]));
        let classes: Vec<String> = order.iter().map(|&i| names[i].clone()).collect();
        if let Some(pair) = classes.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(bad(format!("expected different labels, got {:?} twice", pair[0]))
                .with_hint("give other names with --labels"));
        }
        match &mut form {
            // The one row is that of the second class.
            Form::Binary if order[0] == 1 => {
                coef[0].iter_mut().for_each(|w| *w = -*w);
                intercept[0] = -intercept[0];
            }
            Form::Binary => {}
            Form::Classes(_) => {
                coef = order.iter().map(|&i| coef[i].clone()).collect();
                intercept = order.iter().map(|&i| intercept[i]).collect();
            }
            Form::Labels(constant) => {
                coef = order.iter().map(|&i| coef[i].clone()).collect();
                intercept = order.iter().map(|&i| intercept[i]).collect();
                *constant = order.iter().map(|&i| constant[i]).collect();
            }
        }
        let coef = coef.concat();
        let classifier = match form {
            Form::Binary => LinearClassifier::Classes(LogisticRegression::from_parts(coef, intercept, 2)?),
            Form::Classes(link) => LinearClassifier::Classes(
                LogisticRegression::from_parts(coef, intercept, classes.len())?.with_link(link),
            ),
            Form::Labels(constant) => {
                LinearClassifier::LabelSets(OneVsRest::from_parts(coef, intercept, constant)?)
            }
        };
        Ok(ImportedClassifier { classifier, classes, normalize, separator, origin })
    }
}
