//! The OpenAPI document, generated from the types of the routes.

use axum::body::Body;
use axum::http::Response;
use utoipa::OpenApi;
use utoipa::openapi::Required;
use utoipa::openapi::path::{Operation, ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};

use crate::answer::json;
use crate::refusal::{ErrorBody, OpenAiErrorBody, Refusal};
use crate::routes::{classify, embed, explain, info, openai, operations, predict, tokenize, walk};

/// The routes that are described; [`ALIASES`] are added to them, and pages are not described.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "clsify",
        description = "Labels, vectors and explanations of texts, in the dialects of text-embeddings-inference, OpenAI \
                       and infinity. A server with keys expects `Authorization: Bearer KEY` everywhere except under \
                       operations. A method that a route does not have is answered with status 405, and bytes that are no \
                       request of HTTP/1.0 or 1.1 with status 400 or not at all."
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

/// Paths that are answered as others are: the path, the other one, and the id of the operation.
const ALIASES: [(&str, &str, &str); 4] = [
    ("/embeddings", "/v1/embeddings", "embeddings_short"),
    ("/models", "/v1/models", "models_short"),
    ("/ping", "/health", "ping"),
    (ROOT, "/invocations", "invoke_root"),
];

/// The path that does not exist below the name of a model.
const ROOT: &str = "/";

/// The document as JSON.
pub(crate) async fn document() -> Result<Response<Body>, Refusal> {
    let mut document = Document::openapi();
    let bearer = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
    document.components.get_or_insert_default().add_security_scheme("key", bearer);
    add_aliases(&mut document);
    add_routes_of_models(&mut document);
    add_large_heads(&mut document);
    json(&document)
}

fn add_aliases(document: &mut utoipa::openapi::OpenApi) {
    for (path, other, id) in ALIASES {
        let Some(mut item) = document.paths.paths.get(other).cloned() else { continue };
        for operation in operations(&mut item) {
            operation.operation_id = Some(id.to_string());
        }
        document.paths.paths.insert(path.to_string(), item);
    }
}

/// Every request can have a head that is too large, which is answered before its route is known.
fn add_large_heads(document: &mut utoipa::openapi::OpenApi) {
    let description =
        "The request has more than 100 headers, or a head of more than 32 kB; the answer has no body";
    for operation in document.paths.paths.values_mut().flat_map(operations) {
        let response = ResponseBuilder::new().description(description).build();
        operation.responses.responses.insert("431".to_string(), response.into());
    }
}

/// The operations of a path: routes have no other methods.
fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    item.get.iter_mut().chain(item.post.iter_mut())
}

/// Every route that takes texts, except the root, exists below the name of each model, with the same requests and answers.
fn add_routes_of_models(document: &mut utoipa::openapi::OpenApi) {
    let name = ParameterBuilder::new()
        .name("model")
        .parameter_in(ParameterIn::Path)
        .required(Required::True)
        .description(Some("The name of the model"))
        .schema(Some(ObjectBuilder::new().schema_type(Type::String).build()))
        .build();
    let below = |(path, item): (&String, &PathItem)| {
        let mut post = item.post.clone().filter(|post| path != ROOT && post.request_body.is_some())?;
        post.operation_id = post.operation_id.map(|id| format!("{id}_of"));
        post.parameters.get_or_insert_default().push(name.clone().into());
        let mut of_models = PathItem::default();
        of_models.post = Some(post);
        Some((format!("/models/{{model}}{path}"), of_models))
    };
    let of_models: Vec<(String, PathItem)> = document.paths.paths.iter().filter_map(below).collect();
    document.paths.paths.extend(of_models);
}
