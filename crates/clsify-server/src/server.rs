//! A server from its start to its end.

use std::net::SocketAddr;
use std::sync::Arc;

use clsify::error::{Error, ErrorKind, Result};
use clsify::features::TokenCounts;
use tokio::runtime::Runtime;
use tokio::sync::watch;

use crate::app::App;
use crate::call::CONNECTION_THREADS;
use crate::catalogue::ModelSource;
use crate::connections::{Limits, Listener, serve};
use crate::descriptors::room_for;
use crate::keys::can_be_sent;
use crate::options::{Listen, ServeOptions};
use crate::router::router;
use crate::worker;

/// The threads for large bodies, reloads and explanations.
const BLOCKING_THREADS: usize = 8;

/// A server whose models are loaded and whose socket listens.
#[derive(Debug)]
pub struct Server {
    app: Arc<App>,
    runtime: Runtime,
    listener: Listener,
    stop: watch::Sender<bool>,
}

/// Asks a running server to stop or to reload; clones are for the same server.
#[derive(Debug, Clone)]
pub struct ServerHandle {
    app: Arc<App>,
    stop: watch::Sender<bool>,
}

impl ServerHandle {
    /// Asks the server to finish what it has accepted and to end; returns at once.
    pub fn stop(&self) {
        self.app.drain();
        self.stop.send_replace(true);
    }

    /// Loads the models whose folders have changed, and returns when they are served. A version that cannot be loaded
    /// is logged, and the one before it stays.
    pub fn reload(&self) {
        self.app.reload();
    }
}

impl Server {
    /// Loads the models and opens the socket. The first model answers requests that name none.
    ///
    /// # Errors
    /// Those of loading; [`ErrorKind::InvalidArgument`] if there is no model, if two have the same name, if an option is
    /// 0, if an origin is none, if no client can send a key, or if another file is in the place of the socket; I/O errors of the socket.
    ///
    /// ```no_run
    /// use clsify::model::SentenceClassifier;
    /// use clsify_server::{Loaded, ModelSource, ServeOptions, Server};
    /// let load = || Ok(Loaded::Classifier(SentenceClassifier::load("model")?));
    /// let source = ModelSource { name: "model".into(), folder: "model".into(), load: Box::new(load) };
    /// let server = Server::bind(ServeOptions::default(), vec![source])?;
    /// println!("http://{}", server.address().expect("the default is a TCP address"));
    /// server.run()?;
    /// # Ok::<(), clsify::error::Error>(())
    /// ```
    pub fn bind(options: ServeOptions, sources: Vec<ModelSource>) -> Result<Self> {
        for (name, value) in [
            ("max_batch_tokens", options.max_batch_tokens),
            ("max_concurrent_requests", options.max_concurrent_requests),
            ("max_client_batch_size", options.max_client_batch_size),
            ("max_connections", options.max_connections),
        ] {
            if value == 0 {
                let message = format!("expected {name} to be at least 1, got 0");
                return Err(Error::new(ErrorKind::InvalidArgument, message));
            }
        }
        if let Some(other) = options.cors_allow_origins.iter().find(|origin| !is_origin(origin)) {
            let message = format!(
                "expected cors_allow_origins to be * or origins in the form of browsers, such as https://example.org:8443, \
                 got {other:?}"
            );
            return Err(Error::new(ErrorKind::InvalidArgument, message).with_hint(
                "give a scheme and a host in lower case, without a path and without a slash at the end",
            ));
        }
        if !options.api_keys.iter().all(|key| can_be_sent(key)) {
            let message = "expected api_keys of visible ASCII characters, which clients can send in a header, got another key";
            return Err(Error::new(ErrorKind::InvalidArgument, message));
        }
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        runtime.worker_threads(CONNECTION_THREADS).max_blocking_threads(BLOCKING_THREADS);
        let runtime = runtime.thread_name("connections").enable_all().build().map_err(Error::from_io)?;
        let listener = {
            let _inside = runtime.enter();
            listen(&options.listen)?
        };
        let app = Arc::new(App::new(options, sources)?);
        Ok(Server { app, runtime, listener, stop: watch::channel(false).0 })
    }

    /// The address on which it listens; `None` for a Unix socket.
    pub fn address(&self) -> Option<SocketAddr> {
        match &self.listener {
            Listener::Tcp(listener) => listener.local_addr().ok(),
            #[cfg(unix)]
            Listener::Unix(_) => None,
        }
    }

    /// The handle by which other threads stop and reload the server.
    pub fn handle(&self) -> ServerHandle {
        ServerHandle { app: self.app.clone(), stop: self.stop.clone() }
    }

    /// Computes a sentence with every model, and returns the token counts.
    ///
    /// # Errors
    /// As for [`SentenceEncoder::encode`](clsify::model::SentenceEncoder::encode).
    pub fn check(&self) -> Result<TokenCounts> {
        let mut counts = TokenCounts::default();
        for model in self.app.catalogue().models() {
            let encoded = model.encoder().encode(&["a visually stunning rumination on love"])?;
            model.classifier().map(|classifier| classifier.predict_features(&encoded.features));
            counts += encoded.counts;
        }
        Ok(counts)
    }

