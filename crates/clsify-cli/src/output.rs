//! stdout and the files that commands write.

use std::fs::File;
use std::io::{BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use clsify::error::Error;
use clsify::files::{AtomicFile, is_written_in_place, open_in_place, resolve};
use serde::Serialize;

use clsify_report::text::visible;

use crate::console::causes;

/// Writes to stdout through a buffer.
pub(crate) fn stdout(write: impl FnOnce(&mut dyn Write) -> std::io::Result<()>) -> anyhow::Result<()> {
    check_stdout()?;
    let mut out = BufWriter::new(std::io::stdout().lock());
    let result = write(&mut out).and_then(|()| out.flush());
    if let Err(error) = &result
        && error.kind() == ErrorKind::StorageFull
    {
        anyhow::bail!("stdout: no space left on the disk");
    }
    result.context("stdout")
}

/// Fails if stdout was closed at the start, because everything written to it would be lost.
pub(crate) fn check_stdout() -> anyhow::Result<()> {
    if clsify_kernels::startup::stdout_was_closed() {
        let error = Error::new(clsify::error::ErrorKind::Io, "expected an open stream, got a closed one")
            .at("stdout");
        return Err(error.with_hint("to discard what is printed, redirect it: > /dev/null").into());
    }
    Ok(())
}

/// Writes tables and sentences for people; no path and `-` both mean stdout. Control characters in a label or a file
/// name do not reach the terminal.
pub(crate) fn write_text(path: Option<&Path>, text: &str) -> anyhow::Result<()> {
    let text = visible(text);
    let mut output = Output::open(path)?;
    output.write(|out| out.write_all(text.as_bytes()))?;
    output.finish()
}

/// The destination of data that a command writes piece by piece: stdout, or a file that appears when it is complete.
pub(crate) enum Output {
    Stdout,
    /// A device or pipe.
    InPlace(PathBuf, BufWriter<File>),
    Atomic(PathBuf, BufWriter<AtomicFile>),
}

impl Output {
    /// Opens a file, or stdout if there is no path or the path is `-`.
    pub(crate) fn open(path: Option<&Path>) -> anyhow::Result<Self> {
        Ok(match path {
            Some(path) if is_stdout(path) => return Output::open(None),
            None => {
                check_stdout()?;
                Output::Stdout
            }
            Some(path) if is_written_in_place(path) => {
                Output::InPlace(path.to_path_buf(), BufWriter::new(open_in_place(path)?))
            }
            Some(path) => Output::Atomic(path.to_path_buf(), BufWriter::new(AtomicFile::create(path)?)),
        })
    }

    /// Returns true for a file that does not appear after an error.
    pub(crate) fn is_atomic(&self) -> bool {
        matches!(self, Output::Atomic(..))
    }

    /// Writes the data that has arrived; on stdout and into a pipe it is flushed at once.
    pub(crate) fn write(
        &mut self,
        write: impl FnOnce(&mut dyn Write) -> std::io::Result<()>,
    ) -> anyhow::Result<()> {
        match self {
            Output::Stdout => return stdout(write),
            Output::InPlace(path, file) => {
                write(file).and_then(|()| file.flush()).map_err(|e| Error::io(path, e))?;
            }
            Output::Atomic(path, file) => write(file).map_err(|e| Error::io(path, e))?,
        }
        Ok(())
    }

    /// Renames the temporary file to its final name.
    pub(crate) fn finish(self) -> anyhow::Result<()> {
        if let Output::Atomic(path, file) = self {
            file.into_inner().map_err(|e| Error::io(&path, e.into_error()))?.commit()?;
        }
        Ok(())
    }
}

/// Returns true if an error only says that the reader of stdout has gone.
pub(crate) fn is_closed_pipe(error: &anyhow::Error) -> bool {
    causes(error)
        .any(|e| e.downcast_ref::<std::io::Error>().is_some_and(|e| e.kind() == ErrorKind::BrokenPipe))
}

/// Returns true if a path stands for stdout.
pub(crate) fn is_stdout(path: &Path) -> bool {
    path == Path::new("-") || path == Path::new("/dev/stdout")
}

/// A line of CSV as in RFC 4180, without its line ending.
pub(crate) fn csv_line(cells: impl IntoIterator<Item = String>) -> String {
    let quoted = |cell: String| {
        // Some readers remove spaces at either end, and most skip a line of one empty cell: both are quoted.
        let is_plain = cell.trim() == cell && !cell.contains(['"', ',', '\n', '\r']);
        if is_plain { cell } else { format!("\"{}\"", cell.replace('"', "\"\"")) }
    };
    cells.into_iter().map(quoted).collect::<Vec<_>>().join(",")
}

/// A report as JSON.
pub(crate) fn json_text(report: &impl Serialize) -> anyhow::Result<String> {
    Ok(serde_json::to_string_pretty(report)? + "\n")
}

/// Writes JSON or SVG as it is; `-` is stdout.
pub(crate) fn write_data(path: &Path, data: &str) -> anyhow::Result<()> {
    if is_stdout(path) {
        return stdout(|out| out.write_all(data.as_bytes()));
    }
    Ok(clsify::files::write_atomically(path, |out| out.write_all(data.as_bytes()))?)
}

/// The last part of a path or a name, for a chart's title.
pub(crate) fn last_name(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

/// Fails if an input lies in the folder of an earlier model, which is replaced.
pub(crate) fn check_stays(path: &Path, output: &Path, or: &str) -> anyhow::Result<()> {
    anyhow::ensure!(
        !(path.exists() && clsify::files::is_inside(path, output)),
        "{}: lies in the folder that is replaced: choose another --output, or {or}",
        path.display()
    );
    Ok(())
}

/// Fails if a path lies in a folder that is about to be replaced as a whole.
pub(crate) fn check_outside(path: &Path, output: &Path, option: &str) -> anyhow::Result<()> {
    anyhow::ensure!(
        is_stdout(path) || !clsify::files::is_inside(path, output),
        "{}: lies in the model's folder: choose another {option}",
        path.display()
    );
    Ok(())
}

/// Fails if a file cannot be created there.
fn check_place(path: &Path) -> anyhow::Result<()> {
    if is_stdout(path) {
        return check_stdout();
    }
    check_extension(path)?;
    let parent = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    anyhow::ensure!(parent.is_dir(), "{}: no such folder", parent.display());
    anyhow::ensure!(!path.is_dir(), "{}: expected a file, got a folder", path.display());
    anyhow::ensure!(
        !clsify::model::is_part_of_a_model(path),
        "{}: expected a file to write, got a part of a model or encoder",
        path.display()
    );
    Ok(clsify::files::check_writable(path)?)
}

/// Fails if the extension promises a format that no command writes.
fn check_extension(path: &Path) -> anyhow::Result<()> {
    let extension = path.extension().map(|extension| extension.to_string_lossy().to_ascii_lowercase());
    let Some(extension) = extension.filter(|_| !is_written_in_place(path)) else { return Ok(()) };
    let (message, hint) = match extension.as_str() {
        "gz" => (
            "expected a name without .gz, because output is not compressed".to_string(),
            "write a plain file and compress it with gzip, or write to stdout: | gzip > FILE",
        ),
        other if NOT_WRITTEN.contains(&other) => (
            format!(
                "expected the name of a text file, page, SVG or NumPy array, got the extension {other:?}"
            ),
            "choose a name that ends in .csv, .jsonl, .json, .txt, .html, .svg or .npy, as fits the option, and convert that file",
        ),
        _ => return Ok(()),
    };
    let error = Error::new(clsify::error::ErrorKind::InvalidArgument, message).at(path.display().to_string());
    Err(error.with_hint(hint).into())
}

/// Extensions of formats that no command writes.
const NOT_WRITTEN: [&str; 28] = [
    "xlsx", "xlsm", "xls", "ods", "parquet", "pq", "arrow", "feather", "sqlite", "sqlite3", "db", "pkl",
    "pickle", "npz", "h5", "zip", "tar", "tgz", "bz2", "xz", "zst", "7z", "png", "jpg", "jpeg", "gif",
    "webp", "pdf",
];

/// The files and charts that a command writes, for [`check_output`].
pub(crate) fn written<'a>(
    files: &[Option<&'a Path>],
    charts: &'a [(PathBuf, &'static str)],
) -> Vec<Option<&'a Path>> {
    files.iter().copied().chain(charts.iter().map(|(path, _)| Some(path.as_path()))).collect()
}

