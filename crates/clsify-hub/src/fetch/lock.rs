//! An advisory lock on a file, so that one process at a time downloads; the system releases it when its holder ends.

use std::fs::{File, TryLockError};
use std::path::Path;
use std::time::{Duration, Instant};

use clsify_base::error::{Error, ErrorKind, Result};
use clsify_base::files::open_no_follow;

use crate::observer::FetchObserver;

/// A lock, held until dropped. `exclusive` is false if the file system has no locks; then nothing is held.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
    pub(crate) exclusive: bool,
}

/// Waits for the lock as long as its holder makes progress: `progress` (the bytes that it has written) must change
/// within every `patience`.
pub(crate) fn acquire(
    path: &Path,
    what: &str,
    patience: Duration,
    progress: impl Fn() -> u64,
    observer: &dyn FetchObserver,
) -> Result<Lock> {
    let file =
        open_no_follow(File::options().create(true).append(true), path).map_err(|e| Error::io(path, e))?;
    let mut waiting: Option<(u64, Instant)> = None;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(Lock { _file: file, exclusive: true }),
            Err(TryLockError::Error(_)) => return Ok(Lock { _file: file, exclusive: false }),
            Err(TryLockError::WouldBlock) => {}
        }
        let now = progress();
        match &mut waiting {
            None => {
                observer.message(&format!("another process is fetching {what}: waiting for it"));
                waiting = Some((now, Instant::now()));
            }
            Some((bytes, since)) if *bytes != now => (*bytes, *since) = (now, Instant::now()),
            Some((_, since)) if since.elapsed() >= patience => {
                let seconds = patience.as_secs_f32();
                let message =
                    format!("another process holds this lock and has made no progress for {seconds:.0} s");
                return Err(Error::new(ErrorKind::Fetch, message)
                    .at(path.display().to_string())
                    .with_hint("end that process, then try again"));
            }
            Some(_) => {}
        }
        std::thread::sleep(Duration::from_millis(50).min(patience));
    }
}

/// The total size of all files below a folder; unreadable files count as empty.
pub(crate) fn folder_bytes(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => folder_bytes(&entry.path()),
            Ok(metadata) => metadata.len(),
            Err(_) => 0,
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    struct Heard(Mutex<Vec<String>>);
    impl FetchObserver for Heard {
        fn message(&self, text: &str) {
            self.0.lock().unwrap().push(text.to_string());
        }
        fn bytes(&self, _: &str, _: u64, _: u64) {}
    }

    #[test]
    fn waits_for_a_holder_and_gives_up_on_a_dead_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.lock");
        let patience = Duration::from_millis(200);
        let held = acquire(&path, "x", patience, || 0, &()).unwrap();
        let heard = Heard(Mutex::default());
        let error = acquire(&path, "x", patience, || 0, &heard).unwrap_err();
        assert!(error.to_string().contains("no progress"), "{error}");
        assert_eq!(heard.0.into_inner().unwrap(), ["another process is fetching x: waiting for it"]);

        let release = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(100));
            drop(held);
        });
        assert!(acquire(&path, "x", Duration::from_secs(5), || 0, &()).unwrap().exclusive);
        release.join().unwrap();
    }
}
