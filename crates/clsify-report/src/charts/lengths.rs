//! The lengths of the sentences of a data file, as a histogram.

use super::axis::{Axis, grouped, nice_step};
use super::labels::fitted;
use super::svg::{Anchor, Svg};

const WIDTH: f64 = 760.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 36.0;
const TOP: f64 = 104.0;
const BOTTOM: f64 = 320.0;
/// The maximum number of bins, or a few more.
const MOST_BINS: usize = 40;

/// Draws the lengths of sentences in characters as a histogram. The last bin also has the longest hundredth of the
/// sentences, so that a few long ones do not push all others together. `title` names the data.
pub fn lengths_svg(title: &str, lengths: &[usize]) -> String {
    let mut sorted = lengths.to_vec();
    sorted.sort_unstable();
    // The nearest-rank percentile.
    let percentile = |p: usize| sorted.get((p * sorted.len()).div_ceil(100).max(1) - 1).copied().unwrap_or(0);
    let (median, most, longest) = (percentile(50), percentile(99), percentile(100));
    let step = nice_step(most.max(1) as f64, MOST_BINS).max(1.0);
    let n_bins = (most as f64 / step).floor() as usize + 1;
    let mut bins = vec![0; n_bins];
    lengths.iter().for_each(|&length| bins[((length as f64 / step) as usize).min(n_bins - 1)] += 1);

    let end = n_bins as f64 * step;
    let x = Axis::linear([0.0, end], [LEFT, WIDTH - RIGHT], 10);
    let fullest = bins.iter().copied().max().unwrap_or(0).max(1);
    let y = Axis::linear([0.0, fullest as f64], [BOTTOM, TOP], fullest.min(5));
    let mut svg = Svg::default();
    let n = grouped(lengths.len() as f64, 0);
    let heading = format!("Lengths of {n} sentences: {title}");
    svg.text((20.0, 28.0), Anchor::Start, "heading", &fitted(&heading, (WIDTH - 40.0) * 13.0 / 16.0));
    let numbers = format!(
        "median {}, 99th percentile {}, longest {} characters",
        grouped(median as f64, 0),
        grouped(most as f64, 0),
        grouped(longest as f64, 0)
    );
    svg.text((20.0, 52.0), Anchor::Start, "muted", &numbers);
    y.draw_left(&mut svg, [LEFT, WIDTH - RIGHT], "sentences");
    x.draw_below(&mut svg, [TOP, BOTTOM], "length (characters)");
    for (i, &n) in bins.iter().enumerate().filter(|(_, n)| **n > 0) {
        let (from, to) = (i as f64 * step, (i + 1) as f64 * step);
        let until = if i + 1 == n_bins { "or more".to_string() } else { format!("to {:.0}", to - 1.0) };
        let (left, top) = (x.at(from), y.at(n as f64));
        let size = [x.at(to) - left - 1.0, BOTTOM - top];
        svg.rect((left + 0.5, top), size, "blue", &format!("{from:.0} {until} characters: {n}"));
    }
    // In the middle of the characters of this length.
    let at = x.at(median as f64 + 0.5);
    svg.line((at, TOP - 4.0), (at, BOTTOM), "pink-line dashed");
    // Beside the title of the axis.
    svg.text(((at - 22.0).max(LEFT + 40.0), TOP - 8.0), Anchor::Start, "pink-text", "median");
    let description = format!("{n} sentences: {numbers}.");
    svg.finish([WIDTH, BOTTOM + 56.0], &format!("Lengths of the sentences of {title}"), &description)
}

#[cfg(test)]
mod tests {
    use super::super::checks::{HOSTILE, assert_sound};
    use super::*;

    /// Oracle: by hand. 200 sentences of 0 to 199 characters and one of 9,000: bins of 5, the last one with the longest.
    #[test]
    fn a_long_sentence_is_in_the_last_bin() {
        let lengths: Vec<usize> = (0..200).chain([9000]).collect();
        let svg = lengths_svg(HOSTILE, &lengths);
        assert_sound(&svg);
        assert_eq!(svg.matches("class=\"blue\"").count(), 40);
        assert!(svg.contains("0 to 4 characters: 5<") && svg.contains("195 or more characters: 6<"), "{svg}");
        assert!(svg.contains("median 100, 99th percentile 198, longest 9,000 characters"), "{svg}");
    }

    #[test]
    fn few_and_short_sentences_are_drawn_too() {
        for lengths in [&[][..], &[0], &[7, 7, 7], &[100_000]] {
            assert_sound(&lengths_svg("data", lengths));
        }
    }
}
