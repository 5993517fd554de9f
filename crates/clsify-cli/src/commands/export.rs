//! `clsify export`: writes models for other programs.

use std::path::PathBuf;
use std::time::Instant;

use anyhow::ensure;
use clap::Subcommand;
use clsify::model::{LoadOptions, SentenceClassifier};
use clsify_convert::{OnnxOptions, check_onnx_folder, export_onnx};

use crate::console::Console;
use crate::loading::{load_options, locate_model};
use crate::output::is_stdout;

/// Write a model for other programs
///
/// The result needs neither clsify nor the encoder's folder.
#[derive(clap::Args)]
#[command(arg_required_else_help = true)]
#[command(after_help = "Example:
  clsify export onnx model web")]
pub(crate) struct Args {
    #[command(subcommand)]
    target: Target,
}

#[derive(Subcommand)]
enum Target {
    Onnx(OnnxArgs),
}

/// Write a model as a folder for onnxruntime and transformers.js
///
/// The folder has one graph, onnx/model.onnx, from token ids to probabilities: encoder, pooling, classifier, and softmax or
/// sigmoids. Beside it are tokenizer.json, tokenizer_config.json and config.json, so that pipeline('text-classification', FOLDER)
/// of transformers.js works. The graph computes in f32. It cannot abstain or apply thresholds; the command says so, and config.json
/// contains them.
#[derive(clap::Args)]
#[command(after_help = "Example:
  clsify export onnx model web")]
struct OnnxArgs {
    /// The model: a folder, or its id at the model hub
    model: PathBuf,

    /// Write to this folder; an earlier export is replaced
    folder: PathBuf,

    /// Use this copy of the model's encoder: a folder, a name shown by `clsify list`, or a model hub id
    #[arg(long)]
    encoder: Option<String>,

    /// Write the weights to onnx/model.onnx_data, beside the graph
    ///
    /// Above 2 GB this is always done, because the graph's own file cannot be longer.
    #[arg(long)]
    external_data: bool,
}

pub(crate) fn run(args: &Args, console: &Console) -> anyhow::Result<()> {
    match &args.target {
        Target::Onnx(args) => onnx(args, console),
    }
}

fn onnx(args: &OnnxArgs, console: &Console) -> anyhow::Result<()> {
    let started = Instant::now();
    let folder = &args.folder;
    ensure!(!is_stdout(folder), "{}: expected the name of a folder, got stdout", folder.display());
    check_onnx_folder(folder)?;
    let model = locate_model(&args.model, console)?;
    let options = load_options(&model, args.encoder.as_deref(), None, console)?;
    let classifier = SentenceClassifier::load_with(&model, LoadOptions { lazy: true, ..options })?;
    let export = export_onnx(&classifier, folder, OnnxOptions { external_data: args.external_data })?;
    console.say(&format!(
        "saved: {}; {:.1} MB, {} operations, {:.1} s",
        folder.display(),
        export.bytes as f64 / 1e6,
        export.n_operations,
        started.elapsed().as_secs_f64()
    ));
    export.notes.iter().for_each(|note| console.say(&format!("note: {note}")));
    Ok(())
}
