//! A stratified split of rows with several labels each, in which every label keeps its share.
//!
//! Rare labels are distributed first, because they are the hardest to place: each row with the rarest label goes to
//! the part that needs that label most. Source: Sechidis, Tsoumakas, Vlahavas (2011), "On the stratification of
//! multi-label data", algorithm "iterative stratification". In contrast to the paper, a part that has all its rows
//! takes no more, so that sizes are exact.

use super::mt19937::Mt19937;
use super::train_test_split::n_test_of;
use super::{Split, SplitOptions, train_test_split};
use crate::error::Result;

/// [`train_test_split`] for rows with any number of label ids each; without `stratify` it returns exactly the rows of
/// that function.
///
/// With `stratify` the test rows have about the label shares of all rows. Deviations mostly affect the most frequent
/// labels and rows without a label. The sizes are exact; a label with one row is in one of the two parts.
///
/// # Errors
/// As for [`train_test_split`], except that no label is too rare.
///
/// ```
/// use clsify::split::{SplitOptions, label_set_split};
/// // Every second row has label 0, two of twelve have label 1.
/// let sets: Vec<Vec<usize>> = (0..12)
///     .map(|row| [(0, row % 2 == 0), (1, row % 6 == 0)].iter().filter(|(_, has_it)| *has_it).map(|(id, _)| *id).collect())
///     .collect();
/// let options = SplitOptions { test_size: clsify::split::TestSize::Fraction(0.5), stratify: true, ..Default::default() };
/// let split = label_set_split(&sets, &options)?;
/// let with = |rows: &[usize], label: usize| rows.iter().filter(|&&row| sets[row].contains(&label)).count();
/// assert_eq!((with(&split.train, 0), with(&split.train, 1)), (3, 1));
/// assert_eq!((with(&split.test, 0), with(&split.test, 1)), (3, 1));
/// # Ok::<(), clsify::error::Error>(())
/// ```
pub fn label_set_split(label_sets: &[Vec<usize>], options: &SplitOptions) -> Result<Split> {
    let n_rows = label_sets.len();
    if !options.stratify {
        return train_test_split(&vec![0; n_rows], options);
    }
    let n_test = n_test_of(n_rows, options.test_size, "rows")?;
    let mut random = Mt19937::new(options.seed);
    let part_of = deal(label_sets, &[n_rows - n_test, n_test], &mut random);
    let mut rows = random.permutation(n_rows);
    let test = rows.extract_if(.., |row| part_of[*row] == 1).collect();
    Ok(Split { train: rows, test })
}

/// All rows, ordered so that the first rows, up to each of these increasing `sizes`, have about the label shares of
/// all rows; the last size is the number of rows. The counterpart of [`stratified_order`](super::stratified_order)
/// for label sets.
///
/// ```
/// use clsify::split::label_set_order;
/// let sets: Vec<Vec<usize>> = (0..40).map(|row| if row < 10 { vec![0] } else { vec![] }).collect();
/// let order = label_set_order(&sets, &[8, 20, 40], 3);
/// let with = |n: usize| order[..n].iter().filter(|&&row| row < 10).count();
/// assert_eq!((with(8), with(20), with(40)), (2, 5, 10));
/// ```
///
/// # Panics
/// Panics if the sizes do not rise to the number of rows.
pub fn label_set_order(label_sets: &[Vec<usize>], sizes: &[usize], seed: u32) -> Vec<usize> {
    assert!(
        sizes.is_sorted() && sizes.last() == Some(&label_sets.len()),
        "expected sizes that rise to all {} rows, got {sizes:?}",
        label_sets.len()
    );
    // The rows that each size has in addition to the previous one form a part.
    let befores = std::iter::once(&0).chain(sizes);
    let parts: Vec<usize> = sizes.iter().zip(befores).map(|(size, before)| size - before).collect();
    let mut random = Mt19937::new(seed);
    let part_of = deal(label_sets, &parts, &mut random);
    let mut order = random.permutation(label_sets.len());
    order.sort_by_key(|&row| part_of[row]); // stable
    order
}

