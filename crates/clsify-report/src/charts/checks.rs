//! Checks of finished charts, for the tests of each chart.

use super::labels::{Area, text_width};
use super::svg::Anchor;

/// Names that break careless drawing.
pub(super) const HOSTILE: &str = "<b>&\"'</text>]]>\u{0}\u{1b}[31m\u{202e}汉字\u{fffe}";

/// The value of an attribute of a tag.
fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    tag.split(&format!(" {name}=\"")).nth(1)?.split('"').next()
}

/// Panics unless a chart is well-formed XML with finite numbers, a title and a description, whose texts overlap neither
/// each other nor the edge.
pub(super) fn assert_sound(svg: &str) {
    assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"), "{svg}");
    assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
    assert!(svg.contains("<title id=\"title\">") && svg.contains("<desc id=\"desc\">"), "{svg}");
    let is_allowed = |c: char| c == '\n' || !c.is_control() && c != '\u{fffe}';
    assert!(svg.chars().all(is_allowed), "{svg}");
    let mut open: Vec<&str> = Vec::new();
    let mut texts: Vec<(Area, &str)> = Vec::new();
    let view: Vec<f64> =
        attribute(svg, "viewBox").unwrap().split(' ').map(|number| number.parse().unwrap()).collect();
    let image = Area { left: 0.0, top: 0.0, right: view[2], bottom: view[3] };
    for part in svg.split('<').skip(1) {
        let (tag, content) = part.split_once('>').unwrap_or_else(|| panic!("{part}"));
        let entities = ["amp;", "lt;", "gt;", "quot;"];
        for text in [tag, content] {
            let mut after_ampersands = text.split('&').skip(1);
            assert!(
                after_ampersands.all(|rest| entities.iter().any(|entity| rest.starts_with(entity))),
                "{text}"
            );
        }
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "{svg}");
            continue;
        }
        assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
        if !tag.ends_with('/') {
            open.push(tag.split_whitespace().next().unwrap());
        }
        if tag.starts_with("text ") {
            let number = |name: &str| attribute(tag, name).map(|number| number.parse::<f64>().unwrap());
            let anchor = match attribute(tag, "text-anchor") {
                Some("middle") => Anchor::Middle,
                Some("end") => Anchor::End,
                _ => Anchor::Start,
            };
            let content = content
                .replace("&lt;", "<")
                .replace("&gt;", ">")
                .replace("&quot;", "\"")
                .replace("&amp;", "&");
            let at = (number("x").unwrap(), number("y").unwrap());
            let mut area = Area::of_text(at, anchor, &content);
            if let Some(size) = number("font-size") {
                let half = 0.5 * text_width(&content) * size / 13.0;
                area = Area { left: at.0 - half, right: at.0 + half, top: at.1 - 0.8 * size, bottom: at.1 };
            }
            assert!(
                area.left >= 0.0 && area.right <= image.right + 0.5,
                "beyond the edge: {content}: {area:?}"
            );
            assert!(area.top >= 0.0 && area.bottom <= image.bottom, "beyond the edge: {content}: {area:?}");
            for (other, text) in &texts {
                assert!(!area.overlaps(other), "{content} and {text} overlap: {area:?} {other:?}");
            }
            texts.push((area, part));
        }
    }
    assert!(open.is_empty(), "{open:?}");
}
