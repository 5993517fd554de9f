//! A learning curve, as bars for a terminal and as SVG.

use clsify::studies::{CurvePoint, CurveScoring, LearningCurve};

use super::svg::{dot, escaped, head, label, line, polyline};

/// The metric on the curve's vertical axis.
pub(crate) fn score_name(scoring: CurveScoring) -> &'static str {
    match scoring {
        CurveScoring::Accuracy => "accuracy",
        CurveScoring::WeightedAccuracy => "weighted accuracy",
        CurveScoring::F1Micro => "micro F1",
        CurveScoring::WeightedF1Micro => "weighted micro F1",
    }
}

/// The name of the baseline's constant prediction.
pub(crate) fn baseline_name(scoring: CurveScoring) -> &'static str {
    match scoring {
        CurveScoring::Accuracy => "most frequent class",
        CurveScoring::WeightedAccuracy => "most frequent class by weight",
        CurveScoring::F1Micro | CurveScoring::WeightedF1Micro => "same labels for all",
    }
}

/// A name with its first letter in upper case.
fn capitalised(name: &str) -> String {
    name[..1].to_uppercase() + &name[1..]
}

/// The number of characters between the lowest and the highest score.
const BAR_WIDTH: usize = 40;

/// Returns the heading of the column of bars, which shows the ends of their scale, and one bar per point: `o` marks
/// the mean, `-` its confidence interval, `|` the baseline.
pub(crate) fn bars(curve: &LearningCurve) -> (String, Vec<String>) {
    let (low, high) = scale(curve);
    let place = |x: f64| ((x - low) / (high - low) * (BAR_WIDTH - 1) as f64).round() as usize;
    let line = |point: &CurvePoint| {
        let mut line = [' '; BAR_WIDTH];
        line[place(curve.baseline_score)] = '|';
        let [from, to] = point.score_ci95.map(place);
        line[from..=to].fill('-');
        line[place(point.score)] = 'o';
        line.iter().collect::<String>().trim_end().to_string()
    };
    let (low, high) = (format!("{low:.2}"), format!("{high:.2}"));
    let head = format!("{low}{high:>width$}", width = BAR_WIDTH - low.len());
    (head, curve.points.iter().map(line).collect())
}

/// The lowest and the highest score of the scale, which are multiples of 0.05 and differ.
fn scale(curve: &LearningCurve) -> (f64, f64) {
    let drawn = curve.points.iter().flat_map(|point| point.score_ci95).chain([curve.baseline_score]);
    let forecast = curve.forecast.iter().map(|forecast| forecast.found.score);
    let (low, high) =
        drawn.chain(forecast).fold((1.0f64, 0.0f64), |(low, high), x| (low.min(x), high.max(x)));
    let low = ((20.0 * low).floor() / 20.0).clamp(0.0, 0.95);
    (low, ((20.0 * high).ceil() / 20.0).clamp(low + 0.05, 1.0))
}

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 420.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 20.0;
const TOP: f64 = 50.0;
const BOTTOM: f64 = 60.0;
/// The width of a label below the chart.
const LABEL_WIDTH: f64 = 50.0;
/// The number of straight segments of the fitted curve.
const N_PIECES: usize = 60;

