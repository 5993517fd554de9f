//! The models that the command line names.

use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use clsify::error::{Error, ErrorKind};
use clsify::model::{Features, LoadOptions, SentenceClassifier, SentenceEncoder, SentenceEncoderOptions};
use clsify_server::{Loaded, ModelSource};

use crate::console::Console;
use crate::loading::{encoder_options, load_options, locate_encoder, locate_model};
use crate::options::{DtypeArg, EncodingArgs};

/// The options of the models.
#[derive(clap::Args)]
pub(super) struct ModelArgs {
    /// The models: folders, or hub ids of models that `clsify push` has uploaded; NAME=MODEL chooses the name by which requests
    /// ask for it, otherwise that of the folder. Commas separate several in one argument
    #[arg(value_name = "[NAME=]MODEL", env = "CLSIFY_MODELS", required_unless_present = "encoder")]
    models: Vec<PathBuf>,

    /// Serve the vectors of this encoder, or use it for the models if theirs has moved: a folder, a name shown by
    /// `clsify list`, or a model hub id
    #[arg(long, env = "CLSIFY_ENCODER", help_heading = "Models")]
    encoder: Option<String>,

    /// Pool the hidden states of an encoder without a model in this way: auto (the default) does what its
    /// sentence-transformers folder asks for; cls, mean, max
    #[arg(long, env = "CLSIFY_POOLING", help_heading = "Models", conflicts_with = "models")]
    pooling: Option<Features>,

    /// Compute the encoder in this data type; the default is that of the training, and f32 without a model
    #[arg(long, env = "CLSIFY_DTYPE", value_enum, help_heading = "Models")]
    dtype: Option<DtypeArg>,
}

impl ModelArgs {
    /// The models to serve, or the encoder alone.
    pub(super) fn sources(&self, console: &Console) -> anyhow::Result<Vec<ModelSource>> {
        if self.models.is_empty() {
            return Ok(vec![encoder_source(self, console)?]);
        }
        let mut sources = Vec::new();
        for given in &self.models {
            for model in listed(given)? {
                sources.push(model_source(&model, self, console)?);
            }
        }
        Ok(sources)
    }
}

/// The models of `MODEL,MODEL`, as the environment variable lists them; a folder may have a comma in its name. Empty parts of
/// a list are skipped.
fn listed(given: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let text = given.to_str().filter(|_| !named(given).1.exists());
    let Some(text) = text else { return Ok(vec![given.to_path_buf()]) };
    let models: Vec<PathBuf> =
        text.split(',').map(str::trim).filter(|model| !model.is_empty()).map(PathBuf::from).collect();
    ensure!(
        !models.is_empty(),
        "[NAME=]MODEL, or CLSIFY_MODELS: expected the folder or the hub id of a model, got {text:?}"
    );
    Ok(models)
}

/// The name and the folder of `FOLDER` or `NAME=FOLDER`.
fn named(model: &Path) -> (String, PathBuf) {
    let text = model.to_string_lossy();
    if let Some((name, folder)) = text.split_once('=').filter(|_| !model.exists()) {
        return (name.to_string(), folder.into());
    }
    (name_of(model), model.to_path_buf())
}

/// The last part of a path: requests and answers never hold where it lies. A folder such as `.` has a name too.
fn name_of(folder: &Path) -> String {
    let resolved = folder.canonicalize().unwrap_or_else(|_| folder.to_path_buf());
    resolved.file_name().map_or_else(|| folder.to_string_lossy().into(), |name| name.to_string_lossy().into())
}

fn model_source(model: &Path, args: &ModelArgs, console: &Console) -> anyhow::Result<ModelSource> {
    let (name, given) = named(model);
    ensure!(!name.is_empty(), "{}: expected a name before =, got none", model.display());
    ensure!(
        !name.contains('/'),
        "{}: expected a name without /, got {name:?}: it is a part of the paths /models/NAME/",
        model.display()
    );
    ensure!(
        !given.as_os_str().is_empty(),
        "{}: expected the folder or the hub id of a model after =, got none",
        model.display()
    );
    let folder = locate_model(&given, console)?;
    let (from, encoder, dtype, console) = (folder.clone(), args.encoder.clone(), args.dtype, console.clone());
    // A reload reads everything again: the new version may have another encoder.
    let load = move || {
        let options = load_options(&from, encoder.as_deref(), dtype, &console).map_err(of_library)?;
        let options = LoadOptions { lazy: true, neighbours: true, ..options };
        Ok(Loaded::Classifier(SentenceClassifier::load_with(&from, options)?))
    };
    Ok(ModelSource { name, folder, load: Box::new(load) })
}

fn encoder_source(args: &ModelArgs, console: &Console) -> anyhow::Result<ModelSource> {
    let encoder = args.encoder.as_deref().context("expected a model or --encoder")?;
    let located = locate_encoder(encoder, console)?;
    // The name of the hub if it came from there, otherwise that of its folder.
    let is_folder = Path::new(encoder).is_dir();
    let name = if is_folder { name_of(Path::new(encoder)) } else { located.name.clone() };
    let folder = located.folder.clone();
    let encoding =
        EncodingArgs { max_length: None, prompt: None, dtype: args.dtype.unwrap_or(DtypeArg::F32) };
    let auto = Features::SentenceTransformer { layers: clsify::features::Layers::default() };
    let features = args.pooling.clone().unwrap_or(auto);
    let console = console.clone();
    let load = move || {
        let options = encoder_options(&located, &encoding, None, &console).map_err(of_library)?;
        let options = SentenceEncoderOptions { features: features.clone(), lazy: true, ..options };
        Ok(Loaded::Encoder(SentenceEncoder::load_with(&located.folder, options)?))
    };
    Ok(ModelSource { name, folder, load: Box::new(load) })
}

/// An error as one of the library, with its hint if it has one.
fn of_library(error: anyhow::Error) -> Error {
    match error.downcast::<Error>() {
        Ok(error) => error,
        Err(error) => Error::new(ErrorKind::InvalidArgument, crate::console::text(&error)),
    }
}
