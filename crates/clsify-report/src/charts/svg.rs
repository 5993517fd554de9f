//! The elements that all charts share. Each chart has a title and a description in words, for readers who cannot see it.

use std::fmt::Write;

use super::palette;

/// The end of a text that lies at its position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

impl Anchor {
    fn name(self) -> &'static str {
        match self {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        }
    }
}

/// An image that is drawn from back to front. Colours and line styles come from the classes of the palette.
#[derive(Debug, Default)]
pub(crate) struct Svg(String);

impl Svg {
    /// Text at a position, which is that of its baseline.
    pub(crate) fn text(&mut self, (x, y): (f64, f64), anchor: Anchor, class: &str, text: &str) {
        let class = if class.is_empty() { String::new() } else { format!(" class=\"{class}\"") };
        let (anchor, text) = (anchor.name(), escaped(text));
        let _ =
            writeln!(self.0, "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\"{class}>{text}</text>");
    }

    /// Text in the middle of a cell, in a font size.
    pub(crate) fn number(&mut self, (x, y): (f64, f64), size: f64, text: &str) {
        let (y, text) = (y + 0.35 * size, escaped(text));
        let _ = writeln!(
            self.0,
            "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"middle\" font-size=\"{size:.1}\">{text}</text>"
        );
    }

    /// A straight line between two points.
    pub(crate) fn line(&mut self, (x1, y1): (f64, f64), (x2, y2): (f64, f64), class: &str) {
        let _ = writeln!(
            self.0,
            "<line x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\" class=\"{class}\"/>"
        );
    }

    /// A vertical interval with caps at its ends.
    pub(crate) fn vertical_interval(&mut self, x: f64, [from, to]: [f64; 2], class: &str) {
        let _ = writeln!(
            self.0,
            "<path d=\"M{:.1} {from:.1}h6m-3 0V{to:.1}m-3 0h6\" class=\"{class}\"/>",
            x - 3.0
        );
    }

    /// A horizontal interval with caps at its ends.
    pub(crate) fn horizontal_interval(&mut self, y: f64, [from, to]: [f64; 2], class: &str) {
        let _ = writeln!(
            self.0,
            "<path d=\"M{from:.1} {:.1}v6m0 -3H{to:.1}m0 -3v6\" class=\"{class}\"/>",
            y - 3.0
        );
    }

    /// A line through several points.
    pub(crate) fn polyline(&mut self, points: impl IntoIterator<Item = (f64, f64)>, class: &str) {
        let points: Vec<String> = points.into_iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        let _ = writeln!(self.0, "<polyline points=\"{}\" class=\"{class}\"/>", points.join(" "));
    }

    /// A dot; viewers show `about` under the pointer.
    pub(crate) fn dot(&mut self, (x, y): (f64, f64), radius: f64, class: &str, about: &str) {
        let about =
            if about.is_empty() { String::new() } else { format!("<title>{}</title>", escaped(about)) };
        let _ = writeln!(
            self.0,
            "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{radius:.1}\" class=\"{class}\">{about}</circle>"
        );
    }

    /// A rectangle from its upper left corner; viewers show `about` under the pointer.
    pub(crate) fn rect(&mut self, (x, y): (f64, f64), [width, height]: [f64; 2], class: &str, about: &str) {
        self.cell((x, y), [width, height], class, 1.0, about);
    }

    /// A rectangle whose fill is mixed with the paper.
    pub(crate) fn cell(
        &mut self,
        (x, y): (f64, f64),
        [width, height]: [f64; 2],
        class: &str,
        opacity: f64,
        about: &str,
    ) {
        let opacity = if opacity < 1.0 { format!(" fill-opacity=\"{opacity:.3}\"") } else { String::new() };
        let about =
            if about.is_empty() { String::new() } else { format!("<title>{}</title>", escaped(about)) };
        let _ = writeln!(
            self.0,
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\"{opacity} class=\"{class}\">{about}</rect>"
        );
    }

    /// The whole image; `description` describes it in words.
    pub(crate) fn finish(self, [width, height]: [f64; 2], title: &str, description: &str) -> String {
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" role=\"img\" class=\"chart\" \
             aria-labelledby=\"title desc\" font-family=\"sans-serif\" font-size=\"13\">\n\
             <title id=\"title\">{}</title>\n<desc id=\"desc\">{}</desc>\n{}\
             <rect width=\"{width:.0}\" height=\"{height:.0}\" class=\"paper\"/>\n{}</svg>\n",
            escaped(title),
            escaped(description),
            palette::style(),
            self.0
        )
    }
}

/// Escapes text for XML. Control characters, which XML cannot hold, become spaces.
pub(crate) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            c if c.is_control() || c == '\u{fffe}' || c == '\u{ffff}' => escaped.push(' '),
            c => escaped.push(c),
        }
    }
    escaped
}
