//! Writes the page of a guide, and shows it in the browser.

use std::path::Path;
use std::process::{Command, Stdio};

use clsify::studies::Walkthrough;
use clsify_report::guide::{GuideOptions, Lang, guide};

use crate::console::Console;
use crate::output::{is_stdout, write_data};

/// A language of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum LangArg {
    /// English
    En,
    /// Simplified Chinese
    Zh,
}

impl From<LangArg> for Lang {
    fn from(lang: LangArg) -> Self {
        match lang {
            LangArg::En => Lang::En,
            LangArg::Zh => Lang::Zh,
        }
    }
}

/// Writes the page, and says what it had to leave out.
pub(crate) fn write_guide(
    walkthrough: &Walkthrough,
    lang: LangArg,
    path: &Path,
    console: &Console,
) -> anyhow::Result<()> {
    let guide = guide(walkthrough, GuideOptions { lang: lang.into() });
    if walkthrough.n_left_out > 0 {
        let (n, shown) = (walkthrough.n_left_out, walkthrough.sentences.len());
        console.say(&format!(
            "note: {shown} sentences are shown, and {n} left out because explaining them takes long"
        ));
    }
    for dropped in &guide.dropped {
        console.say(&format!("note: left out to keep the page small: {dropped}"));
    }
    write_data(path, &guide.html)?;
    if !is_stdout(path) {
        console.say(&format!("written: {} ({:.2} MB)", path.display(), guide.html.len() as f64 / 1e6));
    }
    Ok(())
}

/// Shows a page with the system's opener. A failure is only a note: the page is there.
pub(crate) fn open_page(path: &Path, console: &Console) {
    let opener = match std::env::consts::OS {
        "macos" => "open",
        "windows" => "explorer",
        _ => "xdg-open",
    };
    // An absolute path cannot be taken for an option.
    let opened = std::path::absolute(path).and_then(|path| {
        Command::new(opener)
            .arg(path)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
    });
    if let Err(error) = opened {
        console
            .say(&format!("note: {opener} does not start ({error}): open {} in a browser", path.display()));
    }
}
