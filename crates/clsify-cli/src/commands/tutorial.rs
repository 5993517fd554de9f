//! `clsify tutorial`: the article's run, told step by step, on real sentences with a real encoder.

use std::path::PathBuf;

use clap::builder::NonEmptyStringValueParser;
use clsify::classifier::LogisticRegressionOptions;
use clsify::dataset::{Dataset, DatasetOptions};
use clsify::pipeline::{
    GridSearchOptions, SentenceEncoder, SentenceEncoderOptions, TestRows, TrainOptions, Trained,
    TrainingReport, check_replaceable, train,
};
use clsify::split::SplitOptions;
use clsify::tokenizer::PaddedBatch;
use clsify_hub::{Hub, Located, Origin};
use serde::Serialize;

use crate::commands::train::{check_report, check_stays, convergence, say_counts, scores};
use crate::console::Console;
use crate::options::{DtypeArg, article_grid, at_least_one};
use crate::output::{is_stdout, write_json, write_text};
use crate::records::note_files;
use crate::table::{Table, shorten, wrap};

/// The article's encoder, and the one that stands in for it where it cannot be had: just as wide.
const ENCODERS: [&str; 2] = ["distilbert-base-uncased", "all-mpnet-base-v2"];

/// The sentence that the article follows.
const ARTICLE_SENTENCE: &str = "a visually stunning rumination on love";

const SENTENCES: [&str; 3] = [
    "the jokes fall flat and the plot goes nowhere",
    "i left the theater smiling , and would happily see it again",
    "not as bad as they say , but not good either",
];

/// Do the article's run step by step: sentences, tokens, encoder, [CLS] vectors, split, classifier, scores
///
/// After "A Visual Guide to Using BERT for the First Time" by Jay Alammar.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  clsify tutorial
  clsify tutorial --encoder all-MiniLM-L6-v2 --sentence \"my own sentence\"
  clsify tutorial --encoder bert-base-uncased --data train.tsv --output my-tutorial")]
pub(crate) struct Args {
    /// A folder, a name known to `list`, or a hub id; distilbert-base-uncased where it can be had, else all-mpnet-base-v2
    #[arg(long)]
    encoder: Option<String>,

    /// Labelled sentences: TSV, CSV or JSONL; SST-2 where it can be had, else movie reviews of vaderSentiment
    #[arg(long, value_name = "FILE")]
    data: Option<PathBuf>,

    /// Rows to use, from the start of the data
    #[arg(long, value_name = "N", default_value_t = 2000, value_parser = at_least_one, allow_negative_numbers = true)]
    limit: usize,

    /// Seed of the split; the rows are those that scikit-learn draws with the same random_state
    #[arg(long, default_value_t = 0, allow_negative_numbers = true)]
    seed: u32,

    /// Arithmetic of the encoder: f32 is exact; bf16 and int8 are faster where the processor has them, auto is bf16 there
    #[arg(long, value_enum, default_value_t = DtypeArg::F32)]
    dtype: DtypeArg,

    /// A sentence of your own to classify at the end; may be given several times
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true, value_parser = NonEmptyStringValueParser::new())]
    sentence: Vec<String>,

    /// The folder for the trained model and tutorial.json
    #[arg(long, value_name = "DIR", default_value = "clsify-tutorial")]
    output: PathBuf,

    /// Write the report to this file too; - is stdout, without the story
    #[arg(long, value_name = "OUT.json")]
    json: Option<PathBuf>,
}

/// `tutorial.json`.
#[derive(Serialize)]
struct TutorialReport {
    #[serde(flatten)]
    training: TrainingReport,
    predictions: Vec<SentencePrediction>,
}

#[derive(Serialize)]
struct SentencePrediction {
    text: String,
    tokens: Vec<String>,
    input_ids: Vec<u32>,
    logits: Vec<f64>,
    label: String,
    probability: f64,
}

