//! The feature cache: what it returns, what it refuses, and that it stays within its limits.
//!
//! Oracle: the same sentences through the same encoder without a cache, bit for bit.
#![allow(clippy::unwrap_used)]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use clsify::error::ErrorKind;
use clsify::features::{CacheOptions, FeatureCache, FeatureOptions, Pooling};
use clsify::model::{Encoded, SentenceEncoder, SentenceEncoderOptions};
use clsify::observer::{Observer, Stage};
use support::{fixtures, pairs};

const NO_LIMIT: u64 = u64::MAX;

/// The stages and notes that an observer received.
#[derive(Default)]
struct Heard {
    stages: Mutex<Vec<(Stage, usize)>>,
    notes: Mutex<Vec<String>>,
}

impl Observer for Heard {
    fn start(&self, stage: Stage, total: usize) {
        self.stages.lock().unwrap().push((stage, total));
    }

    fn note(&self, text: &str) {
        self.notes.lock().unwrap().push(text.to_string());
    }
}

impl Heard {
    /// The number of tokens that were encoded, if any.
    fn embedded(&self) -> Option<usize> {
        self.stages.lock().unwrap().iter().find(|(stage, _)| *stage == Stage::Embed).map(|(_, n)| *n)
    }
}

fn cache(folder: &Path, max_bytes: u64) -> FeatureCache {
    FeatureCache::open(CacheOptions { folder: folder.to_path_buf(), max_bytes })
}

fn load(encoder: &Path, options: SentenceEncoderOptions) -> SentenceEncoder {
    SentenceEncoder::load_with(encoder, options).unwrap()
}

fn tiny(case: &str) -> PathBuf {
    fixtures().join("transformers").join(case)
}

/// One run of a fresh process: the tiny `bert`, as `[CLS]` features.
fn run(sentences: &[String], cache: Option<FeatureCache>) -> (Encoded, Arc<Heard>) {
    let heard = Arc::new(Heard::default());
    let encoder = load(&tiny("bert"), SentenceEncoderOptions { cache, ..Default::default() });
    (encoder.with_observer(heard.clone()).encode(sentences).unwrap(), heard)
}

fn sentences(range: std::ops::Range<usize>) -> Vec<String> {
    pairs(3)[range].iter().map(|(text, _)| text.clone()).collect()
}

fn bits(encoded: &Encoded) -> Vec<u32> {
    encoded.features.as_slice().iter().map(|x| x.to_bits()).collect()
}

/// The files of the cache with their lengths, including temporary ones.
fn files(folder: &Path) -> Vec<(PathBuf, u64)> {
    let mut files = Vec::new();
    for identity in fs::read_dir(folder).into_iter().flatten() {
        for file in fs::read_dir(identity.unwrap().path()).unwrap() {
            let file = file.unwrap();
            files.push((file.path(), file.metadata().unwrap().len()));
        }
    }
    files.sort();
    files
}

#[test]
fn a_second_run_touches_no_encoder_and_gives_the_same_bits() {
    let folder = tempfile::tempdir().unwrap();
    let texts = sentences(0..40);
    let (plain, _) = run(&texts, None);
    let (first, heard) = run(&texts, Some(cache(folder.path(), NO_LIMIT)));
    assert_eq!((first.n_cached, heard.embedded()), (0, Some(plain.counts.n_tokens)));
    let (second, heard) = run(&texts, Some(cache(folder.path(), NO_LIMIT)));
    assert_eq!(*heard.stages.lock().unwrap(), [(Stage::Tokenize, 40)], "no weights were loaded");
    assert_eq!(
        *heard.notes.lock().unwrap(),
        ["the features of 40 of 40 sentences are known from an earlier run"]
    );
    assert_eq!(second.n_cached, 40);
    for encoded in [&first, &second] {
        assert_eq!(bits(encoded), bits(&plain));
        assert_eq!((&encoded.encodings, encoded.counts), (&plain.encodings, plain.counts));
    }
    assert_eq!(files(folder.path()).len(), 1);
}

#[test]
fn only_new_sentences_are_computed_and_repeats_once() {
    let folder = tempfile::tempdir().unwrap();
    run(&sentences(0..20), Some(cache(folder.path(), NO_LIMIT)));
    let new = sentences(20..30);
    let mut texts = [sentences(10..20), new.clone(), new.clone(), sentences(0..5)].concat();
    texts.reverse();
    let (encoded, heard) = run(&texts, Some(cache(folder.path(), NO_LIMIT)));
    assert_eq!((encoded.n_cached, heard.embedded()), (15, Some(run(&new, None).0.counts.n_tokens)));
    assert_eq!(bits(&encoded), bits(&run(&texts, None).0));
    assert_eq!(files(folder.path()).len(), 2);
}

