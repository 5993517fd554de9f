//! `clsify guide`: writes a page that walks through a trained classifier.

use std::path::{Path, PathBuf};

use clap::builder::NonEmptyStringValueParser;
use clsify::dataset::{Dataset, DatasetOptions};
use clsify::model::{LoadOptions, SavedModel, SentenceClassifier};
use clsify::studies::{WalkthroughOptions, walk_through};

use crate::console::Console;
use crate::guide_page::{LangArg, open_page, write_guide};
use crate::loading::{load_dataset, load_options, load_test_dataset, locate_model};
use crate::options::{CacheArgs, DtypeArg};
use crate::output::{check_output, is_stdout};
use crate::records::note_files;

/// Write a page that shows every step from a sentence to its label, with the numbers of a trained classifier
///
/// The page has 13 scenes: tokens, attention, layers, features, split, fit, the reasons for a label, scores, mistakes. It is
/// one HTML file in English and Chinese, which needs no network. It holds sentences of the data.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  clsify guide model --data reviews.tsv
  clsify guide model --data reviews.tsv --sentence \"not as bad as they say\" --output reviews.html --open
  clsify guide model --data train.csv --test-data test.csv --lang zh")]
pub(crate) struct Args {
    /// The model: a folder, or its id at the model hub
    model: PathBuf,

    /// Read the sentences that the model was trained on from this file; it is read as in the training
    #[arg(long, value_name = "FILE")]
    data: PathBuf,

    /// Read the test rows from this file, if the model was trained with one
    #[arg(long, value_name = "FILE")]
    test_data: Option<PathBuf>,

    /// Show this sentence first; may be given several times
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true, value_parser = NonEmptyStringValueParser::new())]
    sentence: Vec<String>,

    /// Write the page to this file; - is stdout
    #[arg(long, value_name = "FILE.html", default_value = "guide.html")]
    output: PathBuf,

    /// Open the page in this language; the other one is a click away
    #[arg(long, value_enum, default_value_t = LangArg::En)]
    lang: LangArg,

    /// Show the page in the browser
    #[arg(long)]
    open: bool,

    /// Use this encoder if the model's encoder has moved: a folder, a name shown by `clsify list`, or a model hub id
    #[arg(long)]
    encoder: Option<String>,

    /// Compute the encoder in this data type; the default is that of the training
    #[arg(long, value_enum)]
    dtype: Option<DtypeArg>,

    #[command(flatten)]
    cache: CacheArgs,
}

pub(crate) fn run(args: &Args, console: &Console) -> anyhow::Result<()> {
    let read: Vec<&Path> = std::iter::once(args.data.as_path()).chain(args.test_data.as_deref()).collect();
    check_output(Some(&args.output), &[], &read)?;
    anyhow::ensure!(
        !(args.open && is_stdout(&args.output)),
        "stdout: expected a file for --open, got stdout"
    );
    note_files(&args.sentence, "its name is shown, not its lines", console);
    let model = locate_model(&args.model, console)?;
    let saved = SavedModel::read(&model)?;
    let reading = reading(&saved)?;
    let dataset = load_dataset(&args.data, &reading, console)?;
    let test = args.test_data.as_deref().map(|path| load_test_rows(path, &reading, console)).transpose()?;
    let load = load_options(&model, args.encoder.as_deref(), args.dtype, console)?;
    let load = LoadOptions { cache: args.cache.open(), neighbours: true, ..load };
    let classifier = SentenceClassifier::load_with(&model, load)?;
    let options = WalkthroughOptions {
        test: test.as_ref(),
        data_name: args.data.display().to_string(),
        test_name: match &args.test_data {
            Some(path) => path.display().to_string(),
            None => "--test-data".to_string(),
        },
        sentences: args.sentence.clone(),
        ..WalkthroughOptions::default()
    };
    let walkthrough = walk_through(&classifier, &dataset, options)?;
    write_guide(&walkthrough, args.lang, &args.output, console)?;
    if args.open {
        open_page(&args.output, console);
    }
    Ok(())
}

/// The options with which the model's data were read; those of an earlier version, which did not keep them, are the defaults.
fn reading(saved: &SavedModel) -> anyhow::Result<DatasetOptions> {
    let defaults = || DatasetOptions {
        multi_label: saved.multi_label.as_ref().map(|labels| labels.separator.clone()),
        ..DatasetOptions::default()
    };
    Ok(saved.trained()?.rows.as_ref().map_or_else(defaults, |rows| rows.reading.clone()))
}

/// Test rows have no weights and no groups, and all of them are read.
fn load_test_rows(path: &Path, reading: &DatasetOptions, console: &Console) -> anyhow::Result<Dataset> {
    let options = DatasetOptions {
        weight_column: None,
        group_column: None,
        group_duplicates: false,
        limit: None,
        ..reading.clone()
    };
    load_test_dataset(path, options, console)
}
