//! Notes about scores that should be read with caution, for classes and for label sets.

use super::list::list;
use crate::error::{Error, ErrorKind, Result};
use crate::observer::Observer;

/// The number of held-out rows from which a perfect score is suspicious: with fewer rows, an easy task has one by
/// chance.
const SUSPICIOUS_FROM: usize = 50;

/// A label in quotes, on one line and not too long.
pub(crate) fn quoted(label: &str) -> String {
    const MOST: usize = 40;
    match label.chars().count() > MOST {
        true => format!("{:?}", label.chars().take(MOST).chain("...".chars()).collect::<String>()),
        false => format!("{label:?}"),
    }
}

/// A constant answer and its score on the test rows.
pub(crate) struct ConstantAnswer<'a> {
    pub(crate) name: &'a str,
    pub(crate) score: f64,
}

/// The number of test rows, and of those whose sentence is also one of the training rows.
#[derive(Clone, Copy)]
pub(crate) struct SeenRows {
    pub(crate) n_seen: usize,
    pub(crate) n_rows: usize,
}

/// Notes that a constant answer scores better than the classifier.
pub(crate) fn note_below_baseline(
    observer: &dyn Observer,
    metric: &str,
    score: f64,
    ConstantAnswer { name, score: baseline }: ConstantAnswer<'_>,
) {
    if score < baseline {
        observer.warn(&format!(
            "the {metric} {score:.4} is below the {baseline:.4} of {name}: the classifier has learned nothing that \
             helps on these rows. Check the labels, or give more training rows"
        ));
    }
}

/// Notes a score that is perfect on many rows, because labels may be visible in the sentences.
pub(crate) fn note_perfect(observer: &dyn Observer, metric: &str, score: f64, n_rows: usize) {
    if score >= 1.0 && n_rows >= SUSPICIOUS_FROM {
        observer.warn(&format!(
            "the {metric} is 1 on all {n_rows} rows, which real data rarely allows. Check that no sentence contains its \
             label, and that no row is a copy of a training row"
        ));
    }
}

/// Notes the number of rows whose sentence is also one of these `training_rows`.
pub(crate) fn note_seen(observer: &dyn Observer, rows: SeenRows, training_rows: &str) {
    if let Some(note) = seen(rows, training_rows) {
        observer.warn(&note);
    }
}

/// As [`note_seen`] for held-out rows; a split, but not a test file, could keep equal sentences on one side.
pub(crate) fn note_seen_in_training(observer: &dyn Observer, rows: SeenRows, is_split: bool) {
    if let Some(note) = seen_in_training(rows, is_split) {
        observer.warn(&note);
    }
}

/// The text of [`note_seen_in_training`], if there are such rows.
pub(crate) fn seen_in_training(rows: SeenRows, is_split: bool) -> Option<String> {
    let note = seen(rows, "the training rows")?;
    let hint = if is_split {
        ", or keep equal sentences on one side of the split with --group-duplicates"
    } else {
        ""
    };
    Some(format!("{note}{hint}"))
}

/// The text of [`note_seen`], if there are such rows.
fn seen(SeenRows { n_seen, n_rows }: SeenRows, training_rows: &str) -> Option<String> {
    let are = if n_seen == 1 { "is" } else { "are" };
    (n_seen > 0).then(|| {
        format!(
            "{n_seen} of {n_rows} test rows {are} also in {training_rows}, which makes scores too optimistic: test on sentences \
             that were not trained on"
        )
    })
}

/// Notes labels with a single training row, from which nothing can be generalised.
pub(crate) fn note_single_rows(observer: &dyn Observer, labels: &[&str]) {
    if !labels.is_empty() {
        let s = if labels.len() == 1 { "" } else { "s" };
        observer.warn(&format!(
            "only one training row has the label{s} {}: give more rows, or merge labels",
            list(labels)
        ));
    }
}

