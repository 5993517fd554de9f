//! What the caller chooses of the checks of `doctor.rs`.

/// What the caller chooses of [`diagnose`](crate::studies::diagnose).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DoctorOptions {
    /// C of the fits on standardised features. The default is 0.001.
    pub c: f64,
    /// Sentences whose standardised features have at least this cosine are nearly the same. The default is 0.85:
    /// most sentences that were edited a little reach it, few distinct ones do (`tools/doctor/near_duplicates.py`).
    pub near_duplicate_threshold: f32,
    /// True if `label_issues` ranks every row, not only those whose label is probably wrong.
    pub rank_all: bool,
    /// Rows whose vectors are in memory and compared with each other at a time. The default is 30,000.
    pub part_rows: usize,
}

impl Default for DoctorOptions {
    fn default() -> Self {
        DoctorOptions { c: 0.001, near_duplicate_threshold: 0.85, rank_all: false, part_rows: 30_000 }
    }
}
