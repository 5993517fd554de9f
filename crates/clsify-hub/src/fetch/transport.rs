//! GET requests with a limit on every wait, and with a token that is sent to one host only. `send.rs` has the requests with
//! a body.
//!
//! `hf-hub` 0.5 constructs the hub's addresses (`hub_download.rs`) but does not transfer the data: its agents have no
//! time limits, it passes the token on to the storage host that the hub redirects to, and it renames downloaded files
//! without checking them. Proxies: `ureq` reads `ALL_PROXY`, `HTTPS_PROXY`, `HTTP_PROXY` (the first that is set, for
//! every scheme) and `NO_PROXY`.

use std::io::Read;
use std::time::Duration;

use clsify_base::error::{Error, ErrorKind};
use clsify_base::files::read_file;
use ureq::Agent;
use ureq::http::Uri;
use ureq::http::header::{
    ACCEPT_ENCODING, AUTHORIZATION, CONTENT_LENGTH, CONTENT_RANGE, ETAG, HeaderMap, LOCATION, RANGE,
};
use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};

use crate::environment::{Environment, TimeLimits};
use crate::token::Token;

/// The certificates of all authorities have about 300 KB.
const MAX_CERTIFICATE_BYTES: u64 = 16 << 20;

/// The reason why a source could not serve a request.
#[derive(Debug)]
pub(crate) enum Failure {
    /// No usable answer; the text says so, including the host.
    Unreachable(String),
    /// The source answered, but does not have it, may not give it, or has something else.
    Unsuitable(Error),
    /// A failure of this machine, which would also affect another source.
    Local(Error),
}

impl Failure {
    pub(crate) fn unsuitable(message: impl Into<String>) -> Self {
        Failure::Unsuitable(Error::new(ErrorKind::Fetch, message))
    }

    /// Converts the failure to the error of a source without a replacement.
    pub(crate) fn into_error(self) -> Error {
        match self {
            Failure::Unreachable(text) => Error::new(ErrorKind::Fetch, text),
            Failure::Unsuitable(error) | Failure::Local(error) => error,
        }
    }
}

/// Sends the requests of one source.
pub(crate) struct Transport {
    pub(super) agent: Agent,
    /// Scheme, host and port to which the token is sent.
    pub(super) origin: String,
    pub(super) token: Option<Token>,
    pub(super) limits: TimeLimits,
}

/// An answer whose body has not been read yet.
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// The name of the blob; not empty. It is the first linked etag on the way to the file, otherwise the first plain
    /// one.
    pub(crate) etag: Option<String>,
    /// The commit that the file belongs to.
    pub(crate) commit: Option<String>,
    /// The hub's code for a refusal: `GatedRepo`, `RepoNotFound`, ...
    pub(crate) error_code: Option<String>,
    /// The size of the whole file, if the answer states it.
    pub(crate) total: Option<u64>,
    /// The position in the file at which the body starts.
    pub(crate) start: u64,
    body: ureq::BodyReader<'static>,
}

impl Answer {
    pub(crate) fn body(&mut self) -> &mut impl Read {
        &mut self.body
    }
}

impl Transport {
    /// A transport for the hub of this environment.
    pub(crate) fn to_hub(environment: &Environment) -> Result<Self, Failure> {
        let token = environment.token.read().map_err(Failure::Local)?;
        Self::new(environment, &environment.endpoint, token, environment.limits)
    }

    /// Returns true if requests carry a token.
    pub(crate) fn has_token(&self) -> bool {
        self.token.is_some()
    }

    pub(crate) fn new(
        environment: &Environment,
        address: &str,
        token: Option<Token>,
        limits: TimeLimits,
    ) -> Result<Self, Failure> {
        let origin = origin(address).ok_or_else(|| unusable(address))?;
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .user_agent(concat!("clsify/", env!("CARGO_PKG_VERSION")))
            .timeout_resolve(Some(limits.hub_answer))
            .timeout_connect(Some(limits.hub_answer))
            .timeout_recv_response(Some(limits.stall))
            .timeout_per_read(Some(limits.stall))
            .timeout_per_write(Some(limits.stall))
            .tls_config(tls_config(environment)?)
            .build()
            .into();
        Ok(Transport { agent, origin, token, limits })
    }

