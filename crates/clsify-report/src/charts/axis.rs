//! Linear and logarithmic axes with ticks at round numbers, and the grid of a chart.

use super::labels::text_width;
use super::svg::{Anchor, Svg};

/// An axis: positions in the image for numbers.
#[derive(Debug, Clone)]
pub(crate) struct Axis {
    low: f64,
    high: f64,
    is_logarithmic: bool,
    /// The positions of both ends.
    pixels: [f64; 2],
    ticks: Vec<f64>,
}

/// The smallest step of 1, 2 or 5 times a power of ten that divides a range into at most `n` parts.
pub(crate) fn nice_step(range: f64, n: usize) -> f64 {
    let least = range / n as f64;
    let power = 10f64.powf(least.log10().floor());
    let steps = [1.0, 2.0, 5.0].map(|step| step * power);
    steps.into_iter().find(|step| *step >= least * (1.0 - 1e-9)).unwrap_or(10.0 * power)
}

/// The lowest and the highest of some numbers, which need not differ.
pub(crate) fn range(numbers: impl IntoIterator<Item = f64>) -> [f64; 2] {
    numbers.into_iter().fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], x| [low.min(x), high.max(x)])
}

impl Axis {
    /// An axis from the last round number below a range to the first one above it, in at most `n` steps or a few more.
    pub(crate) fn linear([low, high]: [f64; 2], pixels: [f64; 2], n: usize) -> Axis {
        let width = if high > low { high - low } else { (0.1 * low.abs()).max(0.01) };
        let step = nice_step(width, n);
        let first = (low / step + 1e-9).floor();
        let last = (high / step - 1e-9).ceil().max(first + 1.0);
        let ticks: Vec<f64> = (0..=(last - first) as usize).map(|i| (first + i as f64) * step).collect();
        let (low, high) = (first * step, last * step);
        Axis { low, high, is_logarithmic: false, pixels, ticks }
    }

    /// A logarithmic axis a little wider than a range of positive numbers.
    pub(crate) fn logarithmic([low, high]: [f64; 2], pixels: [f64; 2]) -> Axis {
        let low = low.max(f64::MIN_POSITIVE);
        let margin = (high / low).max(1.2).powf(0.05);
        let (low, high) = (low / margin, high.max(low) * margin);
        let decades = (low.log10().floor() as i32)..=(high.log10().ceil() as i32);
        let is_wide = (high / low).log10() > 4.0;
        let mantissas: &[f64] = if is_wide { &[1.0] } else { &[1.0, 2.0, 5.0] };
        let all = decades.flat_map(|k| mantissas.iter().map(move |m| m * 10f64.powi(k)));
        let mut ticks: Vec<f64> = all.filter(|x| (low..=high).contains(x)).collect();
        if ticks.len() < 3 {
            ticks = Axis::linear([low, high], pixels, 6).ticks;
            ticks.retain(|x| (low..=high).contains(x));
        }
        Axis { low, high, is_logarithmic: true, pixels, ticks }
    }

    /// A logarithmic axis with exact ends and given ticks.
    pub(crate) fn logarithmic_at([low, high]: [f64; 2], pixels: [f64; 2], ticks: Vec<f64>) -> Axis {
        Axis { low, high, is_logarithmic: true, pixels, ticks }
    }

    /// The position of a number; one outside the axis lies at its end.
    pub(crate) fn at(&self, x: f64) -> f64 {
        let x = x.clamp(self.low, self.high);
        let share = match self.is_logarithmic {
            true => (x / self.low).ln() / (self.high / self.low).ln(),
            false => (x - self.low) / (self.high - self.low),
        };
        self.pixels[0] + share * (self.pixels[1] - self.pixels[0])
    }

    /// The positions of both ends.
    pub(crate) fn pixels(&self) -> [f64; 2] {
        self.pixels
    }

    #[cfg(test)]
    pub(crate) fn ticks(&self) -> &[f64] {
        &self.ticks
    }

    /// The ticks with their labels.
    fn labels(&self) -> Vec<(f64, String)> {
        let gaps = |i: usize| {
            let before = i.checked_sub(1).map(|before| self.ticks[i] - self.ticks[before]);
            let after = self.ticks.get(i + 1).map(|after| after - self.ticks[i]);
            before.into_iter().chain(after).fold(f64::INFINITY, f64::min)
        };
        let label = |(i, &tick): (usize, &f64)| {
            let gap = if gaps(i).is_finite() { gaps(i) } else { tick.abs().max(f64::MIN_POSITIVE) };
            let decimals = (-(gap * (1.0 + 1e-9)).log10().floor()).clamp(0.0, 6.0) as usize;
            (tick, grouped(tick, decimals))
        };
        self.ticks.iter().enumerate().map(label).collect()
    }

