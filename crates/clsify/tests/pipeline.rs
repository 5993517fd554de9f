//! Training, its report, predictions and evaluation, on the tiny encoders.
//!
//! Oracles: the specified list of keys of the JSON report; scores counted again from single predictions; and for
//! rows, scikit-learn by way of `split.rs`.
#![allow(clippy::unwrap_used)]

mod support;

use std::sync::{Arc, Mutex};

use clsify::classifier::{
    ClassWeight, LogisticRegression, LogisticRegressionOptions, Samples, Scaling, StandardScaler,
};
use clsify::dataset::Dataset;
use clsify::decision::Calibration;
use clsify::error::ErrorKind;
use clsify::model::{LoadOptions, SaveOptions, SentenceClassifier, SentenceEncoder, SentenceEncoderOptions};
use clsify::observer::{Observer, Stage};
use clsify::split::{SplitOptions, TestSize, train_test_split};
use clsify::training::{GridSearchOptions, TestRows, TrainOptions, Trained, TrainingReport, train};
use serde_json::Value;
use support::{dataset, encoder, fixtures, pairs};

fn train_with(case: &str, n_classes: usize, options: TrainOptions) -> Trained {
    train(encoder(case), &dataset(n_classes), options).unwrap()
}

/// Checks types at a path such as `a.b[].c`: `[]` stands for every element of a list, `{}` for every value of an
/// object.
fn assert_type(report: &Value, path: &str, expected: &str) {
    let mut values = vec![report];
    for key in path.split('.') {
        let (key, each) = match key.strip_suffix("[]").or_else(|| key.strip_suffix("{}")) {
            Some(key) => (key, true),
            None => (key, false),
        };
        values =
            values.iter().map(|v| v.get(key).unwrap_or_else(|| panic!("{path}: no {key} in {v}"))).collect();
        if each {
            let elements = |v: &'_ Value| match v {
                Value::Array(list) => !list.is_empty(),
                Value::Object(map) => !map.is_empty(),
                _ => false,
            };
            assert!(values.iter().all(|v| elements(v)), "{path}: expected elements in {key}");
            values = values
                .iter()
                .flat_map(|v| match v {
                    Value::Array(list) => list.iter().collect::<Vec<_>>(),
                    Value::Object(map) => map.values().collect(),
                    _ => Vec::new(),
                })
                .collect();
        }
    }
    for value in values {
        let is_right = match expected {
            "count" => value.is_u64(),
            "number" => value.is_f64(),
            "text" => value.is_string(),
            "flag" => value.is_boolean(),
            "null" => value.is_null(),
            _ => panic!("{expected}"),
        };
        assert!(is_right, "{path}: expected a {expected}, got {value}");
    }
}

