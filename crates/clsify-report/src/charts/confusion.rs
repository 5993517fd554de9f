//! The confusion matrix of a classifier: as cells for up to 30 classes, otherwise as its most frequent errors.

use clsify::evaluation::Evaluation;

use super::axis::Axis;
use super::labels::{fitted, text_width};
use super::rows::{ROW, Rows};
use super::svg::{Anchor, Svg};

/// The maximum number of classes whose matrix is drawn.
const MOST_CLASSES: usize = 30;
/// The maximum number of pairs of classes that are drawn in its place.
const MOST_PAIRS: usize = 25;
/// The widest name at the left.
const MOST_LABEL: f64 = 200.0;
const TOP: f64 = 104.0;

/// Draws a confusion matrix as SVG. Each cell has its number of rows, and is the stronger the larger its share of the
/// rows of its true class. With more than 30 classes, the most frequent pairs of true and predicted class are drawn.
pub fn confusion_svg(title: &str, test: &Evaluation) -> String {
    match test.per_class.len() <= MOST_CLASSES {
        true => matrix(title, test),
        false => pairs(title, test),
    }
}

/// The pairs of different classes that have rows, the most frequent first: true class, predicted class, rows.
fn errors(test: &Evaluation) -> Vec<(usize, usize, usize)> {
    let row = |(i, row): (usize, &Vec<usize>)| {
        row.iter()
            .enumerate()
            .filter(move |&(j, n)| i != j && *n > 0)
            .map(move |(j, &n)| (i, j, n))
            .collect::<Vec<_>>()
    };
    let mut errors: Vec<_> = test.confusion_matrix.iter().enumerate().flat_map(row).collect();
    errors.sort_by_key(|&(_, _, n)| std::cmp::Reverse(n));
    errors
}

/// A description in words; `shown` is the number of errors that are listed.
fn description(test: &Evaluation, shown: usize) -> String {
    let errors = errors(test);
    let n_errors: usize = errors.iter().map(|(_, _, n)| n).sum();
    let n: usize = test.confusion_matrix.iter().flatten().sum();
    let name = |i: usize| &test.per_class[i].0;
    let said =
        errors.iter().take(shown).map(|&(i, j, n)| format!("{} predicted as {}: {n}", name(i), name(j)));
    let said: Vec<String> = said.collect();
    let most =
        if said.is_empty() { String::new() } else { format!(" The most frequent: {}.", said.join("; ")) };
    format!("{} classes, {n} rows, {n_errors} of them misclassified.{most}", test.per_class.len())
}

fn matrix(title: &str, test: &Evaluation) -> String {
    let n = test.per_class.len();
    let cell = (600.0 / n as f64).clamp(30.0, 64.0);
    let names: Vec<&str> = test.per_class.iter().map(|(name, _)| name.as_str()).collect();
    // Columns are named if the names fit, and numbered like the rows otherwise.
    let are_named = names.iter().all(|name| text_width(name) <= cell - 8.0);
    let rows: Vec<String> = names
        .iter()
        .enumerate()
        .map(|(i, name)| match are_named {
            true => name.to_string(),
            false => format!("{} \u{b7} {}", fitted(name, MOST_LABEL - 30.0), i + 1),
        })
        .collect();
    let left = 32.0 + rows.iter().map(|name| text_width(name)).fold(80.0, f64::max);
    let side = cell * n as f64;
    let width = (left + side + 24.0).max(480.0);

    let mut svg = Svg::default();
    let heading = fitted(&format!("Confusion matrix: {title}"), (width - 40.0) * 13.0 / 16.0);
    svg.text((20.0, 28.0), Anchor::Start, "heading", &heading);
    let shade = "number of rows; shade: share of the rows of the true class";
    svg.text((20.0, 50.0), Anchor::Start, "muted", shade);
    svg.text((left, TOP - 28.0), Anchor::Start, "", "predicted \u{2192}");
    svg.text((left - 12.0, TOP - 10.0), Anchor::End, "", "true \u{2193}");
    for (i, (name, counts)) in rows.iter().zip(&test.confusion_matrix).enumerate() {
        let middle = (i as f64 + 0.5) * cell;
        svg.text((left - 12.0, TOP + middle + 4.0), Anchor::End, "", name);
        let column = if are_named { names[i].to_string() } else { (i + 1).to_string() };
        svg.text((left + middle, TOP - 10.0), Anchor::Middle, "", &column);
        let total: usize = counts.iter().sum();
        for (j, &count) in counts.iter().enumerate() {
            let (x, y) = (left + j as f64 * cell, TOP + i as f64 * cell);
            let share = if total > 0 { count as f64 / total as f64 } else { 0.0 };
            let class = if i == j { "blue-cell" } else { "orange-cell" };
            let about = format!("{} predicted as {}: {count} ({:.1} %)", names[i], names[j], 100.0 * share);
            // Even the smallest share can be told from an empty cell.
            let opacity = if count > 0 { 0.12 + 0.88 * share } else { 0.0 };
            svg.cell((x + 1.5, y + 1.5), [cell - 3.0; 2], class, opacity, &about);
            if count > 0 {
                let text = count.to_string();
                let size = (0.36 * cell).min(13.0 * (cell - 6.0) / text_width(&text)).min(15.0);
                svg.number((x + 0.5 * cell, y + 0.5 * cell), size, &text);
            }
        }
    }
    for i in 0..=n {
        let at = i as f64 * cell;
        svg.line((left, TOP + at), (left + side, TOP + at), "grid");
        svg.line((left + at, TOP), (left + at, TOP + side), "grid");
    }
    svg.finish([width, TOP + side + 24.0], &format!("Confusion matrix of {title}"), &description(test, 10))
}