/// Notes labels of which a fit learns little or nothing.
pub(crate) fn note_labels(
    observer: &dyn Observer,
    labels: &[String],
    (y_train, w_train): (&[usize], Option<&[f64]>),
    y_test: &[usize],
) {
    let counting: Vec<usize> = y_train
        .iter()
        .enumerate()
        .filter(|&(row, _)| w_train.is_none_or(|weights| weights[row] > 0.0))
        .map(|(_, &id)| id)
        .collect();
    let (all, counting) = (counts(y_train, labels.len()), counts(&counting, labels.len()));
    let in_test = counts(y_test, labels.len());
    let names = |is_one: &dyn Fn(usize) -> bool| -> Vec<&str> {
        (0..labels.len()).filter(|&id| is_one(id)).map(|id| labels[id].as_str()).collect()
    };
    let unseen = names(&|id| all[id] == 0 && in_test[id] > 0);
    if !unseen.is_empty() {
        let unseen = list(&unseen);
        observer.warn(&format!("no training row has the label {unseen}: such test rows count as wrong"));
    }
    let weightless = names(&|id| all[id] > 0 && counting[id] == 0);
    if !weightless.is_empty() {
        let weightless = list(&weightless);
        observer.warn(&format!(
            "all training rows with the label {weightless} have weight 0: it is never predicted"
        ));
    }
    note_single_rows(observer, &names(&|id| counting[id] == 1));
}

/// The number of rows of each class.
pub(crate) fn counts(class_ids: &[usize], n_classes: usize) -> Vec<usize> {
    let mut counts = vec![0; n_classes];
    class_ids.iter().for_each(|&id| counts[id] += 1);
    counts
}

/// Fails if the classifier knows none of the rows' labels: the labels of the two files are probably spelled
/// differently. Rows without any label are not an error.
pub(crate) fn check_some_known(found: &[String], known: &[String], whose: &str) -> Result<()> {
    if found.is_empty() || found.iter().any(|label| known.contains(label)) {
        return Ok(());
    }
    let names = |labels: &[String]| list(&labels.iter().map(String::as_str).collect::<Vec<_>>());
    let message = format!("expected labels of {whose} ({}), got only {}", names(known), names(found));
    Err(Error::new(ErrorKind::InvalidArgument, message)
        .at("labels")
        .with_hint("spell the labels of both as the same words, and check --label-column"))
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[derive(Default)]
    struct Notes(Mutex<Vec<String>>);

    impl Observer for Notes {
        fn note(&self, text: &str) {
            self.0.lock().unwrap().push(text.to_string());
        }
    }

    fn notes(tell: impl Fn(&Notes)) -> Vec<String> {
        let notes = Notes::default();
        tell(&notes);
        notes.0.into_inner().unwrap()
    }

    #[test]
    fn a_score_is_suspicious_when_it_is_perfect_on_many_rows() {
        let of = |score, n_rows| notes(|observer| note_perfect(observer, "accuracy", score, n_rows));
        assert_eq!((of(1.0, 49).len(), of(0.99, 5000).len()), (0, 0));
        assert!(of(1.0, 50)[0].starts_with("the accuracy is 1 on all 50 rows"));
    }

    #[test]
    fn a_score_is_told_only_when_it_is_below_the_baseline() {
        let of = |score| {
            notes(|observer| {
                let constant = ConstantAnswer { name: "always \"a\"", score: 0.5 };
                note_below_baseline(observer, "accuracy", score, constant);
            })
        };
        assert_eq!(of(0.5).len(), 0);
        assert!(of(0.25)[0].starts_with("the accuracy 0.2500 is below the 0.5000 of always \"a\""));
    }

    #[test]
    fn one_known_label_is_enough() {
        let labels = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
        let known = labels(&["a", "b"]);
        assert!(check_some_known(&labels(&["b", "c"]), &known, "the model").is_ok());
        assert!(check_some_known(&[], &known, "the model").is_ok(), "rows without a label");
        let error = check_some_known(&labels(&["c"]), &known, "the model").unwrap_err();
        assert_eq!(error.to_string(), "labels: expected labels of the model (a, b), got only c");
    }
}