pub(crate) fn run(args: Args, console: &Console) -> anyhow::Result<()> {
    check_replaceable(&args.output)?;
    args.json.iter().try_for_each(|path| check_report(path, &args.output))?;
    if let Some(data) = &args.data {
        check_stays(data, &args.output, "move the file")?;
    }
    let is_on_stdout = args.json.as_deref().is_some_and(is_stdout);
    // A report on stdout stands there alone.
    let tell = |text: &str| if is_on_stdout { Ok(()) } else { write_text(None, &format!("{text}\n")) };
    note_files(&args.sentence, "its name is classified, not its lines", console);
    let hub = Hub::from_env();
    let (path, source) = match &args.data {
        Some(path) => (path.clone(), "your own data".to_string()),
        None => {
            let data = hub.example_data(console)?;
            (data.path, format!("{} ({})", data.name, data.why))
        }
    };
    let dataset =
        Dataset::load(&path, &DatasetOptions { limit: Some(args.limit), ..DatasetOptions::default() })?;
    let (located, why) = locate(&hub, args.encoder.as_deref(), console)?;
    check_stays(&located.folder, &args.output, "move the encoder")?;
    say_counts(&path.display().to_string(), &dataset.summary(), console);

    let name = (located.origin != Origin::Folder).then(|| located.name.clone());
    let options =
        SentenceEncoderOptions { name, dtype: args.dtype.into(), ..SentenceEncoderOptions::default() };
    let encoder = SentenceEncoder::load(&located.folder, options, console)?;
    tell(&data_step(&dataset, &source))?;
    tell(&token_step(&encoder)?)?;
    tell(&encoder_step(&encoder, &why, dataset.len()))?;
    let options = TrainOptions {
        test: TestRows::Split(SplitOptions { seed: args.seed, ..SplitOptions::default() }),
        classifier: LogisticRegressionOptions::default(),
        grid_search: Some(GridSearchOptions { c_values: article_grid(), refit: false }),
        ..TrainOptions::default()
    };
    let trained = train(encoder, &dataset, options, console)?;
    tell(&padding_step(&trained))?;
    tell(&features_step(&trained, &dataset))?;
    tell(&split_step(&trained.report, &trained.split.train))?;
    tell(&classifier_step(&trained.report))?;
    tell(&scores_step(&trained.report))?;
    tell(&baseline_step(&trained.report))?;
    tell(&grid_step(&trained.report))?;

    let own =
        if args.sentence.is_empty() { SENTENCES.map(str::to_string).to_vec() } else { args.sentence.clone() };
    let sentences: Vec<String> = std::iter::once(ARTICLE_SENTENCE.to_string()).chain(own).collect();
    let predictions = predict(&trained, &sentences, console)?;
    tell(&prediction_step(&trained, &predictions[0], console)?)?;
    tell(&sentences_step(&predictions, args.sentence.is_empty()))?;

    let (classifier, report) = (trained.classifier, TutorialReport { training: trained.report, predictions });
    // A file first, so that a report that cannot be written leaves no model; stdout last, when all is done.
    if let Some(path) = args.json.as_deref().filter(|_| !is_on_stdout) {
        write_json(path, &report)?;
    }
    classifier.save(&args.output, false)?;
    write_json(&args.output.join("tutorial.json"), &report)?;
    if is_on_stdout {
        write_json("-".as_ref(), &report)?;
    }
    let (output, seconds) = (quoted(&args.output.display().to_string()), report.training.seconds.total);
    tell(&format!(
        "All of it took {seconds:.1} seconds. The classifier is in {output}, with every number above in tutorial.json.\n\
         Ask it:     clsify predict {output} -p \"{ARTICLE_SENTENCE}\"\n\
         Your data:  clsify train --encoder {} --data FILE --output MODEL --pooling mean --grid-search\n",
        quoted(&located.name)
    ))?;
    console.hint_faster_dtype(classifier.encoder());
    Ok(())
}

/// The encoder to use, and why it is that one.
fn locate(hub: &Hub, asked: Option<&str>, console: &Console) -> anyhow::Result<(Located, String)> {
    let [first, second] = ENCODERS;
    if let Some(encoder) = asked {
        return Ok((hub.pull(encoder, console)?, "the encoder you asked for".to_string()));
    }
    let error = match hub.pull(first, console) {
        Ok(located) => return Ok((located, "the article's encoder".to_string())),
        Err(error) => error,
    };
    let why = format!("as wide as the article's {first}, for which it stands in ({error})");
    let located =
        hub.pull(second, console).map_err(|e| anyhow::Error::new(e).context(format!("{first}: {error}")))?;
    Ok((located, why))
}

/// A path as a shell takes it.
fn quoted(path: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "/._-+@~".contains(c);
    if path.chars().all(is_plain) { path.to_string() } else { format!("'{}'", path.replace('\'', "'\\''")) }
}

/// A step of the story: a numbered heading and a passage.
fn passage(number: usize, title: &str, text: &str) -> String {
    let line = format!("{number}. {title}");
    format!("{line}\n{}\n{}\n", "-".repeat(line.chars().count()), paragraph(text))
}

fn paragraph(text: &str) -> String {
    wrap(text, 100)
}

