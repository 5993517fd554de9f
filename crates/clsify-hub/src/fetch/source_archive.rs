//! Source distributions as plain files: pip gives the address, and the file is downloaded here, checked, and never
//! built.
//!
//! `pip download` would execute the `setup.py` of a source distribution, and before that download and execute its
//! build requirements in any version.

use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clsify_base::error::Error;

use crate::environment::{Environment, TimeLimits};
use crate::fetch::archive::check_sha256;
use crate::fetch::pip::{self, Package, Watch};
use crate::fetch::transport::{Failure, Transport, host};

/// Downloads the source distribution of a package into `folder`, which must be empty, checks it and returns its path.
pub(crate) fn download(
    environment: &Environment,
    command: &[String],
    package: &Package<'_>,
    folder: &Path,
    watch: Watch,
    progress: &dyn Fn(u64),
) -> Result<PathBuf, Failure> {
    let file_name = format!("{}-{}.tar.gz", package.name, package.version);
    let address = pip::locate(command, package, &file_name, folder, watch)?;
    let path = folder.join(&file_name);
    let local = |e: std::io::Error| Failure::Local(Error::io(&path, e));
    let mut file = File::create_new(&path).map_err(local)?;
    let copied = match address.strip_prefix("file://") {
        Some(encoded) => {
            let source = percent_decoded(encoded);
            let source = Path::new(&source);
            let mut source = File::open(source).map_err(|e| Failure::Local(Error::io(source, e)))?;
            copy(&mut source, &mut file, package, progress)
                .map_err(|e| e.into_failure("the package index", local))
        }
        None => {
            let left = watch.answer_by.saturating_duration_since(Instant::now());
            let limits = TimeLimits {
                hub_answer: left.max(Duration::from_secs(1)).min(watch.stall),
                stall: watch.stall,
                ..environment.limits
            };
            let mut answer =
                Transport::new(environment, &address, None, limits)?.get(&address, None, None)?;
            if answer.status != 200 {
                let status = answer.status;
                return Err(Failure::unsuitable(format!(
                    "{}: answered with status {status}",
                    host(&address)
                )));
            }
            copy(answer.body(), &mut file, package, progress)
                .map_err(|e| e.into_failure(&host(&address), local))
        }
    };
    copied?;
    check_sha256(&path, package.sha256).map_err(Failure::Unsuitable)?;
    Ok(path)
}

enum CopyError {
    BrokenOff,
    TooMuch(u64),
    Written(std::io::Error),
}

impl CopyError {
    fn into_failure(self, source: &str, local: impl FnOnce(std::io::Error) -> Failure) -> Failure {
        match self {
            CopyError::BrokenOff => {
                Failure::Unreachable(format!("{source}: stopped in the middle of the file"))
            }
            CopyError::TooMuch(expected) => {
                Failure::unsuitable(format!("{source}: expected {expected} bytes, got more"))
            }
            CopyError::Written(e) => local(e),
        }
    }
}

/// Copies at most as many bytes as the known size of the package.
fn copy(
    from: &mut impl Read,
    to: &mut impl Write,
    package: &Package<'_>,
    progress: &dyn Fn(u64),
) -> Result<(), CopyError> {
    let mut buffer = vec![0; 64 * 1024];
    let mut done = 0;
    loop {
        let count = match from.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(count) => count,
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(_) => return Err(CopyError::BrokenOff),
        };
        done += count as u64;
        if done > package.bytes {
            return Err(CopyError::TooMuch(package.bytes));
        }
        to.write_all(&buffer[..count]).map_err(CopyError::Written)?;
        progress(done);
    }
}

/// Decodes percent-encoding such as `%20`; invalid codes stay as they are.
fn percent_decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut i = 0;
    while i < bytes.len() {
        let code = bytes.get(i + 1..i + 3).and_then(|code| std::str::from_utf8(code).ok());
        match code.filter(|_| bytes[i] == b'%').and_then(|code| u8::from_str_radix(code, 16).ok()) {
            Some(byte) => {
                decoded.push(byte);
                i += 3;
            }
            None => {
                decoded.push(bytes[i]);
                i += 1;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use crate::fetch::pip::fake;
    use std::cell::Cell;

    // `printf hello | sha256sum`
    const HELLO: &str = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
    const PACKAGE: Package<'static> = Package { name: "p", version: "1", sha256: HELLO, bytes: 5 };

    /// Downloads from the address that pip prints in this test.
    fn fetched(address: &str) -> Result<Vec<u8>, String> {
        let folder = tempfile::tempdir().unwrap();
        let environment = Environment::new(&|_| None);
        let watch =
            Watch { answer_by: Instant::now() + Duration::from_secs(2), stall: Duration::from_secs(2) };
        let script = format!("echo '  Found link {address}#sha256=0 (from /simple/p/), version: 1'");
        let seen = Cell::new(0);
        let file = download(&environment, &fake::pip(&script), &PACKAGE, folder.path(), watch, &|bytes| {
            seen.set(bytes);
        });
        let content = file.map(|path| std::fs::read(path).unwrap()).map_err(|e| e.into_error().to_string());
        assert!(seen.get() <= PACKAGE.bytes);
        content
    }

    #[test]
    fn a_file_of_the_index_is_fetched_bounded_and_checked() {
        let source = tempfile::tempdir().unwrap();
        let path = source.path().join("a folder").join("p-1.tar.gz");
        std::fs::create_dir(path.parent().unwrap()).unwrap();
        let address = format!("file://{}/a%20folder/p-1.tar.gz", source.path().display());
        for (content, expected) in [
            ("hello", Ok(b"hello".to_vec())),
            ("hullo", Err("p-1.tar.gz: expected sha256 2cf24dba")),
            ("hell", Err("p-1.tar.gz: expected sha256 2cf24dba")),
            ("hello and more", Err("the package index: expected 5 bytes, got more")),
        ] {
            std::fs::write(&path, content).unwrap();
            match (fetched(&address), expected) {
                (Ok(found), Ok(expected)) => assert_eq!(found, expected),
                (Err(found), Err(expected)) => assert!(found.starts_with(expected), "{found}"),
                (found, _) => panic!("{content}: {found:?}"),
            }
        }
        let absent = fetched("file:///no/such/p-1.tar.gz").unwrap_err();
        assert_eq!(absent, "/no/such/p-1.tar.gz: no such file or folder");
    }

    #[test]
    fn codes_in_paths() {
        assert_eq!(percent_decoded("/a%20b%C3%A9%2"), "/a bé%2");
    }
}
