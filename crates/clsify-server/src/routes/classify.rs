//! `/classify`: labels with scores, in the form of infinity.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::body::Body;
use axum::extract::State;
use axum::http::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::answer::json;
use crate::app::App;
use crate::call::Call;
use crate::described::OpenAiRefusals;
use crate::inputs::{Inputs, TextInputs, TextRequest};
use crate::metrics::Task;
use crate::pipeline::{Prepared, prepare};
use crate::refusal::Refusal;
use crate::respond::with_labels;
use crate::routes::openai::Usage;
use crate::scoring::{Label, Scores};

/// A request for labels.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct ClassifyRequest {
    #[schema(required = true, nullable = false)]
    input: Option<TextInputs>,
    /// The name of the model; the default is the first one.
    model: Option<String>,
    /// Answer logits instead of probabilities, which are their softmax, or their sigmoid for label sets. Those of two classes are the
    /// decision value divided by 2, and its negative.
    raw_scores: Option<bool>,
    /// Truncate too long texts; the default is that of the server. infinity has no such field.
    truncate: Option<bool>,
}

/// The answer with all labels of every text, the largest score first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ClassifyResponse<'a> {
    object: &'static str,
    data: Vec<Vec<Label>>,
    model: &'a str,
    usage: Usage,
    id: String,
    /// The time of the answer, in seconds since 1970.
    created: u64,
}

impl TextRequest for ClassifyRequest {
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

/// Labels with scores; headers as for `/predict`.
#[utoipa::path(
    post, path = "/classify", tag = "infinity", request_body = ClassifyRequest,
    responses((status = 200, description = "Labels with scores", body = ClassifyResponse), OpenAiRefusals)
)]
pub(crate) async fn classify(State(app): State<Arc<App>>, call: Call) -> Result<Response<Body>, Refusal> {
    let prepared: Prepared<ClassifyRequest> = prepare(&app, call, Task::Predict, false).await?;
    let is_raw = prepared.request.raw_scores == Some(true);
    let scores = if is_raw { Scores::Logits } else { Scores::Probabilities };
    let id = format!("clsify-{}", app.request_id());
    with_labels(&app, prepared, scores, None, move |prepared, data| {
        json(&ClassifyResponse {
            object: "classify",
            data,
            model: &prepared.model.name,
            usage: Usage::of(prepared.texts.n_tokens),
            id,
            created: SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs(),
        })
    })
    .await
}