fn data_step(dataset: &Dataset, source: &str) -> String {
    let summary = dataset.summary();
    let mut table = Table::new(["sentence", "label"]);
    for (sentence, label) in dataset.sentences().iter().zip(dataset.labels()).take(5) {
        table.row([shorten(sentence, 88), shorten(label, 40)]);
    }
    let mut counts: Vec<String> =
        summary.class_counts.iter().take(6).map(|(label, n)| format!("{n} are {}", meaning(label))).collect();
    if summary.class_counts.len() > 6 {
        counts.push(format!("so on through {} labels", summary.class_counts.len()));
    }
    let text = format!(
        "We teach a computer to tell one kind of sentence from another. It learns from sentences with labels: {source}. \
         The first five of {}, of which {}:",
        summary.n_samples,
        counts.join(" and "),
    );
    format!("{}\n{table}", passage(1, "The sentences", &text))
}

/// What the labels of the article's data mean.
fn meaning(label: &str) -> String {
    match label {
        "1" => "1 (positive)".to_string(),
        "0" => "0 (negative)".to_string(),
        other => shorten(other, 40),
    }
}

fn token_step(encoder: &SentenceEncoder) -> anyhow::Result<String> {
    let encoding = encoder.tokenizer().encode(ARTICLE_SENTENCE)?;
    let tokens = encoder.tokenizer().tokens(&encoding);
    let mut table = Table::new(std::iter::once("token".to_string()).chain(tokens.iter().cloned()));
    table.row(std::iter::once("id".to_string()).chain(encoding.input_ids.iter().map(ToString::to_string)));
    let text = format!(
        "An encoder reads numbers. Its tokenizer cuts a sentence into pieces of a fixed vocabulary, puts a special \
         token before it and one behind, and looks up the number of each. \"{ARTICLE_SENTENCE}\" becomes:"
    );
    Ok(format!("{}\n{table}", passage(2, "Tokens", &text)))
}

fn encoder_step(encoder: &SentenceEncoder, why: &str, n_sentences: usize) -> String {
    let config = encoder.config();
    let text = format!(
        "{} is {why}. It is of the {} family, with {} layers of {} attention heads, and makes {} numbers of each token. \
         It has learned from a great deal of text and stays as it is: nothing in it learns from our {n_sentences} \
         sentences. In every layer each token looks at all others of its sentence and takes up something of them.",
        encoder.name(),
        config.model_type,
        config.num_hidden_layers,
        config.num_attention_heads,
        config.hidden_size,
    );
    passage(3, "The encoder, frozen", &text)
}

fn padding_step(trained: &Trained) -> String {
    let tokenizer = trained.classifier.encoder().tokenizer();
    let (encodings, counts) = (&trained.encoded.encodings, trained.encoded.counts);
    let n = encodings.len();
    // Short ones, so that the padding can be seen.
    let mut shown: Vec<_> = encodings.iter().take(100).cloned().collect();
    shown.sort_by_key(clsify::tokenizer::Encoding::len);
    shown.truncate(3);
    let padded = PaddedBatch::new(&shown, tokenizer.pad_id());
    let mut rows = String::new();
    for (ids, mask) in padded.input_ids.iter().zip(&padded.attention_mask) {
        let cells =
            |numbers: &mut dyn Iterator<Item = u32>| numbers.map(|x| format!("{x:>6}")).collect::<String>();
        rows.push_str(&format!("  input_ids     {}\n", cells(&mut ids.iter().copied())));
        rows.push_str(&format!("  attention_mask{}\n", cells(&mut mask.iter().map(|&m| u32::from(m)))));
    }
    let rectangle = n * counts.max_tokens;
    let text = format!(
        "To make one matrix of all sentences, the article fills each up to the longest, and marks with 1 what is a \
         token and with 0 what is padding: ({n} x {}) ids and as many marks. With three short sentences:",
        counts.max_tokens
    );
    let saved = format!(
        "Only {} of our {rectangle} places hold a token, {:.0} %. This program leaves the padding out of its arithmetic; \
         the result is the same.",
        counts.n_tokens,
        100.0 * counts.n_tokens as f64 / rectangle as f64,
    );
    format!("{}\n{rows}\n{}\n", passage(4, "Padding and the attention mask", &text), paragraph(&saved))
}