    /// Draws this as the horizontal axis of a chart between two heights: grid, labels and title. From the right, a
    /// label that would overlap another one is left out.
    pub(crate) fn draw_below(&self, svg: &mut Svg, [top, bottom]: [f64; 2], title: &str) {
        let mut free_until = f64::INFINITY;
        for (tick, text) in self.labels().iter().rev() {
            let x = self.at(*tick);
            svg.line((x, top), (x, bottom), "grid");
            if x + 0.5 * text_width(text) + 4.0 <= free_until {
                svg.text((x, bottom + 18.0), Anchor::Middle, "muted", text);
                free_until = x - 0.5 * text_width(text);
            }
        }
        svg.line((self.pixels[0], bottom), (self.pixels[1], bottom), "axis");
        let middle = 0.5 * (self.pixels[0] + self.pixels[1]);
        svg.text((middle, bottom + 38.0), Anchor::Middle, "", title);
    }

    /// Draws this as the vertical axis of a chart between two positions: grid, labels, and the title above it.
    pub(crate) fn draw_left(&self, svg: &mut Svg, [left, right]: [f64; 2], title: &str) {
        for (tick, text) in self.labels() {
            let y = self.at(tick);
            svg.line((left, y), (right, y), "grid");
            svg.text((left - 8.0, y + 4.0), Anchor::End, "muted", &text);
        }
        svg.line((left, self.pixels[0]), (left, self.pixels[1]), "axis");
        let top = self.pixels[0].min(self.pixels[1]);
        svg.text((left - 40.0, top - 14.0), Anchor::Start, "", title);
    }
}

/// A number with a comma between groups of three digits.
pub(crate) fn grouped(x: f64, decimals: usize) -> String {
    let text = format!("{:.decimals$}", if x == 0.0 { 0.0 } else { x });
    let text = if text.trim_start_matches('-').chars().all(|c| matches!(c, '0' | '.')) {
        text.trim_start_matches('-').to_string()
    } else {
        text
    };
    let end = text.find('.').unwrap_or(text.len());
    let start = usize::from(text.starts_with('-'));
    let mut grouped = text[..start].to_string();
    for (i, digit) in text[start..end].chars().enumerate() {
        if i > 0 && (end - start - i) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped + &text[end..]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(axis: &Axis) -> Vec<String> {
        axis.labels().into_iter().map(|(_, text)| text).collect()
    }

    /// Oracle: ticks by hand.
    #[test]
    fn linear_ticks_are_round_and_contain_the_data() {
        let axis = Axis::linear([0.813, 0.879], [0.0, 100.0], 5);
        assert_eq!(texts(&axis), ["0.80", "0.82", "0.84", "0.86", "0.88"]);
        assert!((axis.at(0.82) - 25.0).abs() < 1e-9 && axis.at(0.88) == 100.0 && axis.at(0.7) == 0.0);
        assert_eq!(
            texts(&Axis::linear([0.0, 1.0], [0.0, 1.0], 5)),
            ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]
        );
        assert_eq!(
            texts(&Axis::linear([-0.03, 0.04], [0.0, 1.0], 4)),
            ["-0.04", "-0.02", "0.00", "0.02", "0.04"]
        );
        assert_eq!(
            texts(&Axis::linear([0.0, 1812.0], [0.0, 1.0], 4)),
            ["0", "500", "1,000", "1,500", "2,000"]
        );
        let one = Axis::linear([0.5, 0.5], [0.0, 100.0], 5);
        assert!(one.ticks().len() >= 2 && one.at(0.5).is_finite());
    }

    /// The rightmost label stays.
    #[test]
    fn a_label_that_would_overlap_another_one_is_left_out() {
        let axis = Axis::logarithmic_at([10.0, 2010.0], [0.0, 600.0], vec![10.0, 100.0, 2000.0, 2010.0]);
        let mut svg = Svg::default();
        axis.draw_below(&mut svg, [0.0, 100.0], "rows");
        let svg = svg.finish([600.0, 200.0], "", "");
        let is_drawn = |text: &str| svg.contains(&format!(">{text}</text>"));
        assert!(is_drawn("10") && is_drawn("100") && is_drawn("2,010") && !is_drawn("2,000"), "{svg}");
        assert_eq!(svg.matches("class=\"grid\"").count(), 4);
    }

    /// Oracle: ticks by hand; halfway between 10 and 1,000 lies 100.
    #[test]
    fn logarithmic_ticks_are_one_two_five() {
        let axis = Axis::logarithmic([10.0, 1000.0], [0.0, 100.0]);
        assert_eq!(texts(&axis), ["10", "20", "50", "100", "200", "500", "1,000"]);
        assert!((axis.at(100.0) - 50.0).abs() < 1e-9);
        assert_eq!(texts(&Axis::logarithmic([1.0, 1e6], [0.0, 1.0])).len(), 7);
        // Too narrow for these: round numbers between.
        assert_eq!(
            texts(&Axis::logarithmic([120.0, 160.0], [0.0, 1.0])),
            ["120", "130", "140", "150", "160"]
        );
        assert!(Axis::logarithmic([7.0, 7.0], [0.0, 100.0]).at(7.0).is_finite());
    }

    #[test]
    fn long_numbers_have_commas() {
        let numbers =
            [(1812.0, 0), (-1234567.0, 0), (999.0, 0), (1234.5, 1), (-0.0, 2)].map(|(x, n)| grouped(x, n));
        assert_eq!(numbers, ["1,812", "-1,234,567", "999", "1,234.5", "0.00"]);
    }
}
