//! Precision, recall and F1 of each class or label.

use clsify::evaluation::Scores;

use super::axis::Axis;
use super::rows::Rows;
use super::svg::{Anchor, Svg};
use crate::text::counted;

/// The maximum number of classes: those with the lowest F1.
const MOST_CLASSES: usize = 40;

/// Draws precision, recall and F1 of each class or label as SVG, the lowest F1 first.
pub fn class_scores_svg(title: &str, per_class: &[(String, Scores)]) -> String {
    let mut classes: Vec<&(String, Scores)> = per_class.iter().collect();
    classes.sort_by(|(_, a), (_, b)| a.f1.total_cmp(&b.f1));
    classes.truncate(MOST_CLASSES);
    let cells: Vec<(String, String)> = classes
        .iter()
        .map(|(name, scores)| {
            (name.clone(), format!("F1 {:.3}, {}", scores.f1, counted(scores.support, "row", "rows")))
        })
        .collect();
    let rows = Rows::new(&cells, 66.0);
    let x = Axis::linear([0.0, 1.0], rows.pixels(), 5);
    let mut svg = Svg::default();
    let heading = match classes.len() < per_class.len() {
        true => format!("The {MOST_CLASSES} lowest scores of {} classes: {title}", per_class.len()),
        false => format!("Scores per class: {title}"),
    };
    rows.draw(&mut svg, &heading, &x, "precision, recall, F1");
    for (at, class, name) in
        [(26.0, "blue-hollow", "precision"), (126.0, "orange-hollow", "recall"), (206.0, "pink", "F1")]
    {
        mark(&mut svg, (at, 48.0), class, "");
        svg.text((at + 10.0, 52.0), Anchor::Start, "", name);
    }
    for (i, (name, scores)) in classes.iter().enumerate() {
        let y = rows.y(i);
        svg.line((x.at(scores.precision), y), (x.at(scores.recall), y), "rule");
        for (score, class, what) in [
            (scores.precision, "blue-hollow", "precision"),
            (scores.recall, "orange-hollow", "recall"),
            (scores.f1, "pink", "F1"),
        ] {
            mark(&mut svg, (x.at(score), y), class, &format!("{name}: {what} {score:.4}"));
        }
    }
    let said: Vec<String> = classes
        .iter()
        .map(|(name, s)| {
            let (precision, recall) = (s.precision, s.recall);
            format!(
                "{name}: precision {precision:.3}, recall {recall:.3}, F1 {:.3}, {} rows",
                s.f1, s.support
            )
        })
        .collect();
    svg.finish(rows.size(), &format!("Scores per class of {title}"), &(said.join("; ") + "."))
}

/// A round mark for precision, a square one for recall and a small dot for F1: the shapes differ, not only the colours.
fn mark(svg: &mut Svg, (x, y): (f64, f64), class: &str, about: &str) {
    match class {
        "orange-hollow" => svg.rect((x - 4.5, y - 4.5), [9.0; 2], class, about),
        "pink" => svg.dot((x, y), 3.0, class, about),
        _ => svg.dot((x, y), 5.5, class, about),
    }
}

#[cfg(test)]
mod tests {
    use clsify::evaluation::Evaluation;

    use super::super::checks::{HOSTILE, assert_sound};
    use super::*;

    /// Oracle: by hand. Class 0: precision 2/2, recall 2/3, F1 0.8; class 1: precision 1/2, recall 1/1, F1 2/3.
    #[test]
    fn the_lowest_f1_is_first_and_its_numbers_are_there() {
        let labels = [format!("good {HOSTILE}"), "bad".to_string()];
        let test = Evaluation::from_predictions(&[0, 0, 0, 1], &[0, 0, 1, 1], &labels).unwrap();
        let svg = class_scores_svg(HOSTILE, &test.per_class);
        assert_sound(&svg);
        let (bad, good) = (svg.find("F1 0.667, 1 row<").unwrap(), svg.find("F1 0.800, 3 rows<").unwrap());
        assert!(bad < good && svg.contains("bad: precision 0.500, recall 1.000, F1 0.667"), "{svg}");
        assert_eq!((svg.matches("<circle").count(), svg.matches("orange-hollow\"").count()), (2 * 3, 3));
    }
}
