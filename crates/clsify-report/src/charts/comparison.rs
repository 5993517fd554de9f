//! The differences between two models with their intervals, as a forest plot.

use clsify::evaluation::{Evaluation, Metrics, PairedScores};
use clsify::studies::{ComparisonForm, ComparisonReport};

use super::axis::{Axis, range};
use super::labels::fitted;
use super::rows::{Rows, WIDTH};
use super::svg::{Anchor, Svg};

/// The maximum number of classes or labels.
const MOST_CLASSES: usize = 30;

/// A score of B minus that of A.
#[derive(Debug, Clone, PartialEq)]
struct Difference {
    name: String,
    difference: f64,
    /// Its 95 % interval, where the report has one.
    ci95: Option<[f64; 2]>,
}

impl Difference {
    fn of(name: &str, scores: &PairedScores) -> Difference {
        Difference {
            name: name.to_string(),
            difference: scores.difference,
            ci95: Some(scores.difference_ci95),
        }
    }

    /// Returns true if the interval does not contain 0.
    fn is_clear(&self) -> bool {
        self.ci95.is_some_and(|[low, high]| low > 0.0 || high < 0.0)
    }

    fn numbers(&self) -> String {
        let interval = self.ci95.map_or(String::new(), |[low, high]| format!(" ({low:+.3} to {high:+.3})"));
        format!("{:+.4}{interval}", self.difference)
    }
}

/// Draws a comparison of the models A and B as SVG: the difference of each score with its 95 % interval, and below them
/// the classes or labels that differ most. `names` are the names of A and B.
pub fn comparison_svg(report: &ComparisonReport, names: [&str; 2]) -> String {
    let of_rows = |name: &str| Difference {
        name: name.to_string(),
        difference: report.rows.difference,
        ci95: Some(report.rows.difference_ci95),
    };
    let (scores, classes) = match &report.form {
        ComparisonForm::Classes { weighted_accuracy } => {
            let weighted = weighted_accuracy.as_ref().map(|w| Difference::of("weighted accuracy", w));
            let classes = match (&report.a.test, &report.b.test) {
                (Metrics::Classes(a), Metrics::Classes(b)) => f1_differences(a, b),
                _ => Vec::new(),
            };
            ([of_rows("accuracy")].into_iter().chain(weighted).collect(), classes)
        }
        ComparisonForm::LabelSets { micro_f1, weighted_subset_accuracy, weighted_micro_f1, per_label } => {
            let weighted = [
                ("weighted micro F1", weighted_micro_f1),
                ("weighted subset accuracy", weighted_subset_accuracy),
            ];
            let weighted = weighted.iter().filter_map(|(name, w)| Some(Difference::of(name, w.as_ref()?)));
            let scores: Vec<Difference> = [Difference::of("micro F1", micro_f1), of_rows("subset accuracy")]
                .into_iter()
                .chain(weighted)
                .collect();
            let of_label = |label: &clsify::studies::ComparedLabel| Difference {
                name: format!("accuracy of {}", label.label),
                difference: label.counts.difference(),
                ci95: label.counts.difference_ci95().ok(),
            };
            (scores, per_label.iter().map(of_label).collect())
        }
    };
    svg(names, report.rows.counts.n(), scores, classes)
}

/// The differences of the F1 of each class that either model or the data has.
fn f1_differences(a: &Evaluation, b: &Evaluation) -> Vec<Difference> {
    let f1 = |test: &Evaluation, name: &str| {
        test.per_class.iter().find(|(class, _)| class == name).map_or(0.0, |(_, scores)| scores.f1)
    };
    let only_b = b.per_class.iter().filter(|(name, _)| !a.per_class.iter().any(|(other, _)| other == name));
    let names = a.per_class.iter().chain(only_b).map(|(name, _)| name);
    let difference = |name: &String| Difference {
        name: format!("F1 of {name}"),
        difference: f1(b, name) - f1(a, name),
        ci95: None,
    };
    names.map(difference).collect()
}

