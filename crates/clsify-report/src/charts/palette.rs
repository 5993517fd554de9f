//! The colours of all charts, light and dark.
//!
//! The hues are those of the article's figures. They fill areas and dots; text, lines and outlines take a shade of the
//! same hue that is readable: at least 4.5 to 1 against the paper, as WCAG AA asks of text. Elements carry classes, and
//! a `<style>` gives the classes their colours. Colours are not CSS variables, because viewers other than browsers do
//! not resolve those; such viewers skip the dark half and draw the light chart.

/// A colour in both schemes, with the selectors and properties that take it.
struct Colour {
    light: &'static str,
    dark: &'static str,
    uses: &'static [(&'static str, &'static str)],
}

const PAPER: Colour = Colour {
    light: "#ffffff",
    dark: "#15181c",
    uses: &[
        (".paper", "fill"),
        (".blue-hollow", "fill"),
        (".orange-hollow", "fill"),
        (".pink-hollow", "fill"),
        ("text.halo", "stroke"),
    ],
};
const INK: Colour =
    Colour { light: "#1f2328", dark: "#e8e6e3", uses: &[("text", "fill"), (".axis", "stroke")] };
const MUTED: Colour = Colour {
    light: "#57606a",
    dark: "#a1abb6",
    uses: &[("text.muted", "fill"), (".rule", "stroke"), (".grey", "fill")],
};
const GRID: Colour = Colour { light: "#e2e5e9", dark: "#2f353c", uses: &[(".grid", "stroke")] };
const BLUE: Colour = Colour { light: "#00acee", dark: "#00acee", uses: &[(".blue", "fill")] };
const BLUE_LINE: Colour = Colour {
    light: "#00658c",
    dark: "#5ccbff",
    uses: &[
        (".blue", "stroke"),
        (".blue-hollow", "stroke"),
        (".blue-line", "stroke"),
        (".blue-cell", "stroke"),
    ],
};
/// The background of a number: dark where the number is light.
const BLUE_CELL: Colour = Colour { light: "#00acee", dark: "#00658c", uses: &[(".blue-cell", "fill")] };
const ORANGE: Colour = Colour { light: "#ff8800", dark: "#ff8800", uses: &[(".orange", "fill")] };
const ORANGE_LINE: Colour = Colour {
    light: "#9a4a00",
    dark: "#ffb25c",
    uses: &[(".orange", "stroke"), (".orange-hollow", "stroke"), (".orange-line", "stroke")],
};
const ORANGE_CELL: Colour = Colour { light: "#ff8800", dark: "#9a4a00", uses: &[(".orange-cell", "fill")] };
const PINK: Colour = Colour { light: "#ff2e87", dark: "#ff2e87", uses: &[(".pink", "fill")] };
const PINK_LINE: Colour = Colour {
    light: "#b8005a",
    dark: "#ff8abb",
    uses: &[
        (".pink", "stroke"),
        (".pink-hollow", "stroke"),
        (".pink-line", "stroke"),
        ("text.pink-text", "fill"),
    ],
};

const COLOURS: [Colour; 12] =
    [PAPER, INK, MUTED, GRID, BLUE, BLUE_LINE, BLUE_CELL, ORANGE, ORANGE_LINE, ORANGE_CELL, PINK, PINK_LINE];

/// The rules that are the same in both schemes.
const SHAPES: &str = ".chart text{stroke:none}.chart .heading{font-size:16px}.chart .strong{font-weight:bold}.chart text.halo{stroke-width:3;paint-order:stroke}\
    .chart .blue-line,.chart .orange-line,.chart .pink-line{fill:none;stroke-width:1.5}\
    .chart .dashed{stroke-dasharray:5 4}.chart .rule{fill:none}";

/// The `<style>` element of a chart.
pub(super) fn style() -> String {
    let rules = |shade: fn(&Colour) -> &'static str| -> String {
        let of_one = |colour: &Colour| {
            let shade = shade(colour);
            let rule =
                |(selector, property): &(&str, &str)| format!(".chart {selector}{{{property}:{shade}}}");
            colour.uses.iter().map(rule).collect::<String>()
        };
        COLOURS.iter().map(of_one).collect()
    };
    let (light, dark) = (rules(|colour| colour.light), rules(|colour| colour.dark));
    format!("<style>{SHAPES}{light}@media (prefers-color-scheme:dark){{{dark}}}</style>\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Oracle: the formula of relative luminance and contrast of WCAG 2.2.
    fn contrast(a: &str, b: &str) -> f64 {
        let luminance = |colour: &str| {
            let channel = |i: usize| {
                let c = f64::from(u8::from_str_radix(&colour[i..i + 2], 16).unwrap()) / 255.0;
                if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
            };
            0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
        };
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn text_meets_aa_and_marks_can_be_seen_in_both_schemes() {
        assert!((contrast("#ffffff", "#000000") - 21.0).abs() < 1e-9);
        assert!((contrast("#ffffff", "#777777") - 4.48).abs() < 0.005);
        for shade in [|colour: &Colour| colour.light, |colour: &Colour| colour.dark] {
            let against_paper = |colour: &Colour| contrast(shade(colour), shade(&PAPER));
            for text in [INK, MUTED, BLUE_LINE, ORANGE_LINE, PINK_LINE] {
                assert!(against_paper(&text) >= 4.5, "{}: {}", shade(&text), against_paper(&text));
            }
            // A cell is a mixture of its colour and the paper, so its contrast lies between these two.
            for cell in [BLUE_CELL, ORANGE_CELL] {
                let contrast = contrast(shade(&INK), shade(&cell));
                assert!(contrast >= 4.5, "{}: {contrast}", shade(&cell));
            }
            assert!(against_paper(&GRID) < 2.0, "the grid stays behind the data");
        }
    }

    /// Every fill that is too light to be seen on the paper has a readable outline.
    #[test]
    fn a_light_fill_has_an_outline() {
        for fill in COLOURS.iter().filter(|colour| contrast(colour.light, PAPER.light) < 3.0) {
            for (selector, _) in fill.uses.iter().filter(|(_, property)| *property == "fill") {
                let is_outline =
                    |colour: &&Colour| colour.uses.iter().any(|used| used == &(*selector, "stroke"));
                let outline = COLOURS.iter().find(is_outline);
                let is_background = *selector == ".paper" || *selector == ".orange-cell";
                assert!(
                    is_background || outline.is_some_and(|o| contrast(o.light, PAPER.light) >= 4.5),
                    "{selector}"
                );
            }
        }
    }
}
