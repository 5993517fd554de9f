//! `/walk`: every step from a sentence to its label, as the figures of the guide draw them.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, Response, header};
use clsify::studies::walk_sentences;
use clsify_report::guide::live_guide;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::call::Call;
use crate::described::Refusals;
use crate::explaining::{NO_PART, few, respond};
use crate::inputs::{Inputs, TextInputs, TextRequest};
use crate::metrics::Task;
use crate::pipeline::{Prepared, prepare};
use crate::refusal::Refusal;
use crate::scoring::classifier;

/// The maximum number of texts per request: the answer has all attention of each.
const MAX_TEXTS: usize = 4;

/// A request for every step from sentences to their labels.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct WalkRequest {
    #[schema(required = true, nullable = false)]
    inputs: Option<TextInputs>,
    /// The name of the model; the default is the first one.
    model: Option<String>,
}

impl TextRequest for WalkRequest {
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

/// Every step from sentences to their labels.
///
/// Tokens, layers, attention, features, probabilities and words that mattered, as the page of this server draws them. The form of the
/// scenes may change with the version. All texts together have at most 400 words, and none is truncated.
#[utoipa::path(
    post, path = "/walk", tag = "clsify", request_body = WalkRequest,
    responses(
        (status = 200, description = "The sentences with their labels, and the scenes that show their way",
         body = serde_json::Value),
        Refusals
    )
)]
pub(crate) async fn walk(State(app): State<Arc<App>>, call: Call) -> Result<Response<Body>, Refusal> {
    let prepared: Prepared<WalkRequest> = prepare(&app, call, Task::Explain, true).await?;
    classifier(&prepared.model)?;
    respond(&app, prepared, |model, texts, _| {
        let guide = live_guide(model, &walk_sentences(model, texts)?);
        let mut response = Response::new(Body::from(guide));
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Ok(response)
    })
    .await
}