/// Oracle: the specified keys of the JSON report, which other programs read.
#[test]
fn the_report_has_the_keys_that_were_promised() {
    let search = GridSearchOptions { c_values: vec![0.5, 2.0], ..GridSearchOptions::default() };
    let options = TrainOptions { grid_search: Some(search), ..TrainOptions::default() };
    let report = serde_json::to_value(train_with("distilbert", 2, options).report).unwrap();
    let keys = [
        ("dataset.n_samples", "count"),
        ("dataset.class_counts{}", "count"),
        ("dataset.n_duplicates", "count"),
        ("dataset.n_conflicting", "count"),
        ("encoder.name", "text"),
        ("encoder.model_type", "text"),
        ("encoder.hidden_size", "count"),
        ("encoder.num_hidden_layers", "count"),
        ("encoder.pooling", "text"),
        ("encoder.dtype", "text"),
        ("features.shape[]", "count"),
        ("features.n_tokens", "count"),
        ("features.max_tokens", "count"),
        ("features.n_truncated", "count"),
        ("split.n_train", "count"),
        ("split.n_test", "count"),
        ("split.seed", "count"),
        ("split.stratified", "flag"),
        ("split.test_indices[]", "count"),
        ("baseline.cv_mean", "number"),
        ("baseline.cv_std", "number"),
        ("baseline.test_accuracy", "number"),
        ("classifier.C", "number"),
        ("classifier.n_iter", "count"),
        ("classifier.converged", "flag"),
        ("classifier.coef_norm", "number"),
        ("classifier.intercept[]", "number"),
        ("train.accuracy", "number"),
        ("test.accuracy", "number"),
        ("test.accuracy_ci95[]", "number"),
        ("test.per_class{}.precision", "number"),
        ("test.per_class{}.recall", "number"),
        ("test.per_class{}.f1", "number"),
        ("test.per_class{}.support", "count"),
        ("test.macro.precision", "number"),
        ("test.macro.recall", "number"),
        ("test.macro.f1", "number"),
        ("test.weighted.precision", "number"),
        ("test.weighted.recall", "number"),
        ("test.weighted.f1", "number"),
        ("grid_search.best_C", "number"),
        ("grid_search.best_score", "number"),
        ("grid_search.points[].C", "number"),
        ("grid_search.points[].mean_test_score", "number"),
        ("grid_search.points[].std_test_score", "number"),
        ("seconds.load", "number"),
        ("seconds.tokenize", "number"),
        ("seconds.embed", "number"),
        ("seconds.fit", "number"),
        ("seconds.grid_search", "number"),
        ("seconds.total", "number"),
    ];
    keys.into_iter().for_each(|(path, expected)| assert_type(&report, path, expected));
    let matrix = report["test"]["confusion_matrix"].as_array().unwrap();
    assert!(matrix.iter().all(|row| row.as_array().unwrap().iter().all(Value::is_u64)));

    let report = serde_json::to_value(train_with("distilbert", 2, TrainOptions::default()).report).unwrap();
    assert_type(&report, "grid_search", "null");
}

#[test]
fn the_default_run_is_the_article_s() {
    let trained = train_with("bert", 2, TrainOptions::default());
    let report = &trained.report;
    assert_eq!((report.dataset.n_samples, report.dataset.labels.counts()["negative"]), (60, 30));
    assert_eq!((report.encoder.name.as_str(), report.encoder.pooling.as_str()), ("bert", "cls"));
    assert_eq!((report.encoder.dtype, report.encoder.max_length), (clsify::encoder::Dtype::F32, 512));
    assert_eq!(report.features.shape, [60, 32]);
    let lengths: Vec<usize> = trained.encoded.encodings.iter().map(|e| e.len()).collect();
    assert_eq!(report.features.counts.n_tokens, lengths.iter().sum::<usize>());
    assert_eq!(report.features.counts.max_tokens, *lengths.iter().max().unwrap());

    let expected = train_test_split(&[0; 60], &SplitOptions::default()).unwrap();
    assert_eq!(report.split.test_indices, expected.test);
    assert_eq!((report.split.n_train, report.split.n_test, report.split.seed), (45, 15, Some(0)));
    assert!(report.split.stratified == Some(false) && report.classifier.converged);
    assert_eq!((report.classifier.c, report.classifier.intercept.len()), (1.0, 1));

    let seconds = &report.seconds;
    let parts = seconds.load + seconds.tokenize + seconds.embed + seconds.fit + seconds.grid_search;
    assert!(seconds.load > 0.0 && seconds.embed > 0.0 && seconds.total >= parts, "{seconds:?}");
}

