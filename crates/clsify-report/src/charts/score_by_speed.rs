//! The score of each candidate against its speed, as text for a terminal and as SVG.

use std::fmt::Write;

use super::svg::{escaped, head, label};

/// One candidate.
#[derive(Debug, Clone)]
pub struct SpeedPoint {
    /// The candidate's name.
    pub name: String,
    /// Sentences per second, drawn on a logarithmic axis.
    pub speed: f64,
    /// The score.
    pub score: f64,
    /// True if the point is marked with a letter and named.
    pub is_named: bool,
}

/// A scatter plot of score against speed.
#[derive(Debug, Clone)]
pub struct ScoreBySpeedChart {
    /// The name of the score.
    pub score: String,
    /// The candidates.
    pub points: Vec<SpeedPoint>,
}

/// The position of a number between the lowest and the highest, from 0 to 1.
fn share(x: f64, (low, high): (f64, f64)) -> f64 {
    if high > low { ((x - low) / (high - low)).clamp(0.0, 1.0) } else { 0.5 }
}

fn range(numbers: impl Iterator<Item = f64>) -> (f64, f64) {
    numbers.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(x), high.max(x)))
}

impl ScoreBySpeedChart {
    /// The position of a point from the left and from the bottom, from 0 to 1.
    fn place(&self, point: &SpeedPoint) -> (f64, f64) {
        let speeds = range(self.points.iter().map(|p| p.speed.ln()));
        let scores = range(self.points.iter().map(|p| p.score));
        (share(point.speed.ln(), speeds), share(point.score, scores))
    }

    /// Draws the chart with at most `width` characters per line. Each `.` is a candidate; `A`, `B`, ... are listed
    /// below it by name.
    pub fn text(&self, width: usize, height: usize) -> String {
        let margin = 8;
        let (columns, rows) = (width.saturating_sub(margin + 1).max(10), height.max(3));
        let mut cells = vec![vec![' '; columns]; rows];
        let mut names = String::new();
        let letters = ('A'..='Z').cycle();
        let named = self.points.iter().filter(|p| p.is_named).zip(letters);
        let plain = self.points.iter().filter(|p| !p.is_named).map(|p| (p, '.'));
        // The named candidates come last, so that their letters are not overwritten.
        for (point, mark) in plain.chain(named) {
            let (x, y) = self.place(point);
            let row = ((1.0 - y) * (rows - 1) as f64).round() as usize;
            cells[row][(x * (columns - 1) as f64).round() as usize] = mark;
            if point.is_named {
                let _ =
                    writeln!(names, "  {mark}  {} ({:.4}, {:.0}/s)", point.name, point.score, point.speed);
            }
        }
        let scores = range(self.points.iter().map(|p| p.score));
        let speeds = range(self.points.iter().map(|p| p.speed));
        let mut text = format!("  {}\n", self.score);
        for (row, cells) in cells.iter().enumerate() {
            let label = match row {
                0 => format!("{:.3}", scores.1),
                row if row + 1 == rows => format!("{:.3}", scores.0),
                _ => String::new(),
            };
            let line: String = cells.iter().collect();
            let _ = writeln!(text, "{label:>margin$}|{}", line.trim_end());
        }
        let _ = writeln!(text, "{:>margin$}+{}", "", "-".repeat(columns));
        let (low, high) = (format!("{:.0}", speeds.0), format!("{:.0} sentences/s", speeds.1));
        let gap = columns.saturating_sub(low.chars().count() + high.chars().count());
        let _ = writeln!(text, "{:>margin$} {low}{}{high}", "", " ".repeat(gap));
        text.push_str(&names);
        text
    }

