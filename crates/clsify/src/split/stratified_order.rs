//! An order of rows in which the first 50, 100, 200, ... rows are stratified samples of all of them.

use super::mt19937::Mt19937;
use super::rows_by_class;

/// All rows, ordered so that the first rows, however many, have about the shares of the classes.
///
/// Each class is shuffled by `seed`, and its rows are spread evenly over the order. One row of each class comes
/// first, so that a short part contains as many classes as possible.
///
/// ```
/// use clsify::split::stratified_order;
/// let class_ids = [0, 0, 0, 0, 0, 0, 1, 1, 1];
/// let order = stratified_order(&class_ids, 7);
/// assert_eq!(order[..6].iter().filter(|&&row| class_ids[row] == 1).count(), 2);
/// ```
pub fn stratified_order(class_ids: &[usize], seed: u32) -> Vec<usize> {
    let mut random = Mt19937::new(seed);
    let mut places = Vec::with_capacity(class_ids.len());
    for mut rows in rows_by_class(class_ids) {
        random.shuffle(&mut rows);
        let n = rows.len() as f64;
        let place = |rank: usize| if rank == 0 { 0.0 } else { (rank as f64 + 0.5) / n };
        places.extend(rows.into_iter().enumerate().map(|(rank, row)| (place(rank), row)));
    }
    // The sort is stable: at equal positions the smaller class id comes first.
    places.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    places.into_iter().map(|(_, row)| row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every row occurs once, and in every first part each class is within one row of its share (and of its
    /// guaranteed row).
    #[test]
    fn every_first_part_has_the_shares_of_the_classes() {
        let class_ids: Vec<usize> =
            (0..500).map(|i| if i % 50 == 0 { 2 } else { usize::from(i % 3 == 0) }).collect();
        let order = stratified_order(&class_ids, 3);
        let mut sorted = order.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, (0..500).collect::<Vec<_>>());
        let mut counts = [0usize; 3];
        let totals = [0, 1, 2].map(|class| class_ids.iter().filter(|&&id| id == class).count());
        for (n, &row) in (1..).zip(&order) {
            counts[class_ids[row]] += 1;
            for (class, &count) in counts.iter().enumerate() {
                let share = n as f64 * totals[class] as f64 / 500.0;
                assert!((count as f64 - share).abs() <= 2.0, "{n} rows: {counts:?}");
            }
        }
        assert_eq!(order[..3].iter().map(|&row| class_ids[row]).collect::<Vec<_>>(), [0, 1, 2]);
        assert_ne!(order, stratified_order(&class_ids, 4));
        assert_eq!(order, stratified_order(&class_ids, 3));
    }
}
