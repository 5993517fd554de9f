//! The routes of a server.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};

use crate::app::App;
use crate::call::drain;
use crate::layer::around;
use crate::openapi::document;
use crate::refusal::{Kind, Refusal};
use crate::routes::{classify, embed, explain, info, openai, operations, pages, predict, tokenize, walk};

/// All routes; every one of them except the pages is in the OpenAPI document, as a test compares.
pub(crate) fn router(app: Arc<App>) -> Router {
    Router::new()
        .merge(of_texts())
        .route("/info", get(info::info))
        .route("/v1/models", get(info::models))
        .route("/models", get(info::models))
        .route("/health", get(operations::health))
        .route("/ping", get(operations::health))
        .route("/ready", get(operations::ready))
        .route("/metrics", get(operations::metrics))
        .route("/admin/reload", post(operations::reload))
        .route("/", get(pages::page).post(predict::invoke))
        .route("/page.js", get(pages::page_script))
        .route("/page.css", get(pages::style))
        .route("/guide.js", get(pages::guide_script))
        .route("/guide.css", get(pages::guide_style))
        .route("/docs", get(pages::docs))
        .route("/docs.js", get(pages::docs_script))
        .route("/api-doc/openapi.json", get(document))
        .nest("/models/{model}", of_texts().route("/info", get(info::info_of)))
        .fallback(not_found)
        .method_not_allowed_fallback(wrong_method)
        .layer(from_fn_with_state(app.clone(), around))
        .with_state(app)
}

/// The routes that take texts or token ids. Each of them exists for the first model and below the name of every model.
fn of_texts() -> Router<Arc<App>> {
    Router::new()
        .route("/predict", post(predict::predict))
        .route("/invocations", post(predict::invoke))
        .route("/embed", post(embed::embed))
        .route("/v1/embeddings", post(openai::embeddings))
        .route("/embeddings", post(openai::embeddings))
        .route("/classify", post(classify::classify))
        .route("/explain", post(explain::explain))
        .route("/walk", post(walk::walk))
        .route("/tokenize", post(tokenize::tokenize))
        .route("/decode", post(tokenize::decode))
}

async fn not_found(State(app): State<Arc<App>>, request: Request) -> Refusal {
    drain(&app, request).await;
    let message = "expected one of the routes that /docs lists";
    Refusal::new(StatusCode::NOT_FOUND, Kind::NotFound, message)
}

async fn wrong_method(State(app): State<Arc<App>>, request: Request) -> Refusal {
    drain(&app, request).await;
    let message = "expected the method that /docs lists for this route";
    Refusal::new(StatusCode::METHOD_NOT_ALLOWED, Kind::Validation, message)
}
