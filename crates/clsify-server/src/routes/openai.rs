//! `/v1/embeddings`: vectors, in OpenAI's form.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::answer::json;
use crate::app::App;
use crate::call::Call;
use crate::described::OpenAiRefusals;
use crate::inputs::{EmbedInputs, Inputs, TextRequest};
use crate::metrics::Task;
use crate::pipeline::{Prepared, prepare};
use crate::refusal::Refusal;
use crate::respond::with_vectors;

/// A request for vectors.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct EmbeddingsRequest {
    #[schema(required = true, nullable = false)]
    input: Option<EmbedInputs>,
    /// The name of the model; the default is the first one.
    model: Option<String>,
    /// Ignored.
    #[allow(dead_code, reason = "part of the form")]
    user: Option<String>,
    encoding_format: Option<EncodingFormat>,
    /// Refused, unless it is the dimension of the vectors.
    dimensions: Option<usize>,
    /// Truncate too long texts; the default is that of the server. OpenAI has no such field.
    truncate: Option<bool>,
}

/// The form of a vector; the default is `float`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum EncodingFormat {
    /// A list of numbers.
    Float,
    /// The base64 text of little-endian 32-bit floats.
    Base64,
}

/// The answer with one vector per text.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EmbeddingsResponse<'a> {
    object: &'static str,
    data: Vec<Embedding<'a>>,
    model: &'a str,
    usage: Usage,
}

#[derive(Debug, Serialize, ToSchema)]
struct Embedding<'a> {
    object: &'static str,
    embedding: Vector<'a>,
    index: usize,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
enum Vector<'a> {
    Float(&'a [f32]),
    Base64(String),
}

/// The number of tokens, including special tokens.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Usage {
    pub(crate) prompt_tokens: usize,
    pub(crate) total_tokens: usize,
}

impl Usage {
    pub(crate) fn of(n_tokens: usize) -> Self {
        Usage { prompt_tokens: n_tokens, total_tokens: n_tokens }
    }
}

impl TextRequest for EmbeddingsRequest {
    const PARAM: &'static str = "input";

    fn model(&self) -> Option<&str> {
        self.model.as_deref()
    }

    fn take_inputs(&mut self) -> Result<Inputs, Refusal> {
        let missing = || Refusal::invalid("expected the field `input`, got none").about("input");
        Ok(self.input.take().ok_or_else(missing)?.into())
    }

    fn truncate(&self) -> Option<bool> {
        self.truncate
    }
}

/// Vectors of length 1, one per text.
#[utoipa::path(
    post, path = "/v1/embeddings", tag = "OpenAI", request_body = EmbeddingsRequest,
    responses((status = 200, description = "One vector per text", body = EmbeddingsResponse), OpenAiRefusals)
)]
pub(crate) async fn embeddings(State(app): State<Arc<App>>, call: Call) -> Result<Response<Body>, Refusal> {
    let prepared: Prepared<EmbeddingsRequest> = prepare(&app, call, Task::Embed, false).await?;
    let dimensions = prepared.request.dimensions;
    with_vectors(&app, prepared, dimensions, true, |prepared, rows| {
        let is_base64 = prepared.request.encoding_format == Some(EncodingFormat::Base64);
        let data = (0..rows.rows()).map(|index| Embedding {
            object: "embedding",
            embedding: match is_base64 {
                true => Vector::Base64(base64_of(rows.row(index))),
                false => Vector::Float(rows.row(index)),
            },
            index,
        });
        let (data, model) = (data.collect(), prepared.model.name.as_str());
        json(&EmbeddingsResponse { object: "list", data, model, usage: Usage::of(prepared.texts.n_tokens) })
    })
    .await
}

fn base64_of(vector: &[f32]) -> String {
    STANDARD.encode(vector.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>())
}
