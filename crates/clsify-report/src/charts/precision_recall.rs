//! Precision against recall over all thresholds, with the point at which the classifier decides.

use clsify::evaluation::{LabelPrecisionRecall, Scores};

use super::axis::{Axis, grouped};
use super::labels::{Area, Placement, fitted};
use super::svg::{Anchor, Svg};

/// The maximum number of curves: those of the most frequent labels.
const MOST_CURVES: usize = 6;

/// The classes of the lines and dots of the curves, in their order.
const STYLES: [[&str; 2]; MOST_CURVES] = [
    ["blue-line", "blue"],
    ["orange-line", "orange"],
    ["pink-line", "pink"],
    ["blue-line dashed", "blue-hollow"],
    ["orange-line dashed", "orange-hollow"],
    ["pink-line dashed", "pink-hollow"],
];

const SIDE: f64 = 420.0;
const LEFT: f64 = 64.0;
/// Beside the diagram are the marks of the baselines.
const RIGHT: f64 = 36.0;
const WIDTH: f64 = LEFT + SIDE + RIGHT;
/// The left end of the legend's second column.
const MIDDLE: f64 = 238.0;
/// The height of a line of the legend.
const LEADING: f64 = 20.0;

/// Draws precision against recall as SVG, one curve of steps per label; `per_label` has the scores of the classifier's own
/// decisions, which are dots. The area below a curve is its average precision. Of more than six labels, the most frequent
/// ones are drawn.
pub fn precision_recall_svg(
    title: &str,
    curves: &[LabelPrecisionRecall],
    per_label: &[(String, Scores)],
) -> String {
    let mut drawn: Vec<&LabelPrecisionRecall> = curves.iter().collect();
    drawn.sort_by_key(|curve| std::cmp::Reverse(curve.n_with_label));
    drawn.truncate(MOST_CURVES);
    drawn.sort_by(|a, b| a.label.cmp(&b.label));
    let is_single = drawn.len() == 1;

    let mut svg = Svg::default();
    let heading = fitted(&format!("Precision and recall: {title}"), (WIDTH - 40.0) * 13.0 / 16.0);
    svg.text((20.0, 28.0), Anchor::Start, "heading", &heading);
    let mut at = 54.0;
    svg.text((MIDDLE, at), Anchor::Start, "muted", "average precision (95 % CI)");
    svg.text((WIDTH - 20.0, at), Anchor::End, "muted", "rows");
    for (i, curve) in drawn.iter().enumerate() {
        at += LEADING;
        svg.line((20.0, at - 4.0), (48.0, at - 4.0), STYLES[i][0]);
        let number = if is_single { String::new() } else { format!("{} \u{b7} ", i + 1) };
        let name = fitted(&format!("{number}{}", curve.label), MIDDLE - 64.0);
        svg.text((56.0, at), Anchor::Start, "", &name);
        svg.text((MIDDLE, at), Anchor::Start, "", &score(curve));
        svg.text((WIDTH - 20.0, at), Anchor::End, "", &rows(curve));
    }
    if drawn.len() < curves.len() {
        at += LEADING;
        svg.text((56.0, at), Anchor::Start, "muted", &format!("mean of all {} labels", curves.len()));
        let text = format!("{:.3}; drawn: the {MOST_CURVES} most frequent", mean(curves));
        svg.text((MIDDLE, at), Anchor::Start, "muted", &text);
    }
    at += LEADING;
    svg.dot((34.0, at - 4.0), 5.0, "grey", "");
    svg.text((56.0, at), Anchor::Start, "muted", "the classifier's decisions");
    svg.line(
        (MIDDLE - 12.0, at - 4.0),
        (MIDDLE + 12.0, at - 4.0),
        if is_single { "rule dashed" } else { "rule" },
    );
    let beside = if is_single { "" } else { ", at the right" };
    svg.text((MIDDLE + 20.0, at), Anchor::Start, "muted", &format!("rows in random order{beside}"));

    let top = at + 44.0;
    let x = Axis::linear([0.0, 1.0], [LEFT, LEFT + SIDE], 5);
    let y = Axis::linear([0.0, 1.0], [top + SIDE, top], 5);
    y.draw_left(&mut svg, x.pixels(), "precision");
    x.draw_below(&mut svg, [top, top + SIDE], "recall");
    for (curve, [line, _]) in drawn.iter().zip(STYLES) {
        let base = y.at(baseline(curve));
        match is_single {
            true => svg.line((x.at(0.0), base), (x.at(1.0), base), "rule dashed"),
            false => svg.line((x.at(1.0) + 4.0, base), (x.at(1.0) + 20.0, base), line),
        }
        svg.polyline(steps(curve, &x, &y), line);
    }
    let decisions: Vec<Option<[f64; 2]>> = drawn.iter().map(|curve| decision(curve, per_label)).collect();
    let mut placement = Placement::new(Area { left: LEFT, top, right: LEFT + SIDE, bottom: top + SIDE });
    let place = |[recall, precision]: [f64; 2]| (x.at(recall), y.at(precision));
    decisions.iter().flatten().for_each(|point| placement.keep_free(Area::around(place(*point), 5.0)));
    for (i, (curve, decision)) in drawn.iter().zip(&decisions).enumerate() {
        if let Some(point @ [recall, precision]) = *decision {
            let about = format!("{}: recall {recall:.4}, precision {precision:.4}", curve.label);
            svg.dot(place(point), 5.0, STYLES[i][1], &about);
        }
        let number = (i + 1).to_string();
        let end = decision.or(curve.points.last().copied()).filter(|_| !is_single);
        if let Some((at, anchor)) = end.and_then(|end| placement.place(place(end), &number)) {
            svg.text(at, anchor, "strong halo", &number);
        }
    }
    let said: Vec<String> =
        drawn.iter().zip(&decisions).map(|(curve, decision)| about(curve, *decision)).collect();
    svg.finish([WIDTH, top + SIDE + 56.0], &format!("Precision and recall of {title}"), &said.join(" "))
}

