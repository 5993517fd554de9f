//! The walk through a classifier, on the tiny encoders.
//!
//! Oracles: the training run itself, `predict`, and the formula of the objective at weights of 0.
#![allow(clippy::unwrap_used)]

mod support;

use clsify::classifier::{ClassWeight, LogisticRegressionOptions, Scaling};
use clsify::dataset::{Dataset, DatasetOptions};
use clsify::error::ErrorKind;
use clsify::model::SentenceClassifier;
use clsify::split::{SplitOptions, TestSize};
use clsify::studies::{Choice, Walkthrough, WalkthroughOptions, walk_sentences, walk_through};
use clsify::training::{TestRows, TrainOptions, Trained, train};
use support::{dataset, encoder};

fn walk<'a>(trained: &'a Trained, dataset: &'a Dataset) -> Walkthrough<'a> {
    walk_through(&trained.classifier, dataset, WalkthroughOptions::default()).unwrap()
}

/// The rows, the predictions and the scores are those of the training, whether the model keeps how its rows were read or, as in
/// earlier versions, only their numbers and the seed.
#[test]
fn a_walk_finds_the_rows_of_the_training_again() {
    let options = |reading| TrainOptions {
        test: TestRows::Split(SplitOptions { seed: 3, test_size: TestSize::Fraction(0.3), stratify: true }),
        reading,
        ..TrainOptions::default()
    };
    for n_classes in [2, 3] {
        let data = dataset(n_classes);
        for reading in [None, Some(DatasetOptions::default())] {
            let trained = train(encoder("distilbert"), &data, options(reading)).unwrap();
            let walked = walk(&trained, &data);
            assert_eq!(walked.split, trained.split);
            assert_eq!(walked.score, trained.report.test_accuracy());
            let scores = trained.report.class_scores().unwrap();
            assert_eq!(walked.score_ci95, scores.test.accuracy_ci95);
            assert_eq!(walked.baseline, scores.baseline.test_accuracy);
            assert_eq!(walked.data.encoded.features, trained.encoded.features);
            assert_eq!(walked.data.predictions, trained.classifier.predict(data.sentences()).unwrap());
            let held_out: Vec<&String> =
                trained.split.test.iter().map(|&row| &data.sentences()[row]).collect();
            assert_eq!(walked.held_out.sentences().iter().collect::<Vec<_>>(), held_out);
        }
    }
}

/// Oracle: with all weights 0 every class has the same probability, so the loss is `ln K`; the last step is the model; and each step
/// makes the objective smaller, or the solver would not have taken it. A convex function may rise by rounding only.
#[test]
fn learning_goes_from_equal_probabilities_to_the_model() {
    let cases = [
        (2, ClassWeight::None, Scaling::None),
        (3, ClassWeight::Balanced, Scaling::None),
        (3, ClassWeight::None, Scaling::Standard),
    ];
    for (n_classes, class_weight, scaling) in cases {
        let data = dataset(n_classes);
        let classifier = LogisticRegressionOptions { class_weight, c: 2.0, ..Default::default() };
        let options = TrainOptions { classifier, scaling, ..TrainOptions::default() };
        let trained = train(encoder("bert"), &data, options).unwrap();
        let walked = walk(&trained, &data);
        let steps = &walked.learning.steps;
        let (first, last) = (&steps[0], &steps[steps.len() - 1]);
        assert_eq!((first.n_iter, first.coef_norm), (0, 0.0));
        assert!((first.loss - (n_classes as f64).ln()).abs() < 1e-12, "{}", first.loss);
        assert_eq!(last.n_iter, trained.report.classifier.n_iter);
        assert_eq!(last.coef, trained.classifier.classifier().coef());
        assert_eq!(last.intercept, trained.classifier.classifier().intercept());
        assert!(steps.is_sorted_by(|a, b| a.n_iter < b.n_iter));
        assert!(steps.is_sorted_by(|a, b| b.objective <= a.objective + 1e-12), "{steps:?}");
        assert!(last.objective < first.objective && last.objective > last.loss);
        let search = walked.learning.search.as_ref().unwrap();
        assert!(search.points.iter().any(|point| point.c == 2.0));
    }
}

/// Each shown sentence has the numbers that the library gives for it alone.
#[test]
fn shown_sentences_have_the_numbers_of_the_library() {
    let data = dataset(2);
    let trained = train(encoder("mpnet"), &data, TrainOptions::default()).unwrap();
    let own = vec!["neither stunning nor terrible".to_string()];
    let options = WalkthroughOptions { sentences: own.clone(), n_sentences: 8, ..Default::default() };
    let walked = walk_through(&trained.classifier, &data, options).unwrap();
    assert_eq!((walked.sentences.len(), walked.n_left_out), (8, 0));
    assert_eq!((&walked.sentences[0].text, walked.sentences[0].choice), (&own[0], Choice::Own));
    assert_eq!(walked.sentences[0].labels, None);
    for sentence in &walked.sentences {
        let alone = trained.classifier.predict(&[&sentence.text]).unwrap().remove(0);
        assert_eq!(sentence.prediction, alone);
        let last = sentence.trace.hidden_states.len() - 1;
        let pooled = trained.classifier.encoder().features_of_layer(&sentence.trace, last).unwrap();
        // The traced path pools in the same order; a fused kernel may round differently.
        assert!(pooled.iter().zip(&sentence.features).all(|(a, b)| (a - b).abs() < 1e-5));
        assert_eq!(sentence.explanation.text, sentence.text);
        if let Some(row) = sentence.held_out_row {
            assert_eq!(walked.held_out.sentences()[row], sentence.text);
            assert_eq!(sentence.labels.as_ref(), Some(&walked.held_out.label_sets()[row]));
        }
    }
    let texts: std::collections::HashSet<&String> = walked.sentences.iter().map(|s| &s.text).collect();
    assert_eq!(texts.len(), 8, "no sentence is shown twice");
}

