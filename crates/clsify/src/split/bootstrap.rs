//! Rows drawn with replacement, as many as there are.

use super::mt19937::Mt19937;

/// A random generator of bootstrap samples.
pub struct Bootstrap {
    random: Mt19937,
    n_rows: usize,
}

impl Bootstrap {
    /// Creates one for at least one row; the draws are those of `np.random.RandomState(seed)`.
    pub fn new(n_rows: usize, seed: u32) -> Self {
        Bootstrap { random: Mt19937::new(seed), n_rows }
    }

    /// The number of times that each row occurs in the next sample: the counts of `RandomState.randint(n_rows,
    /// size=n_rows)`. About 37 of 100 rows do not occur.
    ///
    /// ```
    /// let counts = clsify::split::Bootstrap::new(5, 0).draw();
    /// assert_eq!(counts, [1, 0, 0, 3, 1]); // np.random.RandomState(0).randint(5, size=5) is [4, 0, 3, 3, 3]
    /// ```
    pub fn draw(&mut self) -> Vec<u32> {
        let mut counts = vec![0; self.n_rows];
        (0..self.n_rows).for_each(|_| counts[self.random.interval(self.n_rows - 1)] += 1);
        counts
    }
}