/// The part of each row; `sizes` are the numbers of rows of the parts, whose sum is the number of rows.
fn deal(label_sets: &[Vec<usize>], sizes: &[usize], random: &mut Mt19937) -> Vec<usize> {
    // The order is random, so that a sorted file is treated like any other.
    let order = random.permutation(label_sets.len());
    let n_labels = label_sets.iter().flatten().max().map_or(0, |id| id + 1);
    let mut rows_of = vec![Vec::new(); n_labels];
    for &row in &order {
        label_sets[row].iter().for_each(|&label| rows_of[label].push(row));
    }
    let mut n_left: Vec<usize> = rows_of.iter().map(Vec::len).collect();
    let mut parts = Parts::new(&n_left, sizes);
    let mut part_of = vec![None; label_sets.len()];
    let rarest = |n_left: &[usize]| (0..n_labels).filter(|&id| n_left[id] > 0).min_by_key(|&id| n_left[id]);
    while let Some(label) = rarest(&n_left) {
        for &row in rows_of[label].iter().filter(|&&row| part_of[row].is_none()).collect::<Vec<_>>() {
            part_of[row] = Some(parts.take(&label_sets[row], Some(label), random));
            label_sets[row].iter().for_each(|&id| n_left[id] -= 1);
        }
    }
    for &row in &order {
        part_of[row].get_or_insert_with(|| parts.take(&[], None, random));
    }
    part_of.into_iter().flatten().collect()
}

/// The rows that the parts still need.
struct Parts {
    /// The number of rows.
    room: Vec<usize>,
    /// The number of rows with each label, `[n_labels][n_parts]`; negative if a part has more than its share.
    wanted: Vec<Vec<f64>>,
}

impl Parts {
    fn new(label_counts: &[usize], sizes: &[usize]) -> Self {
        let n_rows: usize = sizes.iter().sum();
        let of_label =
            |&n: &usize| sizes.iter().map(|&size| n as f64 * size as f64 / n_rows as f64).collect();
        Parts { room: sizes.to_vec(), wanted: label_counts.iter().map(of_label).collect() }
    }