/// The share of the rows that have the label.
fn baseline(curve: &LabelPrecisionRecall) -> f64 {
    curve.n_with_label as f64 / curve.n_rows as f64
}

/// The mean of all average precisions.
fn mean(curves: &[LabelPrecisionRecall]) -> f64 {
    curves.iter().map(|curve| curve.average_precision).sum::<f64>() / curves.len() as f64
}

/// Recall and precision of the classifier's decisions; `None` if it never assigns the label.
fn decision(curve: &LabelPrecisionRecall, per_label: &[(String, Scores)]) -> Option<[f64; 2]> {
    let (_, scores) = per_label.iter().find(|(name, _)| *name == curve.label)?;
    (scores.recall > 0.0).then_some([scores.recall, scores.precision])
}

/// The average precision with its interval.
fn score(curve: &LabelPrecisionRecall) -> String {
    let [low, high] = curve.average_precision_ci95;
    format!("{:.3} ({low:.3} to {high:.3})", curve.average_precision)
}

fn rows(curve: &LabelPrecisionRecall) -> String {
    let [with, all] = [curve.n_with_label, curve.n_rows].map(|n| grouped(n as f64, 0));
    format!("{with} of {all}")
}

/// The corners of the steps, without those that lie less than a quarter of a pixel to the right of the previous one.
fn steps(curve: &LabelPrecisionRecall, x: &Axis, y: &Axis) -> Vec<(f64, f64)> {
    let mut corners: Vec<(f64, f64)> = Vec::new();
    let last = curve.points.len().saturating_sub(1);
    for (i, &[recall, precision]) in curve.points.iter().enumerate() {
        let before = corners.last().map_or(x.at(0.0), |corner| corner.0);
        if x.at(recall) - before >= 0.25 || i == last {
            corners.extend([(before, y.at(precision)), (x.at(recall), y.at(precision))]);
        }
    }
    corners
}

/// The numbers of a curve in words.
fn about(curve: &LabelPrecisionRecall, decision: Option<[f64; 2]>) -> String {
    let decided = match decision {
        Some([recall, precision]) => {
            format!("the classifier decides at recall {recall:.3} and precision {precision:.3}")
        }
        None => "the classifier never assigns it".to_string(),
    };
    let (name, base) = (&curve.label, baseline(curve));
    format!(
        "{name}, {} rows: average precision {}, in random order {base:.3}; {decided}.",
        rows(curve),
        score(curve)
    )
}

#[cfg(test)]
mod tests {
    use clsify::evaluation::{Evaluation, LabelPrecisionRecall};

    use super::super::checks::{HOSTILE, assert_sound};
    use super::*;

    /// A curve of 40 rows of which every `n`-th has the label.
    fn curve(label: &str, n: usize) -> LabelPrecisionRecall {
        let probabilities: Vec<f64> = (0..40).map(|i| (i * 7 % 40) as f64 / 40.0).collect();
        let has_label: Vec<bool> = (0..40).map(|i| i % n == 0).collect();
        LabelPrecisionRecall::of(label, &probabilities, &has_label).unwrap().unwrap()
    }

    /// Oracle: by hand. The rows in order: with, without, with; average precision (1 + 2/3) / 2, and Wilson's interval of 5/6 for two
    /// rows; the classifier takes the first.
    #[test]
    fn one_curve_has_steps_a_baseline_and_the_decisions() {
        let labels = ["bad".to_string(), HOSTILE.to_string()];
        let one = LabelPrecisionRecall::of(HOSTILE, &[0.9, 0.4, 0.2], &[true, false, true]).unwrap().unwrap();
        let test = Evaluation::from_predictions(&[1, 0, 1], &[1, 0, 0], &labels).unwrap();
        let svg = precision_recall_svg(HOSTILE, &[one], &test.per_class);
        assert_sound(&svg);
        let numbers = "2 of 3 rows: average precision 0.833 (0.241 to 0.987), in random order 0.667";
        assert!(svg.contains(numbers), "{svg}");
        assert!(svg.contains("the classifier decides at recall 0.500 and precision 1.000."), "{svg}");
        let top = 54.0 + 2.0 * LEADING + 44.0;
        let (left, half, right, third) = (LEFT, LEFT + 0.5 * SIDE, LEFT + SIDE, top + SIDE / 3.0);
        let steps =
            format!("\"{left:.1},{top:.1} {half:.1},{top:.1} {half:.1},{third:.1} {right:.1},{third:.1}\"");
        assert!(svg.contains(&steps), "{steps}: {svg}");
        assert!(svg.contains(&format!("<circle cx=\"{half:.1}\" cy=\"{top:.1}\"")), "{svg}");
    }

    #[test]
    fn of_many_labels_the_most_frequent_ones_are_drawn() {
        let curves: Vec<LabelPrecisionRecall> =
            (1..=8).rev().map(|n| curve(&format!("{HOSTILE}{n}"), n)).collect();
        let svg = precision_recall_svg(HOSTILE, &curves, &[]);
        assert_sound(&svg);
        assert_eq!((svg.matches("<polyline").count(), svg.matches("<circle").count()), (6, 1));
        assert!(svg.contains("mean of all 8 labels") && !svg.contains("7, 6 of 40"), "{svg}");
        assert!(svg.contains("the classifier never assigns it"), "{svg}");
        assert_sound(&precision_recall_svg("none", &[], &[]));
    }
}
