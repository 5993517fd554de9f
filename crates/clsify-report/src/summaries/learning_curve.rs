//! A learning curve in words, and whether more rows would help.

use clsify::dataset::LabelSeparator;
use clsify::studies::{CurveForecast, CurveScores, CurveScoring, LearningCurve, TunedCurve, TunedPoint};

use crate::charts::learning_curve::{bars, baseline_name, score_name};
use crate::table::Table;
use crate::text::{shorten, six_digits};

/// Describes a learning curve. `separator` joins the labels of a label set.
pub fn learning_curve_summary(curve: &LearningCurve, separator: Option<&LabelSeparator>) -> String {
    let encoder = &curve.encoder;
    let c = match &curve.grid_search {
        None => format!("C {}", six_digits(curve.c)),
        Some(c_values) => format!("C chosen from {} values by cross-validation", c_values.len()),
    };
    let mut text = format!(
        "encoder      {}, {}; {c}\nrows         {} to train, {} to test\n",
        encoder.name,
        encoder.pooled(),
        curve.n_train,
        curve.n_test
    );
    let always = match separator {
        None => baseline_name(curve.scoring).to_string(),
        Some(_) if curve.baseline_labels.is_empty() => "empty set".to_string(),
        Some(separator) => format!("labels {}", shorten(&separator.join(&curve.baseline_labels), 60)),
    };
    text.push_str(&format!("baseline     {:.4}: always the {always}\n\n", curve.baseline_score));
    text.push_str(&format!("{}\n", points(curve)));
    text.push_str("  +-: standard deviation over fits on different training rows; interval: for other held-out rows\n\n");
    text.push_str(&match &curve.forecast {
        Some(forecast) => verdict(curve, forecast),
        None => "Three numbers of rows are needed to say whether more would help.\n".to_string(),
    });
    if let Some(tuned) = &curve.tuned {
        text.push_str(&format!("\n{}", of_tuned(tuned, score_name(curve.scoring))));
    }
    text
}

/// The table of tuned encoders, and from how many rows on tuning pays.
fn of_tuned(tuned: &TunedCurve, score: &str) -> String {
    let interval = |[low, high]: [f64; 2]| format!("{low:.3} to {high:.3}");
    let mut table = Table::new([
        "rows",
        "frozen",
        "95 % interval",
        "tuned",
        "95 % interval",
        "gain",
        "95 % interval",
        "epochs",
        "seconds",
    ]);
    for point in &tuned.points {
        table.row([
            point.n_rows.to_string(),
            format!("{:.4}", point.frozen_score),
            interval(point.frozen_ci95),
            format!("{:.4}", point.tuned_score),
            interval(point.tuned_ci95),
            format!("{:+.4}", point.gain),
            interval(point.gain_ci95),
            point.epochs.to_string(),
            format!("{:.0}", point.seconds),
        ]);
    }
    let judgement = match (tuned.pays_from, tuned.points.last()) {
        (Some(n_rows), Some(last)) => {
            let first = tuned.points.iter().find(|point| point.n_rows == n_rows).unwrap_or(last);
            let least = tuned.points.iter().all(TunedPoint::is_clear_gain);
            let least = if least { ", the smallest number here" } else { "" };
            let others = if first == last { String::new() } else { format!("; {}", gain(last)) };
            format!("Tuning pays from {n_rows} rows{least}: {}{others}.\n", gain(first))
        }
        (None, Some(last)) => {
            let judgement = match last.gain_ci95[1] < WORTH {
                true => "Tuning does not pay",
                false => "These rows do not show that tuning pays",
            };
            let clear: Vec<String> =
                tuned.points.iter().filter(|p| p.is_clear_gain()).map(|p| p.n_rows.to_string()).collect();
            let clear = match clear[..] {
                [] => String::new(),
                _ => format!(" It was clearly better with {} rows, but not with more.", clear.join(", ")),
            };
            format!("{judgement}: {}.{clear}\n", gain(last))
        }
        (_, None) => String::new(),
    };
    format!(
        "Tuned encoders and the frozen one by {score}, both with the rows of the first fit:\n\n{table}\n{judgement}"
    )
}

