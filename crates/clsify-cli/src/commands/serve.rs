//! `clsify serve`: answers requests over HTTP.

use std::io::{BufRead, BufReader, IsTerminal};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, ensure};
use clap::builder::BoolishValueParser;
use clsify::error::{Error, ErrorKind};
use clsify::model::{Features, LoadOptions, SentenceClassifier, SentenceEncoder, SentenceEncoderOptions};
use clsify_server::{Listen, Loaded, ModelSource, ServeOptions, Server, ServerHandle};

use crate::console::Console;
use crate::loading::{encoder_options, load_options, locate_encoder, locate_model};
use crate::options::{DtypeArg, EncodingArgs, at_least_one};
use crate::signals;

/// Serve models over HTTP, in the dialects of text-embeddings-inference, OpenAI and infinity
///
/// The first model answers requests that name none. With --encoder and no model, the server answers requests for vectors
/// only. It finishes what it has accepted when it is asked to stop by SIGTERM or Ctrl-C, and SIGHUP loads models whose
/// folders have changed. Every option of this command is also an environment variable, such as CLSIFY_PORT.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  clsify serve model
  clsify serve reviews=model questions=other --port 8080 --api-key-file keys.txt
  clsify serve --encoder all-MiniLM-L6-v2
  curl 127.0.0.1:3000/predict -H 'content-type: application/json' -d '{\"inputs\": \"a fine film\"}'")]
pub(crate) struct Args {
    /// The models: folders, or hub ids of models that `clsify push` has uploaded; NAME=MODEL chooses the name by which requests
    /// ask for it, otherwise that of the folder. Commas separate several in one argument
    #[arg(value_name = "[NAME=]MODEL", env = "CLSIFY_MODELS", required_unless_present = "encoder")]
    models: Vec<PathBuf>,

    /// Serve the vectors of this encoder, or use it for the models if theirs has moved: a folder, a name shown by
    /// `clsify list`, or a model hub id
    #[arg(long, env = "CLSIFY_ENCODER", help_heading = "Models")]
    encoder: Option<String>,

    /// Pool the hidden states of an encoder without a model in this way: auto (the default) does what its
    /// sentence-transformers folder asks for; cls, mean, max
    #[arg(long, env = "CLSIFY_POOLING", help_heading = "Models", conflicts_with = "models")]
    pooling: Option<Features>,

    /// Compute the encoder in this data type; the default is that of the training, and f32 without a model
    #[arg(long, env = "CLSIFY_DTYPE", value_enum, help_heading = "Models")]
    dtype: Option<DtypeArg>,

    /// Listen on this address
    #[arg(long, env = "CLSIFY_HOST", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST), help_heading = "Network")]
    host: IpAddr,

    /// Listen on this port; 0 takes a free one
    #[arg(long, env = "CLSIFY_PORT", default_value_t = 3000, help_heading = "Network")]
    port: u16,

    /// Listen on this Unix socket instead of a port
    #[arg(long, env = "CLSIFY_UDS_PATH", value_name = "PATH", help_heading = "Network")]
    uds_path: Option<PathBuf>,

