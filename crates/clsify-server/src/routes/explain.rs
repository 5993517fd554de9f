//! `/explain`: the words that carried a label, as `clsify explain --json` writes them.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::Response;
use clsify::explanation::{ExplainOptions, count_words};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::answer::json;
use crate::app::App;
use crate::call::Call;
use crate::described::Refusals;
use crate::explaining::{NO_PART, few, respond};
use crate::inputs::{Inputs, TextInputs, TextRequest};
use crate::metrics::Task;
use crate::pipeline::{Prepared, prepare};
use crate::refusal::Refusal;
use crate::scoring::classifier;

/// The maximum number of texts per request.
const MAX_TEXTS: usize = 16;

/// The maximum number of words with a path, which takes up to half the square of that number of encodings.
const MAX_PATH_WORDS: usize = 64;

/// A request for explanations.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct ExplainRequest {
    #[schema(required = true, nullable = false)]
    inputs: Option<TextInputs>,
    /// The name of the model; the default is the first one.
    model: Option<String>,
    /// Explain this label instead of the predicted one.
    label: Option<String>,
    /// Delete words one after the other until the answer changes.
    path: Option<bool>,
}

impl TextRequest for ExplainRequest {
    const PARAM: &'static str = "inputs";
    const LONG_TEXT_HINT: &'static str = NO_PART;

    fn model(&self) -> Option<&str> {
        self.model.as_deref()
    }

    fn take_inputs(&mut self) -> Result<Inputs, Refusal> {
        few(self.inputs.take(), MAX_TEXTS)
    }

    fn truncate(&self) -> Option<bool> {
        Some(false)
    }
}

/// The words that carried a label.
///
/// All texts together have at most 400 words, and each at most 64 with `path`. No text is truncated.
#[utoipa::path(
    post, path = "/explain", tag = "clsify", request_body = ExplainRequest,
    responses(
        (status = 200, description = "One explanation per text, as `clsify explain --json` writes it",
         body = Vec<serde_json::Value>),
        Refusals
    )
)]
pub(crate) async fn explain(State(app): State<Arc<App>>, call: Call) -> Result<Response<Body>, Refusal> {
    let prepared: Prepared<ExplainRequest> = prepare(&app, call, Task::Explain, true).await?;
    classifier(&prepared.model)?;
    let has_path = prepared.request.path == Some(true);
    let texts = prepared.texts.kept.iter().flatten();
    if has_path && texts.into_iter().any(|text| count_words(text) > MAX_PATH_WORDS) {
        let message = format!("expected texts of at most {MAX_PATH_WORDS} words with \"path\": true");
        return Err(Refusal::invalid(message).about("path"));
    }
    respond(&app, prepared, move |model, texts, request| {
        let options =
            ExplainOptions { label: request.label.clone(), path: has_path, ..ExplainOptions::default() };
        json(&model.explain(texts, &options)?)
    })
    .await
}
