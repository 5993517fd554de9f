//! The options of a server.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// The place where a server listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listen {
    /// A TCP address; port 0 takes a free one.
    Tcp(SocketAddr),
    /// A Unix socket; a socket that an earlier server has left is replaced.
    Unix(PathBuf),
}

/// The options of a [`Server`](crate::Server).
///
/// ```
/// use clsify_server::ServeOptions;
/// let options = ServeOptions { max_batch_tokens: 4096, ..ServeOptions::default() };
/// assert_eq!(options.max_client_batch_size, 2048);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ServeOptions {
    /// The place where the server listens. The default is `127.0.0.1:3000`.
    pub listen: Listen,
    /// The keys, one of which every request must have, except those for health, metrics and documentation. They
    /// consist of visible ASCII characters. The default is none: every request is answered.
    pub api_keys: Vec<String>,
    /// The maximum number of tokens that pass through the encoder together. The default is 16,384.
    pub max_batch_tokens: usize,
    /// The maximum number of requests that wait or are computed; the next one is refused with 429. The default is 512.
    pub max_concurrent_requests: usize,
    /// The maximum number of texts per request. The default is 2,048, as in OpenAI's interface.
    pub max_client_batch_size: usize,
    /// The maximum size of a request's body, in bytes. The default is 2,000,000.
    pub payload_limit_bytes: usize,
    /// The maximum number of open connections; beyond it, the connection that has been idle longest is closed, or the
    /// oldest one whose body has not arrived. The default is 1,024.
    pub max_connections: usize,
    /// The maximum time of a request from its head to its answer, and the time in which its head must arrive, if that is less
    /// than 75 seconds. The default is 60 seconds.
    pub request_timeout: Duration,
    /// The time in which accepted requests are finished after the server was asked to stop. The default is 30 seconds.
    pub shutdown_grace: Duration,
    /// True if too long texts are truncated unless a request says otherwise. By default they are refused with 422.
    pub auto_truncate: bool,
    /// The origins of web pages that may read answers; `*` is every origin. The default is none.
    pub cors_allow_origins: Vec<String>,
    /// True if logs contain the texts of requests. The default is false.
    pub log_texts: bool,
}

impl Default for ServeOptions {
    fn default() -> Self {
        ServeOptions {
            listen: Listen::Tcp(SocketAddr::from(([127, 0, 0, 1], 3000))),
            api_keys: Vec::new(),
            max_batch_tokens: 16_384,
            max_concurrent_requests: 512,
            max_client_batch_size: 2048,
            payload_limit_bytes: 2_000_000,
            max_connections: 1024,
            request_timeout: Duration::from_secs(60),
            shutdown_grace: Duration::from_secs(30),
            auto_truncate: false,
            cors_allow_origins: Vec::new(),
            log_texts: false,
        }
    }
}