/// The report's scores of the held-out rows are counted again from single predictions.
#[test]
fn scores_are_those_of_the_predictions() {
    for n_classes in [2, 3] {
        let trained = train_with("bert", n_classes, TrainOptions::default());
        let (classifier, report) = (&trained.classifier, trained.report.class_scores().unwrap());
        let pairs = pairs(n_classes);
        let right = |rows: &[usize]| {
            let sentences: Vec<&str> = rows.iter().map(|&i| pairs[i].0.as_str()).collect();
            let predictions = classifier.predict(&sentences).unwrap();
            let right = predictions
                .iter()
                .zip(rows)
                .filter(|(p, i)| classifier.classes()[p.label_ids[0]] == pairs[**i].1);
            right.count() as f64 / rows.len() as f64
        };
        assert_eq!(report.test.accuracy, right(&trained.split.test));
        assert_eq!(report.train.accuracy, right(&trained.split.train));
        assert!(
            report.train.accuracy > 0.9,
            "random features of {n_classes} topics: {}",
            report.train.accuracy
        );
        let support: usize = report.test.confusion_matrix.iter().flatten().sum();
        assert_eq!(support, 15);
    }
}

#[test]
fn probabilities_sum_to_one_and_the_largest_is_the_prediction() {
    for n_classes in [2, 3] {
        let trained = train_with("distilbert", n_classes, TrainOptions::default());
        let sentences = support::sentences();
        let predictions = trained.classifier.predict(&sentences).unwrap();
        assert_eq!(predictions.len(), sentences.len());
        for prediction in predictions {
            let p = &prediction.probabilities;
            assert!(p.len() == n_classes && p.iter().all(|p| (0.0..=1.0).contains(p)), "{p:?}");
            // Three roundings of numbers below 1.
            assert!((p.iter().sum::<f64>() - 1.0).abs() <= 4.0 * f64::EPSILON, "{p:?}");
            assert!(p.iter().all(|other| *other <= p[prediction.label_ids[0]]), "{p:?}");
        }
        assert_eq!(trained.classifier.predict::<&str>(&[]).unwrap(), []);
    }
}

#[test]
fn a_test_file_of_its_own_with_a_label_that_was_not_trained() {
    let test =
        [("a stunning film 99", "positive"), ("this is terrible ! 99", "negative"), ("what ?", "unseen")];
    let test = Dataset::from_pairs(test).unwrap();
    let options = TrainOptions { test: TestRows::Dataset(test), ..TrainOptions::default() };
    let heard = Arc::new(Heard::default());
    let trained = train(encoder("bert").with_observer(heard.clone()), &dataset(2), options).unwrap();
    let report = &trained.report;
    assert_eq!((report.split.n_train, report.split.n_test), (60, 3));
    assert!(report.split.test_indices.is_empty());
    assert_eq!((report.split.seed, report.split.stratified), (None, None));
    let test_data = report.test_data.as_ref().unwrap();
    assert_eq!((test_data.dataset.n_samples, test_data.features.shape), (3, [3, 32]));
    // The confusion matrix has the label, the classifier does not.
    let report = report.class_scores().unwrap();
    let labels: Vec<&str> = report.test.per_class.iter().map(|(label, _)| label.as_str()).collect();
    assert_eq!(labels, ["negative", "positive", "unseen"]);
    assert_eq!(
        report.test.confusion_matrix,
        [[1, 0, 0], [0, 1, 0], [report.test.confusion_matrix[2][0], report.test.confusion_matrix[2][1], 0]]
    );
    assert_eq!(report.test.accuracy, 2.0 / 3.0);
    assert_eq!(trained.classifier.classes(), ["negative", "positive"]);
    assert_eq!(heard.notes(), ["no training row has the label unseen: such test rows count as wrong"]);
}

/// A class that no training row has does not shift the columns of the other classes.
#[test]
fn a_label_that_sorts_before_the_trained_ones_shifts_nothing() {
    let test =
        Dataset::from_pairs([("a stunning film 99", "positive"), ("what ?", "a first label")]).unwrap();
    let options = TrainOptions { test: TestRows::Dataset(test), ..TrainOptions::default() };
    let trained = train_with("bert", 3, options);
    assert_eq!(trained.classifier.classes(), ["negative", "positive", "question"]);
    let predictions = trained.classifier.predict(&["a stunning film 99"]).unwrap();
    assert_eq!(trained.classifier.classes()[predictions[0].label_ids[0]], "positive");
    assert_eq!(trained.report.test_accuracy(), 0.5);
}

