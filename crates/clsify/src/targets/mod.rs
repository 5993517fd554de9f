//! The targets of a classifier: one class or one set of labels per row, with the weight and the group of each row.
//!
//! They correspond to scikit-learn's `y`, `sample_weight` and `groups`. Splits, fits, scores and choices take
//! [`Targets`], so the same code handles classes and label sets.

mod label_indicator;

pub use self::label_indicator::LabelIndicator;

/// The labels of rows, with optional weights and groups.
///
/// ```
/// use clsify::targets::Targets;
/// let targets = Targets::classes(vec![0, 1, 1], 2).weighted(Some(vec![1.0, 0.0, 2.0]));
/// assert_eq!(targets.counting_rows(), [0, 2]);
/// assert_eq!(targets.select_rows(&[2, 0]).sample_weight(), Some(&[2.0, 1.0][..]));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Targets {
    labels: Labels,
    sample_weight: Option<Vec<f64>>,
    groups: Option<Vec<usize>>,
    offset: Option<Vec<f64>>,
}

/// The labels of rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Labels {
    /// One class per row.
    Classes {
        /// `[n_rows]`.
        class_ids: Vec<usize>,
        /// Class ids are below this number.
        n_classes: usize,
    },
    /// Any number of labels per row: `[n_rows, n_labels]`.
    Sets(LabelIndicator),
}

impl Targets {
    /// Rows with one class each, and ids below `n_classes`.
    pub fn classes(class_ids: Vec<usize>, n_classes: usize) -> Self {
        Targets::of(Labels::Classes { class_ids, n_classes })
    }

    /// Rows with any number of labels each.
    pub fn label_sets(labels: LabelIndicator) -> Self {
        Targets::of(Labels::Sets(labels))
    }

    fn of(labels: Labels) -> Self {
        Targets { labels, sample_weight: None, groups: None, offset: None }
    }

    /// The same rows with these weights, one per row.
    pub fn weighted(self, sample_weight: Option<Vec<f64>>) -> Self {
        Targets { sample_weight, ..self }
    }

    /// The same rows in these groups, one per row, which splits and folds keep together.
    pub fn grouped(self, groups: Option<Vec<usize>>) -> Self {
        Targets { groups, ..self }
    }

    /// The same rows with numbers that are added to the logits of a classifier, `[n_rows, n_labels]`.
    ///
    /// ```
    /// use clsify::targets::Targets;
    /// let targets = Targets::classes(vec![0, 1], 2).offset_by(Some(vec![0.5, -0.5, -1.0, 1.0]));
    /// assert_eq!(targets.offset().map(<[f64]>::len), Some(4));
    /// ```
    pub fn offset_by(self, offset: Option<Vec<f64>>) -> Self {
        Targets { offset, ..self }
    }

    /// The labels.
    pub fn labels(&self) -> &Labels {
        &self.labels
    }

    /// The weight of each row; `None` if all are equal.
    pub fn sample_weight(&self) -> Option<&[f64]> {
        self.sample_weight.as_deref()
    }

    /// The weights, unless all of them are 0.
    pub fn weight_that_counts(&self) -> Option<&[f64]> {
        self.sample_weight().filter(|weights| weights.iter().any(|&weight| weight > 0.0))
    }

    /// The group of each row, if rows have groups.
    pub fn groups(&self) -> Option<&[usize]> {
        self.groups.as_deref()
    }

    /// The numbers that are added to the logits of a classifier, `[n_rows, n_labels]`, if there are any.
    ///
    /// ```
    /// use clsify::targets::Targets;
    /// assert_eq!(Targets::classes(vec![0, 1], 2).offset(), None);
    /// ```
    pub fn offset(&self) -> Option<&[f64]> {
        self.offset.as_deref()
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        match &self.labels {
            Labels::Classes { class_ids, .. } => class_ids.len(),
            Labels::Sets(labels) => labels.n_samples(),
        }
    }

    /// Returns true if there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number of classes or labels.
    pub fn n_labels(&self) -> usize {
        match &self.labels {
            Labels::Classes { n_classes, .. } => *n_classes,
            Labels::Sets(labels) => labels.n_labels(),
        }
    }

    /// The rows with a weight above 0, ascending; all rows if there are no weights.
    pub fn counting_rows(&self) -> Vec<usize> {
        let counts = |row: &usize| self.sample_weight.as_ref().is_none_or(|weights| weights[*row] > 0.0);
        (0..self.len()).filter(counts).collect()
    }

    /// The rows with these indices, in this order.
    ///
    /// # Panics
    /// Panics if there is no such row.
    pub fn select_rows(&self, rows: &[usize]) -> Self {
        let labels = match &self.labels {
            Labels::Classes { class_ids, n_classes } => Labels::Classes {
                class_ids: rows.iter().map(|&row| class_ids[row]).collect(),
                n_classes: *n_classes,
            },
            Labels::Sets(labels) => Labels::Sets(labels.select_rows(rows)),
        };
        let weights_of = |weights: &Vec<f64>| rows.iter().map(|&row| weights[row]).collect();
        let groups_of = |groups: &Vec<usize>| rows.iter().map(|&row| groups[row]).collect();
        Targets {
            labels,
            sample_weight: self.sample_weight.as_ref().map(weights_of),
            groups: self.groups.as_ref().map(groups_of),
            offset: self.offset.as_ref().map(|offset| {
                let k = self.n_labels();
                rows.iter().flat_map(|&row| offset[row * k..][..k].iter().copied()).collect()
            }),
        }
    }
}
