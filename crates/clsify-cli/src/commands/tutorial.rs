//! `clsify tutorial`: explains the article's run step by step, on real sentences with a real encoder.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use clap::builder::NonEmptyStringValueParser;
use clsify::classifier::LogisticRegressionOptions;
use clsify::dataset::Dataset;
use clsify::files::shell_word;
use clsify::model::{SaveOptions, SentenceEncoder, check_replaceable};
use clsify::split::{SplitOptions, class_folds, train_test_split};
use clsify::studies::{WalkthroughOptions, walk_through};
use clsify::training::{GridSearchOptions, TestRows, TrainOptions, Trained, train, train_tuned};
use clsify::tuning::TuneOptions;
use clsify_hub::{Hub, Located};
use clsify_report::tutorial::{
    ARTICLE, DotProduct, EncoderShape, GridSize, Padding, Story, StorySeconds, Tokens, TutorialReport,
    first_features, first_sentences, predict, steps, tuning_steps,
};

use crate::console::Console;
use crate::guide_page::{LangArg, open_page, write_guide};
use crate::loading::{encoder_options, load_dataset, one_label, say_counts};
use crate::options::{
    CacheArgs, DtypeArg, EncodingArgs, JsonArgs, RowArgs, TuneArgs, article_grid, at_least_one, misused,
};
use crate::output::{
    check_output, check_outside, check_stays, is_closed_pipe, is_stdout, json_text, write_data, write_text,
};
use crate::records::note_files;

/// The article's encoder, and its replacement with the same hidden size if it is not available.
const ENCODERS: [&str; 2] = ["distilbert-base-uncased", "all-mpnet-base-v2"];

/// The number of sentences of the guide; `clsify guide` shows more.
const N_GUIDE_SENTENCES: usize = 24;

/// The example sentence of the article.
const ARTICLE_SENTENCE: &str = "a visually stunning rumination on love";

const SENTENCES: [&str; 3] = [
    "the jokes fall flat and the plot goes nowhere",
    "i left the theater smiling , and would happily see it again",
    "not as bad as they say , but not good either",
];

/// The folder of the tuned model, in that of the output.
const TUNED: &str = "tuned";

const TUNE_HELP: &str = "\
Take the article's last step too: tune the encoder, on the same rows

Both encoders are scored on the same test rows, and the tuned model is saved to DIR/tuned. It takes minutes; the time is estimated by a \
few steps and printed first.";

/// Run the article's example step by step: sentences, tokens, encoder, [CLS] vectors, split, classifier, scores
///
/// It follows "A Visual Guide to Using BERT for the First Time" by Jay Alammar. With --tune the article's last step is run too:
/// the encoder learns.
#[derive(clap::Args)]
#[command(mut_arg("tune", |arg| arg.help("Take the article's last step too: tune the encoder, on the same rows").long_help(TUNE_HELP)))]
#[command(after_help = "Examples:
  clsify tutorial
  clsify tutorial --tune
  clsify tutorial --encoder all-MiniLM-L6-v2 --sentence \"my own sentence\"
  clsify tutorial --encoder bert-base-uncased --data train.tsv --output my-tutorial")]
pub(crate) struct Args {
    /// Use this encoder: a folder, a name shown by `clsify list`, or a model hub id
    ///
    /// The default is distilbert-base-uncased, or all-mpnet-base-v2 if that is not available.
    #[arg(long)]
    encoder: Option<String>,

    /// Read labelled sentences from this file: TSV, CSV or JSONL
    ///
    /// The default is SST-2, or the movie reviews of vaderSentiment if that is not available.
    #[arg(long, value_name = "FILE")]
    data: Option<PathBuf>,

    #[command(flatten)]
    options: RowArgs,

    /// Use only the first N rows of the data
    #[arg(long, value_name = "N", default_value_t = 2000, value_parser = at_least_one, allow_negative_numbers = true)]
    limit: usize,

    /// Set the random seed of the split, which is that of scikit-learn with the same random_state
    #[arg(long, default_value_t = 0, allow_negative_numbers = true)]
    seed: u32,

    /// Compute the encoder in this data type: f32 is exact; bf16 and int8 are faster on processors that support them
    ///
    /// `auto` selects bf16 if the processor supports it, otherwise f32.
    #[arg(long, value_enum, default_value_t = DtypeArg::F32)]
    dtype: DtypeArg,

    #[command(flatten)]
    tune: TuneArgs,

    /// Classify this sentence at the end; may be given several times
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true, value_parser = NonEmptyStringValueParser::new())]
    sentence: Vec<String>,

    /// Save the trained model, tutorial.json and the guide of this run, guide.html, to this folder
    #[arg(long, value_name = "DIR", default_value = "clsify-tutorial")]
    output: PathBuf,

    /// Open the guide in this language; the other one is a click away
    #[arg(long, value_enum, default_value_t = LangArg::En)]
    lang: LangArg,

    /// Show the guide in the browser
    #[arg(long)]
    open: bool,

    #[command(flatten)]
    json: JsonArgs,

    #[command(flatten)]
    cache: CacheArgs,
}

