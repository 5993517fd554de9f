//! A shuffled split into training and test rows, optionally stratified.
//!
//! Source: scikit-learn 1.9.1, `train_test_split`, `ShuffleSplit`, `StratifiedShuffleSplit`.

use serde::{Deserialize, Serialize};

use super::mt19937::Mt19937;
use super::{Split, rows_by_class};
use crate::error::{Error, ErrorKind, Result};

/// The number of rows that are held out for the test.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TestSize {
    /// A fraction of the rows, between 0 and 1 (both excluded), rounded up to whole rows.
    Fraction(f64),
    /// A number of rows, at least 1 and fewer than there are.
    Count(usize),
}

/// The options of [`train_test_split`]; the default is that of scikit-learn with `random_state=0`.
///
/// ```
/// use clsify::split::{SplitOptions, TestSize};
/// let options = SplitOptions { stratify: true, ..Default::default() };
/// assert_eq!((options.seed, options.test_size), (0, TestSize::Fraction(0.25)));
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SplitOptions {
    /// scikit-learn's `random_state`.
    pub seed: u32,
    /// The size of the test set; all other rows are training rows.
    pub test_size: TestSize,
    /// True if training and test rows keep the proportions of the classes.
    pub stratify: bool,
}

impl Default for SplitOptions {
    fn default() -> Self {
        SplitOptions { seed: 0, test_size: TestSize::Fraction(0.25), stratify: false }
    }
}

/// The rows that scikit-learn's `train_test_split(..., random_state=seed)` gives, in its order.
///
/// `class_ids` has one entry per row; without `stratify` only its length matters.
///
/// # Errors
/// [`ErrorKind::InvalidArgument`] in all cases in which scikit-learn raises `ValueError`: a test size out of range,
/// or no training row left; if stratified also a class with one member, or fewer training or test rows than classes.
///
/// ```
/// use clsify::split::{SplitOptions, train_test_split};
/// let split = train_test_split(&[0, 1, 0, 1, 0, 1, 0, 1], &SplitOptions::default())?;
/// assert_eq!(split.test, [6, 2]);
/// assert_eq!(split.train, [1, 7, 3, 0, 5, 4]);
/// # Ok::<(), clsify::error::Error>(())
/// ```
pub fn train_test_split(class_ids: &[usize], options: &SplitOptions) -> Result<Split> {
    let n_rows = class_ids.len();
    let n_test = n_test_of(n_rows, options.test_size, "rows")?;
    let mut random = Mt19937::new(options.seed);
    if options.stratify {
        return stratified(class_ids, n_rows - n_test, n_test, &mut random);
    }
    let mut test = random.permutation(n_rows);
    let train = test.split_off(n_test);
    Ok(Split { train, test })
}

/// The number of test rows, or groups of them: at least 1 and less than `n_rows`.
pub(super) fn n_test_of(n_rows: usize, test_size: TestSize, rows: &str) -> Result<usize> {
    if n_rows < 2 {
        return Err(invalid(format!("expected at least 2 {rows}, got {n_rows}")).at("train_test_split"));
    }
    let n_test = match test_size {
        TestSize::Count(count) if count == 0 || count >= n_rows => {
            let message = format!("expected 1 to {} of {n_rows} {rows}, got {count}", n_rows - 1);
            return Err(invalid(message).at("test size"));
        }
        TestSize::Count(count) => count,
        TestSize::Fraction(fraction) if fraction > 0.0 && fraction < 1.0 => {
            (fraction * n_rows as f64).ceil() as usize
        }
        TestSize::Fraction(fraction) => {
            let message = format!("expected a fraction between 0 and 1 (both excluded), got {fraction}");
            return Err(invalid(message).at("test size"));
        }
    };
    if n_test >= n_rows {
        let message = format!("expected at least 1 of {n_rows} {rows} left for training, got 0");
        return Err(invalid(message).at("test size"));
    }
    Ok(n_test)
}

