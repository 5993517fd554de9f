//! The exported folder: the graph, the tokenizer and their settings. It appears complete or not at all.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;

use clsify::model::SentenceClassifier;
use clsify_base::encoder_files::{CONFIG, TOKENIZER, TOKENIZER_CONFIG};
use clsify_base::error::{Error, ErrorKind, Result};
use clsify_base::files::{
    carry_over, check_folder_writable, read_file, recover_folder, write_folder_atomically,
};
use serde_json::Value;

use super::graph::Graph;
use super::model::graph;
use super::notes::notes;
use super::settings::{self, OWN, write_json};
use super::texts::Texts;
use super::write::{Outside, write_model};

/// The folder with the graph and its files.
const ONNX: &str = "onnx";
const MODEL: &str = "model.onnx";
const BESIDE: &str = "model.onnx_data";

/// The most bytes of constants in the graph's own file: readers of protobuf accept less than 2 GiB.
const MOST_INSIDE: u64 = (1 << 31) - (1 << 24);

/// The most bytes of a `config.json` that is asked whether it belongs to an earlier export.
const MAX_CONFIG_BYTES: u64 = 1 << 29;

/// Options of [`export_onnx`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OnnxOptions {
    /// True if the weights are written to `onnx/model.onnx_data`, beside the graph. Above 2 GB they always are, because
    /// the graph's own file cannot be longer.
    pub external_data: bool,
}

/// The result of [`export_onnx`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OnnxExport {
    /// The size of the graph with its weights, in bytes.
    pub bytes: u64,
    /// The number of operations.
    pub n_operations: usize,
    /// The parts of the model that the graph does not contain, one sentence each; also in `config.json` of the folder.
    pub notes: Vec<String>,
}

/// Writes a classifier as a folder for onnxruntime and transformers.js: encoder, pooling, classifier and softmax or sigmoids in
/// one graph, `onnx/model.onnx`; `tokenizer.json`, `tokenizer_config.json` and `config.json` beside it.
///
/// The graph takes `input_ids` and `attention_mask`, `[batch, sequence]`, and returns `logits` and `probabilities`,
/// `[batch, n_classes]`. It computes in f32, whatever the data type of the model. The weights pass from the encoder's files to the
/// graph one by one; [`LoadOptions::lazy`](clsify::model::LoadOptions::lazy) keeps them out of memory.
///
/// The folder appears complete or not at all, and replaces an earlier export.
///
/// # Errors
/// Those of [`check_onnx_folder`] and of the encoder's files; [`ErrorKind::Tokenizer`] if `tokenizer.json` cannot hold the
/// tokenizer's settings; [`ErrorKind::Model`] if a weight is not a finite `f32`; [`ErrorKind::Checkpoint`] if a file of the
/// encoder changes meanwhile.
///
/// ```no_run
/// use clsify::model::{LoadOptions, SentenceClassifier};
/// let options = LoadOptions { lazy: true, ..LoadOptions::default() };
/// let classifier = SentenceClassifier::load_with("model", options)?;
/// let export = clsify_convert::export_onnx(&classifier, "web", clsify_convert::OnnxOptions::default())?;
/// export.notes.iter().for_each(|note| println!("{note}"));
/// # Ok::<(), clsify::error::Error>(())
/// ```
pub fn export_onnx(
    classifier: &SentenceClassifier,
    folder: impl AsRef<Path>,
    options: OnnxOptions,
) -> Result<OnnxExport> {
    let folder = folder.as_ref();
    check_onnx_folder(folder)?;
    let texts = Texts::of(classifier)?;
    let graph = graph(classifier, &texts.ends)?;
    let is_beside = options.external_data || graph.constant_bytes() > MOST_INSIDE;
    let mut notes = notes(classifier);
    let mut bytes = 0;
    write_folder_atomically(folder, |new| {
        carry_over(folder, new, &is_own)?;
        let prompt_is_inside = texts.write(classifier, new)?;
        if !prompt_is_inside {
            notes.push(format!(
                "The tokenizer does not put the prompt before a sentence: put {:?} before every sentence yourself.",
                classifier.encoder().tokenizer().prompt()
            ));
        }
        let config = settings::config(classifier, &notes, prompt_is_inside, is_beside);
        write_json(&new.join(CONFIG), &config)?;
        texts.check(classifier, new, prompt_is_inside)?;
        bytes = write_graph(&graph, &new.join(ONNX), is_beside)?;
        classifier.encoder().check_unchanged()
    })?;
    Ok(OnnxExport { bytes, n_operations: graph.nodes.len(), notes })
}

