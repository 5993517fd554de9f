//! `clsify train --multi-label`: sentences with any number of labels each.

use clsify::dataset::{LabelSeparator, MultiLabelDataset, MultiLabelSummary};
use clsify::evaluation::{MultiLabelEvaluation, Scoring, WeightedMultiLabelScores};
use clsify::pipeline::{
    Calibration, ConstantScores, FeatureChoice, LabelThreshold, MultiLabelReport, MultiLabelTestRows,
    MultiLabelTrainOptions, Observer, Thresholds, train_multi_label, train_multi_label_selected,
};

use super::choice::FeatureSource;
use super::{Args, calibrated, check_stays, choice, finish, seconds_text, series, six_digits};
use crate::console::Console;
use crate::loading::{
    load_encoder, load_encoder_with, load_multi_label_dataset, load_multi_label_test_dataset, locate_encoder,
    note_separator,
};
use crate::table::{Table, n_shown, shorten};

/// Trains, once the paths are known to be good.
pub(super) fn run(
    args: &Args,
    source: FeatureSource,
    separator: &LabelSeparator,
    console: &Console,
) -> anyhow::Result<()> {
    let thresholds = args.decision.of_labels()?;
    let options = args.data_options();
    let dataset = load_multi_label_dataset(&args.data, separator, &options, console)?;
    args.class_limit.check(&args.data, dataset.classes().len(), dataset.len())?;
    let in_cells = options.label_columns.is_empty().then_some(separator);
    say_counts(&args.data.display().to_string(), &dataset, in_cells, console);
    let test = match &args.split.test_data {
        Some(path) => {
            let options = args.options.with_limit(None);
            let test = load_multi_label_test_dataset(path, separator, options, console)?;
            say_counts(&path.display().to_string(), &test, in_cells, console);
            MultiLabelTestRows::Dataset(test)
        }
        None => MultiLabelTestRows::Split(args.split.options()),
    };
    let scaling = args.fit.scaling(&args.features);
    let options = MultiLabelTrainOptions {
        test,
        scaling,
        classifier: args.fit.options(),
        grid_search: args.grid.c_values(scaling),
        calibration: args.calibration.into(),
        thresholds,
    };
    let located = locate_encoder(&args.encoder, console)?;
    if !args.bundle_encoder {
        check_stays(&located.folder, &args.output, "add --bundle-encoder")?;
    }
    let trained = match source {
        FeatureSource::Options => {
            let encoder = load_encoder(&located, &args.features, args.cache.open(), console)?;
            train_multi_label(encoder, &dataset, separator, options, console)?
        }
        FeatureSource::CrossValidation { scoring, required } => {
            let encoding = &args.features.encoding;
            let load = |features| load_encoder_with(&located, encoding, features, args.cache.open(), console);
            let choice = FeatureChoice { scoring: scoring.unwrap_or(DEFAULT_SCORING), required };
            train_multi_label_selected(load, &dataset, separator, options, choice, console)?
        }
    };
    trained.report.split.leakage_note().iter().for_each(|note| console.note(note));
    let save = || trained.classifier.save(&args.output, args.bundle_encoder);
    let text = summary(&trained.report, separator);
    let before = trained.report.calibration.as_ref().map(|of| (of.before, &of.reliability.before[..]));
    let series = series(&trained.report.probabilities, before);
    finish(args, &trained.report, &text, &series, save, console)?;
    console.hint_faster_dtype(trained.classifier.encoder());
    Ok(())
}

/// What a choice of features goes by, if nothing is said.
pub(crate) const DEFAULT_SCORING: Scoring = Scoring::F1Micro;

