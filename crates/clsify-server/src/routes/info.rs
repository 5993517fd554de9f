//! `/info` in the form of text-embeddings-inference, and `/v1/models` in OpenAI's.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::Response;
use clsify::features::pooling_names;
use serde::Serialize;
use utoipa::ToSchema;

use crate::answer::json;
use crate::app::App;
use crate::call::{CONNECTION_THREADS, model_in_path};
use crate::catalogue::Model;
use crate::described::{GetRefusals, OpenAiGetRefusals};
use crate::refusal::Refusal;
use crate::scoring::decision;

/// A model and the limits of the server.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Info {
    /// The name of the model's encoder.
    model_id: String,
    /// The sha256 of the encoder's weights.
    model_sha: Option<String>,
    model_dtype: String,
    /// The name by which requests choose the model.
    served_model_name: String,
    model_type: ModelType,
    max_concurrent_requests: usize,
    /// The maximum number of tokens per text, including special tokens.
    max_input_length: usize,
    max_batch_tokens: usize,
    max_batch_requests: Option<usize>,
    max_client_batch_size: usize,
    auto_truncate: bool,
    /// The number of threads that speak with clients and tokenize; larger requests are tokenized on further threads.
    tokenization_workers: usize,
    /// The version of clsify.
    version: &'static str,
    sha: Option<String>,
    docker_label: Option<String>,
    /// The decision rule of a classifier.
    decision: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum ModelType {
    Classifier(Labels),
    Embedding(Pooling),
}

#[derive(Debug, Serialize, ToSchema)]
struct Labels {
    id2label: BTreeMap<String, String>,
    label2id: BTreeMap<String, usize>,
}

#[derive(Debug, Serialize, ToSchema)]
struct Pooling {
    pooling: String,
}

/// The first model and the limits of the server.
#[utoipa::path(
    get, path = "/info", tag = "text-embeddings-inference",
    responses((status = 200, description = "The first model and the limits", body = Info), GetRefusals)
)]
pub(crate) async fn info(State(app): State<Arc<App>>) -> Result<Response<Body>, Refusal> {
    let model = app.model(None)?;
    json(&of(&app, &model))
}

/// The model in the path and the limits of the server.
#[utoipa::path(
    get, path = "/models/{model}/info", tag = "text-embeddings-inference",
    params(("model" = String, Path, description = "The name of the model")),
    responses((status = 200, description = "The model and the limits", body = Info), GetRefusals)
)]
pub(crate) async fn info_of(
    State(app): State<Arc<App>>,
    request: Request,
) -> Result<Response<Body>, Refusal> {
    let name = model_in_path(&mut request.into_parts().0, &app).await;
    let model = app.model(name.as_deref())?;
    json(&of(&app, &model))
}

fn of(app: &App, model: &Model) -> Info {
    let (encoder, options) = (model.encoder(), &app.options);
    let labels = |classes: &[String]| Labels {
        id2label: classes.iter().enumerate().map(|(id, label)| (id.to_string(), label.clone())).collect(),
        label2id: classes.iter().enumerate().map(|(id, label)| (label.clone(), id)).collect(),
    };
    Info {
        model_id: encoder.name().to_string(),
        model_sha: model.sha256.clone(),
        model_dtype: encoder.dtype().to_string(),
        served_model_name: model.name.clone(),
        model_type: match model.classifier() {
            Some(classifier) => ModelType::Classifier(labels(classifier.classes())),
            None => ModelType::Embedding(Pooling { pooling: pooling_names(&encoder.features().poolings) }),
        },
        max_concurrent_requests: options.max_concurrent_requests,
        max_input_length: encoder.tokenizer().max_length(),
        max_batch_tokens: options.max_batch_tokens,
        max_batch_requests: None,
        max_client_batch_size: options.max_client_batch_size,
        auto_truncate: options.auto_truncate,
        tokenization_workers: CONNECTION_THREADS,
        version: env!("CARGO_PKG_VERSION"),
        sha: None,
        docker_label: None,
        decision: model.classifier().map(decision),
    }
}

/// The models that are served.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ModelList {
    object: &'static str,
    data: Vec<ModelEntry>,
}

#[derive(Debug, Serialize, ToSchema)]
struct ModelEntry {
    id: String,
    object: &'static str,
    /// The time at which it was loaded, in seconds since 1970.
    created: u64,
    owned_by: &'static str,
}

/// The models that are served, the default first.
#[utoipa::path(
    get, path = "/v1/models", tag = "OpenAI",
    responses((status = 200, description = "The models", body = ModelList), OpenAiGetRefusals)
)]
pub(crate) async fn models(State(app): State<Arc<App>>) -> Result<Response<Body>, Refusal> {
    let catalogue = app.catalogue();
    let data = catalogue.models().iter().map(|model| ModelEntry {
        id: model.name.clone(),
        object: "model",
        created: model.since.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs(),
        owned_by: "clsify",
    });
    json(&ModelList { object: "list", data: data.collect() })
}
