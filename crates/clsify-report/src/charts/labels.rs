//! The space that labels take, and places for labels that cover neither a point nor each other.

use super::svg::Anchor;

/// The height of a line of text above and below its baseline.
const ASCENT: f64 = 11.0;
const DESCENT: f64 = 3.0;

/// An estimate of the width of a text in the charts' font size, on the wide side: the viewer chooses the font.
pub(crate) fn text_width(text: &str) -> f64 {
    let width = |c: char| match c {
        'i' | 'j' | 'l' | 'I' | ' ' | '.' | ',' | ':' | ';' | '\'' | '|' => 0.34,
        't' | 'f' | 'r' | '(' | ')' | '-' => 0.42,
        'm' | 'M' | 'W' | '%' | '@' => 1.0,
        'w' | '+' | '=' | '<' | '>' => 0.86,
        'A'..='Z' => 0.72,
        c if c < '\u{1100}' => 0.64,
        _ => 1.0,
    };
    13.0 * text.chars().map(width).sum::<f64>()
}

/// Shortens a text so that it is no wider than `width`.
pub(crate) fn fitted(text: &str, width: f64) -> String {
    let n = text.chars().count();
    let fits = |n: &usize| text_width(&crate::text::shorten(text, *n)) <= width;
    crate::text::shorten(text, (4..=n).rev().find(fits).unwrap_or(4))
}

/// A rectangle of the image.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Area {
    pub(crate) left: f64,
    pub(crate) top: f64,
    pub(crate) right: f64,
    pub(crate) bottom: f64,
}

impl Area {
    /// The area of a text in the charts' font size.
    pub(crate) fn of_text((x, y): (f64, f64), anchor: Anchor, text: &str) -> Area {
        let width = text_width(text);
        let left = match anchor {
            Anchor::Start => x,
            Anchor::Middle => x - 0.5 * width,
            Anchor::End => x - width,
        };
        Area { left, top: y - ASCENT, right: left + width, bottom: y + DESCENT }
    }

    /// The square around a dot.
    pub(crate) fn around((x, y): (f64, f64), radius: f64) -> Area {
        Area { left: x - radius, top: y - radius, right: x + radius, bottom: y + radius }
    }

    pub(crate) fn overlaps(&self, other: &Area) -> bool {
        self.left < other.right
            && other.left < self.right
            && self.top < other.bottom
            && other.top < self.bottom
    }

    fn is_inside(&self, other: &Area) -> bool {
        self.left >= other.left
            && self.right <= other.right
            && self.top >= other.top
            && self.bottom <= other.bottom
    }
}

/// Places labels one after the other.
#[derive(Debug)]
pub(crate) struct Placement {
    bounds: Area,
    taken: Vec<Area>,
}

impl Placement {
    pub(crate) fn new(bounds: Area) -> Self {
        Placement { bounds, taken: Vec::new() }
    }

    /// Keeps labels out of an area.
    pub(crate) fn keep_free(&mut self, area: Area) {
        self.taken.push(area);
    }

    /// The first free place for a label near a point, the nearest ones first; `None` if there is none.
    pub(crate) fn place(&mut self, (x, y): (f64, f64), text: &str) -> Option<((f64, f64), Anchor)> {
        const MIDDLE: f64 = 0.5 * (ASCENT - DESCENT);
        for gap in [8.0, 12.0, 18.0, 26.0, 36.0] {
            let slant = 0.7 * gap;
            for (dx, dy, anchor) in [
                (gap, MIDDLE, Anchor::Start),
                (-gap, MIDDLE, Anchor::End),
                (0.0, -gap, Anchor::Middle),
                (0.0, gap + ASCENT, Anchor::Middle),
                (slant, -slant, Anchor::Start),
                (slant, slant + ASCENT, Anchor::Start),
                (-slant, -slant, Anchor::End),
                (-slant, slant + ASCENT, Anchor::End),
            ] {
                let at = (x + dx, y + dy);
                let area = Area::of_text(at, anchor, text);
                if area.is_inside(&self.bounds) && !self.taken.iter().any(|taken| taken.overlaps(&area)) {
                    self.taken.push(area);
                    return Some((at, anchor));
                }
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_of_crowded_points_cover_nothing() {
        let bounds = Area { left: 0.0, top: 0.0, right: 400.0, bottom: 300.0 };
        let mut placement = Placement::new(bounds);
        let points: Vec<(f64, f64)> =
            (0..12).map(|i| (180.0 + 6.0 * f64::from(i % 4), 150.0 + 5.0 * f64::from(i / 4))).collect();
        points.iter().for_each(|&at| placement.keep_free(Area::around(at, 5.0)));
        let placed: Vec<Area> = points
            .iter()
            .filter_map(|&at| placement.place(at, "B").map(|(at, anchor)| Area::of_text(at, anchor, "B")))
            .collect();
        assert!(placed.len() >= 10, "{}", placed.len());
        for (i, label) in placed.iter().enumerate() {
            assert!(!points.iter().any(|&at| Area::around(at, 5.0).overlaps(label)));
            assert!(!placed[..i].iter().any(|other| other.overlaps(label)));
        }
    }

    /// Oracle: a space with room for exactly one label.
    #[test]
    fn a_label_without_room_is_left_out() {
        let width = text_width("word");
        let mut placement = Placement::new(Area { left: 0.0, top: 0.0, right: 10.0 + width, bottom: 20.0 });
        let placed = placement.place((0.0, 10.0), "word");
        assert_eq!(placed, Some(((8.0, 14.0), Anchor::Start)));
        assert_eq!(placement.place((0.0, 10.0), "word"), None);
    }

    #[test]
    fn long_texts_are_cut_to_a_width() {
        assert_eq!(fitted("short", 100.0), "short");
        let cut = fitted(&"wide ".repeat(20), 100.0);
        assert!(cut.ends_with("...") && text_width(&cut) <= 100.0, "{cut}");
        assert!(text_width("汉字") > text_width("ab"));
    }
}
