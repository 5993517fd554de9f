//! The score of each candidate against its speed, as text for a terminal and as SVG.

use std::fmt::Write;

use super::axis::{Axis, grouped, range as ends};
use super::labels::{Area, Placement, fitted, text_width};
use super::svg::{Anchor, Svg};
use crate::text::counted;

/// One candidate.
#[derive(Debug, Clone)]
pub struct SpeedPoint {
    /// The candidate's name.
    pub name: String,
    /// Sentences per second, drawn on a logarithmic axis.
    pub speed: f64,
    /// The score.
    pub score: f64,
    /// Its 95 % interval.
    pub score_ci95: [f64; 2],
    /// The role in the advice, such as "the choice". A point with a role is marked with a letter and named.
    pub role: Option<&'static str>,
    /// True for a tuned encoder, which is named and marked with a ring.
    pub is_tuned: bool,
}

impl SpeedPoint {
    /// Returns true if the point has a letter, whether it is on the front or not.
    fn is_named(&self) -> bool {
        self.role.is_some() || self.is_tuned
    }
}

/// A scatter plot of score against speed.
#[derive(Debug, Clone)]
pub struct ScoreBySpeedChart {
    /// The name of the score.
    pub score: String,
    /// True for a loss, of which less is better.
    pub is_less_better: bool,
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
        let named = self.points.iter().filter(|p| p.is_named()).zip(letters);
        let plain = self.points.iter().filter(|p| !p.is_named()).map(|p| (p, '.'));
        // The named candidates come last, so that their letters are not overwritten.
        for (point, mark) in plain.chain(named) {
            let (x, y) = self.place(point);
            let row = ((1.0 - y) * (rows - 1) as f64).round() as usize;
            cells[row][(x * (columns - 1) as f64).round() as usize] = mark;
            if point.is_named() {
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

    /// The points on the front, the slowest first: no other point is as fast and better, or as good and faster. Of equal
    /// points one with a role is on the front.
    pub fn front(&self) -> Vec<usize> {
        let gain = |i: usize| if self.is_less_better { -self.points[i].score } else { self.points[i].score };
        let mut order: Vec<usize> = (0..self.points.len()).collect();
        order.sort_by(|&i, &j| {
            let faster = self.points[j].speed.total_cmp(&self.points[i].speed);
            let better = gain(j).total_cmp(&gain(i));
            faster.then(better).then(self.points[i].role.is_none().cmp(&self.points[j].role.is_none()))
        });
        let mut best = f64::NEG_INFINITY;
        order.retain(|&i| {
            let is_better = gain(i) > best;
            best = best.max(gain(i));
            is_better
        });
        order.reverse();
        order
    }

    /// Draws the chart as SVG: every candidate as a dot, those on the front larger, joined by a line and with their 95 %
    /// intervals. The front and the points with a role have letters, which are listed below.
    pub fn svg(&self) -> String {
        let front = self.front();
        let is_lettered = |i: &usize| self.points[*i].is_named() || front.contains(i);
        let mut lettered: Vec<usize> = (0..self.points.len()).filter(is_lettered).collect();
        lettered.sort_by(|&i, &j| self.points[i].speed.total_cmp(&self.points[j].speed));
        // Points with a role first: the others give way if there are too many.
        let mut listed = lettered.clone();
        listed.sort_by_key(|&i| !self.points[i].is_named());
        listed.truncate(MOST_LISTED);
        lettered.retain(|i| listed.contains(i));

        let x = Axis::logarithmic(ends(self.points.iter().map(|p| p.speed)), [LEFT, WIDTH - RIGHT]);
        let intervals = lettered.iter().flat_map(|&i| self.points[i].score_ci95);
        let y = Axis::linear(ends(self.points.iter().map(|p| p.score).chain(intervals)), [BOTTOM, TOP], 6);
        let mut svg = Svg::default();
        let score = field_name(&self.score);
        let better = if self.is_less_better { " (less is better)" } else { "" };
        let heading = format!(
            "{score}{better} against speed: {}",
            counted(self.points.len(), "candidate", "candidates")
        );
        svg.text((20.0, 28.0), Anchor::Start, "heading", &heading);
        legend(&mut svg, self.points.iter().any(|point| point.is_tuned));
        y.draw_left(&mut svg, [LEFT, WIDTH - RIGHT], &format!("{score}{better}"));
        x.draw_below(&mut svg, [TOP, BOTTOM], "throughput (sentences per second, logarithmic)");

        let at = |i: usize| (x.at(self.points[i].speed), y.at(self.points[i].score));
        let steps = staircase(front.iter().map(|&i| at(i)));
        svg.polyline(steps.iter().copied(), "blue-line");
        let bounds = Area { left: LEFT, top: TOP, right: WIDTH - RIGHT, bottom: BOTTOM };
        let mut placement = Placement::new(bounds);
        for step in steps.windows(2) {
            let ([left, right], [top, bottom]) = (ends([step[0].0, step[1].0]), ends([step[0].1, step[1].1]));
            placement.keep_free(Area { left, right, top: top - 1.0, bottom: bottom + 1.0 });
        }
        for &i in &lettered {
            let ((x, _), ends) = (at(i), self.points[i].score_ci95.map(|score| y.at(score)));
            let class = if self.points[i].role.is_some() { "pink-line" } else { "blue-line" };
            svg.vertical_interval(x, ends, class);
            placement.keep_free(Area { left: x - 3.0, right: x + 3.0, top: ends[1], bottom: ends[0] });
        }
        let mut order: Vec<usize> = (0..self.points.len()).collect();
        order.sort_by_key(|i| (self.points[*i].role.is_some(), front.contains(i)));
        for i in order {
            let point = &self.points[i];
            let (radius, class) = match (point.role, front.contains(&i)) {
                (Some(_), _) => (7.0, "pink"),
                (None, true) => (5.0, "blue"),
                (None, false) => (3.0, "grey"),
            };
            placement.keep_free(Area::around(at(i), if point.is_tuned { RING } else { radius }));
            let about = format!("{}: {:.4} at {:.0}/s", point.name, point.score, point.speed);
            if point.is_tuned {
                svg.dot(at(i), RING, "blue-hollow", &about);
            }
            svg.dot(at(i), radius, class, &about);
        }
        for (k, &i) in lettered.iter().enumerate() {
            if let Some((at, anchor)) = placement.place(at(i), &letter(k)) {
                svg.text(at, anchor, "strong", &letter(k));
            }
        }
        self.list(&mut svg, &lettered);
        let height = LIST + ROW * lettered.len() as f64 + 16.0;
        let title = format!("{} against sentences per second", self.score);
        svg.finish([WIDTH, height], &title, &self.description(&lettered))
    }

    /// The points with letters, one per line.
    fn list(&self, svg: &mut Svg, lettered: &[usize]) {
        let columns =
            [(516.0, field_name(&self.score)), (632.0, "95 % interval"), (WIDTH - RIGHT, "sentences/s")];
        for (x, title) in columns {
            svg.text((x, LIST), Anchor::End, "muted", title);
        }
        for (k, &i) in lettered.iter().enumerate() {
            let point = &self.points[i];
            let y = LIST + ROW * (k + 1) as f64;
            svg.text((20.0, y), Anchor::Start, "strong", &letter(k));
            let role = point.role.map_or(String::new(), |role| format!(" ({role})"));
            let class = if point.role.is_some() { "pink-text" } else { "" };
            let name = fitted(&point.name, 390.0 - text_width(&role));
            svg.text((44.0, y), Anchor::Start, class, &format!("{name}{role}"));
            let [low, high] = point.score_ci95;
            let numbers =
                [format!("{:.4}", point.score), format!("{low:.3} to {high:.3}"), grouped(point.speed, 0)];
            for ((x, _), number) in columns.iter().zip(&numbers) {
                svg.text((*x, y), Anchor::End, "", number);
            }
        }
    }

    /// A description of the chart in words.
    fn description(&self, lettered: &[usize]) -> String {
        let said = lettered.iter().map(|&i| {
            let p = &self.points[i];
            let role = p.role.map_or(String::new(), |role| format!(", {role}"));
            let [low, high] = p.score_ci95;
            format!(
                "{}{role}: {} {:.4} ({low:.3} to {high:.3}) at {:.0} sentences per second",
                p.name, self.score, p.score, p.speed
            )
        });
        let said: Vec<String> = said.collect();
        format!(
            "{} candidates. On the front of score against speed, or with a role in the advice: {}.",
            self.points.len(),
            said.join("; ")
        )
    }
}

const WIDTH: f64 = 760.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 24.0;
const TOP: f64 = 100.0;
const BOTTOM: f64 = 400.0;
/// The heading of the list below the chart, and the height of its lines.
const LIST: f64 = 470.0;
const ROW: f64 = 20.0;
/// The radius of the ring around a tuned encoder.
const RING: f64 = 10.0;
/// The maximum number of points with letters.
const MOST_LISTED: usize = 20;

/// The name of a score in the field's words.
fn field_name(score: &str) -> &str {
    match score {
        "f1_macro" => "macro F1",
        "f1_micro" => "micro F1",
        "log_loss" => "log loss",
        other => other,
    }
}

fn letter(k: usize) -> String {
    char::from(b'A' + (k % 26) as u8).to_string()
}

/// The best score that is reached at each speed: a line with a step at each point of the front.
fn staircase(front: impl Iterator<Item = (f64, f64)>) -> Vec<(f64, f64)> {
    let mut steps: Vec<(f64, f64)> = Vec::new();
    for (x, y) in front {
        if let Some(&(before, _)) = steps.last() {
            steps.push((before, y));
        }
        steps.push((x, y));
    }
    steps
}

/// The meaning of the marks.
fn legend(svg: &mut Svg, has_tuned: bool) {
    let y = 52.0;
    if has_tuned {
        svg.dot((560.0, y - 4.0), RING, "blue-hollow", "");
        svg.dot((560.0, y - 4.0), 3.0, "grey", "");
        svg.text((576.0, y), Anchor::Start, "", "tuned encoder");
    }
    svg.dot((26.0, y - 4.0), 7.0, "pink", "");
    svg.text((40.0, y), Anchor::Start, "", "advised");
    svg.line((110.0, y - 4.0), (134.0, y - 4.0), "blue-line");
    svg.text((140.0, y), Anchor::Start, "", "front: no other is faster and better; bars: 95 % interval");
}

#[cfg(test)]
mod tests {
    use super::super::checks::{HOSTILE, assert_sound};
    use super::*;

    fn chart() -> ScoreBySpeedChart {
        let point = |name: &str, speed: f64, score: f64, is_named: bool| SpeedPoint {
            name: name.to_string(),
            speed,
            score,
            score_ci95: [score - 0.05, score + 0.05],
            role: is_named.then_some("the choice"),
            is_tuned: false,
        };
        ScoreBySpeedChart {
            score: "accuracy".to_string(),
            is_less_better: false,
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
        // One more in the legend.
        assert_eq!(svg.matches("<circle").count(), 3 + 1);
        assert_sound(&svg);
        let one = ScoreBySpeedChart { points: chart().points.into_iter().take(1).collect(), ..chart() };
        assert!(!one.text(5, 1).contains("NaN"));
        assert_sound(&one.svg());
    }

    /// Oracle: by hand. A point that is beaten in both, or in one and equal in the other, is not on the front; for a
    /// loss, less is better.
    #[test]
    fn the_front_has_the_points_that_no_other_beats() {
        let with = |numbers: &[(f64, f64)], is_less_better: bool| {
            let point =
                |&(speed, score): &(f64, f64)| SpeedPoint { speed, score, ..chart().points[0].clone() };
            ScoreBySpeedChart { points: numbers.iter().map(point).collect(), is_less_better, ..chart() }
        };
        let numbers = [(10.0, 0.9), (100.0, 0.8), (90.0, 0.79), (100.0, 0.75), (1000.0, 0.7), (5.0, 0.9)];
        assert_eq!(with(&numbers, false).front(), [0, 1, 4]);
        assert_eq!(with(&numbers, true).front(), [4]);
        assert_eq!(with(&[(10.0, 0.5), (10.0, 0.5)], false).front(), [0]);
    }

    /// Oracle: by hand. The axis of scores goes from 0.65 to 0.95 over 300 pixels, so that 0.8 lies at its middle.
    #[test]
    fn dots_stand_at_their_ticks() {
        let svg = chart().svg();
        assert!(svg.contains(">0.65</text>") && svg.contains(">0.95</text>"), "{svg}");
        let middle = svg.split("<circle").find(|dot| dot.contains(">middle")).unwrap();
        assert!(middle.contains("cx=\"400.0\" cy=\"250.0\""), "{middle}");
    }

    /// A crowd of candidates with hostile names: no text covers another one, and the list names the whole front.
    #[test]
    fn a_crowd_stays_readable() {
        let point = |i: i32| SpeedPoint {
            name: format!("{HOSTILE} {i}"),
            speed: 100.0 + f64::from(i % 7),
            score: 0.8 - 0.001 * f64::from(i % 7) - 0.0001 * f64::from(i),
            score_ci95: [0.77, 0.83],
            role: (i == 20).then_some("the faster choice"),
            is_tuned: i == 30,
        };
        let chart = ScoreBySpeedChart { points: (0..60).map(point).collect(), ..chart() };
        let svg = chart.svg();
        assert_sound(&svg);
        assert_eq!(svg.matches("class=\"strong\"").count(), 2 * (chart.front().len() + 2));
    }
}
