//! A learning curve, as bars for a terminal and as SVG.

use clsify::studies::{CurvePoint, CurveScoring, LearningCurve, TunedPoint};

use super::axis::{Axis, range};
use super::labels::{Area, fitted};
use super::svg::{Anchor, Svg};

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

const WIDTH: f64 = 760.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 24.0;
const TOP: f64 = 100.0;
const BOTTOM: f64 = 400.0;
/// The number of straight segments of the fitted curve.
const N_PIECES: usize = 60;

/// The distance of a tuned encoder from the frozen one of the same number of rows.
const ASIDE: f64 = 9.0;

/// The tuned encoders, if there are any.
fn tuned(curve: &LearningCurve) -> &[TunedPoint] {
    curve.tuned.as_ref().map_or(&[], |tuned| &tuned.points)
}

/// Draws a learning curve as SVG over the logarithm of the number of training rows: the mean scores with their confidence
/// intervals, the single fits, the fitted curve, dashed where it is extrapolated, with the interval of the forecast, the
/// baseline, and the scores of tuned encoders if there are any.
pub fn learning_curve_svg(curve: &LearningCurve) -> String {
    let sizes = || curve.points.iter().map(|point| point.n_rows as f64);
    let [first, last] = range(sizes());
    let found = curve.forecast.as_ref().map(|forecast| &forecast.found);
    let end = found.map_or(last.max(first + 1.0), |found| found.n_rows as f64);
    let forecast =
        found.map(|found| found.gain_ci95.map(|gain| (found.score - found.gain + gain).clamp(0.0, 1.0)));
    let of_points = curve.points.iter().flat_map(|point| point.scores.iter().chain(&point.score_ci95));
    let of_tuned = tuned(curve).iter().flat_map(|point| point.tuned_ci95);
    let scores = of_points.copied().chain(forecast.into_iter().flatten()).chain([curve.baseline_score]);
    let scores = scores.chain(of_tuned);

    let ticks = sizes().chain(found.map(|found| found.n_rows as f64)).collect();
    let x = Axis::logarithmic_at([first, end], [LEFT + 16.0, WIDTH - RIGHT - 16.0], ticks);
    let y = Axis::linear(range(scores), [BOTTOM, TOP], 6);
    let name = score_name(curve.scoring);
    let mut svg = Svg::default();
    let heading = format!(
        "{} by the number of training rows: {}",
        capitalised(name),
        crate::text::shorten(&curve.encoder.name, 40)
    );
    svg.text((20.0, 28.0), Anchor::Start, "heading", &fitted(&heading, (WIDTH - 40.0) * 13.0 / 16.0));
    y.draw_left(&mut svg, [LEFT, WIDTH - RIGHT], name);
    x.draw_below(&mut svg, [TOP, BOTTOM], "training rows (logarithmic)");
    svg.line((LEFT, BOTTOM), (WIDTH - RIGHT, BOTTOM), "axis");
    let baseline = y.at(curve.baseline_score);
    svg.line((LEFT, baseline), (WIDTH - RIGHT, baseline), "rule dashed");

    if let Some(found) = found {
        let mut draw = |from: f64, to: f64, class: &str| {
            let at = |i: usize| from * (to / from).powf(i as f64 / N_PIECES as f64);
            svg.polyline((0..=N_PIECES).map(|i| (x.at(at(i)), y.at(found.law.at(at(i))))), class);
        };
        draw(first, last, "orange-line");
        draw(last, end, "orange-line dashed");
    }
    if let Some(ends) = forecast {
        svg.vertical_interval(x.at(end), ends.map(|p| y.at(p)), "orange-line");
    }
    for point in &curve.points {
        let at = (x.at(point.n_rows as f64), y.at(point.score));
        svg.vertical_interval(at.0, point.score_ci95.map(|p| y.at(p)), "blue-line");
        if point.scores.len() > 1 {
            let fits = point.scores.iter().map(|score| y.at(*score));
            fits.for_each(|fit| svg.line((at.0 + 5.0, fit), (at.0 + 11.0, fit), "rule"));
        }
    }
    for point in &curve.points {
        let at = (x.at(point.n_rows as f64), y.at(point.score));
        svg.dot(at, 4.5, "blue", &format!("{} rows: {:.4}", point.n_rows, point.score));
    }
    let of_tuned = |point: &TunedPoint| (x.at(point.n_rows as f64) - ASIDE, y.at(point.tuned_score));
    svg.polyline(tuned(curve).iter().map(of_tuned), "pink-line");
    for point in tuned(curve) {
        let at = of_tuned(point);
        svg.vertical_interval(at.0, point.tuned_ci95.map(|p| y.at(p)), "pink-line");
        svg.dot(at, 4.5, "pink-hollow", &format!("tuned, {} rows: {:.4}", point.n_rows, point.tuned_score));
    }
    legend(&mut svg, curve);
    baseline_label(&mut svg, curve, &x, &y);
    let title = format!("Learning curve of {}", curve.encoder.name);
    svg.finish([WIDTH, BOTTOM + 56.0], &title, &description(curve))
}