/// Draws a learning curve as SVG over the logarithm of the number of training rows: the mean scores with their confidence
/// intervals, the fitted curve, dashed where it is extrapolated, and the baseline.
pub fn learning_curve_svg(curve: &LearningCurve) -> String {
    let (low, high) = scale(curve);
    let sizes = || curve.points.iter().map(|point| point.n_rows as f64);
    let first = sizes().fold(f64::INFINITY, f64::min);
    let last = sizes().fold(0.0, f64::max);
    let end = curve.forecast.as_ref().map_or(last.max(first + 1.0), |forecast| forecast.found.n_rows as f64);
    let x = |n: f64| LEFT + (n / first).ln() / (end / first).ln() * (WIDTH - LEFT - RIGHT);
    let y = |p: f64| TOP + (high - p.clamp(low, high)) / (high - low) * (HEIGHT - TOP - BOTTOM);

    let title = format!("Learning curve of {}", curve.encoder.name);
    let mut svg = head([WIDTH, HEIGHT], &title, &description(curve));
    svg.push_str(&format!(
        "<text x=\"{LEFT}\" y=\"24\" font-size=\"16\">{} by the number of training rows: {}</text>\n",
        capitalised(score_name(curve.scoring)),
        escaped(&crate::text::shorten(&curve.encoder.name, 40)),
    ));
    let mut line = |points, style| svg.push_str(&line(points, style));
    let n_steps = ((high - low) / 0.05).round() as usize;
    let ticks = || (0..=n_steps).map(|i| low + 0.05 * i as f64);
    ticks().for_each(|p| line([(LEFT, y(p)), (WIDTH - RIGHT, y(p))], "stroke=\"#ddd\""));
    let baseline = y(curve.baseline_score);
    line([(LEFT, baseline), (WIDTH - RIGHT, baseline)], "stroke=\"#777\" stroke-dasharray=\"2 4\"");
    for point in &curve.points {
        let (at, [from, to]) = (x(point.n_rows as f64), point.score_ci95.map(y));
        line([(at, from), (at, to)], "stroke=\"#1b5e9b\"");
    }
    for p in ticks() {
        svg.push_str(&label(LEFT - 8.0, y(p) + 4.0, "end", &format!("{p:.2}")));
    }
    // From right to left, because the largest sizes matter most; a label that would overlap another one is left out.
    let mut free_until = f64::INFINITY;
    let mut numbers: Vec<f64> = sizes().chain(curve.forecast.is_some().then_some(end)).collect();
    while let Some(n) = numbers.pop() {
        if x(n) + LABEL_WIDTH <= free_until {
            svg.push_str(&label(x(n), HEIGHT - BOTTOM + 20.0, "middle", &n.to_string()));
            free_until = x(n);
        }
    }
    svg.push_str(&label(0.5 * (LEFT + WIDTH - RIGHT), HEIGHT - 16.0, "middle", "training rows"));
    svg.push_str(&label(WIDTH - RIGHT, baseline - 6.0, "end", baseline_name(curve.scoring)));
    if let Some(forecast) = &curve.forecast {
        let mut draw = |from: f64, to: f64, style: &str| {
            let at = |i: usize| from * (to / from).powf(i as f64 / N_PIECES as f64);
            let place = |i: usize| (x(at(i)), y(forecast.found.law.at(at(i))));
            svg.push_str(&polyline((0..=N_PIECES).map(place), style));
        };
        draw(first, last, "stroke=\"#c2571a\"");
        draw(last, end, "stroke=\"#c2571a\" stroke-dasharray=\"6 4\"");
    }
    for point in &curve.points {
        svg.push_str(&dot((x(point.n_rows as f64), y(point.score)), "#1b5e9b"));
    }
    svg + "</svg>\n"
}

/// A description of the chart in words.
fn description(curve: &LearningCurve) -> String {
    let point = |point: &CurvePoint| {
        let [low, high] = point.score_ci95;
        format!("{} rows {:.3} ({low:.3} to {high:.3})", point.n_rows, point.score)
    };
    let points: Vec<String> = curve.points.iter().map(point).collect();
    let mut text = format!(
        "{} on {} held-out rows with 95 % interval: {}. Always the {}: {:.3}.",
        capitalised(score_name(curve.scoring)),
        curve.n_test,
        points.join(", "),
        baseline_name(curve.scoring),
        curve.baseline_score
    );
    if let Some(forecast) = &curve.forecast {
        text.push_str(&format!(
            " Expected with {} rows: {:.3}.",
            forecast.found.n_rows, forecast.found.score
        ));
    }
    text
}