    /// `range` is the first and the last byte. `budget` limits the time up to the end of the body.
    pub(crate) fn get(
        &self,
        url: &str,
        range: Option<(u64, Option<u64>)>,
        budget: Option<Duration>,
    ) -> Result<Answer, Failure> {
        let started = std::time::Instant::now();
        let mut url = url.to_string();
        let (mut linked_etag, mut plain_etag, mut commit, mut linked_size) = (None, None, None, None);
        for _ in 0..10 {
            // A file name may contain a space; all other characters that the hub allows are valid in an address.
            url = url.replace(' ', "%20");
            let origin_of_url = origin(&url).ok_or_else(|| unusable(&url))?;
            // Compression would hide the length of the body.
            let mut request = self.agent.get(&url).header(ACCEPT_ENCODING, "identity");
            if let Some((first, last)) = range {
                let last = last.map(|byte| byte.to_string()).unwrap_or_default();
                request = request.header(RANGE, format!("bytes={first}-{last}"));
            }
            if let Some(token) = self.token.as_ref().filter(|_| origin_of_url == self.origin) {
                request = request.header(AUTHORIZATION, format!("Bearer {}", token.secret()));
            }
            let left = budget.map(|b| b.saturating_sub(started.elapsed()).max(Duration::from_millis(1)));
            let response = request
                .config()
                .timeout_global(left)
                .build()
                .call()
                .map_err(|e| self.unreachable(&url, e, budget))?;
            let (parts, body) = response.into_parts();
            let headers = &parts.headers;
            linked_etag = linked_etag.or_else(|| etag(headers, "x-linked-etag"));
            plain_etag = plain_etag.or_else(|| etag(headers, ETAG.as_str()));
            commit = commit.or_else(|| text(headers, "x-repo-commit"));
            linked_size = linked_size.or_else(|| text(headers, "x-linked-size")?.parse().ok());
            let status = parts.status.as_u16();
            if parts.status.is_redirection() {
                let location = text(headers, LOCATION.as_str()).unwrap_or_default();
                url = follow(&url, &location).map_err(|reason| {
                    Failure::unsuitable(format!("{}: a redirect to {location:?} {reason}", host(&url)))
                })?;
                continue;
            }
            let (start, total) = content_range(headers).unwrap_or((0, None));
            let whole =
                (status == 200).then(|| text(headers, CONTENT_LENGTH.as_str())?.parse().ok()).flatten();
            return Ok(Answer {
                status,
                etag: linked_etag.or(plain_etag),
                commit,
                error_code: text(headers, "x-error-code"),
                total: total.or(whole).or(linked_size),
                start,
                body: body.into_with_config().limit(u64::MAX).reader(),
            });
        }
        Err(Failure::unsuitable(format!("{}: more than 10 redirects", host(&url))))
    }

    /// Describes the failure of a request, or of reading its answer, in plain words.
    pub(crate) fn unreachable(
        &self,
        url: &str,
        error: impl Into<ureq::Error>,
        budget: Option<Duration>,
    ) -> Failure {
        let reason = match error.into() {
            ureq::Error::Timeout(kind) => {
                let limit = match kind {
                    ureq::Timeout::Global => budget.unwrap_or(self.limits.stall),
                    ureq::Timeout::Resolve | ureq::Timeout::Connect => self.limits.hub_answer,
                    _ => self.limits.stall,
                };
                format!("did not answer within {} s", limit.as_secs_f32())
            }
            ureq::Error::HostNotFound => "its name cannot be resolved".to_string(),
            error @ (ureq::Error::BadUri(_) | ureq::Error::Http(_)) => {
                return Failure::unsuitable(format!("{url:?} is not a usable address: {error}"));
            }
            ureq::Error::Io(e) => io_reason(&e),
            other => other.to_string(),
        };
        Failure::Unreachable(format!("{}: {reason}", host(url)))
    }
}

