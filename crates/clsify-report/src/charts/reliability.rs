//! A reliability diagram, as bars for a terminal and as SVG: predicted probabilities against observed frequencies.

use clsify::evaluation::{CalibrationScores, ProbabilityScores, ReliabilityBin, wilson_ci95};
use clsify::training::{TrainingReport, TrainingScores};

use super::axis::Axis;
use super::labels::fitted;
use super::svg::{Anchor, Svg};
use crate::table::Table;

/// The width of a bar in characters, from probability 0 to 1.
const BAR_WIDTH: usize = 31;

/// The probabilities of one classifier.
#[derive(Debug, Clone)]
struct Series<'a> {
    /// The name in the legend.
    name: &'a str,
    scores: CalibrationScores,
    bins: &'a [ReliabilityBin],
}

/// A reliability diagram of one classifier, before and after calibration if it was calibrated.
#[derive(Debug, Clone)]
pub struct ReliabilityChart<'a> {
    title: String,
    series: Vec<Series<'a>>,
}

impl<'a> ReliabilityChart<'a> {
    /// Returns the diagram of the probabilities of the held-out rows, including those before calibration. `title`
    /// names the model or its encoder.
    pub fn of_training(title: &str, report: &'a TrainingReport) -> Self {
        let before = match &report.scores {
            TrainingScores::Classes(scores) => {
                scores.calibration.as_ref().map(|of| (of.before, &of.reliability.before[..]))
            }
            TrainingScores::LabelSets(scores) => {
                scores.calibration.as_ref().map(|of| (of.before, &of.reliability.before[..]))
            }
        };
        let name = if before.is_some() { "after it" } else { "as trained" };
        let before = before.map(|(scores, bins)| Series { name: "before calibration", scores, bins });
        let saved = &report.probabilities;
        let saved = Series { name, scores: saved.scores, bins: &saved.reliability };
        ReliabilityChart { title: title.to_string(), series: before.into_iter().chain([saved]).collect() }
    }

    /// Returns the diagram of the probabilities of a saved model.
    pub fn of_evaluation(title: &str, found: &'a ProbabilityScores) -> Self {
        let series = Series { name: "as saved", scores: found.scores, bins: &found.reliability };
        ReliabilityChart { title: title.to_string(), series: vec![series] }
    }

    /// Draws the diagram as SVG: one dot per bin with its 95 % interval, on the diagonal if predicted probability and
    /// observed frequency agree. The area of a dot is proportional to the rows of its bin; below, bars show them too.
    pub fn svg(&self) -> String {
        svg(&self.title, &self.series)
    }
}

/// A table of the bins that have rows. In each bar, `|` marks the mean predicted probability and `o` the observed
/// frequency.
pub(crate) fn bars(bins: &[ReliabilityBin]) -> String {
    let place = |p: f64| (p * (BAR_WIDTH - 1) as f64).round() as usize;
    let mut table =
        Table::new(["probability", "answers", "predicted", "observed", "0 (| predicted, o observed)  1 "]);
    for (i, bin) in bins.iter().enumerate() {
        let (Some(said), Some(came_true)) = (bin.mean_probability, bin.accuracy) else { continue };
        let mut bar = [' '; BAR_WIDTH];
        bar[place(said)] = '|';
        bar[place(came_true)] = 'o';
        let edge = |i: usize| i as f64 / bins.len() as f64;
        table.row([
            format!("{:.2} to {:.2}", edge(i), edge(i + 1)),
            bin.n_rows.to_string(),
            format!("{said:.3}"),
            format!("{came_true:.3}"),
            bar.iter().collect::<String>().trim_end().to_string(),
        ]);
    }
    table.to_string()
}

const SIDE: f64 = 420.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 36.0;
const TOP: f64 = 118.0;
/// The gap between the diagram and the bars below it.
const GAP: f64 = 78.0;
const BARS: f64 = 80.0;
const BOTTOM: f64 = 50.0;
/// The radius of the dot of the bin with the most rows, and of the smallest dot.
const RADII: [f64; 2] = [11.0, 2.0];

/// The classes of the dots, intervals and bars of a series: hollow and dashed before a calibration.
const STYLES: [[&str; 3]; 2] =
    [["orange-hollow", "orange-line dashed", "orange-hollow"], ["blue", "blue-line", "blue"]];

/// Wilson's 95 % interval of the observed frequency; `None` with sample weights, whose effective number of rows the
/// bin does not hold.
fn interval(bin: &ReliabilityBin) -> Option<[f64; 2]> {
    let is_counted = (bin.weight - bin.n_rows as f64).abs() < 1e-6 * bin.weight.max(1.0);
    let n_correct = (bin.accuracy? * bin.n_rows as f64).round() as usize;
    if is_counted { wilson_ci95(n_correct, bin.n_rows).ok() } else { None }
}

