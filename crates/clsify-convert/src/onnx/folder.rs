//! The exported folder: the graph, the tokenizer and their settings. It appears complete or not at all.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;

use clsify::classifier::LinearClassifier;
use clsify::decision::Rule;
use clsify::encoder::{Dtype, EncoderTensors};
use clsify::model::SentenceClassifier;
use clsify::tokenizer::Tokenizer;
use clsify_base::encoder_files::{CONFIG, TOKENIZER, TOKENIZER_CONFIG};
use clsify_base::error::{Error, ErrorKind, Result};
use clsify_base::files::{
    carry_over, check_folder_writable, read_file, recover_folder, write_atomically, write_folder_atomically,
};
use serde_json::Value;

use super::encoder::{Tokens, hidden_states};
use super::features::features;
use super::graph::{Element, Graph, Length};
use super::head::answers;
use super::operations::Cast;
use super::settings::{self, OWN};
use super::tokenizer::{Ends, Token, ends, probes, with_prompt};
use super::write::{Outside, write_model};
use crate::error::bad;

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
    /// What the graph does not do that the model does, one sentence each; also in `config.json` of the folder.
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
    let graph = graph(classifier, &texts)?;
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

/// The tokenizer's files before they are written.
struct Texts {
    json: Value,
    ends: Ends,
}

impl Texts {
    fn of(classifier: &SentenceClassifier) -> Result<Self> {
        let tokenizer = classifier.encoder().tokenizer();
        let json: Value = serde_json::from_str(&tokenizer.to_json()?)
            .map_err(|e| Error::new(ErrorKind::Tokenizer, e.to_string()).caused_by(e))?;
        let ends = ends(&json["post_processor"]).ok_or_else(|| {
            Error::new(
                ErrorKind::Tokenizer,
                "expected special tokens before and after a sentence, got another post_processor",
            )
        })?;
        let encoding = tokenizer.clone().with_prompt("").encode("a")?;
        if encoding.token_type_ids.iter().any(|&id| id != 0) {
            let message = "expected tokens of type 0, got a tokenizer that gives them another type";
            return Err(Error::new(ErrorKind::Tokenizer, message));
        }
        Ok(Texts { json, ends })
    }

    /// Writes both files; returns whether sentences get the model's prompt, if it has one.
    fn write(&self, classifier: &SentenceClassifier, folder: &Path) -> Result<bool> {
        let tokenizer = classifier.encoder().tokenizer();
        let pad_token = self.json["padding"]["pad_token"].as_str().unwrap_or_default();
        let side = if tokenizer.truncated_part() == "start" { "left" } else { "right" };
        let config = settings::tokenizer_config(&self.ends, pad_token, tokenizer.max_length(), side);
        write_json(&folder.join(TOKENIZER_CONFIG), &config)?;
        if !tokenizer.prompt().is_empty()
            && let Some(prompt) = self.prompt(tokenizer)?
        {
            let mut json = self.json.clone();
            json["post_processor"] = with_prompt(&self.ends, &prompt);
            write_json(&folder.join(TOKENIZER), &json)?;
            if self.differing(tokenizer, folder)?.is_none() {
                return Ok(true);
            }
        }
        write_json(&folder.join(TOKENIZER), &self.json)?;
        Ok(tokenizer.prompt().is_empty())
    }

    /// The tokens of the prompt alone; `None` if it takes the room of the sentence.
    fn prompt(&self, tokenizer: &Tokenizer) -> Result<Option<Vec<Token>>> {
        let encoding = tokenizer.encode("")?;
        let n_special = self.ends.before.len() + self.ends.after.len();
        if encoding.is_truncated || encoding.len() >= tokenizer.max_length() || encoding.len() < n_special {
            return Ok(None);
        }
        let tokens = tokenizer.tokens(&encoding).into_iter().zip(&encoding.input_ids);
        let tokens = tokens.map(|(text, &id)| Token { text, id }).skip(self.ends.before.len());
        Ok(Some(tokens.take(encoding.len() - n_special).collect()))
    }

    /// A text that the written tokenizer divides differently from the model's own.
    fn differing(&self, tokenizer: &Tokenizer, folder: &Path) -> Result<Option<String>> {
        let written = Tokenizer::load(folder, tokenizer.max_length())?;
        for probe in probes(&self.ends, tokenizer.max_length()) {
            if written.encode(&probe)?.input_ids != tokenizer.encode(&probe)?.input_ids {
                return Ok(Some(probe));
            }
        }
        Ok(None)
    }

