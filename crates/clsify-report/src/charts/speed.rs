//! The throughput of an encoder in each data type, against the ceiling of the machine.

use clsify::encoder::Dtype;
use clsify::studies::EncoderSpeed;

use super::axis::{Axis, grouped};
use super::rows::{ROW, Rows};
use super::svg::{Anchor, Svg};

/// The speed in one data type.
#[derive(Debug, Clone)]
struct Speed {
    dtype: String,
    sentences_per_second: f64,
    fraction_of_ceiling: f64,
    median_ms: f64,
}

impl Speed {
    /// The throughput if every operation ran at the ceiling.
    fn ceiling(&self) -> f64 {
        self.sentences_per_second / self.fraction_of_ceiling.max(1e-9)
    }

    fn numbers(&self) -> String {
        format!(
            "{}/s, {:.0} % of the ceiling",
            grouped(self.sentences_per_second, 0),
            100.0 * self.fraction_of_ceiling
        )
    }
}

/// Draws the throughput of an encoder in each data type as SVG: a bar for what was measured, and an outline for the
/// throughput at the ceiling of matrix products on this machine.
pub fn speed_svg(measured: &[(Dtype, Option<EncoderSpeed>)]) -> String {
    let speed = |(dtype, speed): &(Dtype, Option<EncoderSpeed>)| {
        let speed = speed.as_ref()?;
        Some(Speed {
            dtype: dtype.to_string(),
            sentences_per_second: speed.sentences_per_second,
            fraction_of_ceiling: speed.fraction_of_ceiling,
            median_ms: speed.one_sentence.median_ms,
        })
    };
    let first = measured.iter().find_map(|(_, speed)| speed.as_ref());
    let title = first.map_or(String::new(), |first| {
        format!("{}, {} threads, {} sentences", first.encoder.name, first.threads, first.n_sentences)
    });
    svg(&title, &measured.iter().filter_map(speed).collect::<Vec<_>>())
}

fn svg(title: &str, speeds: &[Speed]) -> String {
    let cells: Vec<(String, String)> =
        speeds.iter().map(|speed| (speed.dtype.clone(), speed.numbers())).collect();
    let rows = Rows::new(&cells, 66.0);
    let most = speeds.iter().map(|speed| speed.ceiling().max(speed.sentences_per_second)).fold(1.0, f64::max);
    let x = Axis::linear([0.0, most], rows.pixels(), 4);
    let mut svg = Svg::default();
    rows.draw(&mut svg, &format!("Speed: {title}"), &x, "throughput (sentences per second)");
    svg.rect((20.0, 43.0), [20.0, 10.0], "blue", "");
    svg.text((46.0, 52.0), Anchor::Start, "", "measured");
    svg.rect((130.0, 43.0), [20.0, 10.0], "blue-hollow", "");
    svg.text((156.0, 52.0), Anchor::Start, "", "ceiling of matrix products on this machine");
    for (i, speed) in speeds.iter().enumerate() {
        let corner = (x.at(0.0), rows.y(i) - 0.35 * ROW);
        let width = |speed: f64| x.at(speed) - x.at(0.0);
        svg.rect(corner, [width(speed.ceiling()), 0.7 * ROW], "blue-hollow", "");
        let latency = format!("one sentence: {:.2} ms", speed.median_ms);
        svg.rect(corner, [width(speed.sentences_per_second), 0.7 * ROW], "blue", &latency);
    }
    let said = speeds.iter().map(|speed| {
        format!("{}: {}, one sentence in {:.2} ms", speed.dtype, speed.numbers(), speed.median_ms)
    });
    let said: Vec<String> = said.collect();
    svg.finish(rows.size(), &format!("Speed of {title}"), &(said.join(". ") + "."))
}

#[cfg(test)]
mod tests {
    use super::super::checks::{HOSTILE, assert_sound};
    use super::*;

    /// Oracle: by hand. At a quarter of the ceiling, the bar is a quarter of its outline.
    #[test]
    fn a_bar_is_its_share_of_the_ceiling() {
        let speed = |dtype: &str, sentences_per_second: f64, fraction_of_ceiling: f64| Speed {
            dtype: dtype.to_string(),
            sentences_per_second,
            fraction_of_ceiling,
            median_ms: 2.5,
        };
        let svg = svg(HOSTILE, &[speed("f32", 500.0, 0.25), speed("int8", 1000.0, 0.5)]);
        assert_sound(&svg);
        let width = |rect: &str| -> f64 {
            rect.split("width=\"").nth(1).unwrap().split('"').next().unwrap().parse().unwrap()
        };
        // The paper and the legend come first.
        let widths: Vec<f64> = svg.split("<rect ").skip(4).map(width).collect();
        assert!(widths.len() == 4 && (widths[0] - 4.0 * widths[1]).abs() < 0.3, "{widths:?}");
        assert!(
            (widths[2] - widths[0]).abs() < 0.2 && (widths[3] - 0.5 * widths[2]).abs() < 0.2,
            "{widths:?}"
        );
        assert!(svg.contains("f32: 500/s, 25 % of the ceiling, one sentence in 2.50 ms"), "{svg}");
    }

    #[test]
    fn no_data_type_is_a_chart_without_bars() {
        assert_sound(&svg("", &[]));
    }
}
