//! `clsify serve`: answers requests over HTTP.

mod keys;
mod models;
mod place;

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use clap::builder::BoolishValueParser;
use clsify_server::{ServeOptions, Server, ServerHandle};

use crate::console::Console;
use crate::options::at_least_one;
use crate::signals;
use models::ModelArgs;
use place::Place;

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
    #[command(flatten)]
    models: ModelArgs,

    #[command(flatten)]
    place: Place,

    /// Answer only requests with this key: `Authorization: Bearer KEY`
    ///
    /// A key consists of visible ASCII characters; white space around it is ignored. Other users of the machine can read the
    /// command line: prefer the environment variable, or --api-key-file.
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
    // Before the models are loaded, because a manager of services may ask for a reload meanwhile.
    let signals = Signals::default();
    handle_signals(signals.clone());
    let options = serve_options(&args)?;
    if let Some(note) = args.place.note() {
        console.say(&note);
    }
    let sources = args.models.sources(console)?;
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
    let place = match (server.address(), &args.place.uds_path) {
        (Some(address), _) => format!("http://{address}"),
        (None, path) => path.as_deref().unwrap_or(Path::new("")).display().to_string(),
    };
    if !is_protected && server.address().is_some_and(|address| !address.ip().is_loopback()) {
        console.say("note: everybody who reaches this address may use the server: set --api-key-file, or --host 127.0.0.1");
    }
    console.say(&format!("serving {} at {place}", names.join(", ")));
    signals.serve(server.handle());
    let ended = server.run();
    #[cfg(feature = "otel")]
    traces.end();
    Ok(ended?)
}

fn serve_options(args: &Args) -> anyhow::Result<ServeOptions> {
    Ok(ServeOptions {
        listen: args.place.listen(),
        api_keys: keys::of(args.api_key.as_deref(), args.api_key_file.as_deref())?,
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

/// The server that signals are for, once its models are loaded.
#[derive(Clone, Default)]
struct Signals(Arc<Mutex<Receiver>>);

#[derive(Default)]
struct Receiver {
    server: Option<ServerHandle>,
    /// True if a reload was asked for while the models were being loaded.
    should_reload: bool,
}

impl Signals {
    fn lock(&self) -> MutexGuard<'_, Receiver> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The server, if its models are loaded.
    fn server(&self) -> Option<ServerHandle> {
        self.lock().server.clone()
    }

    /// Reloads the models of the server, now or when it begins to serve.
    fn reload(&self) -> bool {
        let mut receiver = self.lock();
        match receiver.server.clone() {
            Some(server) => reload(server),
            None => {
                receiver.should_reload = true;
                true
            }
        }
    }

    /// From now on signals reach this server.
    fn serve(&self, server: ServerHandle) {
        let mut receiver = self.lock();
        receiver.server = Some(server.clone());
        // A folder that has not changed since it was loaded is not loaded again.
        if receiver.should_reload {
            reload(server);
        }
    }
}

/// Loading takes long, and other signals must not wait for it.
fn reload(server: ServerHandle) -> bool {
    std::thread::Builder::new().name("reload".into()).spawn(move || server.reload()).is_ok()
}

/// SIGHUP reloads; the first SIGTERM or Ctrl-C stops when everything is answered, the second one ends the process, as the first
/// one does while the models are loaded.
fn handle_signals(signals: Signals) {
    let is_stopping = AtomicBool::new(false);
    signals::hand_to(Box::new(move |signal| match (signal, signals.server()) {
        (SIGHUP, _) => signals.reload(),
        (SIGINT | SIGTERM, Some(server)) if !is_stopping.swap(true, Ordering::SeqCst) => {
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
