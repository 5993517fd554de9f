//! The number of rows of each class or label.

use clsify::studies::{ClassShare, DoctorReport};

use super::axis::{Axis, grouped};
use super::rows::{ROW, Rows};
use super::svg::Svg;
use crate::text::counted;

/// The maximum number of classes: the most frequent ones.
const MOST_CLASSES: usize = 40;

/// Draws the number of rows of each class or label of the data as SVG. `title` names the data.
pub fn class_balance_svg(title: &str, report: &DoctorReport) -> String {
    let what = if report.label_sets.is_some() { ["label", "labels"] } else { ["class", "classes"] };
    svg(title, report.n_rows, what, &report.class_balance)
}

fn svg(title: &str, n_rows: usize, [one, several]: [&str; 2], balance: &[ClassShare]) -> String {
    let mut classes: Vec<&ClassShare> = balance.iter().collect();
    classes.sort_by_key(|class| std::cmp::Reverse(class.n));
    classes.truncate(MOST_CLASSES);
    let numbers =
        |class: &ClassShare| format!("{} ({:.1} %)", grouped(class.n as f64, 0), 100.0 * class.share);
    let cells: Vec<(String, String)> =
        classes.iter().map(|class| (class.label.clone(), numbers(class))).collect();
    let rows = Rows::new(&cells, 48.0);
    let most = classes.first().map_or(1, |class| class.n).max(1);
    let x = Axis::linear([0.0, most as f64], rows.pixels(), most.min(5));
    let n_classes = counted(balance.len(), one, several);
    let n_rows = format!("{} {}", grouped(n_rows as f64, 0), if n_rows == 1 { "row" } else { "rows" });
    let mut svg = Svg::default();
    let heading = match classes.len() < balance.len() {
        true => format!("The {MOST_CLASSES} most frequent of {n_classes}: {title}"),
        false => format!("{n_classes}, {n_rows}: {title}"),
    };
    rows.draw(&mut svg, &heading, &x, "rows");
    for (i, class) in classes.iter().enumerate() {
        let width = x.at(class.n as f64) - x.at(0.0);
        svg.rect((x.at(0.0), rows.y(i) - 0.35 * ROW), [width, 0.7 * ROW], "blue", "");
    }
    let said: Vec<String> = cells.iter().map(|(name, numbers)| format!("{name}: {numbers}")).collect();
    let description = format!("{n_classes} in {n_rows}. {}.", said.join("; "));
    svg.finish(rows.size(), &format!("Rows per {one} of {title}"), &description)
}

#[cfg(test)]
mod tests {
    use super::super::checks::{HOSTILE, assert_sound};
    use super::*;

    /// Oracle: by hand. A class of half as many rows has half the bar; the most frequent class is first.
    #[test]
    fn bars_are_as_long_as_their_classes_are_large() {
        let class = |label: &str, n: usize| ClassShare {
            label: label.to_string(),
            n,
            share: n as f64 / 3000.0,
            hint: None,
        };
        let balance = [class(HOSTILE, 1000), class("two", 2000)];
        let svg = svg(HOSTILE, 3000, ["class", "classes"], &balance);
        assert_sound(&svg);
        let widths: Vec<f64> = svg
            .split("<rect ")
            .filter(|rect| rect.contains("class=\"blue\""))
            .map(|rect| rect.split("width=\"").nth(1).unwrap().split('"').next().unwrap().parse().unwrap())
            .collect();
        assert!(widths.len() == 2 && (widths[0] - 2.0 * widths[1]).abs() < 0.2, "{widths:?}");
        assert!(svg.contains(">2,000 (66.7 %)<") && svg.contains("2 classes in 3,000 rows."), "{svg}");
    }

    #[test]
    fn few_rows_and_many_classes_are_drawn_too() {
        let class = |i: usize| ClassShare { label: format!("c{i}"), n: i, share: 0.1, hint: None };
        for n in [0, 1, 2, 60] {
            let balance: Vec<ClassShare> = (0..n).map(class).collect();
            let svg = svg("data", 9, ["label", "labels"], &balance);
            assert_sound(&svg);
            assert_eq!(svg.matches("class=\"blue\"").count(), n.min(MOST_CLASSES));
        }
    }
}
