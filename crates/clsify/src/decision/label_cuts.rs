//! All ways in which a threshold on a label's probability can divide rows; rules for thresholds choose among them.

use crate::error::{Error, ErrorKind, Result};

/// The rows that are assigned the label with one threshold.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Cut {
    /// Rows with a higher probability are assigned the label.
    pub(crate) threshold: f64,
    /// The number of these rows.
    pub(crate) n_given: usize,
    /// Their weight; their number if rows have no weights.
    pub(crate) given: f64,
    /// The weight of those that have the label.
    pub(crate) right: f64,
}

/// All cuts.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Cuts {
    /// From only the most confident row to all rows; one for each distinct probability above 0, halfway to the next
    /// one.
    pub(crate) all: Vec<Cut>,
    /// The cut at 0.5.
    pub(crate) at_half: Cut,
    /// The weight of the rows with the label.
    pub(crate) support: f64,
}

impl Cuts {
    /// Computes them, weighted by sample weight; `None`: equal weights. Rows of weight 0 are ignored.
    pub(crate) fn of(
        has_label: &[bool],
        probabilities: &[f64],
        sample_weight: Option<&[f64]>,
    ) -> Result<Self> {
        let n = has_label.len();
        if n != probabilities.len() {
            return Err(invalid(format!("expected {n} probabilities, got {}", probabilities.len())));
        }
        if let Some(weights) = sample_weight.filter(|weights| weights.len() != n) {
            return Err(invalid(format!("expected {n} sample weights, got {}", weights.len())));
        }
        if let Some(p) = probabilities.iter().find(|p| !(0.0..=1.0).contains(*p)) {
            return Err(invalid(format!("expected probabilities within 0 and 1, got {p}")));
        }
        let weight = |row: usize| sample_weight.map_or(1.0, |weights| weights[row]);
        let mut rows: Vec<(f64, bool, f64)> =
            (0..n).map(|row| (probabilities[row], has_label[row], weight(row))).collect();
        rows.retain(|row| row.2 > 0.0);
        rows.sort_by(|a, b| b.0.total_cmp(&a.0));
        let mut cut = Cut { threshold: 0.5, n_given: 0, given: 0.0, right: 0.0 };
        let (mut all, mut at_half) = (Vec::new(), cut);
        for (i, &(p, has_it, weight)) in rows.iter().enumerate() {
            cut.n_given += 1;
            cut.given += weight;
            cut.right += if has_it { weight } else { 0.0 };
            if p > 0.5 {
                at_half = Cut { threshold: 0.5, ..cut };
            }
            // Below the last row there is only 0, so that every row with a positive probability is above the
            // threshold.
            let next = rows.get(i + 1).map_or(0.0, |next| next.0);
            if next == p {
                continue;
            }
            let middle = 0.5 * (p + next);
            // The middle of two adjacent floats is one of them.
            cut.threshold = if middle < p { middle } else { next };
            all.push(cut);
        }
        Ok(Cuts { all, at_half, support: cut.right })
    }
}

fn invalid(message: String) -> Error {
    Error::new(ErrorKind::InvalidArgument, message).at("threshold")
}