    /// Draws the chart as SVG, with a description in words.
    pub fn svg(&self) -> String {
        let (left, top, wide, high) = (70.0, 50.0, 560.0, 300.0);
        let scores = range(self.points.iter().map(|p| p.score));
        let speeds = range(self.points.iter().map(|p| p.speed));
        let said: Vec<String> = self
            .points
            .iter()
            .filter(|p| p.is_named)
            .map(|p| {
                format!("{}: {} {:.4} at {:.0} sentences per second", p.name, self.score, p.score, p.speed)
            })
            .collect();
        let title = format!("{} against sentences per second", self.score);
        let description = format!("{} candidates. {}.", self.points.len(), said.join("; "));
        let mut svg = head([720.0, 420.0], &title, &description);
        let bottom = top + high;
        let _ = writeln!(
            svg,
            "<path d=\"M{left} {top}V{bottom}H{}\" fill=\"none\" stroke=\"#333333\"/>",
            left + wide
        );
        for (x, y, anchor, text) in [
            (left, top - 16.0, "start", &self.score),
            (left - 8.0, top + 4.0, "end", &format!("{:.3}", scores.1)),
            (left - 8.0, bottom, "end", &format!("{:.3}", scores.0)),
            (left, bottom + 20.0, "start", &format!("{:.0}", speeds.0)),
            (left + wide, bottom + 20.0, "end", &format!("{:.0}", speeds.1)),
            (left + wide / 2.0, bottom + 40.0, "middle", &"sentences per second (logarithmic)".to_string()),
        ] {
            svg.push_str(&label(x, y, anchor, text));
        }
        let (named, plain): (Vec<_>, Vec<_>) = self.points.iter().partition(|p| p.is_named);
        for point in plain.into_iter().chain(named) {
            let (x, y) = self.place(point);
            let (x, y) = (left + 8.0 + x * (wide - 16.0), bottom - 8.0 - y * (high - 16.0));
            let (fill, radius) = if point.is_named { ("#b3261e", 6) } else { ("#5b7db1", 4) };
            let about = escaped(&format!("{}: {:.4} at {:.0}/s", point.name, point.score, point.speed));
            let _ = writeln!(
                svg,
                "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{radius}\" fill=\"{fill}\"><title>{about}</title></circle>"
            );
            if point.is_named {
                let (at, anchor) = if x > left + wide / 2.0 { (x - 9.0, "end") } else { (x + 9.0, "start") };
                svg.push_str(&label(at, y + 16.0, anchor, &point.name));
            }
        }
        svg.push_str("</svg>\n");
        svg
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart() -> ScoreBySpeedChart {
        let point = |name: &str, speed: f64, score: f64, is_named: bool| SpeedPoint {
            name: name.to_string(),
            speed,
            score,
            is_named,
        };
        ScoreBySpeedChart {
            score: "accuracy".to_string(),
            points: vec![
                point("slow & <good>", 10.0, 0.9, true),
                point("middle", 100.0, 0.8, false),
                point("fast", 1000.0, 0.7, true),
            ],
        }
    }

    /// Oracle: positions by hand: the best at the top left, the fastest at the bottom right, the other halfway on the
    /// logarithmic axis.
    #[test]
    fn points_stand_where_their_numbers_say() {
        let text = chart().text(30, 5);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[1], "   0.900|A");
        assert_eq!(lines[3], format!("        |{}.", " ".repeat(10)));
        assert_eq!(lines[5], format!("   0.700|{}B", " ".repeat(20)));
        assert!(lines.iter().all(|line| line.chars().count() <= 42), "{text}");
        assert!(text.contains("B  fast (0.7000, 1000/s)"), "{text}");
    }

    #[test]
    fn an_image_says_what_it_shows_and_escapes_names() {
        let svg = chart().svg();
        assert!(
            svg.contains("<title id=\"title\">accuracy against")
                && svg.contains("<desc id=\"desc\">3 candidates.")
        );
        assert!(svg.contains("slow &amp; &lt;good&gt;") && !svg.contains("<good>"), "{svg}");
        assert_eq!(svg.matches("<circle").count(), 3);
        let one = ScoreBySpeedChart { points: chart().points.into_iter().take(1).collect(), ..chart() };
        assert!(!one.svg().contains("NaN") && !one.text(5, 1).contains("NaN"));
    }
}
