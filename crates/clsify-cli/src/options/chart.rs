//! The options for charts.

use std::path::{Path, PathBuf};

use anyhow::ensure;
use clap::Args;

use crate::output::{is_stdout, write_data};

/// The options `--chart` and `--chart-dir`. Each command names its charts in the order in which it draws them; the first
/// is that of `--chart`.
#[derive(Args)]
pub(crate) struct ChartArgs {
    /// Draw the chart of this command to this file, as SVG; - is stdout
    #[arg(long, value_name = "FILE.svg")]
    chart: Option<PathBuf>,

    /// Write all charts of this command to this folder, as SVG files with fixed names
    ///
    /// The folder is created if it does not exist; the one above it must exist. `docs/charts.md` lists the charts of each command.
    #[arg(long, value_name = "DIR")]
    chart_dir: Option<PathBuf>,
}

impl ChartArgs {
    /// Fails if the chart and a report are both to go to stdout, or the folder is stdout.
    pub(crate) fn check(&self, is_json_on_stdout: bool) -> anyhow::Result<()> {
        ensure!(
            !(self.is_on_stdout() && is_json_on_stdout),
            "stdout: expected --json or --chart -, got both"
        );
        let folder = self.chart_dir.as_deref().filter(|folder| is_stdout(folder));
        ensure!(folder.is_none(), "--chart-dir: expected a folder, got stdout");
        Ok(())
    }

    /// As [`check`](Self::check) for a command that writes rows to `output`, which may be stdout but needs it alone.
    pub(crate) fn check_beside_rows(
        &self,
        output: Option<&Path>,
        is_json_on_stdout: bool,
    ) -> anyhow::Result<()> {
        self.check(is_json_on_stdout)?;
        let is_on_stdout = output.is_some_and(is_stdout);
        ensure!(!(is_on_stdout && is_json_on_stdout), "stdout: expected --json or --output -, got both");
        ensure!(!(is_on_stdout && self.is_on_stdout()), "stdout: expected --chart - or --output -, got both");
        Ok(())
    }

    /// Returns true if the chart replaces the text on stdout.
    pub(crate) fn is_on_stdout(&self) -> bool {
        self.chart.as_deref().is_some_and(is_stdout)
    }

    /// Every path that is written, with its option, for the checks before the work starts. `names` are the names of
    /// the command's charts. A folder that does not exist yet stands for its files.
    pub(crate) fn paths(&self, names: &[&str]) -> Vec<(PathBuf, &'static str)> {
        let in_folder: Vec<PathBuf> = match &self.chart_dir {
            None => Vec::new(),
            Some(folder) if folder.exists() => names.iter().map(|name| folder.join(name)).collect(),
            Some(folder) => vec![folder.clone()],
        };
        let chart = self.chart.iter().map(|path| (path.clone(), "--chart"));
        chart.chain(in_folder.into_iter().map(|path| (path, "--chart-dir"))).collect()
    }

    /// Draws the charts that are asked for and writes those that do not go to stdout. A chart that the data does not
    /// have is `None`.
    pub(crate) fn write_files<const N: usize>(
        &self,
        names: &[&str; N],
        draw: impl FnOnce() -> [Option<String>; N],
    ) -> anyhow::Result<()> {
        let file = self.chart.as_deref().filter(|path| !is_stdout(path));
        if file.is_none() && self.chart_dir.is_none() {
            return Ok(());
        }
        let charts = draw();
        if let Some((path, svg)) = file.zip(charts.first().and_then(Option::as_ref)) {
            write_data(path, svg)?;
        }
        let Some(folder) = &self.chart_dir else { return Ok(()) };
        if !folder.is_dir() {
            std::fs::create_dir(folder).map_err(|error| clsify::error::Error::io(folder, error))?;
        }
        let drawn = names.iter().zip(&charts).filter_map(|(name, svg)| Some((name, svg.as_ref()?)));
        drawn.into_iter().try_for_each(|(name, svg)| write_data(&folder.join(name), svg))
    }

    /// Writes the chart to stdout if it goes there.
    pub(crate) fn write_stdout(&self, draw: impl FnOnce() -> String) -> anyhow::Result<()> {
        if self.is_on_stdout() { write_data(Path::new("-"), &draw()) } else { Ok(()) }
    }
}
