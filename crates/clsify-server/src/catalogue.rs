//! The models of a server: where they come from, and what is loaded.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use clsify::error::{Error, ErrorKind, Result};
use clsify::model::{SentenceClassifier, SentenceEncoder};

use crate::engine::Engine;

/// A model in memory.
#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "there are few, and each is behind an Arc")]
pub enum Loaded {
    /// A classifier, whose encoder also serves vectors.
    Classifier(SentenceClassifier),
    /// An encoder alone.
    Encoder(SentenceEncoder),
}

/// Loads a model; it is called again for every reload. Encoders should be loaded
/// [lazily](clsify::model::LoadOptions::lazy), because the server shares weights before it asks for them.
pub type Loader = Box<dyn Fn() -> Result<Loaded> + Send + Sync>;

/// A model to serve.
pub struct ModelSource {
    /// The name by which requests choose the model.
    pub name: String,
    /// The folder whose changes a reload looks for.
    pub folder: PathBuf,
    /// Loads the model from its folder.
    pub load: Loader,
}

impl std::fmt::Debug for ModelSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ModelSource").field("name", &self.name).field("folder", &self.folder).finish()
    }
}

/// A model that is served.
#[derive(Debug)]
pub(crate) struct Model {
    pub(crate) name: String,
    pub(crate) loaded: Loaded,
    pub(crate) engine: Arc<Engine>,
    pub(crate) since: SystemTime,
    /// The sha256 of the encoder's first file of weights.
    pub(crate) sha256: Option<String>,
    stamp: FolderStamp,
}

impl Model {
    /// Loads a model; it shares weights with the others where they are the same.
    fn load<'a>(source: &ModelSource, others: impl Iterator<Item = &'a Arc<Model>> + Clone) -> Result<Self> {
        let stamp = FolderStamp::of(&source.folder);
        let mut loaded = (source.load)()?;
        for other in others.clone() {
            loaded = match loaded {
                Loaded::Classifier(model) => Loaded::Classifier(model.sharing_weights_of(other.encoder())?),
                Loaded::Encoder(encoder) => Loaded::Encoder(encoder.sharing_weights_of(other.encoder())?),
            };
        }
        // Loads the weights, unless they are shared.
        encoder_of(&loaded).encoder()?;
        // From here on nobody watches the progress, and nobody is asked whether rows were seen in training.
        let loaded = match loaded {
            Loaded::Classifier(model) => {
                Loaded::Classifier(model.without_fingerprints().with_observer(Arc::new(())))
            }
            Loaded::Encoder(encoder) => Loaded::Encoder(encoder.with_observer(Arc::new(()))),
        };
        let encoder = encoder_of(&loaded);
        let sha256 = encoder.file_hashes()?.iter().find(|file| file.name.ends_with(".safetensors"));
        let sha256 = sha256.map(|file| file.sha256.clone());
        let shared = others.map(|other| &other.engine).find(|engine| engine.is_of(encoder)).cloned();
        let engine = shared.unwrap_or_else(|| Arc::new(Engine::new(encoder.clone())));
        let (name, since) = (source.name.clone(), SystemTime::now());
        Ok(Model { name, loaded, engine, since, sha256, stamp })
    }

    /// The encoder, with the model's own tokenizer.
    pub(crate) fn encoder(&self) -> &SentenceEncoder {
        encoder_of(&self.loaded)
    }

    pub(crate) fn classifier(&self) -> Option<&SentenceClassifier> {
        match &self.loaded {
            Loaded::Classifier(classifier) => Some(classifier),
            Loaded::Encoder(_) => None,
        }
    }
}

fn encoder_of(loaded: &Loaded) -> &SentenceEncoder {
    match loaded {
        Loaded::Classifier(classifier) => classifier.encoder(),
        Loaded::Encoder(encoder) => encoder,
    }
}

/// The result of a reload for one model.
#[derive(Debug)]
pub(crate) enum Reloaded {
    /// Its folder has not changed.
    Unchanged,
    /// The new version is served.
    New,
    /// The new version could not be loaded, and the old one is still served.
    Failed(Error),
}

/// All models that are served, in the order in which they were given; never empty.
#[derive(Debug)]
pub(crate) struct Catalogue {
    models: Vec<Arc<Model>>,
}

impl Catalogue {
    /// Loads every model.
    pub(crate) fn load(sources: &[ModelSource]) -> Result<Self> {
        let refuse = |message: String| Error::new(ErrorKind::InvalidArgument, message);
        if sources.is_empty() {
            return Err(refuse("expected a model or an encoder to serve, got none".into()));
        }
        let mut models: Vec<Arc<Model>> = Vec::new();
        for source in sources {
            if models.iter().any(|model| model.name == source.name) {
                return Err(refuse(format!(
                    "expected different names of models, got {:?} twice",
                    source.name
                ))
                .with_hint("name a model with NAME=FOLDER"));
            }
            models.push(Arc::new(Model::load(source, models.iter())?));
        }
        Ok(Catalogue { models })
    }

    /// The catalogue with the new versions of those models whose folders have changed, and the result for every source.
    pub(crate) fn reloaded(&self, sources: &[ModelSource]) -> (Self, Vec<Reloaded>) {
        let mut models: Vec<Arc<Model>> = Vec::new();
        let mut results = Vec::new();
        for (old, source) in self.models.iter().zip(sources) {
            let (model, result) = if FolderStamp::of(&source.folder) == old.stamp {
                (old.clone(), Reloaded::Unchanged)
            } else {
                match Model::load(source, models.iter().chain(&self.models)) {
                    Ok(model) => (Arc::new(model), Reloaded::New),
                    Err(error) => (old.clone(), Reloaded::Failed(error)),
                }
            };
            models.push(model);
            results.push(result);
        }
        (Catalogue { models }, results)
    }

    pub(crate) fn models(&self) -> &[Arc<Model>] {
        &self.models
    }

    /// The model of this name, or the first one without a name.
    pub(crate) fn find(&self, name: Option<&str>) -> Option<&Arc<Model>> {
        match name {
            None => self.models.first(),
            Some(name) => self.models.iter().find(|model| model.name == name),
        }
    }
}

/// The files of a folder, with what changes when one of them is replaced.
#[derive(Debug, PartialEq, Eq)]
struct FolderStamp(Vec<(PathBuf, u64, Option<SystemTime>, u64)>);

/// The depth of folders in a model: its encoder has folders of its own.
const DEPTH: usize = 3;

impl FolderStamp {
    fn of(folder: &Path) -> Self {
        let mut files = Vec::new();
        collect(folder, DEPTH, &mut files);
        files.sort();
        FolderStamp(files)
    }
}

/// A file that cannot be read has no entry: loading reports it.
fn collect(folder: &Path, depth: usize, files: &mut Vec<(PathBuf, u64, Option<SystemTime>, u64)>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let Ok(metadata) = fs::metadata(&path) else { continue };
        if metadata.is_file() {
            let inode = inode(&metadata);
            files.push((path, metadata.len(), metadata.modified().ok(), inode));
        } else if metadata.is_dir() && depth > 0 {
            collect(&path, depth - 1, files);
        }
    }
}

#[cfg(unix)]
fn inode(metadata: &fs::Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(metadata)
}

#[cfg(not(unix))]
fn inode(_metadata: &fs::Metadata) -> u64 {
    0
}
