//! The option for a report as JSON.

use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use crate::output::{is_stdout, json_text, write_data, write_text};

/// The option `--json`, which replaces the text by JSON, or writes JSON to a file beside the text.
#[derive(Args)]
pub(crate) struct JsonArgs {
    /// Print the report as JSON instead of text, or write it to FILE beside the text; - is stdout
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true)]
    json: Option<Option<PathBuf>>,
}

impl JsonArgs {
    /// The file that is written beside the text; it may be stdout.
    pub(crate) fn file(&self) -> Option<&Path> {
        self.json.as_ref()?.as_deref()
    }

    /// Returns true if no text is printed to stdout because the JSON is; the text would go to `output`.
    pub(crate) fn replaces_text(&self, output: Option<&Path>) -> bool {
        matches!(self.json, Some(None)) || self.is_on_stdout(output)
    }

    /// Returns true if the JSON goes to stdout; the text goes to `output`.
    pub(crate) fn is_on_stdout(&self, output: Option<&Path>) -> bool {
        match &self.json {
            Some(None) => output.is_none_or(is_stdout),
            Some(Some(path)) => is_stdout(path),
            None => false,
        }
    }

    /// Writes a report: the JSON to its destination, and the text to `output` or stdout unless the JSON replaces it.
    pub(crate) fn write(
        &self,
        report: &impl Serialize,
        output: Option<&Path>,
        text: impl FnOnce() -> String,
    ) -> anyhow::Result<()> {
        self.write_file(report)?;
        self.write_rest(report, output, text)
    }

    /// The part of [`write`](Self::write) that writes FILE, unless that is stdout.
    pub(crate) fn write_file(&self, report: &impl Serialize) -> anyhow::Result<()> {
        let file = self.file().filter(|path| !is_stdout(path));
        file.map_or(Ok(()), |path| write_data(path, &json_text(report)?))
    }

    /// The part of [`write`](Self::write) that comes after [`write_file`](Self::write_file).
    pub(crate) fn write_rest(
        &self,
        report: &impl Serialize,
        output: Option<&Path>,
        text: impl FnOnce() -> String,
    ) -> anyhow::Result<()> {
        self.write_json(&|| json_text(report), output, text)
    }

    /// Writes JSON lines in place of the report.
    pub(crate) fn write_lines(
        &self,
        lines: &str,
        output: Option<&Path>,
        text: impl FnOnce() -> String,
    ) -> anyhow::Result<()> {
        if let Some(path) = self.file().filter(|path| !is_stdout(path)) {
            write_data(path, lines)?;
        }
        self.write_json(&|| Ok(lines.to_string()), output, text)
    }

    fn write_json(
        &self,
        json: &dyn Fn() -> anyhow::Result<String>,
        output: Option<&Path>,
        text: impl FnOnce() -> String,
    ) -> anyhow::Result<()> {
        match &self.json {
            Some(None) => write_data(output.unwrap_or("-".as_ref()), &json()?),
            Some(Some(path)) if is_stdout(path) => {
                write_data(path, &json()?)?;
                output.filter(|path| !is_stdout(path)).map_or(Ok(()), |path| write_text(Some(path), &text()))
            }
            _ => write_text(output, &text()),
        }
    }
}
