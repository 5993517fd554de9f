//! Reads a request: its body within limits of size and time, and the model in its path.

use std::sync::Arc;
use std::time::Instant;

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, FromRequestParts, RawPathParams, Request};
use axum::http::{HeaderMap, StatusCode, header};
use http_body_util::BodyExt;
use serde::de::DeserializeOwned;

use crate::app::App;
use crate::refusal::{Kind, Refusal};

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
}

impl FromRequest<Arc<App>> for Call {
    type Rejection = Refusal;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Refusal> {
        let started = Instant::now();
        let (mut parts, body) = request.into_parts();
        let no_model = |_| Refusal::new(StatusCode::NOT_FOUND, Kind::NotFound, "expected a path in UTF-8");
        let params = RawPathParams::from_request_parts(&mut parts, app).await.map_err(no_model)?;
        let model = params.iter().find(|(name, _)| *name == "model").map(|(_, value)| value.to_string());
        check_type(&parts.headers)?;
        // Before the time of the whole request is over, so that the answer can say what was missing.
        let time = app.options.request_timeout.mul_f32(0.9);
        let body = match tokio::time::timeout(time, read(body, app.options.payload_limit_bytes)).await {
            Ok(body) => body?,
            Err(_) => {
                let message = format!("expected the whole body within {:.1} seconds", time.as_secs_f32());
                return Err(Refusal::new(StatusCode::REQUEST_TIMEOUT, Kind::Timeout, message));
            }
        };
        Ok(Call { body, model, started })
    }
}

/// A body without a type is accepted, one of another type is not: web pages can send those to any address.
fn check_type(headers: &HeaderMap) -> Result<(), Refusal> {
    let Some(given) = headers.get(header::CONTENT_TYPE) else { return Ok(()) };
    let given = given.to_str().unwrap_or_default();
    let essence = given.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json")) {
        return Ok(());
    }
    let message = format!("expected the header \"Content-Type: application/json\", got {essence:?}");
    Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, Kind::Validation, message))
}

async fn read(mut body: Body, limit: usize) -> Result<Bytes, Refusal> {
    let (mut whole, mut n_bytes) = (Vec::new(), 0usize);
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| malformed(format!("expected a whole body: {error}")))?;
        let Some(data) = frame.data_ref() else { continue };
        n_bytes = n_bytes.saturating_add(data.len());
        if n_bytes <= limit {
            whole.extend_from_slice(data);
        } else if n_bytes > limit.saturating_mul(DRAINED_LIMITS) {
            break;
        } else {
            whole = Vec::new();
        }
    }
    if n_bytes > limit {
        let message = format!("expected a body of at most {limit} bytes: send fewer texts per request");
        return Err(Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, Kind::Validation, message));
    }
    Ok(whole.into())
}

fn malformed(message: String) -> Refusal {
    Refusal::new(StatusCode::BAD_REQUEST, Kind::Validation, message)
}

impl Call {
    /// Reads the body as JSON: 400 if it is none, 422 if it is of another form.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, Refusal> {
        serde_json::from_slice(&self.body).map_err(|error| match error.classify() {
            serde_json::error::Category::Data => Refusal::invalid(error.to_string()),
            _ => malformed(format!("expected JSON: {error}")),
        })
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
