//! `clsify push`: uploads a model with a model card to the model hub.

use std::path::PathBuf;

use clsify::error::{Error, ErrorKind};
use clsify::model::{PublishedContent, PublishedFile, PublishedModel, SavedModel};
use clsify_hub::{Hub, PushOptions, UploadFile};
use clsify_report::model_card::{CardOptions, model_card};
use clsify_report::table::Table;

use crate::console::Console;
use crate::output::{check_stdout, stdout, write_text};

const CARD: &str = "README.md";

/// Upload a model with a model card to the model hub, and print its address
///
/// Everything becomes visible with one commit at the end: an interrupted push leaves the repository as it was, or empty if it is
/// new. The card has the scores with intervals, the data, the calibration, the encoder, and how to use the model. Training
/// sentences and paths of this machine are left out.
///
/// An encoder of the hub that was not bundled is not uploaded: its id becomes the card's base model, and `clsify predict
/// user/model` downloads it. Other encoders must be part of the model: train with --bundle-encoder. The access token in HF_TOKEN
/// needs write permission. HF_ENDPOINT names another hub.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  clsify push model user/reviews --license mit --language en
  clsify push model user/reviews --dry-run
  clsify predict user/reviews \"a visually stunning rumination on love\"")]
pub(crate) struct Args {
    /// The model's folder
    model: PathBuf,

    /// The repository, USER/NAME; it is created if it does not exist
    repo: String,

    /// Make a new repository private; an existing one that is public is an error
    #[arg(long)]
    private: bool,

    /// Push to this branch, which must exist
    #[arg(long, value_name = "BRANCH", default_value = "main")]
    revision: String,

    /// Name the licence in the card by its id at the hub, such as mit or apache-2.0
    #[arg(long, value_name = "ID")]
    license: Option<String>,

    /// Name the languages of the sentences in the card, such as en
    #[arg(long, value_name = "CODE,CODE,...", value_delimiter = ',')]
    language: Vec<String>,

    /// Describe the commit in one line
    #[arg(long, value_name = "TEXT", default_value = "Upload a model of clsify")]
    message: String,

    /// Upload the training sentences that `train --keep-neighbours` has kept; everybody who can read the repository can read them
    #[arg(long)]
    with_sentences: bool,

    /// Keep the README.md of the repository if it has one; the default is to replace it
    #[arg(long)]
    keep_card: bool,

    /// Print the files with their sizes and the card, and upload nothing
    #[arg(long)]
    dry_run: bool,
}

pub(crate) fn run(args: Args, console: &Console) -> anyhow::Result<()> {
    check_stdout()?;
    let encoder = SavedModel::read(&args.model)?.encoder;
    let published = PublishedModel::open(&args.model, args.with_sentences)?;
    let hub = Hub::from_env().with_observer(console.observer());
    let base_model = hub.hub_id(&encoder.name, &encoder.folder);
    if base_model.is_none() && !encoder.bundled {
        let message =
            format!("expected an encoder of the hub or one in the model's folder, got {:?}", encoder.name);
        return Err(Error::new(ErrorKind::Model, message)
            .at(args.model.display().to_string())
            .with_hint("train again with --bundle-encoder, so that the encoder becomes part of the model")
            .into());
    }
    let at_revision = match args.revision.as_str() {
        "main" => args.repo.clone(),
        revision => format!("{}@{revision}", args.repo),
    };
    let card = model_card(
        &published.saved,
        &CardOptions {
            repo: at_revision,
            base_model,
            license: args.license,
            languages: args.language,
            has_sentences: args.with_sentences,
        },
    );
    if published.leaves_out_sentences {
        console.say(
            "note: the training sentences in the model's folder are not uploaded: --with-sentences adds them",
        );
    }
    let mut files: Vec<UploadFile> = published.files.into_iter().map(upload).collect();
    files.push(UploadFile::of_bytes(CARD, card.clone().into_bytes()));
    if args.dry_run {
        return show(&files, &card);
    }
    let options = PushOptions {
        private: args.private,
        revision: args.revision,
        message: args.message,
        keep_card: args.keep_card,
    };
    let pushed = hub.push_model(&args.repo, &files, &options)?;
    if let Some(commit) = &pushed.commit {
        console.detail(&format!("commit {commit}"));
    }
    stdout(|out| writeln!(out, "{}", pushed.url))
}

fn upload(file: PublishedFile) -> UploadFile {
    match file.content {
        PublishedContent::Bytes(bytes) => UploadFile::of_bytes(file.name, bytes),
        PublishedContent::File(path, open) => UploadFile::of_file(file.name, path, open),
    }
}

/// Prints what would be uploaded.
fn show(files: &[UploadFile], card: &str) -> anyhow::Result<()> {
    let mut table = Table::new(["file", "bytes"]);
    for file in files {
        table.row([file.name().to_string(), file.n_bytes()?.to_string()]);
    }
    write_text(None, &format!("{table}\n{card}"))
}