fn features_step(trained: &Trained, dataset: &Dataset) -> String {
    let [n, d] = trained.encoded.features.shape();
    let counts = trained.encoded.counts;
    let mut table = Table::new(["", "0", "1", "2", "3", "...", &(d - 1).to_string()]);
    for i in 0..n.min(5) {
        let row = trained.encoded.features.row(i);
        let number = |x: f32| format!("{x:.4}");
        let cells = row.iter().take(4).map(|&x| number(x)).chain(["...".to_string(), number(row[d - 1])]);
        table.row(std::iter::once(shorten(&dataset.sentences()[i], 40)).chain(cells));
    }
    let text = format!(
        "The encoder's last_hidden_state has a vector of {d} numbers for every token of every sentence: ({n} x {} x {d}). \
         For a decision about the whole sentence we keep one vector, that of position 0, where the first special token \
         stands ([CLS] with BERT, <s> with some others). These are the features, ({n} x {d}):",
        counts.max_tokens,
    );
    let speed = format!("{} tokens took {:.1} seconds.", counts.n_tokens, trained.encoded.embed_seconds);
    format!("{}\n{table}\n{speed}\n", passage(5, "From hidden states to features: the [CLS] vector", &text))
}

fn split_step(report: &TrainingReport, train: &[usize]) -> String {
    let numbers =
        |rows: &[usize]| rows.iter().take(10).map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let split = &report.split;
    let text = format!(
        "The rows are shuffled and divided: {} to learn from, {} kept back to test on. They are the rows that \
         scikit-learn's train_test_split draws with random_state={}, in the same order:",
        split.n_train, split.n_test, split.seed
    );
    let rows = format!("  train  {}, ...\n  test   {}, ...", numbers(train), numbers(&split.test_indices));
    format!("{}\n{rows}\n", passage(6, "Training rows and test rows", &text))
}

fn classifier_step(report: &TrainingReport) -> String {
    let text = format!(
        "The only part that learns: one weight for each of the {} features and one intercept, with scikit-learn's \
         defaults (L2 penalty, C = {}). It is {}, where all weights together have the length {:.4}. On the rows that it \
         learned from it is right in {:.1} % of cases, which says little: it has seen their labels.",
        report.features.shape[1],
        report.classifier.c,
        convergence(report),
        report.classifier.coef_norm,
        100.0 * report.train.accuracy,
    );
    passage(7, "Logistic regression", &text)
}

fn scores_step(report: &TrainingReport) -> String {
    let [low, high] = report.test.accuracy_ci95;
    let text = "What counts are the rows that it has never seen:";
    let comment = format!(
        "The article reports 0.81 to 0.82 for DistilBERT on SST-2. With {} test rows chance alone moves such a number by \
         about {:.0} points either way.",
        report.split.n_test,
        50.0 * (high - low),
    );
    format!("{}\n{}\n{}\n", passage(8, "Scores", text), scores(&report.test), paragraph(&comment))
}

fn baseline_step(report: &TrainingReport) -> String {
    let mut table = Table::new(["", "accuracy"]);
    if let (Some(mean), Some(std)) = (report.baseline.cv_mean, report.baseline.cv_std) {
        table.row(["dummy, cross-validated on the training rows".to_string(), format!("{mean:.3}")]);
        table.row(["  standard deviation over the folds".to_string(), format!("{std:.3}")]);
    }
    table.row(["dummy, test rows".to_string(), format!("{:.3}", report.baseline.test_accuracy)]);
    table.row(["our classifier, test rows".to_string(), format!("{:.3}", report.test.accuracy)]);
    let text = "Is that good? The least to beat is a dummy classifier, which always answers the most frequent label:";
    format!("{}\n{table}", passage(9, "Against a dummy classifier", text))
}

fn grid_step(report: &TrainingReport) -> String {
    let Some(search) = &report.grid_search else { return String::new() };
    let scores = || search.points.iter().map(|p| p.mean_test_score);
    let (low, high) = (scores().fold(1.0, f64::min), scores().fold(0.0, f64::max));
    let mut table = Table::new(["C", "mean", "std", ""]);
    for point in &search.points {
        let width = 1.0 + 29.0 * (point.mean_test_score - low) / (high - low).max(1e-9);
        let best = if point.c == search.best_c { " best" } else { "" };
        table.row([
            format!("{:.4}", point.c),
            format!("{:.4}", point.mean_test_score),
            format!("{:.4}", point.std_test_score),
            format!("{}{best}", "#".repeat(width.round() as usize)),
        ]);
    }
    let text = format!(
        "C says how freely the weights may grow. {} values are tried, each on {} folds of the training rows: {} fits, in \
         {:.1} seconds.",
        search.points.len(),
        search.n_splits,
        search.points.len() * search.n_splits,
        report.seconds.grid_search,
    );
    let result = format!(
        "The best is C = {:.4}, with {:.4} over the folds. Fitted with it on all training rows, the classifier is right on \
         {:.3} of the test rows; with C = {} it was {:.3}.",
        search.best_c, search.best_score, search.test_accuracy, report.classifier.c, report.test.accuracy,
    );
    format!("{}\n{table}\n{}\n", passage(10, "Grid search", &text), paragraph(&result))
}