#[test]
fn label_sets_have_a_walk_too() {
    let cells = ["sport;news", "sport", "news", ""];
    let rows = (0..60)
        .map(|i| (format!("{} number {i}", ["a match", "a game", "a vote", "rain"][i % 4]), cells[i % 4]));
    let data = Dataset::from_label_cells(rows, &";".parse().unwrap()).unwrap();
    let trained = train(encoder("bert"), &data, TrainOptions::default()).unwrap();
    let walked = walk(&trained, &data);
    let scores = trained.report.label_set_scores().unwrap();
    assert_eq!(walked.score, scores.test.micro_average.f1);
    assert_eq!(walked.baseline, scores.baseline.every_label.micro_f1);
    assert!(walked.score_ci95[0] < walked.score && walked.score <= walked.score_ci95[1]);
    let steps = &walked.learning.steps;
    assert!((steps[0].loss - 2f64.ln()).abs() < 1e-12);
    assert_eq!(steps[steps.len() - 1].coef, trained.classifier.classifier().coef());
}

fn refused(classifier: &SentenceClassifier, data: &Dataset, options: WalkthroughOptions) -> String {
    let error = walk_through(classifier, data, options).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    error.to_string()
}

#[test]
fn other_data_and_sentences_that_cannot_be_shown_are_refused() {
    let (data, other) = (dataset(2), dataset(3));
    let trained = train(encoder("bert"), &data, TrainOptions::default()).unwrap();
    let classifier = &trained.classifier;
    let known: Vec<&String> = trained.split.train.iter().map(|&row| &data.sentences()[row]).collect();
    let n_other =
        trained.split.train.iter().filter(|&&row| !known.contains(&&other.sentences()[row])).count();
    assert!(n_other > 0);
    assert_eq!(
        refused(classifier, &other, WalkthroughOptions::default()),
        format!("data: expected the data of the training, got {n_other} other rows")
    );
    let fewer = Dataset::from_pairs(support::pairs(2).into_iter().take(40)).unwrap();
    assert_eq!(
        refused(classifier, &fewer, WalkthroughOptions::default()),
        "data: expected the data of the training, with 45 training rows and 15 held-out rows, got 25 and 15"
    );
    let test = WalkthroughOptions { test: Some(&other), ..Default::default() };
    assert_eq!(
        refused(classifier, &data, test),
        "test data: expected no test file: the model was scored on held-out rows of the data"
    );
    for (text, n) in [(" ".to_string(), 0), ("word ".repeat(401), 401)] {
        let options = WalkthroughOptions { sentences: vec![text], ..Default::default() };
        assert_eq!(
            refused(classifier, &data, options),
            format!("sentence 1: expected between 1 and 400 words, got {n}")
        );
    }

    let options = TrainOptions {
        test: TestRows::Dataset(data.clone()),
        reading: Some(DatasetOptions::default()),
        ..Default::default()
    };
    let trained = train(encoder("bert"), &data, options).unwrap();
    assert_eq!(
        refused(&trained.classifier, &data, WalkthroughOptions::default()),
        "test data: expected the test file that the model was scored on, got none"
    );
    let test =
        WalkthroughOptions { test: Some(&fewer), test_name: "b.tsv".to_string(), ..Default::default() };
    assert_eq!(
        refused(&trained.classifier, &data, test),
        "b.tsv: expected the data of the training, with 60 training rows and 60 held-out rows, got 60 and 40"
    );
    let test = WalkthroughOptions { test: Some(&data), n_sentences: 3, ..Default::default() };
    assert_eq!(walk_through(&trained.classifier, &data, test).unwrap().split.train.len(), 60);
}

/// Oracles: `predict`, `explain` and `trace`, and the walk of the same sentence with the data.
#[test]
fn sentences_are_walked_without_data() {
    let data = dataset(3);
    let trained = train(encoder("bert"), &data, TrainOptions::default()).unwrap();
    let classifier = &trained.classifier;
    let texts = ["a film with <b>words</b>".to_string(), "short".to_string()];
    let walked = walk_sentences(classifier, &texts).unwrap();
    let options = WalkthroughOptions { sentences: texts.to_vec(), ..WalkthroughOptions::default() };
    let with_data = walk_through(classifier, &data, options).unwrap();
    let predictions = classifier.predict(&texts).unwrap();
    for (i, sentence) in walked.iter().enumerate() {
        assert_eq!((&sentence.text, sentence.choice, &sentence.labels), (&texts[i], Choice::Own, &None));
        assert_eq!(sentence.prediction, predictions[i]);
        let trace = classifier.encoder().trace(&texts[i]).unwrap();
        assert_eq!(
            (&sentence.trace.tokens, &sentence.trace.hidden_states),
            (&trace.tokens, &trace.hidden_states)
        );
        let same = &with_data.sentences[i];
        assert_eq!((&sentence.features, &sentence.explanation), (&same.features, &same.explanation));
        assert!(sentence.explanation.path.is_some(), "a tiny encoder has time for it");
    }
    for (text, n) in [(" ", "got 0"), (&"a ".repeat(401), "got 401")] {
        let error = walk_sentences(classifier, &[texts[0].clone(), text.to_string()]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        assert!(error.to_string().starts_with("sentence 2: ") && error.to_string().contains(n), "{error}");
    }
}