#[test]
fn a_grid_search_refits_with_the_best_c_if_asked_to() {
    let c_values = vec![1e-6, 3.0, 30.0];
    let run = |refit| {
        let grid_search =
            Some(GridSearchOptions { c_values: c_values.clone(), refit, ..GridSearchOptions::default() });
        train_with("bert", 3, TrainOptions { grid_search, ..TrainOptions::default() }).report
    };
    let (refitted, kept) = (run(true), run(false));
    let refitted_accuracy = refitted.test_accuracy();
    let found = refitted.grid_search.unwrap();
    assert_eq!(found.points.iter().map(|p| p.c).collect::<Vec<_>>(), c_values);
    // scikit-learn's rule: the first of equal means.
    let best = found.points.iter().map(|p| p.mean_test_score).fold(0.0, f64::max);
    let first = found.points.iter().find(|p| p.mean_test_score == best).unwrap();
    assert_eq!((found.best_c, found.best_score, found.n_splits), (first.c, best, 5));
    assert_ne!(found.best_c, 1e-6, "nearly constant features cannot win");
    assert_eq!((refitted.classifier.c, kept.classifier.c), (found.best_c, 1.0));
    assert_eq!(Some(refitted_accuracy), found.test_accuracy);
    let kept_search = kept.grid_search.unwrap();
    assert_eq!((kept_search.best_c, kept_search.test_accuracy), (found.best_c, found.test_accuracy));

    let options = LogisticRegressionOptions { c: found.best_c, ..Default::default() };
    let direct = train_with("bert", 3, TrainOptions { classifier: options, ..TrainOptions::default() });
    assert_eq!(direct.report.classifier.intercept, refitted.classifier.intercept);
}

/// Oracle: the scaler and the fit by hand, on the features of the run. Tolerance: that of the fits and of `f32`.
#[test]
fn a_scaled_run_saves_a_classifier_of_features_as_they_are() {
    let options = TrainOptions { scaling: Scaling::Standard, ..TrainOptions::default() };
    let trained = train_with("bert", 2, options);
    let dataset = dataset(2);
    let classes = dataset.classes();
    let class_ids: Vec<usize> =
        trained.split.train.iter().map(|&i| classes.binary_search(&dataset.labels()[i]).unwrap()).collect();
    let features = trained.encoded.features.select_rows(&trained.split.train);
    let scaled = StandardScaler::fit(&features).transform(&features);
    let fit = LogisticRegression::fit(&Samples::new(&scaled, &class_ids, 2), &Default::default()).unwrap();
    let expected = fit.decision_function(&scaled);
    let got = trained.classifier.classifier().decision_function(&features);
    let difference = got.iter().zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    assert!(difference < 1e-4, "{difference:e}");
}

#[test]
fn options_that_cannot_work_are_refused_before_the_encoder_runs() {
    let classifier =
        |c| LogisticRegressionOptions { c, class_weight: ClassWeight::Balanced, ..Default::default() };
    let split = |test_size, stratify| TestRows::Split(SplitOptions { seed: 0, test_size, stratify });
    let grid = |c_values| Some(GridSearchOptions { c_values, ..GridSearchOptions::default() });
    let default = TrainOptions::default;
    let c = "logistic regression: expected C to be a positive number, got";
    let cases = [
        (TrainOptions { classifier: classifier(0.0), ..default() }, format!("{c} 0")),
        (TrainOptions { classifier: classifier(f64::NAN), ..default() }, format!("{c} NaN")),
        (TrainOptions { classifier: classifier(f64::INFINITY), ..default() }, format!("{c} inf")),
        (TrainOptions { grid_search: grid(vec![1.0, -1.0]), ..default() }, format!("{c} -1")),
        (
            TrainOptions { grid_search: grid(vec![]), ..default() },
            "grid search: expected at least one C".to_string(),
        ),
        (
            TrainOptions { test: split(TestSize::Count(60), false), ..default() },
            "test size: expected 1 to 59 of 60 rows, got 60".to_string(),
        ),
        (
            TrainOptions { test: split(TestSize::Count(59), false), ..default() },
            "training rows: expected at least 2 classes, got only \"positive\"".to_string(),
        ),
        (
            TrainOptions { test: split(TestSize::Count(1), true), ..default() },
            "stratified split: expected at least 2 test rows, one for each class, got 1".to_string(),
        ),
    ];
    for (options, expected) in cases {
        let heard = Arc::new(Heard::default());
        let encoder = encoder("bert").with_observer(heard.clone());
        let error = train(encoder, &dataset(2), options).unwrap_err();
        assert_eq!((error.kind(), error.to_string()), (ErrorKind::InvalidArgument, expected));
        assert_eq!(*heard.0.lock().unwrap(), [] as [String; 0]);
    }
}

