//! `/embed`: vectors, in the form of text-embeddings-inference.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::Response;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::answer::json;
use crate::app::App;
use crate::call::Call;
use crate::described::Refusals;
use crate::inputs::{EmbedInputs, Inputs, TextRequest};
use crate::metrics::Task;
use crate::pipeline::{Prepared, prepare};
use crate::refusal::Refusal;
use crate::respond::with_vectors;

/// A request for vectors.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct EmbedRequest {
    #[schema(required = true, nullable = false)]
    inputs: Option<EmbedInputs>,
    /// The name of the model; the default is the first one.
    model: Option<String>,
    /// Truncate too long texts; the default is that of the server.
    truncate: Option<bool>,
    /// `Right` or `Left`: the side on which the tokenizer of the model truncates.
    truncation_direction: Option<String>,
    /// Divide every vector by its Euclidean length; the default is true.
    normalize: Option<bool>,
    /// Refused: the prompt is that of the model.
    prompt_name: Option<String>,
    /// Refused, unless it is the dimension of the vectors.
    dimensions: Option<usize>,
}

impl TextRequest for EmbedRequest {
    const PARAM: &'static str = "inputs";

    fn model(&self) -> Option<&str> {
        self.model.as_deref()
    }

    fn take_inputs(&mut self) -> Result<Inputs, Refusal> {
        let missing = || Refusal::invalid("expected the field `inputs`, got none").about("inputs");
        Ok(self.inputs.take().ok_or_else(missing)?.into())
    }

    fn truncate(&self) -> Option<bool> {
        self.truncate
    }

    fn truncation_direction(&self) -> Option<&str> {
        self.truncation_direction.as_deref()
    }

    fn check(&self) -> Result<(), Refusal> {
        check_prompt_name(self.prompt_name.as_deref())
    }
}

/// Refuses the name of a prompt.
pub(crate) fn check_prompt_name(name: Option<&str>) -> Result<(), Refusal> {
    match name {
        Some(name) => Err(Refusal::invalid(format!(
            "expected no \"prompt_name\", got {name:?}: the server puts the model's own prompt before every text"
        ))
        .about("prompt_name")),
        None => Ok(()),
    }
}

/// Vectors, one per text; they have length 1 unless `normalize` is false.
#[utoipa::path(
    post, path = "/embed", tag = "text-embeddings-inference", request_body = EmbedRequest,
    responses((status = 200, description = "One vector per text", body = Vec<Vec<f32>>), Refusals)
)]
pub(crate) async fn embed(State(app): State<Arc<App>>, call: Call) -> Result<Response<Body>, Refusal> {
    respond(&app, call).await
}

pub(crate) async fn respond(app: &Arc<App>, call: Call) -> Result<Response<Body>, Refusal> {
    let prepared: Prepared<EmbedRequest> = prepare(app, call, Task::Embed, false).await?;
    let (dimensions, normalizes) = (prepared.request.dimensions, prepared.request.normalize != Some(false));
    with_vectors(app, prepared, dimensions, normalizes, |_, rows| {
        json(&(0..rows.rows()).map(|i| rows.row(i)).collect::<Vec<_>>())
    })
    .await
}