/// Checks that an export may be written to this path: it is free, an empty folder, or an earlier export, which is replaced.
/// Other files beside an earlier export are kept.
///
/// # Errors
/// [`ErrorKind::InvalidArgument`] if something else is there, an I/O error if nothing can be written there.
pub fn check_onnx_folder(folder: impl AsRef<Path>) -> Result<()> {
    let folder = folder.as_ref();
    let refuse = |path: &Path, message: &str| {
        let error = Error::new(ErrorKind::InvalidArgument, message).at(path.display().to_string());
        Err(error.with_hint("choose another folder; only an empty folder or an earlier export is replaced"))
    };
    recover_folder(folder)?;
    let names = |folder: &Path| -> Result<Vec<String>> {
        let entries = fs::read_dir(folder).map_err(|e| Error::io(folder, e))?;
        let names = entries.map(|entry| entry.map(|e| e.file_name().to_string_lossy().into_owned()));
        names.collect::<std::io::Result<_>>().map_err(|e| Error::io(folder, e))
    };
    match fs::metadata(folder) {
        Err(_) => return check_folder_writable(folder),
        Ok(found) if !found.is_dir() => return refuse(folder, "expected a folder, got a file"),
        Ok(_) => {}
    }
    if !names(folder)?.is_empty() {
        let config = read_file(folder.join(CONFIG), MAX_CONFIG_BYTES).unwrap_or_default();
        let config: Value = serde_json::from_slice(&config).unwrap_or_default();
        if config.get(OWN).is_none() || !folder.join(ONNX).is_dir() {
            return refuse(
                folder,
                "expected an empty folder or an earlier export, got a folder with other files",
            );
        }
        // It is replaced as a whole.
        if let Some(other) =
            names(&folder.join(ONNX))?.iter().find(|name| ![MODEL, BESIDE].contains(&name.as_str()))
        {
            let path = folder.join(ONNX).join(other);
            return refuse(&path, "expected only files of the export here, which are replaced with it");
        }
    }
    check_folder_writable(folder)
}

/// Returns true for names in the folder that belong to the export and are replaced.
fn is_own(name: &str) -> bool {
    [CONFIG, TOKENIZER, TOKENIZER_CONFIG, ONNX].contains(&name)
}

/// Writes the graph and its weights; returns their size in bytes.
fn write_graph(graph: &Graph, folder: &Path, is_beside: bool) -> Result<u64> {
    fs::create_dir_all(folder).map_err(|e| Error::io(folder, e))?;
    let create = |path: &Path| File::create(path).map(BufWriter::new).map_err(|e| Error::io(path, e));
    let (path, beside_path) = (folder.join(MODEL), folder.join(BESIDE));
    let mut file = create(&path)?;
    let mut beside = is_beside.then(|| create(&beside_path)).transpose()?;
    let outside = beside.as_mut().map(|file| Outside {
        name: BESIDE,
        path: &beside_path,
        file: file as &mut dyn Write,
    });
    write_model(graph, &path, &mut file, outside)?;
    let mut bytes = 0;
    for (path, file) in [(&path, Some(file)), (&beside_path, beside)] {
        let Some(file) = file else { continue };
        let file = file.into_inner().map_err(|e| Error::io(path, e.into_error()))?;
        file.sync_all().map_err(|e| Error::io(path, e))?;
        bytes += file.metadata().map_err(|e| Error::io(path, e))?.len();
    }
    Ok(bytes)
}