/// The gain of a point, in words.
fn gain(point: &TunedPoint) -> String {
    let [low, high] = point.gain_ci95.map(|gain| format!("{:+.1}", 100.0 * gain));
    let n_rows = point.n_rows;
    format!("{:+.1} points with {n_rows} rows (95 % interval {low} to {high})", 100.0 * point.gain)
}

/// A table with one line per number of training rows.
fn points(curve: &LearningCurve) -> Table {
    let (scale, bars) = bars(curve);
    // Further columns: other scores, and the chosen C.
    let beside = match curve.scoring {
        CurveScoring::Accuracy => &[][..],
        CurveScoring::WeightedAccuracy => &["accuracy"],
        CurveScoring::F1Micro => &["macro F1", "subset"],
        CurveScoring::WeightedF1Micro => &["micro F1", "macro F1", "subset"],
    };
    let searched = curve.grid_search.is_some().then_some("C");
    let head = ["rows", "fits", score_name(curve.scoring), "+-", "95 % interval"];
    let mut table = Table::new(head.iter().chain(beside).copied().chain(searched).chain([scale.as_str()]));
    for (point, bar) in curve.points.iter().zip(bars) {
        let [low, high] = point.score_ci95;
        let spread = match point.scores.len() {
            1 => String::new(),
            _ => format!("{:.4}", point.score_std),
        };
        let others = match (curve.scoring, &point.unweighted) {
            (CurveScoring::Accuracy, _) => vec![],
            (_, CurveScores::Classes { accuracy, .. }) => vec![*accuracy],
            (CurveScoring::F1Micro, CurveScores::LabelSets { f1_macro, subset_accuracy, .. }) => {
                vec![*f1_macro, *subset_accuracy]
            }
            (_, CurveScores::LabelSets { f1_micro, f1_macro, subset_accuracy }) => {
                vec![*f1_micro, *f1_macro, *subset_accuracy]
            }
        };
        let cells = [
            point.n_rows.to_string(),
            point.scores.len().to_string(),
            format!("{:.4}", point.score),
            spread,
            format!("{low:.3} to {high:.3}"),
        ];
        let others = others.into_iter().map(|score| format!("{score:.4}"));
        let c = searched.map(|_| c_range(&point.c));
        table.row(cells.into_iter().chain(others).chain(c).chain([bar]));
    }
    table
}

/// The C of all repeats: one value, or the lowest and the highest.
fn c_range(c: &[f64]) -> String {
    let (low, high) = c.iter().fold((f64::INFINITY, 0.0f64), |(low, high), &c| (low.min(c), high.max(c)));
    let digits = |c: f64| format!("{c:.2e}").parse().unwrap_or(c);
    if low == high { digits(low).to_string() } else { format!("{} to {}", digits(low), digits(high)) }
}

/// The smallest gain that is worth labelling more rows: half a percentage point.
const WORTH: f64 = 0.005;

/// The forecast, and whether more rows would help.
fn verdict(curve: &LearningCurve, forecast: &CurveForecast) -> String {
    let forecast = &forecast.found;
    let [low, high] = forecast.gain_ci95;
    let points = |x: f64| format!("{:.1}", 100.0 * x);
    let judgement = match (low, high) {
        (low, _) if low >= WORTH => "More rows of this kind would help.",
        (_, high) if high < WORTH => {
            "More rows of this kind would hardly help: look at the encoder, its layers, or the labels."
        }
        _ => "These rows do not show whether more of them would help.",
    };
    let mut text = format!(
        "{judgement}\nTwice the rows ({}): about {} points more (95 % interval {} to {}), if the curve\n  \
         {} = {:.4} - {:.4} x rows^-{:.3}\ncontinues.",
        forecast.n_rows,
        points(forecast.gain),
        points(low),
        points(high),
        score_name(curve.scoring),
        forecast.law.a,
        forecast.law.b,
        forecast.law.c
    );
    if let (Some(expected), Some(last)) = (forecast.largest_from_others, curve.points.last()) {
        text.push_str(&format!(
            " Fitted without its last point, it predicts {expected:.4} for {} rows; measured {:.4}.",
            last.n_rows, last.score
        ));
    }
    text + "\n"
}
