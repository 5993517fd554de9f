//! The OpenAPI document, generated from the types of the routes.

use axum::body::Body;
use axum::http::Response;
use utoipa::OpenApi;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};

use crate::answer::json;
use crate::refusal::{ErrorBody, OpenAiErrorBody, Refusal};
use crate::routes::{classify, embed, explain, info, openai, operations, predict, tokenize, walk};

/// The routes that are described; the others are aliases and pages.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "clsify",
        description = "Labels, vectors and explanations of texts, in the dialects of text-embeddings-inference, OpenAI \
                       and infinity. A server with keys expects `Authorization: Bearer KEY` everywhere except under \
                       operations."
    ),
    paths(
        predict::predict,
        predict::predict_of,
        predict::invoke,
        embed::embed,
        embed::embed_of,
        openai::embeddings,
        classify::classify,
        explain::explain,
        walk::walk,
        tokenize::tokenize,
        tokenize::decode,
        info::info,
        info::info_of,
        info::models,
        operations::health,
        operations::ready,
        operations::metrics,
        operations::reload
    ),
    components(schemas(ErrorBody, OpenAiErrorBody))
)]
struct Document;

/// The document as JSON.
pub(crate) async fn document() -> Result<Response<Body>, Refusal> {
    let mut document = Document::openapi();
    let bearer = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
    document.components.get_or_insert_default().add_security_scheme("key", bearer);
    json(&document)
}
