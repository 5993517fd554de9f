//! The options of the checks in `diagnose.rs`.

/// The options of [`diagnose`](crate::studies::diagnose).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DoctorOptions {
    /// The C of the fits on standardised features. The default is 0.001.
    pub c: f64,
    /// Sentences are near-duplicates if the cosine similarity of their standardised features is at least this. The
    /// default is 0.85: most sentences with a small edit reach it, few distinct ones do
    /// (`tools/doctor/near_duplicates.py`).
    pub near_duplicate_threshold: f32,
    /// True if `label_issues` ranks every row, not only those whose label is probably wrong.
    pub rank_all: bool,
    /// The number of rows whose vectors are in memory and compared with each other at a time. The default is 30,000.
    pub part_rows: usize,
}

impl Default for DoctorOptions {
    fn default() -> Self {
        DoctorOptions { c: 0.001, near_duplicate_threshold: 0.85, rank_all: false, part_rows: 30_000 }
    }
}