    /// Answer only requests with this key: `Authorization: Bearer KEY`
    ///
    /// Other users of the machine can read the command line: prefer the environment variable, or --api-key-file.
    #[arg(
        long,
        env = "CLSIFY_API_KEY",
        hide_env_values = true,
        value_name = "KEY",
        help_heading = "Network"
    )]
    api_key: Option<String>,

    /// Answer only requests with one of the keys in this file, one per line
    #[arg(long, env = "CLSIFY_API_KEY_FILE", value_name = "FILE", help_heading = "Network")]
    api_key_file: Option<PathBuf>,

    /// Let web pages of this origin read answers; * is every origin, and the option may be repeated
    #[arg(
        long,
        env = "CLSIFY_CORS_ALLOW_ORIGIN",
        value_delimiter = ',',
        value_name = "ORIGIN",
        help_heading = "Network"
    )]
    cors_allow_origin: Vec<String>,

    /// Join texts to batches of at most N tokens
    #[arg(long, env = "CLSIFY_MAX_BATCH_TOKENS", value_name = "N", default_value_t = ServeOptions::default().max_batch_tokens, value_parser = at_least_one, help_heading = "Limits")]
    max_batch_tokens: usize,

    /// Accept at most N requests at a time; others are refused with status 429
    #[arg(long, env = "CLSIFY_MAX_CONCURRENT_REQUESTS", value_name = "N", default_value_t = ServeOptions::default().max_concurrent_requests, value_parser = at_least_one, help_heading = "Limits")]
    max_concurrent_requests: usize,

    /// Accept at most N texts per request
    #[arg(long, env = "CLSIFY_MAX_CLIENT_BATCH_SIZE", value_name = "N", default_value_t = ServeOptions::default().max_client_batch_size, value_parser = at_least_one, help_heading = "Limits")]
    max_client_batch_size: usize,

    /// Accept bodies of at most N bytes
    #[arg(long, env = "CLSIFY_PAYLOAD_LIMIT", value_name = "N", default_value_t = ServeOptions::default().payload_limit_bytes, value_parser = at_least_one, help_heading = "Limits")]
    payload_limit: usize,

    /// Keep at most N connections open; beyond it, the one that has been idle longest is closed, or the oldest one whose
    /// body has not arrived
    #[arg(long, env = "CLSIFY_MAX_CONNECTIONS", value_name = "N", default_value_t = ServeOptions::default().max_connections, value_parser = at_least_one, help_heading = "Limits")]
    max_connections: usize,

    /// Answer a request within this many seconds, otherwise with status 503
    #[arg(long, env = "CLSIFY_REQUEST_TIMEOUT", value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=86_400), help_heading = "Limits")]
    request_timeout: u64,

    /// Finish accepted requests for at most this many seconds when the server is asked to stop
    #[arg(long, env = "CLSIFY_SHUTDOWN_GRACE", value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(0..=86_400), help_heading = "Limits")]
    shutdown_grace: u64,

    /// Truncate texts that are too long for the model, unless a request says otherwise; the default is to refuse them
    #[arg(long, env = "CLSIFY_AUTO_TRUNCATE", value_parser = BoolishValueParser::new(), help_heading = "Limits")]
    auto_truncate: bool,

    /// Write the texts of requests to the log
    #[arg(long, env = "CLSIFY_LOG_TEXTS", value_parser = BoolishValueParser::new(), help_heading = "Log")]
    log_texts: bool,

    /// Write the log, which goes to stderr, as JSON even to a terminal
    #[arg(long, env = "CLSIFY_JSON_OUTPUT", value_parser = BoolishValueParser::new(), help_heading = "Log")]
    json_output: bool,

    /// Load the models, compute a sentence with each, and exit
    #[arg(long, env = "CLSIFY_CHECK", value_parser = BoolishValueParser::new())]
    check: bool,
}

pub(crate) fn run(args: Args, console: &Console) -> anyhow::Result<()> {
    let options = serve_options(&args)?;
    let sources = sources(&args, console)?;
    let names: Vec<String> = sources.iter().map(|source| source.name.clone()).collect();
    let is_protected = !options.api_keys.is_empty();
    let server = Server::bind(options, sources)?;
    if args.check {
        let counts = server.check()?;
        console.say(&format!("{}: ready, {} tokens computed", names.join(", "), counts.n_tokens));
        return Ok(());
    }
    subscribe(args.json_output);
    #[cfg(feature = "otel")]
    let traces = crate::traces::Traces::start()?;
    let place = match (server.address(), &args.uds_path) {
        (Some(address), _) => format!("http://{address}"),
        (None, path) => path.as_deref().unwrap_or(Path::new("")).display().to_string(),
    };
    if !is_protected && server.address().is_some_and(|address| !address.ip().is_loopback()) {
        console.say("note: everybody who reaches this address may use the server: set --api-key-file, or --host 127.0.0.1");
    }
    console.say(&format!("serving {} at {place}", names.join(", ")));
    handle_signals(server.handle());
    let ended = server.run();
    #[cfg(feature = "otel")]
    traces.end();
    Ok(ended?)
}