fn svg(names: [&str; 2], n: usize, scores: Vec<Difference>, mut classes: Vec<Difference>) -> String {
    let n_classes = classes.len();
    classes.sort_by(|x, y| y.difference.abs().total_cmp(&x.difference.abs()));
    classes.truncate(MOST_CLASSES);
    let all: Vec<Difference> = scores.into_iter().chain(classes).collect();
    let cells: Vec<(String, String)> = all.iter().map(|row| (row.name.clone(), row.numbers())).collect();
    let rows = Rows::new(&cells, 72.0);
    let drawn = all.iter().flat_map(|row| row.ci95.unwrap_or([row.difference; 2]));
    let x = Axis::linear(range(drawn.chain([-0.005, 0.005])), rows.pixels(), 5);
    let mut svg = Svg::default();
    rows.draw(&mut svg, &format!("B - A on {n} rows"), &x, "difference, with its 95 % interval");
    let [top, bottom] = rows.ends();
    svg.line((x.at(0.0), top - 6.0), (x.at(0.0), bottom), "axis");
    let [left, right] = rows.pixels();
    svg.text((left, top - 12.0), Anchor::Start, "muted", "\u{2190} A is better");
    svg.text((right, top - 12.0), Anchor::End, "muted", "B is better \u{2192}");
    for (i, row) in all.iter().enumerate() {
        let y = rows.y(i);
        if let Some(ends) = row.ci95 {
            svg.horizontal_interval(y, ends.map(|end| x.at(end)), "blue-line");
        }
        let (radius, class) = match (row.ci95, row.is_clear()) {
            (None, _) => (3.0, "grey"),
            (Some(_), true) => (4.5, "blue"),
            (Some(_), false) => (4.5, "blue-hollow"),
        };
        svg.dot((x.at(row.difference), y), radius, class, &format!("{}: {}", row.name, row.numbers()));
    }
    let [width, height] = rows.size();
    let mut notes = vec![
        format!("A: {}", names[0]),
        format!("B: {}", names[1]),
        "large dots: filled if the 95 % interval does not contain 0".to_string(),
    ];
    if all.iter().any(|row| row.ci95.is_none()) {
        notes.push("small dots: differences without an interval".to_string());
    }
    if n_classes > MOST_CLASSES {
        notes.push(format!("the {MOST_CLASSES} largest differences of {n_classes} classes or labels"));
    }
    for (i, note) in notes.iter().enumerate() {
        let class = if i < 2 { "" } else { "muted" };
        svg.text((20.0, height + 14.0 + 18.0 * i as f64), Anchor::Start, class, &fitted(note, WIDTH - 40.0));
    }
    let size = [width, height + 14.0 + 18.0 * notes.len() as f64];
    let said: Vec<String> = all.iter().map(|row| format!("{} {}", row.name, row.numbers())).collect();
    let description =
        format!("Differences B - A on {n} rows, with their 95 % intervals: {}.", said.join("; "));
    svg.finish(size, &format!("{} (B) against {} (A)", names[1], names[0]), &description)
}

#[cfg(test)]
mod tests {
    use super::super::checks::{HOSTILE, assert_sound};
    use super::*;

    fn difference(name: &str, difference: f64, ci95: Option<[f64; 2]>) -> Difference {
        Difference { name: name.to_string(), difference, ci95 }
    }

    /// Oracle: by hand. Two rows, of which the first interval contains 0.
    #[test]
    fn differences_lie_at_either_side_of_zero() {
        let scores = vec![
            difference("accuracy", 0.01, Some([-0.01, 0.03])),
            difference("weighted accuracy", -0.03, Some([-0.05, -0.01])),
        ];
        let svg = svg([HOSTILE, "new"], 500, scores, Vec::new());
        assert_sound(&svg);
        let number = |part: &str, name: &str| -> f64 {
            part.split(&format!("{name}=\"")).nth(1).unwrap().split('"').next().unwrap().parse().unwrap()
        };
        let dots: Vec<&str> = svg.split("<circle").skip(1).collect();
        let zero =
            svg.split("<line").filter(|line| line.contains("\"axis\"")).map(|line| number(line, "x1")).last();
        let (zero, better, worse) = (zero.unwrap(), number(dots[0], "cx"), number(dots[1], "cx"));
        assert!(((zero - worse) - 3.0 * (better - zero)).abs() < 0.3, "{worse} {zero} {better}");
        assert!(dots[0].contains("\"blue-hollow\"") && dots[1].contains("\"blue\""));
        assert!(svg.contains("weighted accuracy -0.0300 (-0.050 to -0.010)"), "{svg}");
    }

    #[test]
    fn many_labels_are_cut_to_the_largest_differences() {
        let labels =
            (0..50).map(|i| difference(&format!("{HOSTILE}{i}"), 0.001 * f64::from(i), None)).collect();
        let svg = svg(["a", "b"], 9, vec![difference("micro F1", 0.0, Some([0.0, 0.0]))], labels);
        assert_sound(&svg);
        assert_eq!(svg.matches("<circle").count(), 1 + MOST_CLASSES);
        assert!(svg.contains("+0.0490") && !svg.contains("+0.0190"), "{svg}");
        assert!(svg.contains("the 30 largest differences of 50"), "{svg}");
    }
}