/// Trusts the certificates of the file that the environment names, otherwise the built-in ones.
fn tls_config(environment: &Environment) -> Result<TlsConfig, Failure> {
    let Some(path) = &environment.certificates else { return Ok(TlsConfig::default()) };
    let hint = "name a file of certificates in SSL_CERT_FILE, or unset SSL_CERT_FILE, REQUESTS_CA_BUNDLE, CURL_CA_BUNDLE and PIP_CERT";
    let pem = read_file(path, MAX_CERTIFICATE_BYTES).map_err(|e| Failure::Local(e.with_hint(hint)))?;
    let certificates: Vec<_> = parse_pem(&pem)
        .filter_map(|item| match item {
            Ok(PemItem::Certificate(certificate)) => Some(certificate),
            _ => None,
        })
        .collect();
    if certificates.is_empty() {
        let error = Error::new(ErrorKind::Fetch, "expected certificates in PEM form, got none");
        return Err(Failure::Local(error.at(path.display().to_string()).with_hint(hint)));
    }
    Ok(TlsConfig::builder().root_certs(RootCerts::new_with_certs(&certificates)).build())
}

pub(super) fn unusable(address: &str) -> Failure {
    Failure::unsuitable(format!(
        "expected an address like https://host or https://host:8080, got {address:?}"
    ))
}

/// Returns true if the other side has closed the connection.
pub(super) fn is_interruption(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    matches!(error.kind(), BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof)
}

fn io_reason(error: &std::io::Error) -> String {
    use std::io::ErrorKind::{ConnectionRefused, HostUnreachable, NetworkDown, NetworkUnreachable};
    match error.kind() {
        ConnectionRefused => "the connection was refused".to_string(),
        _ if is_interruption(error) => "the connection was interrupted".to_string(),
        NetworkUnreachable | NetworkDown | HostUnreachable => "the network is unreachable".to_string(),
        // The resolver's own message for an unknown name.
        _ if error.to_string().contains("address information") => "its name cannot be resolved".to_string(),
        _ => error.to_string(),
    }
}

pub(super) fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name)?.to_str().ok().map(|value| value.trim().to_string())
}

/// Bytes that are not text are replaced: such an etag cannot be used, but it is not the same as no etag.
fn etag(headers: &HeaderMap, name: &str) -> Option<String> {
    let value = String::from_utf8_lossy(headers.get(name)?.as_bytes()).trim().to_string();
    (!value.is_empty()).then_some(value)
}

/// `bytes 5-9/10` is (5, Some(10)); `bytes */10` and `bytes 5-9/*` leave out the missing parts.
fn content_range(headers: &HeaderMap) -> Option<(u64, Option<u64>)> {
    let value = text(headers, CONTENT_RANGE.as_str())?;
    let (range, total) = value.strip_prefix("bytes")?.trim().split_once('/')?;
    let start = range.split('-').next()?.parse().unwrap_or(0);
    Some((start, total.parse().ok()))
}

/// `https://host:port`, always with an explicit port; `None` for ports that the HTTP client would replace by a guess,
/// such as 99999.
pub(crate) fn origin(url: &str) -> Option<String> {
    let uri: Uri = url.parse().ok()?;
    let scheme = uri.scheme_str()?.to_ascii_lowercase();
    let default_port = match scheme.as_str() {
        "https" => 443,
        "http" => 80,
        _ => return None,
    };
    let host = uri.host().filter(|host| !host.is_empty())?;
    let authority = uri.authority()?.as_str();
    let port = match authority.rsplit('@').next()?.strip_prefix(host)? {
        "" | ":" => default_port,
        _ => uri.port_u16().filter(|port| *port != 0)?,
    };
    Some(format!("{scheme}://{}:{port}", host.to_ascii_lowercase()))
}

/// An address for messages: without its path, and without user name and password.
pub(crate) fn host(url: &str) -> String {
    let Ok(uri) = url.parse::<Uri>() else { return url.to_string() };
    let port = uri.port_u16().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{}://{}{port}", uri.scheme_str().unwrap_or("http"), uri.host().unwrap_or(url))
}