/// The meaning of the marks.
fn legend(svg: &mut Svg, curve: &LearningCurve) {
    let y = 52.0;
    svg.line((20.0, y - 12.0), (20.0, y + 4.0), "blue-line");
    svg.text((28.0, y), Anchor::Start, "", "mean, 95 % interval");
    if !tuned(curve).is_empty() {
        svg.line((20.0, y + 6.0), (20.0, y + 22.0), "pink-line");
        svg.dot((20.0, y + 14.0), 4.5, "pink-hollow", "");
        svg.text((28.0, y + 18.0), Anchor::Start, "", "tuned encoder, 95 % interval");
        svg.text((210.0, y + 18.0), Anchor::Start, "", "(all else: frozen encoder)");
    }
    if curve.points.iter().any(|point| point.scores.len() > 1) {
        svg.line((190.0, y - 4.0), (196.0, y - 4.0), "rule");
        svg.text((202.0, y), Anchor::Start, "", "one fit");
    }
    if curve.forecast.is_some() {
        svg.line((282.0, y - 4.0), (306.0, y - 4.0), "orange-line");
        svg.text((312.0, y), Anchor::Start, "", "fitted curve");
        svg.line((424.0, y - 4.0), (448.0, y - 4.0), "orange-line dashed");
        svg.text((454.0, y), Anchor::Start, "", "extrapolated, with the interval of the gain");
    }
}

/// Names the baseline, at the side of its line and the end of it that are free of points.
fn baseline_label(svg: &mut Svg, curve: &LearningCurve, x: &Axis, y: &Axis) {
    let at = y.at(curve.baseline_score);
    let marks: Vec<Area> = curve
        .points
        .iter()
        .map(|point| {
            let tuned = tuned(curve).iter().filter(|tuned| tuned.n_rows == point.n_rows);
            let left = 5.0 + if curve.tuned.is_some() { ASIDE } else { 0.0 };
            let ends = point.score_ci95.iter().chain(&point.scores).copied();
            let ends = ends.chain(tuned.flat_map(|tuned| tuned.tuned_ci95)).map(|p| y.at(p));
            let ([top, bottom], x) = (range(ends), x.at(point.n_rows as f64));
            Area { left: x - left, right: x + 11.0, top: top - 2.0, bottom: bottom + 2.0 }
        })
        .collect();
    let name = baseline_name(curve.scoring);
    let places = [
        ((WIDTH - RIGHT - 6.0, at - 6.0), Anchor::End),
        ((WIDTH - RIGHT - 6.0, at + 15.0), Anchor::End),
        ((LEFT + 6.0, at - 6.0), Anchor::Start),
        ((LEFT + 6.0, at + 15.0), Anchor::Start),
    ];
    let is_free = |(place, anchor): &((f64, f64), Anchor)| {
        let area = Area::of_text(*place, *anchor, name);
        area.bottom < BOTTOM && !marks.iter().any(|mark| mark.overlaps(&area))
    };
    let (place, anchor) = places.into_iter().find(is_free).unwrap_or(places[0]);
    svg.text(place, anchor, "muted", name);
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
    if !tuned(curve).is_empty() {
        let point = |point: &TunedPoint| {
            let [low, high] = point.tuned_ci95;
            format!("{} rows {:.3} ({low:.3} to {high:.3})", point.n_rows, point.tuned_score)
        };
        let points: Vec<String> = tuned(curve).iter().map(point).collect();
        text.push_str(&format!(" With a tuned encoder: {}.", points.join(", ")));
    }
    text
}
