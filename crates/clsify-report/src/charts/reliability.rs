//! A reliability diagram, as bars for a terminal and as SVG: predicted probabilities against observed frequencies.

use clsify::evaluation::{CalibrationScores, ProbabilityScores, ReliabilityBin};
use clsify::training::{TrainingReport, TrainingScores};

use super::svg::{dot, head, label, line, polyline};
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

    /// Draws the diagram as SVG: one dot per bin, on the diagonal if predicted probability and observed frequency
    /// agree, and below it the share of the predictions in each bin.
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

const SIDE: f64 = 400.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 30.0;
const TOP: f64 = 90.0;
/// The gap between the diagram and the bars below it.
const GAP: f64 = 64.0;
const BARS: f64 = 80.0;
const BOTTOM: f64 = 46.0;
/// The colours of the first and the second series.
const COLOURS: [&str; 2] = ["#c2571a", "#1b5e9b"];

fn svg(what: &str, series: &[Series]) -> String {
    let size = [LEFT + SIDE + RIGHT, TOP + SIDE + GAP + BARS + BOTTOM];
    let (x, y) = (|p: f64| LEFT + p * SIDE, |p: f64| TOP + (1.0 - p) * SIDE);
    let floor = TOP + SIDE + GAP + BARS;
    let what = crate::text::shorten(what, 40);
    let mut svg = head(size, &format!("Reliability diagram of {what}"), &description(series));
    svg.push_str(&format!(
        "<g font-size=\"16\">{}</g>\n",
        label(20.0, 28.0, "start", &format!("Reliability: {what}"))
    ));
    let ticks = || (0..=5).map(|i| 0.2 * f64::from(i));
    for p in ticks() {
        svg.push_str(&line([(x(0.0), y(p)), (x(1.0), y(p))], "stroke=\"#ddd\""));
        svg.push_str(&line([(x(p), y(0.0)), (x(p), y(1.0))], "stroke=\"#ddd\""));
    }
    svg.push_str(&line([(x(0.0), y(0.0)), (x(1.0), y(1.0))], "stroke=\"#777\" stroke-dasharray=\"5 4\""));
    svg.push_str(&line([(x(0.0), floor), (x(1.0), floor)], "stroke=\"#777\""));
    for p in ticks() {
        svg.push_str(&label(x(0.0) - 8.0, y(p) + 4.0, "end", &format!("{p:.1}")));
        svg.push_str(&label(x(p), y(0.0) + 18.0, "middle", &format!("{p:.1}")));
    }
    svg.push_str(&label(x(0.5), y(0.0) + 38.0, "middle", "mean predicted probability"));
    svg.push_str(&format!(
        "<g transform=\"rotate(-90 22 {0:.1})\">{1}</g>\n",
        y(0.5),
        label(22.0, y(0.5), "middle", "observed frequency")
    ));
    let share = |series: &Series, bin: &ReliabilityBin| {
        bin.weight / series.bins.iter().map(|bin| bin.weight).sum::<f64>()
    };
    let shares = series.iter().flat_map(|one| one.bins.iter().map(|bin| share(one, bin)));
    let most = shares.fold(0.0, f64::max).max(f64::MIN_POSITIVE);
    svg.push_str(&label(x(0.0) - 8.0, floor - BARS + 10.0, "end", &format!("{:.0} %", 100.0 * most)));
    svg.push_str(&label(x(0.0) - 8.0, floor, "end", "0"));
    svg.push_str(&label(x(0.5), floor + 24.0, "middle", "share of the answers"));
    for (i, one) in series.iter().enumerate() {
        let colour = COLOURS[(i + COLOURS.len() - series.len()) % COLOURS.len()];
        let (n, width) = (one.bins.len() as f64, SIDE / (one.bins.len() * series.len()) as f64);
        for (k, bin) in one.bins.iter().enumerate() {
            let height = share(one, bin) / most * BARS;
            svg.push_str(&format!(
                "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{height:.1}\" fill=\"{colour}\" fill-opacity=\"0.6\"/>\n",
                x(k as f64 / n) + i as f64 * width,
                floor - height,
                width - 1.0
            ));
        }
        let points = || one.bins.iter().filter_map(|bin| Some((x(bin.mean_probability?), y(bin.accuracy?))));
        svg.push_str(&polyline(points(), &format!("stroke=\"{colour}\"")));
        points().for_each(|at| svg.push_str(&dot(at, colour)));
        let at = 50.0 + 18.0 * i as f64;
        svg.push_str(&dot((26.0, at - 4.0), colour));
        svg.push_str(&label(38.0, at, "start", &legend(one)));
    }
    svg + "</svg>\n"
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
