//! `clsify train --multi-label`: sentences with any number of labels each.

use clsify::dataset::{LabelSeparator, MultiLabelDataset, MultiLabelSummary};
use clsify::evaluation::{MultiLabelEvaluation, WeightedMultiLabelScores};
use clsify::pipeline::{
    ConstantScores, LabelThreshold, MultiLabelReport, MultiLabelTestRows, MultiLabelTrainOptions,
    train_multi_label,
};

use super::{Args, article_grid, check_stays, finish, six_digits};
use crate::console::Console;
use crate::options::{load_encoder, load_multi_label_dataset, locate_encoder};
use crate::table::{Table, shorten};

/// Trains, once the paths are known to be good.
pub(super) fn run(args: &Args, separator: &LabelSeparator, console: &Console) -> anyhow::Result<()> {
    let thresholds = args.decision.of_labels()?;
    let options = args.weight.of(args.options.with_limit(args.limit));
    let dataset = load_multi_label_dataset(&args.data, separator, &options)?;
    say_counts(&args.data.display().to_string(), &dataset, separator, console);
    let test = match &args.split.test_data {
        Some(path) => {
            let test = load_multi_label_dataset(path, separator, &args.options.with_limit(None))?;
            say_counts(&path.display().to_string(), &test, separator, console);
            MultiLabelTestRows::Dataset(test)
        }
        None => MultiLabelTestRows::Split(args.split.options()),
    };
    let options = MultiLabelTrainOptions {
        test,
        scaling: args.fit.scaling(&args.features),
        classifier: args.fit.options(),
        grid_search: (args.grid_search || !args.c_grid.is_empty()).then(|| match args.c_grid.as_slice() {
            [] => article_grid(),
            c_values => c_values.to_vec(),
        }),
        thresholds,
    };
    let located = locate_encoder(&args.encoder, console)?;
    if !args.bundle_encoder {
        check_stays(&located.folder, &args.output, "add --bundle-encoder")?;
    }
    let encoder = load_encoder(&located, &args.features, args.cache.open(), console)?;
    let trained = train_multi_label(encoder, &dataset, separator, options, console)?;
    let save = || trained.classifier.save(&args.output, args.bundle_encoder);
    finish(args, &trained.report, &summary(&trained.report, separator), save, console)?;
    console.hint_faster_dtype(trained.classifier.encoder());
    Ok(())
}

/// Says what was read: rows, labels, sets.
pub(crate) fn say_counts(
    name: &str,
    dataset: &MultiLabelDataset,
    separator: &LabelSeparator,
    console: &Console,
) {
    let MultiLabelSummary { n_samples, label_counts, n_without_label, n_with_several, .. } =
        dataset.summary();
    let counts: Vec<String> =
        label_counts.iter().take(12).map(|(label, n)| format!("{}: {n}", shorten(label, 40))).collect();
    let more = if label_counts.len() > 12 { ", ..." } else { "" };
    console.say(&format!(
        "{name}: {n_samples} sentences ({}{more}), {n_with_several} with several labels, {n_without_label} without any",
        counts.join(", ")
    ));
    if n_with_several == 0 {
        console.say(&format!(
            "note: no sentence of {name} has several labels: is {separator:?} what stands between them?",
            separator = separator.to_string()
        ));
    }
}