    /// The part for a row with these labels that is placed because of one of them: of those with room the one that
    /// needs the label most; of equals the one with the most room; of equals a random one.
    fn take(&mut self, label_set: &[usize], label: Option<usize>, random: &mut Mt19937) -> usize {
        let want = |part: usize| (label.map_or(0.0, |id| self.wanted[id][part]), self.room[part] as f64);
        let open = || (0..self.room.len()).filter(|&part| self.room[part] > 0);
        let most = open().map(want).fold((f64::NEG_INFINITY, 0.0), |a, b| if b > a { b } else { a });
        let equal: Vec<usize> = open().filter(|&part| want(part) == most).collect();
        let part = equal[random.interval(equal.len() - 1)];
        self.room[part] -= 1;
        label_set.iter().for_each(|&id| self.wanted[id][part] -= 1.0);
        part
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::split::TestSize;

    /// Rows with up to five of eight labels, the rarest on every 97th row.
    fn sets(n_rows: usize) -> Vec<Vec<usize>> {
        const EVERY: [usize; 8] = [2, 3, 5, 7, 13, 31, 61, 97];
        (0..n_rows)
            .map(|row| (0..8).filter(|&id| (row * row + 3 * row + id) % EVERY[id] == 0).collect())
            .collect()
    }

    fn with(label_sets: &[Vec<usize>], rows: &[usize], label: usize) -> usize {
        rows.iter().filter(|&&row| label_sets[row].contains(&label)).count()
    }

    /// The sum over labels of the difference between the number of test rows and the label's share.
    fn error(label_sets: &[Vec<usize>], split: &Split) -> f64 {
        let n_rows = label_sets.len();
        let all: Vec<usize> = (0..n_rows).collect();
        let share = split.test.len() as f64 / n_rows as f64;
        let of_label =
            |id| (with(label_sets, &split.test, id) as f64 - share * with(label_sets, &all, id) as f64).abs();
        (0..8).map(of_label).sum()
    }

    #[test]
    fn every_row_is_in_one_part_and_the_sizes_are_exact() {
        for n_rows in [2, 3, 10, 101, 500] {
            let label_sets = sets(n_rows);
            for n_test in [1, n_rows / 2, n_rows - 1] {
                for seed in 0..5 {
                    let options = SplitOptions { seed, test_size: TestSize::Count(n_test), stratify: true };
                    let split = label_set_split(&label_sets, &options).unwrap();
                    assert_eq!((split.train.len(), split.test.len()), (n_rows - n_test, n_test));
                    let mut all = [split.train.clone(), split.test.clone()].concat();
                    all.sort_unstable();
                    assert_eq!(all, (0..n_rows).collect::<Vec<_>>());
                    assert_eq!(label_set_split(&label_sets, &options).unwrap(), split);
                }
            }
        }
    }

    /// Oracle: the shares themselves; for comparison, a random split, which is off by 14 rows on average.
    #[test]
    fn labels_keep_their_shares() {
        let label_sets = sets(1000);
        let of = |seed, stratify| {
            let options = SplitOptions { seed, stratify, ..SplitOptions::default() };
            error(&label_sets, &label_set_split(&label_sets, &options).unwrap())
        };
        let mean = |stratify| (0..20).map(|seed| of(seed, stratify)).sum::<f64>() / 20.0;
        assert!(mean(true) < 2.0 && mean(false) > 10.0, "{} {}", mean(true), mean(false));
        for seed in 0..20 {
            let options = SplitOptions { seed, stratify: true, ..SplitOptions::default() };
            let split = label_set_split(&label_sets, &options).unwrap();
            let (n_test, n_train) = (with(&label_sets, &split.test, 7), with(&label_sets, &split.train, 7));
            assert!(
                (n_test as f64 - 0.25 * (n_test + n_train) as f64).abs() <= 1.0,
                "the rarest: {n_test} of {n_train}"
            );
        }
    }

    /// Oracle: the shares. Each part of the order is off by fewer than two rows per label, a part of a random order
    /// by more.
    #[test]
    fn the_first_rows_of_an_order_have_the_shares() {
        let (label_sets, sizes) = (sets(1000), [50, 100, 200, 400, 1000]);
        let off = |order: &[usize]| -> f64 {
            let of_size = |&size: &usize| {
                let (first, rest) = order.split_at(size);
                error(&label_sets, &Split { train: rest.to_vec(), test: first.to_vec() })
            };
            sizes[..4].iter().map(of_size).sum()
        };
        for seed in 0..5 {
            let order = label_set_order(&label_sets, &sizes, seed);
            let mut all = order.clone();
            all.sort_unstable();
            assert_eq!(all, (0..1000).collect::<Vec<_>>());
            let shuffled = Mt19937::new(seed).permutation(1000);
            assert!(
                off(&order) < 8.0 * 4.0 && 2.0 * off(&order) < off(&shuffled),
                "{} {}",
                off(&order),
                off(&shuffled)
            );
            assert_eq!(order, label_set_order(&label_sets, &sizes, seed));
        }
    }

    /// Oracle: the rows of scikit-learn, which `train_test_split` returns.
    #[test]
    fn without_stratification_labels_have_no_say() {
        let options = SplitOptions { seed: 3, ..SplitOptions::default() };
        let expected = train_test_split(&[0; 30], &options).unwrap();
        assert_eq!(label_set_split(&sets(30), &options).unwrap(), expected);
    }

    #[test]
    fn rows_without_labels_are_dealt_too_and_sizes_are_checked() {
        let options = SplitOptions { stratify: true, ..SplitOptions::default() };
        let split = label_set_split(&vec![Vec::new(); 8], &options).unwrap();
        assert_eq!((split.train.len(), split.test.len()), (6, 2));
        let too_many = SplitOptions { test_size: TestSize::Count(8), ..options };
        assert!(label_set_split(&vec![vec![0]; 8], &too_many).is_err());
    }
}
