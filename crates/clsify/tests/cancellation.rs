//! An observer that cancels long work ends it with an error of its own kind, soon, and in every stage.
#![allow(clippy::unwrap_used)]

mod support;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use clsify::classifier::{LogisticRegression, LogisticRegressionOptions, Samples};
use clsify::dataset::{Dataset, LabelSeparator};
use clsify::dataset::{DatasetOptions, Inspected};
use clsify::decision::Calibration;
use clsify::error::{Error, ErrorKind, Result};
use clsify::features::{CacheOptions, FeatureCache};
use clsify::matrix::Matrix;
use clsify::model::{Group, SentenceEncoder, SentenceEncoderOptions};
use clsify::observer::{Observer, Stage};
use clsify::studies::{DoctorOptions, LearningCurveOptions, diagnose, learning_curve};
use clsify::training::{GridSearchOptions, TrainOptions, train, train_tuned};
use clsify::tuning::TuneOptions;
use support::fixtures;

/// Cancels at the first report of a stage, and counts the reports of all stages since then.
struct Cancels {
    stage: Stage,
    n_reports: AtomicUsize,
}

impl Observer for Cancels {
    fn advance(&self, stage: Stage, _: usize) {
        if stage == self.stage || self.is_cancelled() {
            self.n_reports.fetch_add(1, Ordering::SeqCst);
        }
    }

    fn is_cancelled(&self) -> bool {
        self.n_reports.load(Ordering::SeqCst) > 0
    }
}

fn bert() -> PathBuf {
    fixtures().join("transformers/bert")
}

/// Runs work whose observer cancels it in this stage.
fn ends_in<T>(stage: Stage, run: impl FnOnce(SentenceEncoderOptions) -> Result<T>) {
    let observer = Arc::new(Cancels { stage, n_reports: AtomicUsize::new(0) });
    let options = SentenceEncoderOptions { observer: observer.clone(), ..SentenceEncoderOptions::default() };
    let error = run(options).err().unwrap_or_else(|| panic!("{stage:?}: the work has not ended"));
    assert_eq!(error.kind(), ErrorKind::Interrupted, "{stage:?}: {error}");
    // Threads that are in the middle of a chunk report it before they end.
    let n_reports = observer.n_reports.load(Ordering::SeqCst);
    assert!((1..=rayon::current_num_threads()).contains(&n_reports), "{stage:?}: {n_reports} reports");
}

fn sentences(n: usize) -> Vec<String> {
    (0..n).map(|i| format!("film {i} {}", ["a treat", "a bore"][i % 2])).collect()
}

fn dataset(n: usize) -> Dataset {
    Dataset::from_pairs(sentences(n).into_iter().enumerate().map(|(i, text)| (text, ["up", "down"][i % 2])))
        .unwrap()
}

#[test]
fn encoding() {
    ends_in(Stage::Tokenize, |options| SentenceEncoder::load_with(bert(), options)?.encode(&sentences(9000)));
    ends_in(Stage::Embed, |options| SentenceEncoder::load_with(bert(), options)?.encode(&sentences(500)));
    let work = tempfile::tempdir().unwrap();
    ends_in(Stage::Embed, |options| {
        let folder = work.path().to_path_buf();
        let cache = Some(FeatureCache::open(CacheOptions { folder, max_bytes: 1 << 20 }));
        SentenceEncoder::load_with(bert(), SentenceEncoderOptions { cache, ..options })?
            .encode(&sentences(500))
    });
    ends_in(Stage::Stream, |options| {
        let groups = Group::of(sentences(20_000).into_iter().map(Ok::<_, Error>));
        SentenceEncoder::load_with(bert(), options)?.encode_stream(groups, 0, |_, _| Ok::<(), Error>(()))
    });
}

#[test]
fn training() {
    let folds = TrainOptions { calibration: Calibration::Temperature, ..TrainOptions::default() };
    let searched = GridSearchOptions { c_values: vec![0.1, 1.0, 10.0], ..GridSearchOptions::default() };
    let searched = TrainOptions { grid_search: Some(searched), ..TrainOptions::default() };
    let pairs = sentences(60).into_iter().enumerate().map(|(i, text)| (text, ["a", "b", "a;b"][i % 3]));
    let sets = Dataset::from_label_cells(pairs, &";".parse::<LabelSeparator>().unwrap()).unwrap();
    for (stage, data, options) in [
        (Stage::GridSearch, dataset(60), searched.clone()),
        (Stage::GridSearch, sets.clone(), searched),
        (Stage::Fit, dataset(60), folds.clone()),
        (Stage::Fit, sets, folds),
    ] {
        ends_in(stage, |encoder| train(SentenceEncoder::load_with(bert(), encoder)?, &data, options));
    }
}

#[test]
fn tuning_leaves_nothing() {
    let work = tempfile::tempdir().unwrap();
    // First comes the frozen encoder.
    for stage in [Stage::Embed, Stage::Tune] {
        ends_in(stage, |options| {
            let tune = TuneOptions { epochs: Some(2), ..TuneOptions::default() };
            let output = work.path().join("model");
            train_tuned(bert(), options, &dataset(100), TrainOptions::default(), &tune, &output)
        });
    }
    assert_eq!(std::fs::read_dir(work.path()).unwrap().count(), 0);
}

#[test]
fn studies() {
    ends_in(Stage::Fit, |options| {
        let encoder = SentenceEncoder::load_with(bert(), options)?;
        learning_curve(&encoder, &dataset(200), &LearningCurveOptions::default())
    });
    let rows: Vec<String> =
        sentences(60).iter().enumerate().map(|(i, text)| format!("{text}\t{}\n", i % 2)).collect();
    let data = Inspected::read(rows.concat().as_bytes(), "rows.tsv", &DatasetOptions::default()).unwrap();
    ends_in(Stage::Embed, |options| {
        let encoder = SentenceEncoder::load_with(bert(), options)?;
        diagnose(Ok(&encoder), &data, None, &DoctorOptions::default())
    });
}

/// Without an observer, the function that receives the progress cancels.
#[test]
fn a_fit() {
    let features = Matrix::from_vec((0..40).map(|i| (i % 7) as f32).collect(), 20, 2).unwrap();
    let class_ids: Vec<usize> = (0..20).map(|i| i % 2).collect();
    let calls = AtomicUsize::new(0);
    let error = LogisticRegression::fit_with(
        &Samples::new(&features, &class_ids, 2),
        &LogisticRegressionOptions::default(),
        &|_| {
            calls.fetch_add(1, Ordering::SeqCst);
            Err(Error::new(ErrorKind::Interrupted, "enough"))
        },
    );
    assert_eq!((error.unwrap_err().to_string(), calls.into_inner()), ("enough".to_string(), 1));
}
