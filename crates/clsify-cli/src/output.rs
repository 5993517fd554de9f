//! stdout and the files that commands write.

use std::io::{BufWriter, ErrorKind, Write};
use std::path::Path;

use anyhow::Context;
use serde::Serialize;

/// Writes to stdout through a buffer.
pub(crate) fn stdout(write: impl FnOnce(&mut dyn Write) -> std::io::Result<()>) -> anyhow::Result<()> {
    let mut out = BufWriter::new(std::io::stdout().lock());
    let result = write(&mut out).and_then(|()| out.flush());
    if let Err(error) = &result
        && error.kind() == ErrorKind::StorageFull
    {
        anyhow::bail!("stdout: no space left on the disk");
    }
    result.context("stdout")
}

/// Whether an error only says that the reader of stdout has gone.
pub(crate) fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .any(|e| e.downcast_ref::<std::io::Error>().is_some_and(|e| e.kind() == ErrorKind::BrokenPipe))
}

/// Whether a path that was asked for is stdout.
pub(crate) fn is_stdout(path: &Path) -> bool {
    path == Path::new("-") || path == Path::new("/dev/stdout")
}

/// Writes a report as JSON; `-` is stdout.
pub(crate) fn write_json(path: &Path, report: &impl Serialize) -> anyhow::Result<()> {
    let json = serde_json::to_string_pretty(report)?;
    if is_stdout(path) {
        return stdout(|out| writeln!(out, "{json}"));
    }
    Ok(clsify::files::write_atomically(path, |out| writeln!(out, "{json}"))?)
}

/// Fails now, rather than after minutes of work, if a file cannot be put there.
pub(crate) fn check_parent(path: &Path) -> anyhow::Result<()> {
    if is_stdout(path) {
        return Ok(());
    }
    let parent = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    anyhow::ensure!(parent.is_dir(), "{}: no such folder", parent.display());
    anyhow::ensure!(!path.is_dir(), "{}: expected a file, got a folder", path.display());
    Ok(clsify::files::check_writable(path)?)
}

/// Fails if one file is to be written twice, or is one of those that are read: a slip that would cost it.
pub(crate) fn check_apart(written: &[Option<&Path>], read: &[&Path]) -> anyhow::Result<()> {
    // Devices and pipes lose nothing.
    let is_kept = |path: &&Path| !is_stdout(path) && (path.is_file() || !path.exists());
    let same = |a: &Path, b: &Path| match (a.canonicalize(), b.canonicalize()) {
        (Ok(a), Ok(b)) => a == b,
        _ => std::path::absolute(a).ok() == std::path::absolute(b).ok(),
    };
    let written: Vec<&Path> = written.iter().copied().flatten().filter(is_kept).collect();
    for (i, path) in written.iter().enumerate() {
        let is_read = read.iter().any(|read| *read != Path::new("-") && same(path, read));
        anyhow::ensure!(!is_read, "{}: expected a file to write, got one to read", path.display());
        let is_twice = written[..i].iter().any(|other| same(path, other));
        anyhow::ensure!(!is_twice, "{}: expected different files to write, got one twice", path.display());
    }
    Ok(())
}