/// A training report in words.
fn summary(report: &MultiLabelReport, separator: &LabelSeparator) -> String {
    let (encoder, features, classifier) = (&report.encoder, &report.features, &report.classifier);
    let mut text = format!(
        "encoder      {} ({}, {} layers, {} wide), {}\nfeatures     {} x {}, {} tokens, longest {}\n",
        encoder.name,
        encoder.model_type,
        encoder.num_hidden_layers,
        encoder.hidden_size,
        encoder.pooled(),
        features.shape[0],
        features.shape[1],
        features.counts.n_tokens,
        features.counts.max_tokens,
    );
    let n_labels = report.thresholds.per_label.len();
    let s = if n_labels == 1 { "" } else { "s" };
    text.push_str(&format!(
        "rows         {} to train, {} to test (not stratified)\nlabels       {n_labels} label{s}, {:.2} a sentence\n",
        report.split.n_train, report.split.n_test, report.dataset.label_cardinality
    ));
    if let Some(search) = &report.grid_search {
        let found = &search.found;
        text.push_str(&format!(
            "grid search  best C {} with micro F1 {:.4} over {} folds, of {} values\n",
            six_digits(found.best_c),
            found.best_score,
            search.n_splits,
            found.points.len()
        ));
    }
    let stopped = match classifier.n_not_converged {
        0 => format!("all at their optimum after at most {} steps", classifier.n_iter),
        n => format!("{n} NOT at their optimum (gradient {:.1e})", classifier.gradient_max_norm),
    };
    text.push_str(&format!(
        "classifier   one a label, C {}, {stopped}\nthresholds   {}\n",
        six_digits(classifier.c),
        thresholds(report)
    ));
    let constant = |answer: &str, scores: &ConstantScores| {
        format!(
            "{answer}: subset accuracy {:.4}, micro F1 {:.4}, macro F1 {:.4}\n",
            scores.subset_accuracy, scores.micro_f1, scores.macro_f1
        )
    };
    let most_frequent = &report.baseline.most_frequent_set;
    let answer = match most_frequent.labels.as_slice() {
        [] => "always no label, the most frequent set".to_string(),
        labels => format!("always {}, the most frequent set", shorten(&separator.join(labels), 40)),
    };
    text.push_str(&format!("baseline     {}", constant(&answer, most_frequent)));
    text.push_str(&format!("             {}", constant("always every label", &report.baseline.every_label)));
    text.push_str(&format!(
        "on its own training rows: subset accuracy {:.4}, micro F1 {:.4}, macro F1 {:.4}\n\n",
        report.train.subset_accuracy, report.train.micro_average.f1, report.train.macro_average.f1
    ));
    text.push_str(&scores(&report.test, Some(&report.thresholds.per_label)));
    text.push_str(&weighted(report.test_weighted));
    if let Some(half) = &report.test_at_half {
        text.push_str(&format!(
            "\nwith the threshold 0.5 for every label: subset accuracy {:.4}, Hamming loss {:.4}, micro F1 {:.4}, \
             macro F1 {:.4}\n",
            half.subset_accuracy, half.hamming_loss, half.micro_average.f1, half.macro_average.f1
        ));
    }
    let seconds = &report.seconds;
    text.push_str(&format!(
        "\nseconds      load {:.2}, tokenize {:.2}, embed {:.2}, grid search {:.2}, fit {:.2}, total {:.2}\n",
        seconds.load, seconds.tokenize, seconds.embed, seconds.grid_search, seconds.fit, seconds.total
    ));
    text
}

fn thresholds(report: &MultiLabelReport) -> String {
    match report.thresholds.n_splits {
        None => "0.5 for every label".to_string(),
        Some(n_splits) => {
            let n_other = report.thresholds.per_label.iter().filter(|label| label.threshold != 0.5).count();
            format!(
                "the best F1 of each label over {n_splits} folds of the training rows; {n_other} of {} are not 0.5",
                report.thresholds.per_label.len()
            )
        }
    }
}

/// Scores of all labels together and of each, with its threshold where that is known.
pub(crate) fn scores(test: &MultiLabelEvaluation, thresholds: Option<&[LabelThreshold]>) -> String {
    let [low, high] = test.subset_accuracy_ci95;
    let s = if test.n_samples == 1 { "" } else { "s" };
    let mut text = format!(
        "subset accuracy {:.4} on {} row{s} (95 % interval {low:.3} to {high:.3})\nHamming loss    {:.4}\n\n",
        test.subset_accuracy, test.n_samples, test.hamming_loss
    );
    let titles = ["", "precision", "recall", "f1", "support"].into_iter();
    let mut table = Table::new(titles.chain(thresholds.map(|_| "threshold")));
    let averages = [
        ("micro", &test.micro_average),
        ("macro", &test.macro_average),
        ("weighted", &test.weighted_average),
        ("samples", &test.samples_average),
    ];
    let threshold_of = |label: &str| {
        let of_label = thresholds?.iter().find(|of_label| of_label.label == label)?;
        Some(format!("{:.4}", of_label.threshold))
    };
    let of_labels =
        test.per_label.iter().map(|(label, scores)| (shorten(label, 40), scores, threshold_of(label)));
    let averages = averages.into_iter().map(|(name, scores)| (name.to_string(), scores, None));
    for (name, s, threshold) in of_labels.chain(averages) {
        let score = |x: f64| format!("{x:.4}");
        let cells = [name, score(s.precision), score(s.recall), score(s.f1), s.support.to_string()];
        table.row(cells.into_iter().chain(threshold));
    }
    text.push_str(&table.to_string());
    text
}

/// The scores by weight, where rows have weights.
pub(crate) fn weighted(scores: Option<WeightedMultiLabelScores>) -> String {
    scores.map_or(String::new(), |scores| {
        format!(
            "\nby weight    subset accuracy {:.4}, micro F1 {:.4}: each row counted by its weight\n",
            scores.subset_accuracy, scores.micro_f1
        )
    })
}