fn predict(
    trained: &Trained,
    sentences: &[String],
    console: &Console,
) -> anyhow::Result<Vec<SentencePrediction>> {
    let (classifier, encoder) = (&trained.classifier, trained.classifier.encoder());
    let encoded = encoder.encode(sentences, console)?;
    let logits = classifier.classifier().decision_function(&encoded.features);
    let columns = logits.len() / sentences.len();
    let predictions = classifier.predict(sentences, console)?;
    let rows = sentences.iter().zip(&encoded.encodings).zip(logits.chunks_exact(columns)).zip(predictions);
    let prediction =
        |(((text, encoding), logits), prediction): (((&String, _), &[f64]), clsify::pipeline::Prediction)| {
            SentencePrediction {
                text: text.clone(),
                tokens: encoder.tokenizer().tokens(encoding),
                input_ids: encoding.input_ids.clone(),
                logits: logits.to_vec(),
                label: classifier.classes()[prediction.class_id].clone(),
                probability: prediction.probabilities[prediction.class_id],
            }
        };
    Ok(rows.map(prediction).collect())
}

/// The dot product that makes one prediction, number by number.
fn prediction_step(
    trained: &Trained,
    prediction: &SentencePrediction,
    console: &Console,
) -> anyhow::Result<String> {
    let classifier = &trained.classifier;
    let features = classifier.encoder().encode(&[&prediction.text], console)?.features;
    // With two classes the one weight vector speaks for the second; with more, each class has its own.
    let column = match prediction.logits.len() {
        1 => 0,
        _ => classifier.classes().iter().position(|class| *class == prediction.label).unwrap_or(0),
    };
    let d = features.cols();
    let coef = &classifier.classifier().coef()[column * d..][..d];
    let terms: Vec<f64> = coef.iter().zip(features.row(0)).map(|(w, &x)| w * f64::from(x)).collect();
    let mut table = Table::new(["feature", "its value", "its weight", "product"]);
    for i in (0..d.min(4)).chain([d - 1]) {
        let number = |x: f64| format!("{x:.4}");
        table.row([i.to_string(), number(f64::from(features.row(0)[i])), number(coef[i]), number(terms[i])]);
        if i == 3 {
            table.row(["", "", "", ""]);
        }
    }
    let intercept = classifier.classifier().intercept()[column];
    let logit = prediction.logits[column];
    let sum: f64 = terms.iter().sum();
    let (formula, probability) = match prediction.logits.len() {
        1 => (
            format!("probability of {}: 1 / (1 + e^-x)", classifier.classes()[1]),
            1.0 / (1.0 + (-logit).exp()),
        ),
        _ => (format!("probability of {}: softmax of logits", prediction.label), prediction.probability),
    };
    let mut text = passage(
        11,
        "How one prediction comes about",
        &format!("\"{}\", from text to answer:", prediction.text),
    );
    text.push_str(&format!(
        "\n  tokens         {}\n  ids            {:?}\n  hidden states  {} vectors of {d} numbers, one a token; the first is \
         kept\n\nEach of its numbers is multiplied by its weight:\n\n{table}\n",
        prediction.tokens.join(" "),
        prediction.input_ids,
        prediction.tokens.len(),
    ));
    let rows = [
        (format!("sum of all {d} products"), sum),
        ("intercept".to_string(), intercept),
        ("logit".to_string(), logit),
    ];
    for (name, number) in rows.into_iter().chain([(formula, probability)]) {
        text.push_str(&format!("  {name:<40}{number:>9.4}\n"));
    }
    text.push_str(&format!("  answer: {}\n", meaning(&prediction.label)));
    Ok(text)
}

fn sentences_step(predictions: &[SentencePrediction], are_ours: bool) -> String {
    let mut table = Table::new(["sentence", "label", "probability"]);
    for prediction in predictions {
        table.row([
            shorten(&prediction.text, 70),
            meaning(&prediction.label),
            format!("{:.4}", prediction.probability),
        ]);
    }
    let text = match are_ours {
        true => "Try your own: --sentence \"...\", as often as you like.",
        false => "The article's sentence and yours:",
    };
    format!("{}\n{table}", passage(12, "Sentences to try", text))
}