#[test]
fn poolings_lengths_and_encoders_do_not_mix() {
    let folder = tempfile::tempdir().unwrap();
    let texts = sentences(0..12);
    let normalized = FeatureOptions { normalize: true, ..Pooling::Cls.into() };
    let both = FeatureOptions::from(vec![Pooling::Cls, Pooling::Mean]);
    let variants = [
        ("bert", Pooling::Cls.into(), None),
        ("bert", Pooling::Mean.into(), None),
        ("bert", Pooling::Max.into(), None),
        ("bert", normalized, None),
        ("bert", both, None),
        ("bert", Pooling::Cls.into(), Some(4)),
        ("bert_gelu_new", Pooling::Cls.into(), None),
        ("bert_bf16", Pooling::Cls.into(), None),
        ("distilbert", Pooling::Cls.into(), None),
    ];
    for second_run in [false, true] {
        for (case, features, max_length) in &variants {
            let options = SentenceEncoderOptions {
                features: features.clone().into(),
                max_length: *max_length,
                ..Default::default()
            };
            let plain = load(&tiny(case), options.clone()).encode(&texts).unwrap();
            let options = SentenceEncoderOptions { cache: Some(cache(folder.path(), NO_LIMIT)), ..options };
            let encoded = load(&tiny(case), options).encode(&texts).unwrap();
            assert_eq!(encoded.n_cached, if second_run { 12 } else { 0 }, "{case} {features} {max_length:?}");
            assert_eq!((bits(&encoded), encoded.counts), (bits(&plain), plain.counts), "{case} {features}");
        }
    }
}

#[test]
fn changed_weights_are_another_encoder() {
    let folder = tempfile::tempdir().unwrap();
    let (copy, rows) = (folder.path().join("encoder"), folder.path().join("rows"));
    fs::create_dir(&copy).unwrap();
    for name in ["config.json", "tokenizer.json", "model.safetensors"] {
        fs::copy(tiny("bert").join(name), copy.join(name)).unwrap();
    }
    let texts = sentences(0..5);
    let options = SentenceEncoderOptions { cache: Some(cache(&rows, NO_LIMIT)), ..Default::default() };
    let before = load(&copy, options.clone());
    before.encode(&texts).unwrap();
    let loaded_late = load(&copy, options.clone());
    assert_eq!(loaded_late.encode(&texts).unwrap().n_cached, 5);

    let mut weights = fs::read(copy.join("model.safetensors")).unwrap();
    let header = u64::from_le_bytes(weights[..8].try_into().unwrap()) as usize;
    // Flips the lowest bit of every number, so that all stay finite.
    weights[8 + header..].iter_mut().step_by(4).for_each(|byte| *byte ^= 1);
    fs::write(copy.join("model.safetensors"), &weights).unwrap();
    let encoded = load(&copy, options).encode(&texts).unwrap();
    assert_eq!(encoded.n_cached, 0);
    assert_ne!(bits(&encoded), bits(&before.encode(&texts).unwrap()));
    // One that gave rows of the old weights does not go on with the new ones.
    let error = loaded_late.encode(&sentences(5..9)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Checkpoint);
    assert!(
        error.to_string().ends_with("model.safetensors: the file has changed while it was in use"),
        "{error}"
    );
}

#[test]
fn a_damaged_file_is_removed_and_never_believed() {
    let texts = sentences(0..10);
    let plain = bits(&run(&texts, None).0);
    let whole = {
        let folder = tempfile::tempdir().unwrap();
        run(&texts, Some(cache(folder.path(), NO_LIMIT)));
        fs::read(&files(folder.path())[0].0).unwrap()
    };
    let flipped = |i: usize| {
        let mut bytes = whole.clone();
        bytes[i] ^= 0x10;
        bytes
    };
    let mut huge = whole.clone();
    huge[16..24].fill(0xff);
    let mut damaged =
        vec![Vec::new(), huge, [&whole[..], b"x"].concat(), vec![0; whole.len()], b"rows".to_vec()];
    damaged.extend([1, 24, 56, 60, whole.len() / 2, whole.len() - 1].map(|n| whole[..n].to_vec()));
    // Magic, width, number of rows, hash, key, hash of a vector, vectors.
    damaged.extend([0, 9, 13, 17, 30, 60, 75, 56 + 320 + 3, whole.len() - 1].map(flipped));
    for (i, bytes) in damaged.into_iter().enumerate() {
        let folder = tempfile::tempdir().unwrap();
        run(&texts, Some(cache(folder.path(), NO_LIMIT)));
        let path = files(folder.path())[0].0.clone();
        fs::write(&path, &bytes).unwrap();
        let (encoded, heard) = run(&texts, Some(cache(folder.path(), NO_LIMIT)));
        assert_eq!(bits(&encoded), plain, "damage {i}");
        assert!(heard.embedded().is_some() && encoded.n_cached < 10, "damage {i}");
        for (path, _) in files(folder.path()) {
            assert_ne!(fs::read(path).unwrap(), bytes, "damage {i} is still there");
        }
        let (encoded, heard) = run(&texts, Some(cache(folder.path(), NO_LIMIT)));
        assert_eq!((bits(&encoded), heard.embedded().is_some()), (plain.clone(), encoded.n_cached < 10));
    }
}

