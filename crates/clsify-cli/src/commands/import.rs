//! `clsify import`: turns classifiers of other libraries into models, without running anything in their files.

use std::path::{Path, PathBuf};

use anyhow::ensure;
use clap::Subcommand;
use clsify::dataset::LabelSeparator;
use clsify::features::Layers;
use clsify::model::{Features, SaveOptions, SentenceClassifier, check_replaceable};
use clsify_convert::{Head, SetFit, read_setfit, read_sklearn};
use clsify_report::text::{counted, list_item, n_shown, shorten};

use crate::console::Console;
use crate::loading::{load_encoder, locate_encoder};
use crate::options::{EncodingArgs, FeatureArgs, PooledArgs};
use crate::output::{check_stays, is_stdout};

/// Turn a classifier of scikit-learn or SetFit into a model
///
/// Nothing in the file is executed: pickles are read by a parser that knows a few classes of scikit-learn and refuses everything
/// else by its name. The probabilities are those of scikit-learn. The result is an ordinary model for predict, evaluate, explain
/// and compare.
#[derive(clap::Args)]
#[command(arg_required_else_help = true)]
#[command(after_help = "Examples:
  clsify import sklearn head.joblib --encoder all-MiniLM-L6-v2 --output model
  clsify import setfit my-setfit-model --output model")]
pub(crate) struct Args {
    #[command(subcommand)]
    source: Source,
}

#[derive(Subcommand)]
enum Source {
    Sklearn(SklearnArgs),
    Setfit(SetFitArgs),
}

/// Import a LogisticRegression that was saved with joblib, pickle or skops
///
/// It may be alone or in a Pipeline (StandardScaler, Normalizer), OneVsRestClassifier, MultiOutputClassifier,
/// CalibratedClassifierCV with ensemble=False, or a grid search.
#[derive(clap::Args)]
#[command(after_help = "Example:
  clsify import sklearn head.joblib --encoder all-MiniLM-L6-v2 --labels negative,positive --output model")]
struct SklearnArgs {
    /// The file that joblib.dump, pickle.dump or skops.io.dump has written
    file: PathBuf,

    /// Use the encoder whose vectors the classifier was trained on: a folder, a name shown by `clsify list`, or a model hub id
    #[arg(long)]
    encoder: String,

    /// Pool the hidden states of these layers: last (the default), one such as 9 (0 is the embeddings), a range such as 9-12, or
    /// all
    #[arg(long, value_name = "LAYERS")]
    layers: Option<Layers>,

    /// Pool the hidden states as they were for the training: cls, mean, max, several such as cls+mean, or auto, as
    /// sentence-transformers does
    #[arg(long, value_name = "POOLING", default_value = "auto")]
    pooling: Features,

    #[command(flatten)]
    encoding: EncodingArgs,

    /// Copy the encoder into the model's folder, so that the folder can be moved
    #[arg(long)]
    bundle_encoder: bool,

    #[command(flatten)]
    saved: SavedArgs,
}

/// Import a folder of SetFit with a LogisticRegression head, and its encoder
///
/// The folder's encoder was tuned, so a copy of it becomes part of the model.
#[derive(clap::Args)]
#[command(after_help = "Example:
  clsify import setfit my-setfit-model --output model")]
struct SetFitArgs {
    /// The folder that SetFit's save_pretrained has written
    folder: PathBuf,

    #[command(flatten)]
    encoding: EncodingArgs,

    #[command(flatten)]
    saved: SavedArgs,
}

#[derive(clap::Args)]
struct SavedArgs {
    /// Name the labels, in the order of the file; the default is their names there
    #[arg(long, value_name = "LABEL,LABEL,...", value_delimiter = ',')]
    labels: Option<Vec<String>>,

    /// Join the labels of a sentence that has several with this separator
    #[arg(long, value_name = "SEPARATOR", default_value = ";")]
    label_separator: LabelSeparator,

    /// Save the model to this folder
    #[arg(long, value_name = "MODEL")]
    output: PathBuf,
}

pub(crate) fn run(args: Args, console: &Console) -> anyhow::Result<()> {
    match args.source {
        Source::Sklearn(args) => sklearn(args, console),
        Source::Setfit(args) => setfit(args, console),
    }
}

fn sklearn(args: SklearnArgs, console: &Console) -> anyhow::Result<()> {
    check_place(&args.file, &args.saved.output)?;
    let head = read_sklearn(&args.file)?;
    say_head(&args.file, &head, console);
    let pooled = PooledArgs { layers: args.layers, pooling: Some(args.pooling) };
    let features = FeatureArgs { pooled, encoding: args.encoding };
    import(head, &args.encoder, &features, args.bundle_encoder, args.saved, console)
}

fn setfit(args: SetFitArgs, console: &Console) -> anyhow::Result<()> {
    check_place(&args.folder, &args.saved.output)?;
    let SetFit { head, names } = read_setfit(&args.folder)?;
    say_head(&args.folder, &head, console);
    let pooled = PooledArgs {
        layers: None,
        pooling: Some(Features::SentenceTransformer { layers: Layers::default() }),
    };
    let features = FeatureArgs { pooled, encoding: args.encoding };
    let saved = SavedArgs { labels: args.saved.labels.or(names), ..args.saved };
    import(head, &args.folder.to_string_lossy(), &features, true, saved, console)
}

/// Checks that the model can be written, and that the file is not in the folder that it replaces.
fn check_place(read: &Path, output: &Path) -> anyhow::Result<()> {
    ensure!(
        !is_stdout(output),
        "{}: expected the name of a folder for the model, got stdout",
        output.display()
    );
    check_replaceable(output)?;
    check_stays(read, output, "move the file")
}

fn import(
    head: Head,
    encoder: &str,
    features: &FeatureArgs,
    bundle_encoder: bool,
    saved: SavedArgs,
    console: &Console,
) -> anyhow::Result<()> {
    let SavedArgs { labels, label_separator, output } = saved;
    let file = head.origin().file.clone();
    let imported =
        head.imported(labels.as_deref(), label_separator).map_err(|error| match file.is_empty() {
            true => error,
            false => error.at(file),
        })?;
    let located = locate_encoder(encoder, console)?;
    if !bundle_encoder {
        check_stays(&located.folder, &output, "add --bundle-encoder")?;
    }
    let encoder = load_encoder(&located, features, None, console)?;
    let classifier = SentenceClassifier::import(encoder, imported)?;
    say_labels(&classifier, console);
    classifier.save_with(&output, SaveOptions { bundle_encoder })?;
    console.say(&format!(
        "saved: {}; its scores are not known: measure them with clsify evaluate",
        output.display()
    ));
    console.hint_faster_dtype(classifier.encoder());
    Ok(())
}

fn say_head(path: &Path, head: &Head, console: &Console) {
    let origin = head.origin();
    let before = if head.normalize() { ", after division by the vector's length" } else { "" };
    console.say(&format!(
        "{}: {} of {}, {}{before}",
        path.display(),
        origin.estimator,
        origin.library,
        counted(head.n_features(), "feature", "features"),
    ));
}

fn say_labels(classifier: &SentenceClassifier, console: &Console) {
    let all = classifier.classes();
    let shown = n_shown(all.len(), 12);
    let names: Vec<String> =
        all.iter().take(shown).map(|label| list_item(&shorten(label, 40)).into_owned()).collect();
    let more = if all.len() > shown { ", ..." } else { "" };
    console.say(&format!("{}: {}{more}", counted(all.len(), "label", "labels"), names.join(", ")));
}
