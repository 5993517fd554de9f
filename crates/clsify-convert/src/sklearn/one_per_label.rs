//! `OneVsRestClassifier` and `MultiOutputClassifier`: one binary classifier per class or label.

use clsify::classifier::Link;
use clsify_base::error::Result;

use super::labels::labels;
use super::linear::{Linear, numbers, version};
use crate::head::Form;
use crate::objects::View;

/// The maximum number of weights of all classifiers together; each counts as at least 1,000. They may all be the same object, so that the
/// file's size is no limit.
const MAX_WEIGHTS: usize = 1 << 25;

/// Reads a `OneVsRestClassifier`: normalised sigmoids of classes, or independent ones of labels.
pub(super) fn one_vs_rest(view: &View, inner: &dyn Fn(&View) -> Result<Linear>) -> Result<Linear> {
    let binarizer = view.attribute("label_binarizer_")?;
    let labels = labels(&binarizer.attribute("classes_")?)?;
    let kind = binarizer.attribute("y_type_")?.text()?;
    let is_set = kind.starts_with("multilabel");
    let columns = columns(view, inner)?;
    let n_expected = if !is_set && labels.len() == 2 { 1 } else { labels.len() };
    if columns.len() != n_expected {
        let n = columns.len();
        return Err(
            view.error(format!("expected {n_expected} classifiers for {} classes, got {n}", labels.len()))
        );
    }
    let joined = joined(view, columns, "OneVsRestClassifier")?;
    let form = match joined.form {
        form if is_set => form,
        Form::Labels(constant) if constant.iter().all(Option::is_none) => {
            Linear::classes(labels.len(), Link::NormalizedSigmoids)
        }
        _ => return Err(view.error("expected rows of every class in the training, got a class without any")),
    };
    Ok(Linear { form, labels, ..joined })
}

/// Reads a `MultiOutputClassifier` whose outputs are yes or no.
pub(super) fn multi_output(view: &View, inner: &dyn Fn(&View) -> Result<Linear>) -> Result<Linear> {
    let columns = columns(view, inner)?;
    let labels = (0..columns.len()).map(|i| i.to_string()).collect();
    let joined = joined(view, columns, "MultiOutputClassifier")?;
    Ok(Linear { labels, has_decision_function: false, ..joined })
}

/// One label's classifier, or its constant answer.
enum Column {
    Fitted(Linear),
    Constant(bool),
}

fn columns(view: &View, inner: &dyn Fn(&View) -> Result<Linear>) -> Result<Vec<Column>> {
    let (mut columns, mut n_weights) = (Vec::new(), 0);
    for estimator in view.attribute("estimators_")?.elements()? {
        let column = column(&estimator, inner)?;
        n_weights += match &column {
            Column::Fitted(linear) => linear.n_features().max(1000),
            Column::Constant(_) => 1000,
        };
        if n_weights > MAX_WEIGHTS {
            return Err(view.error(format!("expected at most {MAX_WEIGHTS} weights, got more")));
        }
        columns.push(column);
    }
    Ok(columns)
}

fn column(view: &View, inner: &dyn Fn(&View) -> Result<Linear>) -> Result<Column> {
    if view.class() == Some(("sklearn.multiclass", "_ConstantPredictor")) {
        return Ok(Column::Constant(numbers(view, "y_", 1)? == [1.0]));
    }
    let linear = inner(view)?;
    let is_yes_no = [["0", "1"], ["False", "True"], ["0.0", "1.0"], ["-1", "1"]]
        .iter()
        .any(|both| linear.labels == *both);
    if linear.form != Form::Binary || !is_yes_no {
        let message = format!(
            "expected a classifier of the classes 0 and 1, got the classes {}",
            linear.labels.join(", ")
        );
        return Err(view.error(message).with_hint("import one classifier per output"));
    }
    Ok(Column::Fitted(linear))
}

/// The rows of all columns together, as labels.
fn joined(view: &View, columns: Vec<Column>, name: &str) -> Result<Linear> {
    let first = columns.iter().find_map(|column| match column {
        Column::Fitted(linear) => Some(linear.clone()),
        Column::Constant(_) => None,
    });
    let Some(first) = first else {
        return Err(view.error("expected at least one label that some rows have and others do not, got none"));
    };
    let (n_features, mut constant) = (first.n_features(), Vec::new());
    let mut all = Linear {
        coef: Vec::new(),
        intercept: Vec::new(),
        name: format!("{name}({})", first.name),
        version: version(view).or(first.version),
        ..first
    };
    for column in columns {
        match column {
            Column::Constant(value) => {
                all.coef.push(vec![0.0; n_features]);
                all.intercept.push(0.0);
                constant.push(Some(value));
            }
            Column::Fitted(linear) => {
                if (linear.n_features(), linear.normalize, linear.scale)
                    != (n_features, all.normalize, all.scale)
                {
                    return Err(
                        view.error("expected classifiers that take the same features, got different ones")
                    );
                }
                all.coef.extend(linear.coef);
                all.intercept.extend(linear.intercept);
                constant.push(None);
            }
        }
    }
    Ok(Linear { form: Form::Labels(constant), ..all })
}
