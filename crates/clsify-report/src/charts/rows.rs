//! The frame of charts with one row per name: names at the left, marks over a common axis, numbers at the right.

use super::axis::Axis;
use super::labels::{fitted, text_width};
use super::svg::{Anchor, Svg};

/// The width of these charts.
pub(super) const WIDTH: f64 = 760.0;
/// The distance between two rows.
pub(super) const ROW: f64 = 24.0;
/// The widest name.
const MOST_LABEL: f64 = 320.0;
/// The layout of the rows.
#[derive(Debug)]
pub(super) struct Rows<'a> {
    /// The name of each row and its numbers in words.
    rows: &'a [(String, String)],
    top: f64,
    pixels: [f64; 2],
}

impl<'a> Rows<'a> {
    /// Leaves as much space at the sides as the names and numbers need, and `top` pixels above the first row.
    pub(super) fn new(rows: &'a [(String, String)], top: f64) -> Self {
        let widest = |part: fn(&(String, String)) -> &str| {
            rows.iter().map(|row| text_width(part(row))).fold(0.0, f64::max)
        };
        let left = 20.0 + widest(|row| &row.0).min(MOST_LABEL) + 12.0;
        let right = WIDTH - 20.0 - widest(|row| &row.1) - 12.0;
        Rows { rows, top, pixels: [left, right] }
    }

    /// The positions of both ends of the axis.
    pub(super) fn pixels(&self) -> [f64; 2] {
        self.pixels
    }

    /// The middle of a row.
    pub(super) fn y(&self, row: usize) -> f64 {
        self.top + (row as f64 + 0.5) * ROW
    }

    /// The top of the first row and the bottom of the last one.
    pub(super) fn ends(&self) -> [f64; 2] {
        [self.top, self.top + self.rows.len() as f64 * ROW]
    }

    /// Draws heading, axis, names and numbers, which lie below the marks.
    pub(super) fn draw(&self, svg: &mut Svg, heading: &str, axis: &Axis, title: &str) {
        svg.text((20.0, 28.0), Anchor::Start, "heading", &fitted(heading, (WIDTH - 40.0) * 13.0 / 16.0));
        axis.draw_below(svg, self.ends(), title);
        for (i, (name, numbers)) in self.rows.iter().enumerate() {
            let y = self.y(i) + 4.0;
            svg.text((self.pixels[0] - 12.0, y), Anchor::End, "", &fitted(name, MOST_LABEL));
            svg.text((self.pixels[1] + 12.0, y), Anchor::Start, "muted", numbers);
        }
    }

    /// The size of the image.
    pub(super) fn size(&self) -> [f64; 2] {
        [WIDTH, self.ends()[1] + 56.0]
    }
}