fn stratified(class_ids: &[usize], n_train: usize, n_test: usize, random: &mut Mt19937) -> Result<Split> {
    let rows = rows_by_class(class_ids);
    let n_classes = rows.len();
    if let Some(lone) = rows.iter().find(|rows| rows.len() < 2) {
        let message = format!("class id {}: expected at least 2 rows, got 1", class_ids[lone[0]]);
        return Err(invalid(message).at("stratified split"));
    }
    for (n, name) in [(n_train, "training"), (n_test, "test")] {
        if n < n_classes {
            let message = format!("expected at least {n_classes} {name} rows, one for each class, got {n}");
            return Err(invalid(message).at("stratified split"));
        }
    }

    let counts: Vec<usize> = rows.iter().map(Vec::len).collect();
    let train_counts = approximate_mode(&counts, n_train, random);
    let rest: Vec<usize> = counts.iter().zip(&train_counts).map(|(all, train)| all - train).collect();
    let test_counts = approximate_mode(&rest, n_test, random);

    let mut train = Vec::with_capacity(n_train);
    let mut test = Vec::with_capacity(n_test);
    for (rows, (&n_train, &n_test)) in rows.iter().zip(train_counts.iter().zip(&test_counts)) {
        let mut drawn = random.permutation(rows.len()).into_iter().map(|i| rows[i]);
        train.extend(drawn.by_ref().take(n_train));
        test.extend(drawn.take(n_test));
    }
    random.shuffle(&mut train);
    random.shuffle(&mut test);
    Ok(Split { train, test })
}

/// The approximate mode of the number of members of each class among `n_draws` rows drawn from `counts`; the numbers
/// sum to `n_draws`.
///
/// The whole part of each class's share, plus one for the largest remainders; ties between remainders are broken at
/// random. The order of the floating-point operations is that of scikit-learn, because it determines which remainders
/// are equal.
fn approximate_mode(counts: &[usize], n_draws: usize, random: &mut Mt19937) -> Vec<usize> {
    let total = counts.iter().sum::<usize>() as f64;
    let shares: Vec<f64> = counts.iter().map(|&count| count as f64 / total * n_draws as f64).collect();
    let mut drawn: Vec<usize> = shares.iter().map(|share| share.floor() as usize).collect();
    let mut missing = n_draws.saturating_sub(drawn.iter().sum());
    let remainders: Vec<f64> = shares.iter().map(|share| share - share.floor()).collect();
    let mut values = remainders.clone();
    values.sort_by(|a, b| b.total_cmp(a));
    values.dedup();
    for value in values {
        if missing == 0 {
            break;
        }
        let equal: Vec<usize> = (0..counts.len()).filter(|&class| remainders[class] == value).collect();
        let added = missing.min(equal.len());
        for class in random.choice(&equal, added) {
            drawn[class] += 1;
        }
        missing -= added;
    }
    drawn
}

fn invalid(message: String) -> Error {
    Error::new(ErrorKind::InvalidArgument, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Oracle: scikit-learn 1.9.1, the examples of `_approximate_mode`'s documentation.
    #[test]
    fn the_mode_is_scikit_learns() {
        let mode =
            |counts: &[usize], n_draws, seed| approximate_mode(counts, n_draws, &mut Mt19937::new(seed));
        assert_eq!(mode(&[4, 2], 3, 0), [2, 1]);
        assert_eq!(mode(&[5, 2], 4, 0), [3, 1]);
        assert_eq!(mode(&[2, 2, 2, 1], 2, 0), [0, 1, 1, 0]);
        assert_eq!(mode(&[2, 2, 2, 1], 2, 42), [1, 1, 0, 0]);
    }

    /// A share that is mathematically whole may be slightly smaller in floating point: `1.0 / 49.0 * 49.0` is below
    /// 1.
    #[test]
    fn the_mode_draws_every_row_when_all_are_asked_for() {
        for total in 2..200usize {
            for first in 1..total {
                let counts = [first, total - first];
                assert_eq!(approximate_mode(&counts, total, &mut Mt19937::new(0)), counts);
            }
        }
    }
}
