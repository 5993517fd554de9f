//! Fine-tuning as a whole, on the tiny encoders: the model, its folder, interruption. Gradients and losses are compared
//! with PyTorch's in `src/tuning/tests.rs`.
#![allow(clippy::unwrap_used)]

mod support;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use clsify::classifier::{ClassWeight, LogisticRegressionOptions};
use clsify::dataset::{Dataset, LabelSeparator};
use clsify::decision::Calibration;
use clsify::encoder::Dtype;
use clsify::error::ErrorKind;
use clsify::features::Pooling;
use clsify::model::{
    Features, LoadOptions, SaveOptions, SentenceClassifier, SentenceEncoder, SentenceEncoderOptions,
};
use clsify::observer::{Observer, Stage};
use clsify::split::{SplitOptions, TestSize};
use clsify::training::{TestRows, TrainOptions, Trained, train_tuned};
use clsify::tuning::{TuneOptions, TuningReport};
use support::{copy_folder, fixtures};

const WORDS: [&str; 6] = ["film", "story", "actor", "scene", "music", "plot"];

/// Sentences with a word that tells the class and two that do not matter. There are few different ones, so that tiny encoders
/// with random weights learn them all.
fn pairs(n: usize) -> Vec<(String, String)> {
    let mut state = 7usize;
    let mut random = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let mut sentence = |i: usize| {
        let mut words: Vec<&str> = (0..2).map(|_| WORDS[random(3)]).collect();
        words.insert(random(3), ["good", "bad"][i % 2]);
        (words.join(" "), ["up", "down"][i % 2].to_string())
    };
    (0..n).map(&mut sentence).collect()
}

fn encoder(case: &str) -> PathBuf {
    fixtures().join("transformers").join(case)
}

fn quick() -> TuneOptions {
    TuneOptions {
        epochs: Some(8),
        learning_rate: Some(1e-3),
        dropout: false,
        dtype: Dtype::F32,
        ..TuneOptions::default()
    }
}

fn test_rows(n: usize) -> TrainOptions {
    let test = TestRows::Split(SplitOptions { test_size: TestSize::Count(n), ..SplitOptions::default() });
    TrainOptions { test, ..TrainOptions::default() }
}

fn tune(case: &str, dataset: &Dataset, options: TrainOptions, tune: &TuneOptions, output: &Path) -> Trained {
    let encoder_options = SentenceEncoderOptions::default();
    train_tuned(encoder(case), encoder_options, dataset, options, tune, output).unwrap()
}

fn report(trained: &Trained) -> &TuningReport {
    trained.report.tuning.as_ref().unwrap()
}

fn save(trained: &Trained, output: &Path) {
    trained.classifier.save_with(output, SaveOptions { bundle_encoder: true }).unwrap();
}

fn bytes(model: &Path) -> [Vec<u8>; 2] {
    ["classifier.safetensors", "encoder/model.safetensors"]
        .map(|file| std::fs::read(model.join(file)).unwrap())
}

