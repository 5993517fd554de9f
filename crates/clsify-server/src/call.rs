//! Reads a request: its body within limits of size and time, and the model in its path.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{FromRequest, FromRequestParts, OriginalUri, RawPathParams, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use http_body_util::BodyExt;
use serde::de::{DeserializeOwned, Error as _, IgnoredAny};
use serde::{Deserialize, Deserializer};

use crate::app::App;
use crate::bodies::Held;
use crate::refusal::{Kind, Refusal};

/// The threads that speak with clients, and tokenize their small requests; the encoder has threads of its own.
pub(crate) const CONNECTION_THREADS: usize = 2;

/// Bodies and texts up to this size are read on the thread of their connection; larger ones would delay others there.
const SMALL_BYTES: usize = 16_384;

/// The number of limits' worth of bytes that are still read from a client that sends too much, so that it sees the answer
/// instead of a closed connection.
const DRAINED_LIMITS: usize = 8;

/// A request whose body has been read.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) body: Bytes,
    /// The model in the path, such as that of `/models/NAME/predict`.
    pub(crate) model: Option<String>,
    pub(crate) started: Instant,
    /// Its share of the memory for bodies.
    _held: Held,
}

impl FromRequest<Arc<App>> for Call {
    type Rejection = Refusal;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Refusal> {
        let started = Instant::now();
        let (mut parts, body) = request.into_parts();
        let model = model_in_path(&mut parts, app).await;
        if let Err(refusal) = check_form(&parts.headers) {
            drain(app, Request::from_parts(parts, body)).await;
            return Err(refusal);
        }
        let limit = app.options.payload_limit_bytes;
        if expects(&parts.headers) && body.size_hint().lower() > limit as u64 {
            return Err(too_large(limit));
        }
        let mut held = app.bodies.begin();
        // Before the time of the whole request is over, so that the answer can say what was missing.
        let time = patience(app);
        match tokio::time::timeout(time, read(body, limit, &mut held)).await {
            Ok(body) => Ok(Call { body: body?, model, started, _held: held }),
            Err(_) => {
                Err(too_slow(format!("expected the whole body within {:.1} seconds", time.as_secs_f32())))
            }
        }
    }
}

/// The model that a path such as `/models/NAME/predict` names. A name that is not UTF-8 is that of no model, and stays as it
/// was sent.
pub(crate) async fn model_in_path(parts: &mut Parts, app: &Arc<App>) -> Option<String> {
    match RawPathParams::from_request_parts(parts, app).await {
        Ok(params) => params.iter().find(|(name, _)| *name == "model").map(|(_, value)| value.to_string()),
        Err(_) => {
            let sent = parts.extensions.get::<OriginalUri>()?.path().split('/').nth(2)?;
            Some(sent.to_string())
        }
    }
}

/// The time in which a body must arrive.
fn patience(app: &App) -> Duration {
    app.options.request_timeout.mul_f32(0.9)
}

/// Returns true if a client sends the body only after it was asked for it.
fn expects(headers: &HeaderMap) -> bool {
    headers.contains_key(header::EXPECT)
}

/// A body without a type is accepted, one of another type is not: web pages can send those to any address. Nor is one
/// that is compressed.
fn check_form(headers: &HeaderMap) -> Result<(), Refusal> {
    let refuse =
        |message: String| Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, Kind::Validation, message));
    for (name, accepted) in [(header::CONTENT_ENCODING, "identity"), (header::TRANSFER_ENCODING, "chunked")] {
        for given in headers.get_all(&name) {
            if !given.as_bytes().trim_ascii().eq_ignore_ascii_case(accepted.as_bytes()) {
                let given = String::from_utf8_lossy(given.as_bytes());
                return refuse(format!("expected a body without compression, got \"{name}: {given}\""));
            }
        }
    }
    let Some(given) = headers.get(header::CONTENT_TYPE) else { return Ok(()) };
    let given = given.to_str().unwrap_or_default();
    let essence = given.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json")) {
        return Ok(());
    }
    refuse(format!("expected the header \"Content-Type: application/json\", got {essence:?}"))
}