fn serve_options(args: &Args) -> anyhow::Result<ServeOptions> {
    let mut api_keys: Vec<String> = args.api_key.clone().into_iter().collect();
    if let Some(path) = &args.api_key_file {
        api_keys.extend(keys(path)?);
    }
    ensure!(
        api_keys.iter().all(|key| !key.trim().is_empty()),
        "expected a key of at least one character, got none: leave out --api-key, and unset CLSIFY_API_KEY, to need no key"
    );
    Ok(ServeOptions {
        listen: match &args.uds_path {
            Some(path) => Listen::Unix(path.clone()),
            None => Listen::Tcp(SocketAddr::new(args.host, args.port)),
        },
        api_keys,
        max_batch_tokens: args.max_batch_tokens,
        max_concurrent_requests: args.max_concurrent_requests,
        max_client_batch_size: args.max_client_batch_size,
        payload_limit_bytes: args.payload_limit,
        max_connections: args.max_connections,
        request_timeout: Duration::from_secs(args.request_timeout),
        shutdown_grace: Duration::from_secs(args.shutdown_grace),
        auto_truncate: args.auto_truncate,
        cors_allow_origins: args.cors_allow_origin.clone(),
        log_texts: args.log_texts,
    })
}

/// The keys of a file, one per line, without blanks around them and without empty lines.
fn keys(path: &Path) -> anyhow::Result<Vec<String>> {
    let file = std::fs::File::open(path).map_err(|error| Error::io(path, error))?;
    let lines: Vec<String> =
        BufReader::new(file).lines().collect::<Result<_, _>>().map_err(|error| Error::io(path, error))?;
    let keys: Vec<String> =
        lines.iter().map(|line| line.trim().to_string()).filter(|key| !key.is_empty()).collect();
    ensure!(!keys.is_empty(), "{}: expected at least one key, got none", path.display());
    Ok(keys)
}

fn sources(args: &Args, console: &Console) -> anyhow::Result<Vec<ModelSource>> {
    if args.models.is_empty() {
        return Ok(vec![encoder_source(args, console)?]);
    }
    args.models
        .iter()
        .flat_map(|given| listed(given))
        .map(|model| model_source(&model, args, console))
        .collect()
}

/// The models of `MODEL,MODEL`, as the environment variable lists them; a folder may have a comma in its name.
fn listed(given: &Path) -> Vec<PathBuf> {
    match given.to_str() {
        Some(text) if !named(given).1.exists() => text.split(',').map(|model| model.trim().into()).collect(),
        _ => vec![given.to_path_buf()],
    }
}

/// The name and the folder of `FOLDER` or `NAME=FOLDER`.
fn named(model: &Path) -> (String, PathBuf) {
    let text = model.to_string_lossy();
    if let Some((name, folder)) = text.split_once('=').filter(|_| !model.exists()) {
        return (name.to_string(), folder.into());
    }
    (name_of(model), model.to_path_buf())
}

/// The last part of a path: requests and answers never hold where it lies. A folder such as `.` has a name too.
fn name_of(folder: &Path) -> String {
    let resolved = folder.canonicalize().unwrap_or_else(|_| folder.to_path_buf());
    resolved.file_name().map_or_else(|| folder.to_string_lossy().into(), |name| name.to_string_lossy().into())
}