pub(crate) fn run(args: Args, console: &Console) -> anyhow::Result<()> {
    if let Some((option, _)) = args.options.given().first().filter(|_| args.data.is_none()) {
        return Err(misused(&format!("the argument '{option}' has no effect without '--data <FILE>'")));
    }
    ensure!(!is_stdout(&args.output), "{}: expected the name of a folder, got stdout", args.output.display());
    check_replaceable(&args.output)?;
    let tune = args.tune.options(args.seed);
    let tuned_folder = args.output.join(TUNED);
    if tune.is_some() && tuned_folder.exists() {
        check_replaceable(&tuned_folder)?;
    }
    args.json.file().iter().try_for_each(|path| check_outside(path, &args.output, "--json"))?;
    let read: Vec<&Path> = args.data.iter().map(PathBuf::as_path).collect();
    check_output(None, &[args.json.file()], &read)?;
    args.cache.check_outside(&args.output)?;
    if let Some(data) = &args.data {
        check_stays(data, &args.output, "move the file")?;
    }
    let is_on_stdout = args.json.is_on_stdout(None);
    // If the report goes to stdout, nothing else is printed there.
    let tell = |text: &str| match is_on_stdout {
        true => Ok(()),
        // If the reader closes stdout, the model is still saved.
        false => match write_text(None, &format!("{text}\n")) {
            Err(error) if is_closed_pipe(&error) => Ok(()),
            told => told,
        },
    };
    note_files(&args.sentence, "its name is classified, not its lines", console);
    let started = Instant::now();
    let hub = Hub::from_env().with_observer(console.observer());
    let (path, source) = match &args.data {
        Some(path) => (path.clone(), "your own data".to_string()),
        None => {
            let data = hub.example_data()?;
            (data.path, format!("{} ({})", data.name, data.why))
        }
    };
    let data_options = args.options.with_limit(Some(args.limit));
    let dataset = load_dataset(&path, &data_options, console)
        .map_err(|error| one_label(error, "the tutorial takes one label per sentence"))?;
    let split = SplitOptions { seed: args.seed, ..SplitOptions::default() };
    // Options out of range are refused before the first step.
    tune.iter().try_for_each(|tune| tune.settings(dataset.len(), 1).map(drop))?;
    check_rows(&dataset, &split).map_err(|error| error.at(path.display().to_string()))?;
    let (located, why) = locate(&hub, args.encoder.as_deref())?;
    check_stays(&located.folder, &args.output, "move the encoder")?;
    let fetch = started.elapsed().as_secs_f64();
    say_counts(&path, &dataset, &data_options, console);

    let encoding = EncodingArgs { max_length: None, prompt: None, dtype: args.dtype };
    let options = encoder_options(&located, &encoding, args.cache.open(), console)?;
    let encoder = SentenceEncoder::load_with(&located.folder, options)?;
    let hidden_size = encoder.config().hidden_size;
    let first_rows = first_sentences(&dataset);
    tell(&steps::sentences_step(&first_rows, &dataset.summary(), &source))?;
    tell(&steps::plan_step(hidden_size, encoder.name()))?;
    let tokens = Tokens::of(ARTICLE_SENTENCE, &encoder)?;
    tell(&steps::token_step(&tokens, hidden_size))?;
    tell(&steps::encoder_step(&encoder, &why, dataset.len()))?;
    let shape = EncoderShape { num_attention_heads: encoder.config().num_attention_heads };
    let options = TrainOptions {
        test: TestRows::Split(split),
        classifier: LogisticRegressionOptions::default(),
        grid_search: Some(GridSearchOptions {
            c_values: article_grid(),
            refit: false,
            ..GridSearchOptions::default()
        }),
        reading: Some(data_options),
        ..TrainOptions::default()
    };
    let tuned_options = TrainOptions { grid_search: None, ..options.clone() };
    let trained = train(encoder, &dataset, options)?;
    let report = &trained.report;
    let scores = report.class_scores().context("expected one class per sentence")?;
    let padding = Padding::of(&trained, &dataset);
    tell(&steps::padding_step(&padding, report))?;
    let features = first_features(&trained, &dataset);
    tell(&steps::features_step(&features, report, trained.encoded.n_cached))?;
    tell(&steps::split_step(report, &trained.split.train))?;
    tell(&steps::classifier_step(report, scores))?;
    tell(&steps::scores_step(report, scores))?;
    tell(&steps::baseline_step(scores))?;
    tell(&steps::grid_step(report, scores))?;

    let own =
        if args.sentence.is_empty() { SENTENCES.map(str::to_string).to_vec() } else { args.sentence.clone() };
    let asked: Vec<String> = std::iter::once(ARTICLE_SENTENCE.to_string()).chain(own).collect();
    let predictions = predict(&trained, &asked)?;
    let prediction = DotProduct::of(&trained, &predictions[0])?;
    tell(&steps::prediction_step(&predictions[0], &prediction, report.features.shape[1]))?;
    tell(&steps::answers_step(&predictions, args.sentence.is_empty()))?;

    let output = shell_word(&args.output.display().to_string());
    let tuned_output = shell_word(&tuned_folder.display().to_string());
    let tuned = match tune {
        None => None,
        Some(tune) => {
            tell(&tuning_steps::tuning_step(report))?;
            let encoder = encoder_options(&located, &encoding, args.cache.open(), console)?;
            // A run of the tutorial is not resumed.
            let tune = TuneOptions { estimate: true, checkpoint_every: Duration::MAX, ..tune };
            let tuned = train_tuned(&located.folder, encoder, &dataset, tuned_options, &tune, &args.output)?;
            let step = tuning_steps::tuned_step(scores, &tuned.report, &tuned_output);
            tell(&step.context("expected the report of tuning")?)?;
            Some(tuned)
        }
    };

    let n_values = report.grid_search.as_ref().map_or(0, |search| search.points.len());
    let n_fits = report.grid_search.as_ref().map_or(0, |search| n_values * search.n_splits);
    let Trained { classifier, report: training, split, encoded } = trained;
    let options = WalkthroughOptions {
        encoded: Some(encoded),
        sentences: asked,
        n_sentences: N_GUIDE_SENTENCES,
        ..WalkthroughOptions::default()
    };
    let walkthrough = walk_through(&classifier, &dataset, options)?;
    let report = TutorialReport {
        training,
        predictions,
        story: Story {
            sentences: first_rows,
            tokens,
            encoder: shape,
            padding,
            features,
            train_indices: split.train,
            article: ARTICLE,
            grid_search: GridSize { n_values, n_fits },
            prediction,
            seconds: StorySeconds { fetch, total: started.elapsed().as_secs_f64() },
        },
        tuned: tuned.as_ref().map(|tuned| tuned.report.clone()),
    };
    // Files come first, so that a report that cannot be written leaves no model; stdout comes last, when all is done.
    args.json.write_file(&report)?;
    classifier.save(&args.output)?;
    if let Some(tuned) = &tuned {
        tuned.classifier.save_with(&tuned_folder, SaveOptions { bundle_encoder: true })?;
    }
    let json = json_text(&report)?;
    write_data(&args.output.join("tutorial.json"), &json)?;
    let page = args.output.join("guide.html");
    write_guide(&walkthrough, args.lang, &page, console)?;
    if is_on_stdout {
        write_data("-".as_ref(), &json)?;
    }
    let (name, of_tuned) = (shell_word(&located.name), tuned.is_some().then_some(tuned_output.as_str()));
    tell(&steps::farewell(&report.story.seconds, &output, &name, of_tuned, ARTICLE_SENTENCE))?;
    if args.open {
        open_page(&page, console);
    }
    console.hint_faster_dtype(classifier.encoder());
    Ok(())
}

