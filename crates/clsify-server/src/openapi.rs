//! The OpenAPI document, generated from the types of the routes.

use axum::body::Body;
use axum::http::Response;
use utoipa::OpenApi;
use utoipa::openapi::Required;
use utoipa::openapi::path::{ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::schema::{ObjectBuilder, Type};
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
        predict::invoke,
        embed::embed,
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
    add_routes_of_models(&mut document);
    json(&document)
}

/// Every route that takes texts exists below the name of each model, with the same requests and answers.
fn add_routes_of_models(document: &mut utoipa::openapi::OpenApi) {
    let name = ParameterBuilder::new()
        .name("model")
        .parameter_in(ParameterIn::Path)
        .required(Required::True)
        .description(Some("The name of the model"))
        .schema(Some(ObjectBuilder::new().schema_type(Type::String).build()))
        .build();
    let below = |(path, item): (&String, &PathItem)| {
        let mut post = item.post.clone().filter(|post| post.request_body.is_some())?;
        post.operation_id = post.operation_id.map(|id| format!("{id}_of"));
        post.parameters.get_or_insert_default().push(name.clone().into());
        let mut of_models = PathItem::default();
        of_models.post = Some(post);
        Some((format!("/models/{{model}}{path}"), of_models))
    };
    let of_models: Vec<(String, PathItem)> = document.paths.paths.iter().filter_map(below).collect();
    document.paths.paths.extend(of_models);
}
