//! What options name, brought here: data files, encoders and saved classifiers; `records.rs` brings sentences.

use std::path::{Path, PathBuf};

use anyhow::ensure;
use clsify::dataset::{Dataset, DatasetOptions, LabelSeparator, MultiLabelDataset};
use clsify::features::{FeatureCache, FeatureOptions};
use clsify::pipeline::{
    LoadOptions, MultiLabelClassifier, SavedModel, SavedMultiLabelModel, SentenceClassifier, SentenceEncoder,
    SentenceEncoderOptions,
};
use clsify_hub::{Hub, Located, Origin};

use crate::console::Console;
use crate::options::{DtypeArg, EncodingArgs, FeatureArgs};

/// Labelled sentences of a file; `-` is stdin.
pub(crate) fn load_dataset(path: &Path, options: &DatasetOptions) -> anyhow::Result<Dataset> {
    if path == Path::new("-") {
        return Ok(Dataset::read(std::io::stdin().lock(), "stdin", options)?);
    }
    Ok(Dataset::load(path, options)?)
}

/// Sentences of a file with a set of labels each; `-` is stdin.
pub(crate) fn load_multi_label_dataset(
    path: &Path,
    separator: &LabelSeparator,
    options: &DatasetOptions,
) -> anyhow::Result<MultiLabelDataset> {
    if path == Path::new("-") {
        return Ok(MultiLabelDataset::read(std::io::stdin().lock(), "stdin", separator, options)?);
    }
    Ok(MultiLabelDataset::load(path, separator, options)?)
}

/// Where no sentence of a file has several labels, which may be meant.
pub(crate) fn note_separator(name: &str, separator: &LabelSeparator, console: &Console) {
    let separator = separator.to_string();
    console.say(&format!(
        "note: no sentence of {name} has several labels: is {separator:?} what stands between them?"
    ));
}

/// The folder of an encoder, fetched if need be: a folder, a name known to `list`, or a hub id.
pub(crate) fn locate_encoder(encoder: &str, console: &Console) -> anyhow::Result<Located> {
    let located = Hub::from_env().pull(encoder, console)?;
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

/// Where the sha256 of encoders' files is remembered.
fn hash_folder() -> PathBuf {
    Hub::from_env().cache_folder().join("hashes")
}

/// An encoder with its tokenizer.
pub(crate) fn load_encoder(
    located: &Located,
    features: &FeatureArgs,
    cache: Option<FeatureCache>,
    console: &Console,
) -> anyhow::Result<SentenceEncoder> {
    let pooled = features.pooled.of_folder(&located.folder)?;
    let encoder = load_encoder_with(located, &features.encoding, pooled, cache, console)?;
    if features.pooled.is_auto() {
        console.say(&format!("pooling of this encoder: {}", encoder.features()));
    }
    Ok(encoder)
}

/// Like [`load_encoder`], with other features than the command line's.
pub(crate) fn load_encoder_with(
    located: &Located,
    args: &EncodingArgs,
    features: FeatureOptions,
    cache: Option<FeatureCache>,
    console: &Console,
) -> anyhow::Result<SentenceEncoder> {
    let options = SentenceEncoderOptions {
        features: Some(features),
        max_length: args.max_length,
        name: (located.origin != Origin::Folder).then(|| located.name.clone()),
        dtype: args.dtype.into(),
        cache,
        hash_folder: Some(hash_folder()),
    };
    Ok(SentenceEncoder::load(&located.folder, options, console)?)
}

/// A saved classifier, with its encoder from where it was, from a cache, or from `--encoder`.
pub(crate) fn load_classifier(
    model: &Path,
    encoder: Option<&str>,
    dtype: Option<DtypeArg>,
    cache: Option<FeatureCache>,
    console: &Console,
) -> anyhow::Result<SentenceClassifier> {
    let saved = SavedModel::read(model)?;
    let folder = encoder_folder(saved.encoder_folder(model), &saved.encoder.name, encoder, console)?;
    let options = LoadOptions { dtype: dtype.map(Into::into), cache, hash_folder: Some(hash_folder()) };
    Ok(SentenceClassifier::load_with(model, &folder, options, console)?)
}

/// Like [`load_classifier`], for a model of several labels a sentence.
pub(crate) fn load_multi_label_classifier(
    model: &Path,
    encoder: Option<&str>,
    dtype: Option<DtypeArg>,
    cache: Option<FeatureCache>,
    console: &Console,
) -> anyhow::Result<MultiLabelClassifier> {
    let saved = SavedMultiLabelModel::read(model)?;
    let folder = encoder_folder(saved.encoder_folder(model), &saved.encoder.name, encoder, console)?;
    let options = LoadOptions { dtype: dtype.map(Into::into), cache, hash_folder: Some(hash_folder()) };
    Ok(MultiLabelClassifier::load_with(model, &folder, options, console)?)
}

/// Where a saved classifier's encoder is: where `--encoder` says, where it was, or in a cache.
fn encoder_folder(
    recorded: PathBuf,
    name: &str,
    encoder: Option<&str>,
    console: &Console,
) -> anyhow::Result<PathBuf> {
    Ok(match encoder {
        Some(encoder) => locate_encoder(encoder, console)?.folder,
        None if recorded.is_dir() => recorded,
        None => {
            let found = Hub::from_env().locate(name).ok().flatten();
            found.filter(|found| found.origin != Origin::Folder).map_or(recorded, |found| found.folder)
        }
    })
}