/// Fails before the first step if there are too few rows for the grid search.
fn check_rows(dataset: &Dataset, split: &SplitOptions) -> clsify::error::Result<()> {
    let classes = dataset.classes();
    let id = |label: &String| classes.binary_search(label).unwrap_or(classes.len());
    let class_ids: Vec<usize> = dataset.labels().iter().map(id).collect();
    let split = train_test_split(&class_ids, split)?;
    let y_train: Vec<usize> = split.train.iter().map(|&i| class_ids[i]).collect();
    let hint = "the tutorial searches C by cross-validation with five folds: use at least ten rows per class";
    class_folds(&y_train, None, 5).map(drop).map_err(|error| error.with_hint(hint))
}

/// The encoder to use, and the reason for it.
fn locate(hub: &Hub, asked: Option<&str>) -> anyhow::Result<(Located, String)> {
    let [first, second] = ENCODERS;
    if let Some(encoder) = asked {
        return Ok((hub.pull(encoder)?, "the encoder you asked for".to_string()));
    }
    let error = match hub.pull(first) {
        Ok(located) => return Ok((located, "the article's encoder".to_string())),
        Err(error) => error,
    };
    let why = format!("which replaces the article's {first} and has the same hidden size ({error})");
    let located = hub.pull(second).map_err(|e| anyhow::Error::new(e).context(format!("{first}: {error}")))?;
    Ok((located, why))
}