fn model_source(model: &Path, args: &Args, console: &Console) -> anyhow::Result<ModelSource> {
    let (name, given) = named(model);
    ensure!(!name.is_empty(), "{}: expected a name before =, got none", model.display());
    ensure!(
        !name.contains('/'),
        "{}: expected a name without /, got {name:?}: it is a part of the paths /models/NAME/",
        model.display()
    );
    let folder = locate_model(&given, console)?;
    let (from, encoder, dtype, console) = (folder.clone(), args.encoder.clone(), args.dtype, console.clone());
    // A reload reads everything again: the new version may have another encoder.
    let load = move || {
        let options = load_options(&from, encoder.as_deref(), dtype, &console).map_err(of_library)?;
        let options = LoadOptions { lazy: true, neighbours: true, ..options };
        Ok(Loaded::Classifier(SentenceClassifier::load_with(&from, options)?))
    };
    Ok(ModelSource { name, folder, load: Box::new(load) })
}

fn encoder_source(args: &Args, console: &Console) -> anyhow::Result<ModelSource> {
    let encoder = args.encoder.as_deref().context("expected a model or --encoder")?;
    let located = locate_encoder(encoder, console)?;
    // The name of the hub if it came from there, otherwise that of its folder.
    let is_folder = Path::new(encoder).is_dir();
    let name = if is_folder { name_of(Path::new(encoder)) } else { located.name.clone() };
    let folder = located.folder.clone();
    let encoding =
        EncodingArgs { max_length: None, prompt: None, dtype: args.dtype.unwrap_or(DtypeArg::F32) };
    let auto = Features::SentenceTransformer { layers: clsify::features::Layers::default() };
    let features = args.pooling.clone().unwrap_or(auto);
    let console = console.clone();
    let load = move || {
        let options = encoder_options(&located, &encoding, None, &console).map_err(of_library)?;
        let options = SentenceEncoderOptions { features: features.clone(), lazy: true, ..options };
        Ok(Loaded::Encoder(SentenceEncoder::load_with(&located.folder, options)?))
    };
    Ok(ModelSource { name, folder, load: Box::new(load) })
}

/// An error as one of the library, with its hint if it has one.
fn of_library(error: anyhow::Error) -> Error {
    match error.downcast::<Error>() {
        Ok(error) => error,
        Err(error) => Error::new(ErrorKind::InvalidArgument, crate::console::text(&error)),
    }
}

/// The log goes to stderr: one line per request.
fn subscribe(is_json: bool) {
    let log = tracing_subscriber::fmt().with_writer(std::io::stderr).with_target(false);
    if is_json || !std::io::stderr().is_terminal() {
        log.json().flatten_event(true).init();
    } else {
        log.with_ansi(false).init();
    }
}

const SIGHUP: i32 = 1;
const SIGINT: i32 = 2;
const SIGTERM: i32 = 15;

/// SIGHUP reloads; the first SIGTERM or Ctrl-C stops when everything is answered, the second one ends the process.
fn handle_signals(server: ServerHandle) {
    let is_stopping = AtomicBool::new(false);
    signals::hand_to(Box::new(move |signal| match signal {
        SIGHUP => {
            // Loading takes long, and other signals must not wait for it.
            let server = server.clone();
            let thread = std::thread::Builder::new().name("reload".into());
            thread.spawn(move || server.reload()).is_ok()
        }
        SIGINT | SIGTERM if !is_stopping.swap(true, Ordering::SeqCst) => {
            server.stop();
            true
        }
        _ => false,
    }));
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use clap::Args as _;

    use super::*;

    #[test]
    fn every_option_is_an_environment_variable() {
        let command = Args::augment_args(clap::Command::new("serve"));
        let mut n = 0;
        for option in command.get_arguments() {
            let name = option.get_long().unwrap_or(option.get_id().as_str());
            let variable = format!("CLSIFY_{}", name.to_uppercase().replace('-', "_"));
            assert_eq!(option.get_env().and_then(|name| name.to_str()), Some(variable.as_str()), "{name}");
            n += 1;
        }
        assert!(n > 20, "{n}");
    }
}
