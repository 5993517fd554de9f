//! `clsify list`: lists the encoders that have a short name.

use std::path::PathBuf;

use clsify_hub::{Hub, known_encoders};
use clsify_report::table::Table;

use crate::options::JsonArgs;
use crate::output::check_output;

/// List the encoders that have a short name, and whether they are on this machine
#[derive(clap::Args)]
#[command(
    after_help = "Example:\n  clsify list\n\nAny id of the model hub and any folder in Hugging Face form work too."
)]
pub(crate) struct Args {
    #[command(flatten)]
    json: JsonArgs,

    /// Write the output to this file instead of stdout; - is stdout
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    check_output(args.output.as_deref(), &[args.json.file()], &[])?;
    let hub = Hub::from_env();
    let mut table = Table::new(["name", "type", "layers", "width", "MB", "here", "about"]);
    let mut lines = Vec::new();
    for encoder in known_encoders() {
        let located = hub.locate(encoder.name)?;
        table.row([
            encoder.name.to_string(),
            encoder.model_type.to_string(),
            encoder.num_hidden_layers.to_string(),
            encoder.hidden_size.to_string(),
            encoder.download_mb.to_string(),
            if located.is_some() { "yes" } else { "no" }.to_string(),
            encoder.about.to_string(),
        ]);
        let mut json = serde_json::to_value(encoder)?;
        json["folder"] = serde_json::to_value(located.map(|l| l.folder))?;
        lines.push(json.to_string() + "\n");
    }
    args.json.write_lines(&lines.concat(), args.output.as_deref(), || table.to_string())
}
