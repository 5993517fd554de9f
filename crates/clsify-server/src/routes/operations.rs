//! Routes for those who operate a server: liveness, readiness, numbers, reload.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, Response, StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;

use crate::answer::json;
use crate::app::App;
use crate::call::off_thread;
use crate::catalogue::Reloaded;
use crate::refusal::{ErrorBody, Kind, Refusal};

/// The server runs.
#[utoipa::path(
    get, path = "/health", tag = "operations",
    responses((status = 200, description = "The server runs"))
)]
pub(crate) async fn health() -> StatusCode {
    StatusCode::OK
}

/// The server takes another request: its models are loaded, its queue is not full, and it does not stop.
#[utoipa::path(
    get, path = "/ready", tag = "operations",
    responses(
        (status = 200, description = "The server takes another request"),
        (status = 503, description = "It stops, or its queue is full", body = ErrorBody)
    )
)]
pub(crate) async fn ready(State(app): State<Arc<App>>) -> Result<StatusCode, Refusal> {
    let refuse = |message| Err(Refusal::new(StatusCode::SERVICE_UNAVAILABLE, Kind::Unhealthy, message));
    match (app.is_draining(), app.is_full()) {
        (true, _) => refuse("the server is stopping"),
        (_, true) => refuse("the queue is full"),
        _ => Ok(StatusCode::OK),
    }
}

/// The numbers of the server, in the text format of Prometheus.
#[utoipa::path(
    get, path = "/metrics", tag = "operations",
    responses((status = 200, description = "Metrics for Prometheus", body = String, content_type = "text/plain"))
)]
pub(crate) async fn metrics(State(app): State<Arc<App>>) -> Response<Body> {
    let mut response = Response::new(Body::from(app.metrics.text(app.queue.len())));
    let text = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, text);
    response
}

/// The result of a reload.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReloadResponse {
    models: Vec<ReloadedModel>,
    /// Why a new version could not be loaded, if one could not.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_type: Option<Kind>,
}

#[derive(Debug, Serialize, ToSchema)]
struct ReloadedModel {
    name: String,
    /// `reloaded`; `unchanged` if its folder has not changed; `failed` if the version before it is still served.
    result: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// Load the models whose folders have changed. Needs a key.
#[utoipa::path(
    post, path = "/admin/reload", tag = "operations",
    responses(
        (status = 200, description = "Every changed model was loaded", body = ReloadResponse),
        (status = 401, description = "The key is missing or wrong", body = ErrorBody),
        (status = 403, description = "The server has no key", body = ErrorBody),
        (status = 424, description = "A new version could not be loaded, and the one before it is still served",
         body = ReloadResponse),
        (status = 503, description = "The request took too long", body = ErrorBody)
    )
)]
pub(crate) async fn reload(State(app): State<Arc<App>>) -> Result<Response<Body>, Refusal> {
    if app.keys.is_empty() {
        let message = "expected a server with a key: start it with --api-key, or send it SIGHUP";
        return Err(Refusal::new(StatusCode::FORBIDDEN, Kind::Unauthorized, message));
    }
    let results = off_thread(false, move || app.reload()).await?;
    let entry = |(name, result): &(String, Reloaded)| ReloadedModel {
        name: name.clone(),
        result: match result {
            Reloaded::Unchanged => "unchanged",
            Reloaded::New => "reloaded",
            Reloaded::Failed(_) => "failed",
        },
        error: match result {
            Reloaded::Failed(error) => Some(error.to_string()),
            _ => None,
        },
    };
    let models: Vec<ReloadedModel> = results.iter().map(entry).collect();
    let error = models.iter().find_map(|model| Some(format!("{}: {}", model.name, model.error.as_ref()?)));
    let error_type = error.as_ref().map(|_| Kind::Backend);
    let status = if error.is_some() { StatusCode::FAILED_DEPENDENCY } else { StatusCode::OK };
    let mut response = json(&ReloadResponse { models, error, error_type })?;
    *response.status_mut() = status;
    Ok(response)
}
