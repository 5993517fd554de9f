//! Writes rows to the cache while an encoder computes them.
//!
//! Rows are written every few seconds, when the process is told to stop, and at the end. Until a segment is full,
//! each write contains all of its rows and replaces the previous one. So a run of hours leaves few files, and a kill
//! loses only seconds of work.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::segment::{self, Key, Segment};
use super::{FeatureCache, Found, files, is_segment, remove};
use crate::error::{Error, Result};
use crate::files::{InterruptGuard, on_interrupt};

/// A segment with this many rows, or this many bytes, is full.
const FULL_ROWS: usize = 16_384;
const FULL_BYTES: u64 = 64 << 20;

/// The minimum time between two writes.
const STORE_EVERY: Duration = Duration::from_secs(10);

/// Writing takes at most one part in this many of the time.
const WORK_PER_WRITE: u32 = 20;

/// Segments below a quarter of a full one are joined if there are more than these, because every short run leaves
/// one.
const MOST_SMALL: usize = 64;

/// Collects rows until it is dropped.
pub(crate) struct Keeper {
    pending: Arc<Mutex<Pending>>,
    _guard: InterruptGuard,
}

struct Pending {
    cache: FeatureCache,
    folder: PathBuf,
    n_features: usize,
    rows: Vec<(Key, Vec<f32>)>,
    /// The segment that contains the first `n_written` rows.
    written: Option<PathBuf>,
    n_written: usize,
    stored: Instant,
    took: Duration,
    failure: Option<Error>,
}

impl Keeper {
    pub(super) fn new(cache: &FeatureCache, identity: &str, n_features: usize) -> Self {
        let pending = Arc::new(Mutex::new(Pending {
            cache: cache.clone(),
            folder: cache.options.folder.join(identity),
            n_features,
            rows: Vec::new(),
            written: None,
            n_written: 0,
            stored: Instant::now(),
            took: Duration::ZERO,
            failure: None,
        }));
        let of_handler = Arc::clone(&pending);
        let guard = on_interrupt(move || lock(&of_handler).store());
        Keeper { pending, _guard: guard }
    }

    /// Adds the rows of these sentences.
    pub(crate) fn add(&self, found: &Found, sentences: &[usize]) {
        let mut pending = lock(&self.pending);
        for &sentence in sentences {
            pending.rows.push((found.keys[sentence], found.features.row(sentence).to_vec()));
            if pending.is_full() {
                pending.store();
                pending.start_anew();
            }
        }
        if pending.stored.elapsed() >= STORE_EVERY.max(WORK_PER_WRITE * pending.took) {
            pending.store();
        }
    }

    /// Writes everything that is not written yet. Returns the first error of any write; nothing is written after an
    /// error.
    pub(crate) fn finish(self) -> Option<Error> {
        let mut pending = lock(&self.pending);
        pending.store();
        pending.join_small();
        pending.failure.take()
    }
}

impl Drop for Keeper {
    /// Also after an error of the encoder: the rows computed before it are correct.
    fn drop(&mut self) {
        lock(&self.pending).store();
    }
}

fn lock(pending: &Mutex<Pending>) -> MutexGuard<'_, Pending> {
    // A panic elsewhere can lose at most one row, because each is pushed as a whole.
    pending.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Pending {
    fn is_full(&self) -> bool {
        let bytes = segment::bytes(self.rows.len() as u64, self.n_features).unwrap_or(u64::MAX);
        self.rows.len() >= FULL_ROWS || bytes >= FULL_BYTES
    }

    fn start_anew(&mut self) {
        self.rows.clear();
        (self.written, self.n_written) = (None, 0);
    }

    fn store(&mut self) {
        if self.rows.len() == self.n_written {
            return;
        }
        let started = Instant::now();
        match self.cache.write(&self.folder, self.n_features, &self.rows) {
            Ok(path) => {
                if let Some(before) = self.written.take().filter(|before| Some(before) != path.as_ref()) {
                    remove(&before);
                }
                self.written = path;
            }
            Err(error) => self.failure = self.failure.take().or(Some(error)),
        }
        self.n_written = self.rows.len();
        (self.stored, self.took) = (Instant::now(), started.elapsed());
    }

    /// Joins small segments into one. If the process is killed in between, some rows exist twice, which does no harm.
    fn join_small(&mut self) {
        let quarter =
            segment::bytes(FULL_ROWS as u64, self.n_features).unwrap_or(u64::MAX).min(FULL_BYTES) / 4;
        let is_small = |path: &PathBuf| fs::metadata(path).is_ok_and(|of| of.len() < quarter);
        let small: Vec<PathBuf> =
            files(&self.folder).into_iter().filter(|path| is_segment(path)).filter(is_small).collect();
        if small.len() <= MOST_SMALL {
            return;
        }
        self.start_anew();
        let mut seen = HashSet::new();
        let mut joined = Vec::new();
        for path in small {
            if self.is_full() {
                break;
            }
            let rows = read(&path, self.n_features).unwrap_or_default();
            self.rows.extend(rows.into_iter().filter(|(key, _)| seen.insert(*key)));
            joined.push(path);
        }
        self.store();
        if let Some(written) = self.written.take() {
            joined.iter().filter(|path| **path != written).for_each(|path| remove(path));
        }
    }
}

/// The undamaged rows of a segment.
fn read(path: &Path, n_features: usize) -> std::io::Result<Vec<(Key, Vec<f32>)>> {
    let Some(mut segment) = Segment::open(path, n_features)? else { return Ok(Vec::new()) };
    let keys = segment.keys().to_vec();
    let mut rows = Vec::with_capacity(keys.len());
    for (row, key) in keys.into_iter().enumerate() {
        rows.extend(segment.row(row)?.map(|vector| (key, vector)));
    }
    Ok(rows)
}

impl FeatureCache {
    /// Starts collecting rows; see [`Keeper`].
    pub(crate) fn keeper(&self, identity: &str, n_features: usize) -> Keeper {
        Keeper::new(self, identity, n_features)
    }

    /// Writes rows as one segment, as many as fit; `None` if none fits.
    fn write(&self, folder: &Path, n_features: usize, rows: &[(Key, Vec<f32>)]) -> Result<Option<PathBuf>> {
        use std::sync::atomic::Ordering;
        let most =
            usize::try_from(segment::most_rows(self.options.max_bytes, n_features)).unwrap_or(usize::MAX);
        let kept: Vec<(Key, &[f32])> = rows.iter().take(most).map(|(key, row)| (*key, &row[..])).collect();
        if kept.is_empty() || self.is_read_only.load(Ordering::Relaxed) {
            return Ok(None);
        }
        self.shrink(segment::bytes(kept.len() as u64, n_features).unwrap_or(u64::MAX));
        let written = fs::create_dir_all(folder)
            .map_err(|e| Error::io(folder, e))
            .and_then(|()| segment::write(folder, &kept));
        if written.is_err() {
            self.is_read_only.store(true, Ordering::Relaxed);
        }
        written.map(Some)
    }
}