#[test]
fn many_writers_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let plain = bits(&run(&sentences(0..60), None).0);
    std::thread::scope(|scope| {
        for i in 0..8 {
            let (folder, plain) = (folder.path(), &plain);
            scope.spawn(move || {
                // Some threads read and write the same sentences, some overlapping ones, and some remove what others
                // have written.
                let limit = if i % 4 == 3 { 4000 } else { NO_LIMIT };
                for start in [0, 5 * (i % 3), 0] {
                    let (encoded, heard) = run(&sentences(start..60), Some(cache(folder, limit)));
                    assert_eq!(bits(&encoded), plain[start * encoded.features.cols()..]);
                    assert!(heard.notes.lock().unwrap().iter().all(|note| note.contains("earlier run")));
                }
            });
        }
    });
    assert!(files(folder.path()).iter().all(|(path, _)| path.extension().unwrap() == "rows"));
    assert_eq!(bits(&run(&sentences(0..60), Some(cache(folder.path(), NO_LIMIT))).0), plain);
}

#[test]
fn the_bound_holds_and_the_least_recently_used_go_first() {
    let folder = tempfile::tempdir().unwrap();
    let total = || files(folder.path()).iter().map(|(_, bytes)| bytes).sum::<u64>();
    let (first, _) = run(&sentences(0..10), Some(cache(folder.path(), NO_LIMIT)));
    let one = total();
    assert_eq!(one, 56 + 10 * (32 + 4 * first.features.cols() as u64));
    run(&sentences(10..20), Some(cache(folder.path(), 2 * one)));
    assert_eq!(total(), 2 * one);
    // Both files are old; the first is used again, so that the second is removed.
    let old = SystemTime::now() - Duration::from_secs(1000);
    for (path, _) in files(folder.path()) {
        fs::File::open(path).unwrap().set_modified(old).unwrap();
    }
    assert_eq!(run(&sentences(0..10), Some(cache(folder.path(), 2 * one))).0.n_cached, 10);
    run(&sentences(20..30), Some(cache(folder.path(), 2 * one)));
    assert_eq!(total(), 2 * one);
    assert_eq!(run(&sentences(0..10), Some(cache(folder.path(), 2 * one))).0.n_cached, 10);
    assert_eq!(run(&sentences(20..30), Some(cache(folder.path(), 2 * one))).0.n_cached, 10);
    // If there are more rows than fit, as many as fit are cached. A lower limit applies at once, whatever is in the
    // folder.
    assert_eq!(run(&sentences(0..60), Some(cache(folder.path(), one))).0.n_cached, 20);
    assert_eq!(total(), one);
    for limit in [one - 1, 57, 56, 1, 0] {
        let (encoded, _) = run(&sentences(0..10), Some(cache(folder.path(), limit)));
        assert_eq!(bits(&encoded), bits(&first));
        assert!(total() <= limit, "{} of {limit}", total());
    }
}

#[test]
fn nothing_but_its_own_is_removed() {
    let folder = tempfile::tempdir().unwrap();
    let name = "ab".repeat(32);
    let identity = folder.path().join(&name);
    fs::create_dir_all(folder.path().join("mine")).unwrap();
    fs::create_dir(&identity).unwrap();
    // A lock of the operating system shows whether the process that writes a temporary file still runs.
    let abandoned = identity.join(format!(".{name}.rows.aaaaaaaaaaaa.tmp"));
    let in_use = identity.join(format!(".{name}.rows.bbbbbbbbbbbb.tmp"));
    let others =
        ["thesis.txt", "mine/thesis.rows", &format!("mine/{name}.rows"), &format!("{name}/thesis.rows")]
            .map(|name| folder.path().join(name));
    for path in others.iter().chain([&abandoned, &in_use]) {
        fs::write(path, "x").unwrap();
    }
    let lock = fs::File::open(&in_use).unwrap();
    lock.lock().unwrap();
    run(&sentences(0..3), Some(cache(folder.path(), 0)));
    assert!(others.iter().all(|path| path.exists()) && in_use.exists() && !abandoned.exists());
}

#[test]
fn a_folder_that_cannot_be_written_is_one_note() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    for place in [file.clone(), file.join("below"), "/proc/clsify-none".into()] {
        let heard = Arc::new(Heard::default());
        let cache = Some(cache(&place, NO_LIMIT));
        let options = SentenceEncoderOptions { cache, observer: heard.clone(), ..Default::default() };
        let encoder = load(&tiny("bert"), options);
        for range in [0..5, 5..9] {
            let texts = sentences(range);
            assert_eq!(bits(&encoder.encode(&texts).unwrap()), bits(&run(&texts, None).0));
        }
        let notes = heard.notes.lock().unwrap();
        assert!(
            notes.len() == 1 && notes[0].starts_with("features are not kept for a later run: "),
            "{notes:?}"
        );
    }
}

/// Opening a pipe would block until its other end is opened.
#[test]
#[cfg(unix)]
fn a_pipe_in_place_of_a_file_holds_no_rows() {
    let folder = tempfile::tempdir().unwrap();
    let run = || run(&sentences(0..3), Some(cache(folder.path(), u64::MAX)));
    let (first, computed) = run();
    let (path, _) = files(folder.path()).remove(0);
    fs::remove_file(&path).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
    let (second, heard) = run();
    assert_eq!((bits(&second), heard.embedded()), (bits(&first), computed.embedded()));
}
