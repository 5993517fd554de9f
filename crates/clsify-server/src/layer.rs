//! What surrounds every route: request ids, keys, the time limit, the dialect of errors, headers and the log.

use std::sync::Arc;
use std::time::Instant;

use axum::body::Body;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};
use axum::middleware::Next;

use crate::answer::{Account, put};
use crate::app::App;
use crate::call::drain;
use crate::refusal::{Kind, Refusal};
#[cfg(feature = "otel")]
use crate::traces::Trace;

/// The routes that answer without a key: they hold no texts and tell nothing about the models.
const OPEN: [&str; 13] = [
    "/health",
    "/ping",
    "/ready",
    "/metrics",
    "/docs",
    "/docs.js",
    "/api-doc/openapi.json",
    "/page.js",
    "/page.css",
    "/guide.js",
    "/guide.css",
    "/favicon.ico",
    "/",
];

/// The largest id that is taken from a request.
const MAX_ID_BYTES: usize = 128;

const REQUEST_ID: &str = "x-request-id";

/// Answers a request through the router, with everything that is the same for all routes.
pub(crate) async fn around(State(app): State<Arc<App>>, request: Request, next: Next) -> Response<Body> {
    let started = Instant::now();
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_string());
    let (method, origin) = (request.method().clone(), request.headers().get(header::ORIGIN).cloned());
    let is_openai = speaks_openai(route.as_deref().unwrap_or_else(|| request.uri().path()));
    let id = id(request.headers()).unwrap_or_else(|| app.request_id());
    #[cfg(feature = "otel")]
    let trace = Trace::begin(request.headers());
    let mut response = match answer(&app, request, next, route.as_deref()).await {
        Ok(response) => response,
        Err(refusal) => refused(&app, &refusal, is_openai),
    };
    // Refusals of handlers arrive as responses.
    if let Some(refusal) = response.extensions_mut().remove::<Refusal>() {
        let allowed = response.headers_mut().remove(header::ALLOW);
        response = refused(&app, &refusal, is_openai);
        response.headers_mut().extend(allowed.map(|methods| (header::ALLOW, methods)));
    }
    let account = response.extensions_mut().remove::<Account>().unwrap_or_default();
    let headers = response.headers_mut();
    put(headers, REQUEST_ID, &id);
    secure(headers);
    allow_origin(&app.options.cors_allow_origins, origin.as_ref(), headers);
    let (status, milliseconds) = (response.status().as_u16(), started.elapsed().as_secs_f64() * 1e3);
    #[cfg(feature = "otel")]
    trace.end(&method, route.as_deref(), response.status(), &id, &account);
    let Account { model, n_texts, n_tokens, texts, .. } = account;
    // The path itself is not logged, because it may hold anything.
    let route = route.as_deref().unwrap_or("none");
    match texts {
        Some(texts) => {
            // As JSON, which readers of the log can parse; events have no lists. Texts can always be written.
            let texts = serde_json::to_string(&texts).unwrap_or_default();
            tracing::info!(
                request_id = id, %method, route, status, milliseconds, model, n_texts, n_tokens, %texts, "answered"
            );
        }
        None => tracing::info!(
            request_id = id, %method, route, status, milliseconds, model, n_texts, n_tokens, "answered"
        ),
    }
    response
}

async fn answer(
    app: &App,
    request: Request,
    next: Next,
    route: Option<&str>,
) -> Result<Response<Body>, Refusal> {
    if request.method() == Method::OPTIONS && !app.options.cors_allow_origins.is_empty() {
        return Ok(preflight());
    }
    let is_open = route.is_some_and(|route| OPEN.contains(&route))
        && (route != Some("/") || request.method() != Method::POST);
    if !is_open && let Err(refusal) = check_key(app, request.headers()) {
        drain(app, request).await;
        return Err(refusal);
    }
    let timeout = app.options.request_timeout;
    match tokio::time::timeout(timeout, next.run(request)).await {
        Ok(response) => Ok(response),
        Err(_) => {
            let message = format!("the request took longer than {:.1} seconds", timeout.as_secs_f32());
            Err(Refusal::timeout(message))
        }
    }
}

fn refused(app: &App, refusal: &Refusal, is_openai: bool) -> Response<Body> {
    app.metrics.fail(refusal.kind);
    refusal.response(is_openai)
}

/// Returns true if clients of a path expect OpenAI's errors; infinity has the same.
fn speaks_openai(path: &str) -> bool {
    path.starts_with("/v1") || path.ends_with("/embeddings") || path.ends_with("/classify")
}

fn check_key(app: &App, headers: &HeaderMap) -> Result<(), Refusal> {
    if app.keys.is_empty() {
        return Ok(());
    }
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let key = given.and_then(|given| {
        let (scheme, key) = given.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| key.trim())
    });
    match key {
        Some(key) if app.keys.contain(key) => Ok(()),
        Some(_) => Err(unauthorized("the key is not one of this server's")),
        None => Err(unauthorized("expected the header \"Authorization: Bearer KEY\"")),
    }
}

fn unauthorized(message: &str) -> Refusal {
    Refusal::new(StatusCode::UNAUTHORIZED, Kind::Unauthorized, message)
}

/// The id that a proxy or client has given a request, if it can be logged as it is.
fn id(headers: &HeaderMap) -> Option<String> {
    let id = headers.get(REQUEST_ID)?.to_str().ok()?;
    let is_plain = |c: u8| c.is_ascii_alphanumeric() || b"-_.:".contains(&c);
    (!id.is_empty() && id.len() <= MAX_ID_BYTES && id.bytes().all(is_plain)).then(|| id.to_string())
}

fn secure(headers: &mut HeaderMap) {
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

/// The answer to a browser that asks whether a page may send a request.
fn preflight() -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    for (name, value) in [
        (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST"),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, "authorization, content-type, x-request-id"),
        (header::ACCESS_CONTROL_MAX_AGE, "600"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

fn allow_origin(allowed: &[String], origin: Option<&HeaderValue>, headers: &mut HeaderMap) {
    let Some(origin) = origin else { return };
    let is_allowed = |allowed: &String| allowed == "*" || allowed.as_bytes() == origin.as_bytes();
    if allowed.iter().any(is_allowed) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        headers.insert(header::VARY, HeaderValue::from_static("origin"));
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("*"));
    }
}
