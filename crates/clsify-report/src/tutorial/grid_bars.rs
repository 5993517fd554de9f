//! The scores of a grid search as marks on a common scale, for a terminal.

use clsify::evaluation::GridPoint;

/// The number of characters between the ends of the scale.
const WIDTH: usize = 40;

/// The scale has the means that are at most this many standard deviations below the best, so that one poor value of C
/// does not make all others look alike.
const MOST_BELOW: f64 = 2.0;

/// Returns the heading of the column of marks, which shows the lowest mean on the scale and the best, and one line per
/// point: `o` marks the mean, `<` a mean below the scale. On the line of the best, `-` is one standard deviation.
pub(super) fn grid_bars(points: &[GridPoint], best_c: f64) -> (String, Vec<String>) {
    let means = || points.iter().map(|point| point.mean_test_score);
    let best = points.iter().find(|point| point.c == best_c);
    let deviation = best.map_or(0.0, |best| best.std_test_score);
    let high = means().fold(0.0, f64::max);
    let cut = high - MOST_BELOW * deviation.max(0.005);
    let low = means().filter(|mean| *mean >= cut).fold(high, f64::min);
    let place = |x: f64| {
        let share = if high > low { ((x - low) / (high - low)).clamp(0.0, 1.0) } else { 1.0 };
        (share * (WIDTH - 1) as f64).round() as usize
    };
    let line = |point: &GridPoint| {
        let (mean, is_best) = (point.mean_test_score, point.c == best_c);
        let mut line = [' '; WIDTH];
        if is_best && deviation > 0.0 {
            line[place(mean - deviation)..place(mean)].fill('-');
        }
        line[place(mean)] = if mean < low { '<' } else { 'o' };
        let line: String = line.iter().collect();
        if is_best { format!("{line} best") } else { line.trim_end().to_string() }
    };
    let (low, high) = (format!("{low:.4}"), format!("{high:.4}"));
    let head = format!("{low}{high:>width$}", width = WIDTH - low.len());
    (head, points.iter().map(line).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(scores: &[f64], std_test_score: f64) -> Vec<GridPoint> {
        let point =
            |(i, &mean_test_score): (usize, &f64)| GridPoint { c: i as f64, mean_test_score, std_test_score };
        scores.iter().enumerate().map(point).collect()
    }

    /// Oracle: by hand. The best is 0.82 with a deviation of 0.01, so the scale has the means from 0.80 on, of which the
    /// lowest is 0.802: 39 steps of 0.00046. One deviation is 21.7 steps, and 0.811 lies 19.5 steps from either end.
    #[test]
    fn a_poor_c_leaves_the_differences_of_the_others_visible() {
        let (head, lines) = grid_bars(&points(&[0.52, 0.802, 0.82, 0.811], 0.01), 2.0);
        assert_eq!(head, format!("0.8020{}0.8200", " ".repeat(28)));
        assert_eq!(lines[0], "<");
        assert_eq!(lines[1], "o");
        assert_eq!(lines[2], format!("{}{}o best", " ".repeat(17), "-".repeat(22)));
        assert_eq!(lines[3], format!("{}o", " ".repeat(20)));
    }

    #[test]
    fn equal_and_perfect_scores_have_a_scale() {
        for scores in [&[0.5, 0.5][..], &[1.0], &[0.0, 0.0]] {
            let (head, lines) = grid_bars(&points(scores, 0.0), 0.0);
            assert_eq!((head.chars().count(), lines.len()), (WIDTH, scores.len()));
            assert!(lines[0].ends_with("o best") && lines.iter().all(|line| line.contains('o')), "{lines:?}");
        }
    }
}