fn pairs(title: &str, test: &Evaluation) -> String {
    let errors = errors(test);
    let total = |i: usize| test.confusion_matrix[i].iter().sum::<usize>();
    let name = |i: usize| fitted(&test.per_class[i].0, 145.0);
    let cells: Vec<(String, String)> = errors
        .iter()
        .take(MOST_PAIRS)
        .map(|&(i, j, n)| (format!("{} \u{2192} {}", name(i), name(j)), format!("{n} of {}", total(i))))
        .collect();
    let rows = Rows::new(&cells, 66.0);
    let most = errors.first().map_or(1, |&(_, _, n)| n);
    let x = Axis::linear([0.0, most as f64], rows.pixels(), most.min(6));
    let mut svg = Svg::default();
    rows.draw(&mut svg, &format!("Most frequent errors: {title}"), &x, "misclassified rows");
    svg.text(
        (20.0, 52.0),
        Anchor::Start,
        "muted",
        "true class \u{2192} predicted class, of the rows of the true class",
    );
    for (k, &(_, _, n)) in errors.iter().take(MOST_PAIRS).enumerate() {
        let width = x.at(n as f64) - x.at(0.0);
        svg.rect((x.at(0.0), rows.y(k) - 0.35 * ROW), [width, 0.7 * ROW], "orange", "");
    }
    svg.finish(rows.size(), &format!("Most frequent errors of {title}"), &description(test, MOST_PAIRS))
}

#[cfg(test)]
mod tests {
    use super::super::checks::{HOSTILE, assert_sound};
    use super::*;

    fn evaluation(n_classes: usize, y_true: &[usize], y_pred: &[usize]) -> Evaluation {
        let labels: Vec<String> = (0..n_classes).map(|i| format!("{i}{HOSTILE}")).collect();
        Evaluation::from_predictions(y_true, y_pred, &labels).unwrap()
    }

    /// Oracle: by hand. Of three rows of class 0, one is predicted as class 1, with the shade 0.12 + 0.88 / 3; class 2 has no
    /// row.
    #[test]
    fn a_cell_has_its_number_and_its_share_of_the_true_class() {
        let svg = confusion_svg(HOSTILE, &evaluation(3, &[0, 0, 0, 1], &[0, 0, 1, 1]));
        assert_sound(&svg);
        assert_eq!(svg.matches("-cell\"").count(), 9);
        assert!(svg.contains("fill-opacity=\"0.707\" class=\"blue-cell\""), "{svg}");
        assert!(svg.contains("fill-opacity=\"0.413\" class=\"orange-cell\""), "{svg}");
        assert!(svg.contains("4 rows, 1 of them misclassified"), "{svg}");
    }

    #[test]
    fn thirty_classes_are_a_matrix_and_more_are_their_errors() {
        let (y_true, y_pred): (Vec<usize>, Vec<usize>) = (0..930).map(|i| (i % 31, i * i % 31)).unzip();
        let svg = confusion_svg("test", &evaluation(31, &y_true, &y_pred));
        assert_sound(&svg);
        assert_eq!(svg.matches("class=\"orange\"").count(), MOST_PAIRS);
        let below = |y: &[usize]| -> Vec<usize> { y.iter().map(|y| y % 30).collect() };
        let svg = confusion_svg("test", &evaluation(30, &below(&y_true), &below(&y_pred)));
        assert_sound(&svg);
        assert_eq!(svg.matches("-cell\"").count(), 900);
        assert_sound(&confusion_svg("test", &evaluation(40, &[0, 1], &[0, 1])));
    }
}