    /// Checks that the written tokenizer gives the ids of the model's own.
    fn check(&self, classifier: &SentenceClassifier, folder: &Path, prompt_is_inside: bool) -> Result<()> {
        let tokenizer = classifier.encoder().tokenizer().clone();
        let tokenizer = if prompt_is_inside { tokenizer } else { tokenizer.with_prompt("") };
        match self.differing(&tokenizer, folder)? {
            None => Ok(()),
            Some(text) => Err(Error::new(
                ErrorKind::Tokenizer,
                format!("expected a tokenizer.json with the same token ids, got others for {text:?}"),
            )),
        }
    }
}

/// The whole computation.
fn graph(classifier: &SentenceClassifier, texts: &Texts) -> Result<Graph> {
    let encoder = classifier.encoder();
    let (options, n_layers) = (encoder.features(), encoder.config().num_hidden_layers);
    let tensors = EncoderTensors::open(encoder.folder())?;
    let mut graph = Graph::default();
    let shape = || vec![Length::Named("batch"), Length::Named("sequence")];
    let input_ids = graph.input("input_ids", Element::Integer, shape());
    let attention_mask = graph.input("attention_mask", Element::Integer, shape());
    let mask = graph.cast(&attention_mask, Cast::Float);
    let input_ids = match encoder.tokenizer().truncated_part() {
        "end" => with_last_tokens(&mut graph, &input_ids, &texts.ends, encoder.tokenizer().max_length()),
        _ => input_ids,
    };
    let tokens = Tokens { input_ids, attention_mask, mask };
    let layers = options.layers.resolve(n_layers)?;
    let states = hidden_states(&mut graph, &tensors, &tokens, *layers.end())?;
    let x = features(&mut graph, &states[layers], &tokens, options, encoder.folder(), encoder.n_features())?;
    let answers = answers(&mut graph, classifier.classifier(), &x)?;
    let shape = || vec![Length::Named("batch"), Length::Known(classifier.classes().len())];
    graph.output("logits", &answers.logits, shape());
    graph.output("probabilities", &answers.probabilities, shape());
    Ok(graph)
}

/// Puts the special tokens that end a sentence at the last places of a sentence of maximum length, where a tokenizer has them.
/// transformers.js cuts them off when it truncates.
fn with_last_tokens(
    graph: &mut Graph,
    input_ids: &super::graph::Value,
    ends: &Ends,
    max_length: usize,
) -> super::graph::Value {
    let mut ids = input_ids.clone();
    for (distance, token) in ends.after.iter().rev().enumerate() {
        let places = graph.places(input_ids);
        let place = graph.integer((max_length - 1 - distance) as i64);
        let is_place = graph.op("Equal", &[&places, &place]);
        let token = graph.integer(i64::from(token.id));
        ids = graph.op("Where", &[&is_place, &token, &ids]);
    }
    ids
}

/// What the model does and the graph does not.
fn notes(classifier: &SentenceClassifier) -> Vec<String> {
    let saved = classifier.metadata();
    let mut notes = Vec::new();
    match classifier.classifier() {
        LinearClassifier::LabelSets(_) => notes.push(
            "The graph returns a probability per label: assign each label whose probability is above its threshold \
             (clsify.multi_label.thresholds in config.json)."
                .to_string(),
        ),
        LinearClassifier::Classes(_) => {
            match saved.decision.rule {
                Rule::MostProbable => {}
                Rule::ClassThresholds(_) => notes.push(
                    "The graph does not apply the thresholds: answer the class with the largest ratio of probability to \
                     threshold (clsify.decision.class_thresholds in config.json)."
                        .to_string(),
                ),
                Rule::CostMatrix(_) => notes.push(
                    "The graph does not apply the costs: answer the class with the lowest expected cost \
                     (clsify.decision.cost_matrix in config.json)."
                        .to_string(),
                ),
            }
            if let Some(threshold) = saved.decision.abstain_below {
                notes.push(format!(
                    "The graph does not abstain: give no answer where the probability of the answer is below {threshold} \
                     (clsify.decision.abstain_below in config.json)."
                ));
            }
        }
    }
    if saved.encoder.dtype != Dtype::F32 {
        notes.push(format!(
            "The graph computes in f32; the classifier was fitted on features in {}.",
            saved.encoder.dtype
        ));
    }
    if classifier.encoder().tokenizer().truncated_part() == "start" {
        notes.push(
            "The tokenizer truncates long sentences at their start, which transformers.js does not support."
                .to_string(),
        );
    }
    notes
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

fn write_json(path: &Path, json: &Value) -> Result<()> {
    let text = serde_json::to_string_pretty(json).map_err(|e| bad(e.to_string()).caused_by(e))?;
    write_atomically(path, |out| writeln!(out, "{text}"))
}