#[test]
fn evaluation_counts_labels_that_the_classifier_does_not_know_as_wrong() {
    let classifier = train_with("bert", 2, TrainOptions::default()).classifier;
    let rows =
        [("a stunning film 77", "positive"), ("who ?", "question"), ("this is terrible ! 77", "negative")];
    let heard = Arc::new(Heard::default());
    let classifier = classifier.with_observer(heard.clone());
    let report = classifier.evaluate(&Dataset::from_pairs(rows).unwrap()).unwrap();
    assert_eq!((report.test.accuracy(), report.features.shape), (2.0 / 3.0, [3, 32]));
    let supports: Vec<(&str, usize)> = report
        .test
        .classes()
        .unwrap()
        .per_class
        .iter()
        .map(|(label, scores)| (label.as_str(), scores.support))
        .collect();
    assert_eq!(supports, [("negative", 1), ("positive", 1), ("question", 1)]);
    assert_eq!(heard.notes(), ["the classifier does not know the label question: such rows count as wrong"]);
    // No label in common: every row is wrong, which is a valid result.
    let strangers = Dataset::from_pairs([("a", "x"), ("b", "y")]).unwrap();
    assert_eq!(classifier.evaluate(&strangers).unwrap().test.accuracy(), 0.0);
}

/// All messages that an observer receives, one per line; progress is checked and left out.
#[derive(Default)]
struct Heard(Mutex<Vec<String>>, Mutex<usize>);

impl Heard {
    fn push(&self, line: String) {
        self.0.lock().unwrap().push(line);
    }

    fn notes(&self) -> Vec<String> {
        let lines = self.0.lock().unwrap();
        lines.iter().filter_map(|line| line.strip_prefix("note: ")).map(str::to_string).collect()
    }
}

impl Observer for Heard {
    fn start(&self, stage: Stage, total: usize) {
        *self.1.lock().unwrap() = 0;
        self.push(format!("{stage:?} of {total}"));
    }

    fn advance(&self, stage: Stage, done: usize) {
        let mut before = self.1.lock().unwrap();
        assert!(done >= *before, "{stage:?}: {done} after {before}");
        *before = done;
    }

    fn finish(&self, stage: Stage) {
        let done = *self.1.lock().unwrap();
        self.push(format!("{stage:?} over at {done}"));
    }

    fn note(&self, text: &str) {
        self.push(format!("note: {text}"));
    }
}

