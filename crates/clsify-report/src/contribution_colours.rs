//! The colours of what speaks for a label and against it: teal and coral, as in the guide.
//!
//! The guide's own style has the same colours, which a test compares. Colour-blind readers can tell the two hues apart, and
//! wherever they are used a sign says the same.

/// The colour of what speaks for a label, in a light and in a dark scheme.
pub(crate) const FOR: [&str; 2] = ["#3fb8a5", "#2fa895"];
/// The colour of what speaks against it.
pub(crate) const AGAINST: [&str; 2] = ["#e8806a", "#d4664f"];

/// The share of the colour in the background of a word, by the strength of its contribution, in percent. With these, text in
/// black or white stays readable.
pub(crate) const SHADES: [u32; 3] = [20, 40, 60];

/// The nearest backgrounds of a terminal with 256 colours, for black text.
pub(crate) const TERMINAL_FOR: [u8; 3] = [152, 116, 79];
pub(crate) const TERMINAL_AGAINST: [u8; 3] = [224, 217, 209];

#[cfg(test)]
mod tests {
    use super::*;

    /// Oracle: the style of the guide.
    #[test]
    fn the_guide_has_the_same_colours() {
        let style = include_str!("guide/dist/guide.css");
        for (name, [light, dark]) in [("for", FOR), ("against", AGAINST)] {
            let rule = format!("--{name}:light-dark({light},{dark})");
            assert!(style.replace(", ", ",").replace(": ", ":").contains(&rule), "{rule}");
        }
    }

    /// Oracle: the cube of 256-colour terminals, where colour 16 + 36 r + 6 g + b has the levels 0, 95, 135, 175, 215 and 255.
    #[test]
    fn colours_of_the_terminal_have_the_hue_of_the_others() {
        let channel = |colour: &str, i: usize| i32::from(u8::from_str_radix(&colour[i..i + 2], 16).unwrap());
        for (colours, hex) in [(TERMINAL_FOR, FOR[0]), (TERMINAL_AGAINST, AGAINST[0])] {
            let [r, g, b] = [1, 3, 5].map(|i| channel(hex, i));
            for colour in colours.map(|colour| i32::from(colour) - 16) {
                let level = |digit: i32| [0, 95, 135, 175, 215, 255][digit as usize];
                let [tr, tg, tb] = [colour / 36, colour / 6 % 6, colour % 6].map(level);
                assert_eq!((tr > tg, tr > tb), (r > g, r > b), "{colour}");
            }
        }
    }
}