/// Says what was read: rows, labels, sets; and where the labels stand in cells, whether the separator may be another one.
pub(crate) fn say_counts(
    name: &str,
    dataset: &MultiLabelDataset,
    separator: Option<&LabelSeparator>,
    console: &Console,
) {
    let MultiLabelSummary { n_samples, label_counts, n_without_label, n_with_several, .. } =
        dataset.summary();
    let shown = n_shown(label_counts.len(), 12);
    let counts: Vec<String> =
        label_counts.iter().take(shown).map(|(label, n)| format!("{}: {n}", shorten(label, 40))).collect();
    let more = if label_counts.len() > shown { ", ..." } else { "" };
    console.say(&format!(
        "{name}: {n_samples} sentences ({}{more}), {n_with_several} with several labels, {n_without_label} without any",
        counts.join(", ")
    ));
    if let Some(separator) = separator.filter(|_| n_with_several == 0) {
        note_separator(name, separator, console);
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
        "rows         {} to train, {} to test\nlabels       {n_labels} label{s}, {:.2} a sentence\n",
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
    if let Some(selection) = &report.selection {
        text.push_str(&choice(selection));
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
        let weighted = scores.weighted.map_or(String::new(), |weighted| {
            format!("; by weight {:.4} and {:.4}", weighted.subset_accuracy, weighted.micro_f1)
        });
        format!(
            "{answer}: subset accuracy {:.4}, micro F1 {:.4}, macro F1 {:.4}{weighted}\n",
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
    if let Some(out_of_fold) = &report.thresholds.out_of_fold {
        let micro = &out_of_fold.micro_average;
        text.push_str(&format!(
            "on the training rows out of their folds, with these thresholds: micro precision {:.4}, recall {:.4}, F1 {:.4}, \
             macro F1 {:.4}\n",
            micro.precision, micro.recall, micro.f1, out_of_fold.macro_average.f1
        ));
    }
    if let Some(cost) = &report.thresholds.mean_cost {
        text.push_str(&format!(
            "mean cost of a row with 0.5 -> with these thresholds: {:.4} -> {:.4} out of the folds, {:.4} -> {:.4} on the \
             held-out rows\n",
            cost.out_of_fold_at_half, cost.out_of_fold, cost.test_at_half, cost.test
        ));
    }
    if let Some(calibration) = &report.calibration {
        let method = match calibration.method {
            Calibration::Platt => "a line through the logits",
            _ => "a temperature",
        };
        text.push_str(&format!(
            "\ncalibration  {method} of each of {} labels, over {} folds; means over all labels: ",
            calibration.per_label.len(),
            calibration.n_splits
        ));
        let reliability = &calibration.reliability.after;
        text.push_str(&calibrated(calibration.before, calibration.after, reliability));
        let as_they_are = &calibration.as_they_are;
        if !as_they_are.is_empty() {
            let shown = n_shown(as_they_are.len(), 1);
            let labels: Vec<String> = as_they_are[..shown].iter().map(|label| shorten(label, 40)).collect();
            let more = match as_they_are.len() - shown {
                0 => String::new(),
                n => format!(" and {n} more"),
            };
            text.push_str(&format!(
                "  as they are, constant or with too few rows: {}{more}\n",
                labels.join(", ")
            ));
        }
    }
    text.push_str(&seconds_text(&report.seconds));
    text
}

fn thresholds(report: &MultiLabelReport) -> String {
    let thresholds = &report.thresholds;
    let folds = format!("over {} folds of the training rows", thresholds.n_splits.unwrap_or_default());
    let n_other = thresholds.per_label.iter().filter(|label| label.threshold != 0.5).count();
    let n = thresholds.per_label.len();
    match &thresholds.chosen_by {
        Thresholds::Half => "0.5 for every label".to_string(),
        Thresholds::AbstainBelow(p) => format!("{p} for every label"),
        Thresholds::F1 => format!("the best F1 of each label {folds}; {n_other} of {n} are not 0.5"),
        Thresholds::TargetPrecision(target) => format!(
            "the lowest at which {target} of the rows that are given a label have it, {folds}; {} of {n} labels do not get \
             there and are never given",
            thresholds.never_given.len()
        ),
        Thresholds::Costs(_) => {
            format!("the least expected cost of each label; {n_other} of {n} are not 0.5")
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