    /// Serves until the [handle](Self::handle) stops it.
    ///
    /// # Errors
    /// I/O errors if a thread cannot be started.
    pub fn run(self) -> Result<()> {
        let Server { app, runtime, listener, stop } = self;
        let options = &app.options;
        let limits = Limits {
            max_connections: room_for(options.max_connections),
            patience: options.request_timeout,
            grace: options.shutdown_grace,
        };
        let of_worker = app.clone();
        let worker = std::thread::Builder::new().name("encoder".into()).spawn(move || {
            worker::run(&of_worker.queue, &of_worker.metrics, of_worker.options.max_batch_tokens);
        });
        let worker = worker.map_err(Error::from_io)?;
        runtime.block_on(serve(listener, router(app.clone()), limits, stop.subscribe()));
        app.queue.close();
        // Connections that outlived the grace end here; their jobs are dropped before they are computed.
        runtime.shutdown_background();
        let _ = worker.join();
        if let Listen::Unix(path) = &app.options.listen {
            let _ = std::fs::remove_file(path);
        }
        Ok(())
    }
}

/// Returns true for `*`, and for a scheme, a host and perhaps a port, as browsers write them in the header `Origin`.
fn is_origin(text: &str) -> bool {
    let Some((scheme, host)) = text.split_once("://") else { return text == "*" };
    let is_scheme_part = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || b"+-.".contains(&c);
    // The colons of an IPv6 address are in brackets.
    let (host, port) = match host.rsplit_once(':').filter(|(_, port)| !port.ends_with(']')) {
        Some((host, port)) => (host, Some(port)),
        None => (host, None),
    };
    let name = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let is_name_part = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || b"-._".contains(&c);
    let is_host = match name {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => !host.is_empty() && host.bytes().all(is_name_part),
    };
    scheme.starts_with(|c: char| c.is_ascii_lowercase())
        && scheme.bytes().all(is_scheme_part)
        && is_host
        && port.is_none_or(|port| port.parse::<u16>().is_ok_and(|number| number.to_string() == port))
}

fn listen(listen: &Listen) -> Result<Listener> {
    match listen {
        Listen::Tcp(address) => {
            let place = |error| Error::from_io(error).at(address.to_string());
            let listener = std::net::TcpListener::bind(address).map_err(place)?;
            listener.set_nonblocking(true).map_err(place)?;
            Ok(Listener::Tcp(tokio::net::TcpListener::from_std(listener).map_err(place)?))
        }
        #[cfg(unix)]
        Listen::Unix(path) => {
            let place = |error| Error::io(path, error);
            // A socket that nobody listens on any more is replaced, a living one or another file is not.
            let found = std::fs::symlink_metadata(path).ok().map(|metadata| metadata.file_type());
            let is_socket = found.is_some_and(|found| std::os::unix::fs::FileTypeExt::is_socket(&found));
            if let Some(found) = found.filter(|_| !is_socket) {
                let message = format!("expected a Unix socket, or no file, got {}", kind_of(found));
                let error = Error::new(ErrorKind::InvalidArgument, message).at(path.display().to_string());
                return Err(error.with_hint("choose another path for the socket"));
            }
            if is_socket && std::os::unix::net::UnixStream::connect(path).is_err() {
                std::fs::remove_file(path).map_err(place)?;
            }
            Ok(Listener::Unix(tokio::net::UnixListener::bind(path).map_err(place)?))
        }
        #[cfg(not(unix))]
        Listen::Unix(path) => {
            let message = "expected a TCP address, because this system has no Unix sockets";
            Err(Error::new(ErrorKind::InvalidArgument, message).at(path.display().to_string()))
        }
    }
}

/// The kind of a file that is no socket, in words.
#[cfg(unix)]
fn kind_of(found: std::fs::FileType) -> &'static str {
    match found {
        found if found.is_dir() => "a folder",
        found if found.is_symlink() => "a symbolic link",
        found if found.is_file() => "a file",
        _ => "a device or a pipe",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Oracle: the ASCII serialization of RFC 6454.
    #[test]
    fn origins_are_what_browsers_send() {
        for origin in
            ["*", "https://example.org", "http://localhost:3000", "http://[::1]:80", "moz-extension://a-1"]
        {
            assert!(is_origin(origin), "{origin}");
        }
        for other in [
            "",
            "notorigin",
            "example.org",
            "https://",
            "://a",
            "https://a/",
            "https://a/b",
            "HTTPS://a",
            "https://A",
            "https://a:",
            "https://a:99999",
            "https://a b",
            "https://u@a",
            "https://*.example.org",
            "null",
        ] {
            assert!(!is_origin(other), "{other}");
        }
    }
}