/// The address of a `Location`, or the reason why it is not followed.
fn follow(url: &str, location: &str) -> Result<String, &'static str> {
    let (Ok(uri), Some(from)) = (url.parse::<Uri>(), origin(url)) else { return Err("cannot be followed") };
    let scheme = uri.scheme_str().unwrap_or("https");
    let target = if location.starts_with("//") {
        format!("{scheme}:{location}")
    } else if location.starts_with('/') {
        format!("{scheme}://{}{location}", uri.authority().map_or("", |a| a.as_str()))
    } else {
        location.to_string()
    };
    match origin(&target) {
        None => Err("cannot be followed"),
        Some(to) if from.starts_with("https:") && !to.starts_with("https:") => {
            Err("is not followed: it is not encrypted")
        }
        Some(_) => Ok(target),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_and_redirects() {
        assert_eq!(origin("https://Host/x").as_deref(), Some("https://host:443"));
        assert_ne!(origin("http://host"), origin("https://host"));
        assert_ne!(origin("https://host"), origin("https://host.evil"));
        assert_eq!(origin("host"), None);
        assert_eq!(origin("file:///etc"), None);
        assert_eq!(follow("http://h:1/a/b", "/c").as_deref(), Ok("http://h:1/c"));
        assert_eq!(follow("http://h:1/a", "https://o/c").as_deref(), Ok("https://o/c"));
        assert_eq!(follow("http://h:1/a", "//o/c").as_deref(), Ok("http://o/c"));
        assert_eq!(follow("https://h/a", "//o/c").as_deref(), Ok("https://o/c"));
        assert_eq!(follow("HTTPS://h/a", "HTTPS://o/c").as_deref(), Ok("HTTPS://o/c"));
        for location in ["ftp://o/c", "file:///etc/passwd", "", "c", "https://o:99999/c"] {
            assert_eq!(follow("https://h/a", location), Err("cannot be followed"), "{location}");
        }
        for location in ["http://h/a", "http://o/c", "HTTP://o/c"] {
            assert!(follow("https://h/a", location).unwrap_err().ends_with("not encrypted"), "{location}");
        }
        assert_eq!(host("https://user:secret@h:8/x?sig=1"), "https://h:8");
    }

    #[test]
    fn certificates_come_from_the_file_that_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ca.pem");
        let named = path.display().to_string();
        let config = |text: Option<&str>| {
            if let Some(text) = text {
                std::fs::write(&path, text).unwrap();
            }
            let environment = Environment::new(&|name| (name == "REQUESTS_CA_BUNDLE").then(|| named.clone()));
            tls_config(&environment).map_err(|failure| failure.into_error().to_string())
        };
        assert!(config(None).unwrap_err().ends_with("no such file or folder"));
        assert!(
            config(Some("no certificate"))
                .unwrap_err()
                .ends_with("expected certificates in PEM form, got none")
        );
        let pem = "-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----\n";
        match config(Some(pem)).unwrap().root_certs() {
            RootCerts::Specific(certificates) => assert_eq!(certificates[0].der(), b"hello"),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn ports_are_never_guessed() {
        for bad in [
            "http://h:99999",
            "http://h:65536/x",
            "http://h:0",
            "http://h:8x",
            "http://h:-1",
            "http://u@h:99999",
        ] {
            assert_eq!(origin(bad), None, "{bad}");
        }
        for (good, expected) in [
            ("http://h:", "http://h:80"),
            ("http://h:65535/x", "http://h:65535"),
            ("https://u:1@h/x", "https://h:443"),
            ("http://[::1]:8/x", "http://[::1]:8"),
            ("http://[::1]", "http://[::1]:80"),
        ] {
            assert_eq!(origin(good).as_deref(), Some(expected), "{good}");
        }
    }

    #[test]
    fn content_ranges() {
        let range = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_RANGE, value.parse().unwrap());
            content_range(&headers)
        };
        assert_eq!(range("bytes 5-9/10"), Some((5, Some(10))));
        assert_eq!(range("bytes */10"), Some((0, Some(10))));
        assert_eq!(range("bytes 5-9/*"), Some((5, None)));
        assert_eq!(range("lines 1"), None);
    }
}