#[test]
fn the_observer_hears_the_stages_in_order_and_of_truncation() {
    let heard = Arc::new(Heard::default());
    let options =
        SentenceEncoderOptions { max_length: Some(5), observer: heard.clone(), ..Default::default() };
    let encoder = SentenceEncoder::load_with(fixtures().join("transformers/bert"), options).unwrap();
    let grid_search =
        Some(GridSearchOptions { c_values: vec![1.0, 2.0], refit: false, ..GridSearchOptions::default() });
    let pairs = [("a", "x"), ("a b", "y"), ("a b c", "x"), ("a b c d", "y"), ("a b c d e", "x"), ("b", "y")];
    let dataset = Dataset::from_pairs(pairs.repeat(5)).unwrap();
    train(encoder, &dataset, TrainOptions { grid_search, ..TrainOptions::default() }).unwrap();
    // [CLS] and [SEP] beside at most three of the letters: 3 + 4 + 5 + 5 + 5 + 3 tokens, five times.
    let expected = [
        "Load of 0",
        "Load over at 0",
        "Tokenize of 30",
        "Tokenize over at 30",
        "Embed of 125",
        "Embed over at 125",
        "note: 10 of 30 sentences had more than 5 tokens and lost their end",
        "GridSearch of 10",
        "GridSearch over at 10",
        "Fit of 0",
        "Fit over at 0",
    ];
    assert_eq!(*heard.0.lock().unwrap(), expected);
}

/// Types that a program might send to a thread or share between threads.
#[test]
fn the_main_types_are_send_and_sync() {
    fn check<T: Send + Sync>() {}
    check::<clsify::error::Error>();
    check::<Dataset>();
    check::<clsify::tokenizer::Tokenizer>();
    check::<clsify::encoder::Encoder>();
    check::<clsify::features::FeatureCache>();
    check::<SentenceEncoderOptions>();
    check::<SentenceEncoder>();
    check::<LoadOptions>();
    check::<SaveOptions>();
    check::<clsify::classifier::LinearClassifier>();
    check::<clsify::classifier::Convergence>();
    check::<std::sync::Arc<dyn Observer>>();
    check::<SentenceClassifier>();
    check::<Trained>();
    check::<TrainingReport>();
}

/// Without test rows, the classifier is the one that a test file gives, whatever that file is; oracle: the definition.
#[test]
fn without_test_rows_every_row_is_learned_from() {
    let data = dataset(3);
    let folder = tempfile::tempdir().unwrap();
    for calibration in [Calibration::None, Calibration::Temperature] {
        let options = |test| TrainOptions { test, calibration, ..TrainOptions::default() };
        let trained = train(encoder("distilbert"), &data, options(TestRows::None)).unwrap();
        let with_file =
            train(encoder("distilbert"), &data, options(TestRows::Dataset(data.clone()))).unwrap();
        assert_eq!(trained.classifier.classifier(), with_file.classifier.classifier());
        let split = &trained.report.split;
        assert_eq!((split.n_train, split.n_test, split.seed), (data.len(), 0, None));
        assert_eq!(split.leakage_note(), None);

        let model = folder.path().join("model");
        trained.classifier.save(&model).unwrap();
        let loaded = SentenceClassifier::load(&model).unwrap();
        assert_eq!(loaded.metadata().metrics, None);
        assert_eq!(loaded.metadata().trained().unwrap().n_train, data.len());
        let sentences = &data.sentences()[..3];
        assert_eq!(loaded.predict(sentences).unwrap(), trained.classifier.predict(sentences).unwrap());
    }
}

/// As above, for label sets.
#[test]
fn without_test_rows_label_sets_are_learned_from_every_row() {
    let cells = dataset(3);
    let cells = cells.sentences().iter().zip(cells.labels());
    let cells = cells.map(|(sentence, label)| (sentence.clone(), format!("{label};any;{}", label.len() % 2)));
    let data = Dataset::from_label_cells(cells.skip(1), &";".parse().unwrap()).unwrap();
    let of = |test| TrainOptions { test, ..TrainOptions::default() };
    let trained = train(encoder("distilbert"), &data, of(TestRows::None)).unwrap();
    let with_file = train(encoder("distilbert"), &data, of(TestRows::Dataset(data.clone()))).unwrap();
    assert_eq!(trained.classifier.classifier(), with_file.classifier.classifier());
    assert_eq!((trained.report.split.n_train, trained.report.split.n_test), (data.len(), 0));
    assert_eq!(trained.classifier.metadata().metrics, None);
}