#[test]
fn a_tuned_model_learns_and_is_complete() {
    let (work, dataset) = (tempfile::tempdir().unwrap(), Dataset::from_pairs(pairs(600)).unwrap());
    for case in ["bert", "mpnet"] {
        let output = work.path().join(case);
        let trained = tune(case, &dataset, test_rows(100), &quick(), &output);
        let tuning = report(&trained);
        assert!(tuning.is_kept && tuning.n_splits == 1 && tuning.n_held_out == 50 && tuning.n_rows == 450);
        assert_eq!(tuning.epochs_done.len(), 8);
        assert!(tuning.epochs_done[7].loss < tuning.epochs_done[0].loss / 2.0, "{case}: {tuning:?}");
        assert!(trained.report.test_accuracy() > 0.95, "{case}: {}", trained.report.test_accuracy());
        save(&trained, &output);
        let expected = trained.classifier.predict(&["film good story"]).unwrap();
        // Nothing but the folder is needed.
        drop(trained);
        let moved = work.path().join(format!("{case}-moved"));
        std::fs::rename(&output, &moved).unwrap();
        let loaded = SentenceClassifier::load(&moved).unwrap();
        assert_eq!(loaded.predict(&["film good story"]).unwrap(), expected);
        let left: Vec<_> = std::fs::read_dir(work.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert!(left.iter().all(|name| name.to_string_lossy().ends_with("-moved")), "{left:?}");
    }
}

/// The folder of a tuned encoder asks for the features that the classifier was fitted on.
#[test]
fn the_folder_is_an_encoder_like_any_other() {
    let (work, dataset) = (tempfile::tempdir().unwrap(), Dataset::from_pairs(pairs(400)).unwrap());
    for (case, save_dtype) in
        [("electra", Dtype::F32), ("distilbert", Dtype::Bf16), ("bert_prefixed", Dtype::F32)]
    {
        let output = work.path().join(case);
        let options = TuneOptions { save_dtype, ..quick() };
        let trained = tune(case, &dataset, test_rows(40), &options, &output);
        assert!(report(&trained).is_kept, "{case}: {:?}", report(&trained));
        save(&trained, &output);
        let features = Features::SentenceTransformer { layers: Default::default() };
        let options = SentenceEncoderOptions { features, ..SentenceEncoderOptions::default() };
        let by_folder = SentenceEncoder::load_with(output.join("encoder"), options).unwrap();
        assert_eq!(by_folder.features().to_string(), Pooling::Mean.to_string(), "{case}");
        let model = SentenceClassifier::load_with(&output, LoadOptions::default()).unwrap();
        let texts = ["good film", "bad"];
        let [a, b] = [&by_folder, model.encoder()].map(|encoder| encoder.encode(&texts).unwrap().features);
        assert_eq!(a, b, "{case}");
    }
}

#[test]
fn few_rows_are_compared_in_folds_and_all_learned_from() {
    let (work, dataset) = (tempfile::tempdir().unwrap(), Dataset::from_pairs(pairs(120)).unwrap());
    let options = TrainOptions { calibration: Calibration::Temperature, ..test_rows(40) };
    let trained = tune("bert", &dataset, options, &quick(), &work.path().join("model"));
    let tuning = report(&trained);
    assert_eq!((tuning.n_splits, tuning.n_held_out), (4, 80));
    if tuning.is_kept {
        assert_eq!(tuning.n_rows, 80);
    }
    assert!(trained.report.class_scores().unwrap().calibration.is_some());
}

#[test]
fn label_sets_and_weights_are_tuned() {
    let work = tempfile::tempdir().unwrap();
    let cell = |label: &str, i: usize| match i % 3 {
        0 => format!("{label};often"),
        1 => label.to_string(),
        _ => String::new(),
    };
    let rows = pairs(600)
        .into_iter()
        .enumerate()
        .map(|(i, (text, label))| (format!("{text} {}", WORDS[i % 3]), cell(&label, i)));
    let dataset = Dataset::from_label_cells(rows, &";".parse::<LabelSeparator>().unwrap()).unwrap();
    let classifier = LogisticRegressionOptions { class_weight: ClassWeight::Balanced, ..Default::default() };
    let options = TrainOptions { classifier, calibration: Calibration::Platt, ..test_rows(100) };
    let trained = tune("bert", &dataset, options, &quick(), &work.path().join("model"));
    let f1 = trained.report.label_set_scores().unwrap().test.micro_average.f1;
    assert!(report(&trained).is_kept && f1 > 0.8, "{f1}");
}

/// Copies the state after an epoch, as a kill would leave it.
struct Snapshot {
    state: PathBuf,
    copy: PathBuf,
    epoch: &'static str,
}

impl Observer for Snapshot {
    fn note(&self, text: &str) {
        if text.starts_with(self.epoch) {
            copy_folder(&self.state, &self.copy);
        }
    }
}

#[test]
fn a_resumed_run_has_the_bits_of_one_that_was_not_interrupted() {
    let (work, dataset) = (tempfile::tempdir().unwrap(), Dataset::from_pairs(pairs(500)).unwrap());
    let [whole, resumed] = ["whole", "resumed"].map(|name| work.path().join(name));
    let [state, copy] = [&whole, &resumed].map(|path| PathBuf::from(format!("{}.tuning", path.display())));
    let options = TuneOptions { checkpoint_every: Duration::ZERO, ..quick() };
    let observer = Snapshot { state: state.clone(), copy: copy.clone(), epoch: "epoch 3 of 8" };
    let encoder_options =
        SentenceEncoderOptions { observer: Arc::new(observer), ..SentenceEncoderOptions::default() };
    let trained =
        train_tuned(encoder("mpnet"), encoder_options, &dataset, test_rows(50), &options, &whole).unwrap();
    assert!(state.join("state.json").exists(), "a run that fails before the model is saved can go on");
    save(&trained, &whole);
    assert!(copy.join("state.json").exists() && !state.exists(), "the saved model supersedes the state");

    let wrong = TuneOptions { resume: true, seed: 1, ..options };
    let run = |options| {
        let encoder_options = SentenceEncoderOptions::default();
        train_tuned(encoder("mpnet"), encoder_options, &dataset, test_rows(50), options, &resumed)
    };
    let error = run(&wrong).unwrap_err();
    assert!(error.to_string().contains("expected the state of this run"), "{error}");
    let again = run(&TuneOptions { resume: true, ..options }).unwrap();
    save(&again, &resumed);
    assert_eq!(report(&again).epochs_done[..2], report(&trained).epochs_done[..2]);
    assert!(bytes(&whole) == bytes(&resumed));
}

/// Asks to stop when an amount of work is done.
struct StopAfter(AtomicUsize);

impl Observer for StopAfter {
    fn advance(&self, stage: Stage, _: usize) {
        if stage == Stage::Tune {
            let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
        }
    }

    fn should_stop(&self) -> bool {
        self.0.load(Ordering::Relaxed) == 0
    }
}

#[test]
fn a_stopped_run_keeps_the_best_encoder_so_far() {
    let (work, dataset) = (tempfile::tempdir().unwrap(), Dataset::from_pairs(pairs(600)).unwrap());
    let output = work.path().join("model");
    // An epoch has 15 steps.
    let observer: Arc<dyn Observer> = Arc::new(StopAfter(AtomicUsize::new(20)));
    let encoder_options = SentenceEncoderOptions { observer, ..SentenceEncoderOptions::default() };
    let trained =
        train_tuned(encoder("bert"), encoder_options, &dataset, test_rows(100), &quick(), &output).unwrap();
    assert_eq!(report(&trained).epochs_done.len(), 2);
    save(&trained, &output);
    SentenceClassifier::load(&output).unwrap();
}

#[test]
fn divergence_is_tried_again_once_and_said() {
    #[derive(Default)]
    struct Notes(std::sync::Mutex<Vec<String>>);
    impl Observer for Notes {
        fn note(&self, text: &str) {
            self.0.lock().unwrap().push(text.to_string());
        }
    }
    let (work, dataset) = (tempfile::tempdir().unwrap(), Dataset::from_pairs(pairs(400)).unwrap());
    let notes = Arc::new(Notes::default());
    let encoder_options =
        SentenceEncoderOptions { observer: notes.clone(), ..SentenceEncoderOptions::default() };
    // Each step multiplies the matrices by -9, or by -4 with half the learning rate.
    let options = TuneOptions { learning_rate: Some(1.0), weight_decay: 10.0, ..quick() };
    let output = work.path().join("model");
    let error: clsify::error::Result<Trained> =
        train_tuned(encoder("bert"), encoder_options, &dataset, test_rows(40), &options, &output);
    let error = error.err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Diverged, "{error}");
    let notes = notes.0.lock().unwrap();
    assert!(notes.iter().any(|note| note.contains("starts again with a learning rate of 5e-1")), "{notes:?}");
}

#[test]
fn options_out_of_range_are_refused() {
    let (work, dataset) = (tempfile::tempdir().unwrap(), Dataset::from_pairs(pairs(400)).unwrap());
    let wrong = [
        (TuneOptions { epochs: Some(0), ..quick() }, "epochs"),
        (TuneOptions { learning_rate: Some(f32::NAN), ..quick() }, "learning rate"),
        (TuneOptions { batch_size: 0, ..quick() }, "batch size"),
        (TuneOptions { weight_decay: -1.0, ..quick() }, "weight decay"),
        (TuneOptions { warmup: 1.5, ..quick() }, "warm-up"),
        (TuneOptions { dtype: Dtype::Int8, ..quick() }, "data type"),
    ];
    for (options, what) in wrong {
        let encoder_options = SentenceEncoderOptions::default();
        let error = train_tuned(
            encoder("bert"),
            encoder_options,
            &dataset,
            test_rows(40),
            &options,
            work.path().join("m"),
        );
        let error = error.unwrap_err();
        assert!(error.to_string().starts_with(what), "{error}");
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    }
}