/// Reads the rest of a request that is refused, so that its client sees the answer instead of a closed connection.
pub(crate) async fn drain(app: &App, request: Request) {
    let (parts, mut body) = request.into_parts();
    if expects(&parts.headers) {
        return;
    }
    let all = async {
        let mut n_bytes = 0usize;
        while let Some(Ok(frame)) = body.frame().await {
            n_bytes = n_bytes.saturating_add(frame.data_ref().map_or(0, Bytes::len));
            if n_bytes > app.options.payload_limit_bytes.saturating_mul(DRAINED_LIMITS) {
                break;
            }
        }
    };
    let _ = tokio::time::timeout(patience(app), all).await;
}

async fn read(mut body: Body, limit: usize, held: &mut Held) -> Result<Bytes, Refusal> {
    let (mut whole, mut n_bytes, mut has_room) = (Vec::new(), 0usize, true);
    loop {
        let frame = tokio::select! {
            biased;
            frame = body.frame() => frame,
            () = held.given_up() => {
                return Err(too_slow("the body arrived too slowly while others needed its memory".into()));
            }
        };
        let Some(frame) = frame else { break };
        let frame = frame.map_err(|error| malformed(format!("expected a whole body: {error}")))?;
        let Some(data) = frame.data_ref() else { continue };
        n_bytes = n_bytes.saturating_add(data.len());
        if n_bytes > limit.saturating_mul(DRAINED_LIMITS) {
            break;
        }
        let capacity = n_bytes.max(limit.min(2 * whole.capacity()));
        has_room = has_room && (n_bytes > limit || held.grow(capacity));
        if n_bytes <= limit && has_room {
            whole.reserve_exact(capacity - whole.len());
            whole.extend_from_slice(data);
        } else {
            whole = Vec::new();
            held.release();
        }
    }
    if n_bytes > limit {
        return Err(too_large(limit));
    }
    if !has_room {
        return Err(Refusal::overloaded());
    }
    held.arrived();
    Ok(whole.into())
}

fn too_large(limit: usize) -> Refusal {
    let message = format!("expected a body of at most {limit} bytes: send fewer texts per request");
    Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, Kind::Validation, message)
}

fn too_slow(message: String) -> Refusal {
    Refusal::new(StatusCode::REQUEST_TIMEOUT, Kind::Timeout, message)
}

fn malformed(message: String) -> Refusal {
    Refusal::new(StatusCode::BAD_REQUEST, Kind::Validation, message)
}

/// The JSON value with which a body begins, if it is none of an object; what is no value at all is left to the parser.
fn other_than_object(body: &[u8]) -> Option<&'static str> {
    match body.trim_ascii_start().first()? {
        b'[' => Some("an array"),
        b'"' => Some("a string"),
        b't' | b'f' => Some("a boolean"),
        b'n' => Some("null"),
        b'-' | b'0'..=b'9' => Some("a number"),
        _ => None,
    }
}

/// Reads a field that is an object or null. An array is none, although a struct would be read from one too.
pub(crate) fn object<'de, D: Deserializer<'de>, T: DeserializeOwned>(
    field: D,
) -> Result<Option<T>, D::Error> {
    let fields = Option::<serde_json::Map<String, serde_json::Value>>::deserialize(field)?;
    let read = |fields| serde_json::from_value(serde_json::Value::Object(fields)).map_err(D::Error::custom);
    fields.map(read).transpose()
}

impl Call {
    /// Reads the body as a JSON object: 400 if it is no JSON, 422 if it is of another form.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, Refusal> {
        let refuse = |error: serde_json::Error| match error.classify() {
            serde_json::error::Category::Data => Refusal::invalid(error.to_string()),
            _ => malformed(format!("expected JSON: {error}")),
        };
        // A request would also be read from an array, whose items are its fields in the order of their declaration.
        if let Some(other) = other_than_object(&self.body) {
            serde_json::from_slice::<IgnoredAny>(&self.body).map_err(refuse)?;
            return Err(Refusal::invalid(format!("expected a JSON object, got {other}")));
        }
        serde_json::from_slice(&self.body).map_err(refuse)
    }

    /// Returns true if the body is small enough for the thread of its connection.
    pub(crate) fn is_small(&self) -> bool {
        self.body.len() <= SMALL_BYTES
    }
}

/// Runs work here if it is small, otherwise on a thread where it delays no connection.
pub(crate) async fn off_thread<T: Send + 'static>(
    is_small: bool,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Refusal> {
    if is_small {
        return Ok(work());
    }
    tokio::task::spawn_blocking(work).await.map_err(|_| Refusal::backend("the work failed"))
}