fn svg(what: &str, series: &[Series]) -> String {
    let size = [LEFT + SIDE + RIGHT, TOP + SIDE + GAP + BARS + BOTTOM];
    let x = Axis::linear([0.0, 1.0], [LEFT, LEFT + SIDE], 5);
    let y = Axis::linear([0.0, 1.0], [TOP + SIDE, TOP], 5);
    let share = |series: &Series, bin: &ReliabilityBin| {
        bin.weight / series.bins.iter().map(|bin| bin.weight).sum::<f64>()
    };
    let shares = series.iter().flat_map(|one| one.bins.iter().map(|bin| share(one, bin)));
    let most = shares.filter(|share| share.is_finite()).fold(0.0, f64::max).max(0.01);
    let floor = TOP + SIDE + GAP + BARS;
    let percent = Axis::linear([0.0, 100.0 * most], [floor, floor - BARS], 4);

    let mut svg = Svg::default();
    let heading = fitted(&format!("Reliability: {what}"), (size[0] - 40.0) * 13.0 / 16.0);
    svg.text((20.0, 28.0), Anchor::Start, "heading", &heading);
    y.draw_left(&mut svg, x.pixels(), "observed frequency");
    x.draw_below(&mut svg, [TOP, TOP + SIDE], "mean predicted probability");
    svg.line((x.at(0.0), y.at(0.0)), (x.at(1.0), y.at(1.0)), "rule dashed");
    percent.draw_left(&mut svg, x.pixels(), "share of the answers (%)");
    x.draw_below(&mut svg, [floor - BARS, floor], "predicted probability");

    let style = |i: usize| STYLES[(i + STYLES.len() - series.len()) % STYLES.len()];
    for (i, one) in series.iter().enumerate() {
        let [dot, line, bar] = style(i);
        let (n, width) = (one.bins.len() as f64, SIDE / (one.bins.len() * series.len()) as f64);
        for (k, bin) in one.bins.iter().enumerate().filter(|(_, bin)| bin.n_rows > 0) {
            let top = percent.at(100.0 * share(one, bin));
            let corner = (x.at(k as f64 / n) + i as f64 * width + 0.5, top);
            svg.rect(corner, [width - 1.0, floor - top], bar, &about(bin));
        }
        let filled = one.bins.iter().filter_map(|bin| Some((bin, bin.mean_probability?, bin.accuracy?)));
        for (bin, predicted, observed) in filled {
            let at = (x.at(predicted), y.at(observed));
            if let Some(ends) = interval(bin) {
                svg.vertical_interval(at.0, ends.map(|p| y.at(p)), line);
            }
            let radius = (RADII[0] * (share(one, bin) / most).sqrt()).max(RADII[1]);
            svg.dot(at, radius, dot, &about(bin));
        }
        let at = 50.0 + 20.0 * i as f64;
        svg.dot((26.0, at - 4.0), 5.0, dot, "");
        svg.text((38.0, at), Anchor::Start, "", &legend(one));
    }
    svg.finish(
        size,
        &format!("Reliability diagram of {}", crate::text::shorten(what, 40)),
        &description(series),
    )
}

/// The numbers of a bin, for the pointer.
fn about(bin: &ReliabilityBin) -> String {
    match (bin.mean_probability, bin.accuracy) {
        (Some(predicted), Some(observed)) => format!(
            "{}: predicted {predicted:.3}, observed {observed:.3}",
            crate::text::counted(bin.n_rows, "answer", "answers")
        ),
        _ => String::new(),
    }
}

fn legend(series: &Series) -> String {
    let CalibrationScores { ece, brier, .. } = series.scores;
    format!("{}: calibration error {ece:.4}, Brier score {brier:.4}", series.name)
}

/// A description of the diagram in words.
fn description(series: &[Series]) -> String {
    let of_one = |one: &Series| {
        let bin = |bin: &ReliabilityBin| {
            Some(format!("{:.2} {:.2} of {}", bin.mean_probability?, bin.accuracy?, bin.n_rows))
        };
        let bins: Vec<String> = one.bins.iter().filter_map(bin).collect();
        format!("{}. Predicted, observed: {}.", legend(one), bins.join(", "))
    };
    series.iter().map(of_one).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_every_bin_with_rows() {
        let bin = |i: usize| {
            let probability = (i as f64 + 0.5) / 15.0;
            let n_rows = if i == 3 { 0 } else { i + 1 };
            ReliabilityBin {
                n_rows,
                weight: n_rows as f64,
                mean_probability: (n_rows > 0).then_some(probability),
                accuracy: (n_rows > 0).then_some(1.0 - probability),
            }
        };
        let bins: Vec<ReliabilityBin> = (0..15).map(bin).collect();
        let text = bars(&bins);
        assert_eq!(text.lines().count(), 1 + 14, "{text}");
        assert!(text.contains("0.00 to 0.07") && text.contains("0.93 to 1.00"), "{text}");
        assert!(!text.contains("0.20 to 0.27"), "{text}");
    }
}