/// As [`check_written`]; `output` takes what would be printed. Without it, stdout must be open.
pub(crate) fn check_output(
    output: Option<&Path>,
    written: &[Option<&Path>],
    read: &[&Path],
) -> anyhow::Result<()> {
    if output.is_none() {
        check_stdout()?;
    }
    check_written(&[written, &[output]].concat(), read)
}

/// Fails before the work starts if an output file cannot be written, is also another output, or is an input; and if
/// two inputs are stdin. Every command lists here all files that it writes and reads.
pub(crate) fn check_written(written: &[Option<&Path>], read: &[&Path]) -> anyhow::Result<()> {
    written.iter().copied().flatten().try_for_each(check_place)?;
    check_apart(written, read)
}

fn check_apart(written: &[Option<&Path>], read: &[&Path]) -> anyhow::Result<()> {
    // Writing to devices and pipes overwrites nothing.
    let is_kept = |path: &&Path| !is_stdout(path) && (path.is_file() || !path.exists());
    let same = |a: &Path, b: &Path| match (a.canonicalize(), b.canonicalize()) {
        (Ok(a), Ok(b)) => a == b,
        // A file that does not exist yet may be reached through a link.
        _ => std::path::absolute(resolve(a)).ok() == std::path::absolute(resolve(b)).ok(),
    };
    let written: Vec<&Path> = written.iter().copied().flatten().filter(is_kept).collect();
    let n_stdin = read.iter().filter(|path| **path == Path::new("-")).count();
    anyhow::ensure!(n_stdin < 2, "stdin: expected at most one input, got {n_stdin}");
    for (i, path) in written.iter().enumerate() {
        let is_read = read.iter().any(|read| *read != Path::new("-") && same(path, read));
        anyhow::ensure!(!is_read, "{}: expected a file to write, got one to read", path.display());
        let is_twice = written[..i].iter().any(|other| same(path, other));
        anyhow::ensure!(!is_twice, "{}: expected different files to write, got one twice", path.display());
    }
    Ok(())
}
