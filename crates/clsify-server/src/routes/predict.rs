//! `/predict`: labels with scores.
//!
//! The form is that of text-embeddings-inference, except that a flat list of texts is a batch and not a pair. A request
//! with `parameters` is one of the Hugging Face inference API, whose answers are always lists of lists.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::answer::json;
use crate::app::App;
use crate::call::{Call, object};
use crate::described::Refusals;
use crate::inputs::{Inputs, PredictInputs, TextRequest};
use crate::metrics::Task;
use crate::pipeline::{Prepared, prepare};
use crate::refusal::Refusal;
use crate::respond::with_labels;
use crate::routes::embed::respond as respond_with_vectors;
use crate::scoring::{Label, Scores};

/// A request for labels.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct PredictRequest {
    #[schema(required = true, nullable = false)]
    inputs: Option<PredictInputs>,
    /// The name of the model; the default is the first one.
    model: Option<String>,
    /// Truncate too long texts; the default is that of the server.
    truncate: Option<bool>,
    /// `Right` or `Left`: the side on which the tokenizer of the model truncates.
    truncation_direction: Option<String>,
    /// Answer logits instead of probabilities, which are their softmax, or their sigmoid for label sets. Those of two classes are the
    /// decision value divided by 2, and its negative. `function_to_apply` may not contradict it.
    raw_scores: Option<bool>,
    #[serde(default, deserialize_with = "object")]
    parameters: Option<PredictParameters>,
    /// Refused outside of `parameters`.
    function_to_apply: Option<serde_json::Value>,
    /// Refused outside of `parameters`.
    top_k: Option<serde_json::Value>,
}

/// The parameters of the Hugging Face inference API.
#[derive(Debug, Deserialize, ToSchema)]
struct PredictParameters {
    function_to_apply: Option<FunctionToApply>,
    /// Answer the labels with the best scores only.
    #[schema(minimum = 1)]
    top_k: Option<usize>,
}

/// The function from logits to scores; the default is that of the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum FunctionToApply {
    Sigmoid,
    Softmax,
    None,
}

/// One list of labels for one text, one list per text for several.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum PredictResponse {
    /// For one text: all labels, the largest score first.
    One(Vec<Label>),
    /// For several texts, in their order.
    Many(Vec<Vec<Label>>),
}

impl TextRequest for PredictRequest {
    const PARAM: &'static str = "inputs";

    fn model(&self) -> Option<&str> {
        self.model.as_deref()
    }

    fn take_inputs(&mut self) -> Result<Inputs, Refusal> {
        let missing = || Refusal::invalid("expected the field `inputs`, got none").about("inputs");
        self.inputs.take().ok_or_else(missing)?.try_into()
    }

    fn truncate(&self) -> Option<bool> {
        self.truncate
    }

    fn truncation_direction(&self) -> Option<&str> {
        self.truncation_direction.as_deref()
    }

    fn check(&self) -> Result<(), Refusal> {
        let outside = [("function_to_apply", &self.function_to_apply), ("top_k", &self.top_k)];
        if let Some((name, _)) = outside.into_iter().find(|(_, given)| given.is_some()) {
            let message = format!("expected \"{name}\" inside of \"parameters\", got it beside the texts");
            return Err(Refusal::invalid(message).about(name));
        }
        let top = self.parameters.as_ref().and_then(|parameters| parameters.top_k);
        if top == Some(0) {
            return Err(Refusal::invalid("expected \"top_k\" to be at least 1, got 0").about("parameters"));
        }
        match (self.raw_scores, self.function()) {
            (Some(is_raw), Some(function)) if is_raw != (function == FunctionToApply::None) => {
                Err(Refusal::invalid(format!(
                    "expected \"raw_scores\" and \"function_to_apply\" to agree, got {is_raw} and {:?}: leave one of \
                     them out",
                    function.name()
                ))
                .about("raw_scores"))
            }
            _ => Ok(()),
        }
    }
}

impl FunctionToApply {
    fn name(self) -> &'static str {
        match self {
            FunctionToApply::Sigmoid => "sigmoid",
            FunctionToApply::Softmax => "softmax",
            FunctionToApply::None => "none",
        }
    }
}

impl PredictRequest {
    fn function(&self) -> Option<FunctionToApply> {
        self.parameters.as_ref().and_then(|parameters| parameters.function_to_apply)
    }

    fn scores(&self) -> Scores {
        match self.function() {
            Some(FunctionToApply::Sigmoid) => Scores::Sigmoid,
            Some(FunctionToApply::Softmax) => Scores::Softmax,
            Some(FunctionToApply::None) => Scores::Logits,
            None if self.raw_scores == Some(true) => Scores::Logits,
            None => Scores::Probabilities,
        }
    }
}

/// Labels with scores.
///
/// The model's decision rule gives each label its `chosen`; the header `x-clsify-decision` names the rule,
/// `x-clsify-abstained` the texts on which the model abstained, and `x-clsify-truncated` those that were truncated.
#[utoipa::path(
    post, path = "/predict", tag = "text-embeddings-inference", request_body = PredictRequest,
    responses((status = 200, description = "Labels with scores", body = PredictResponse), Refusals)
)]
pub(crate) async fn predict(State(app): State<Arc<App>>, call: Call) -> Result<Response<Body>, Refusal> {
    respond(&app, call).await
}

/// The main task of the model: labels of a classifier, otherwise vectors.
#[utoipa::path(
    post, path = "/invocations", tag = "text-embeddings-inference", request_body = PredictRequest,
    responses((status = 200, description = "Labels with scores, or vectors", body = serde_json::Value), Refusals)
)]
pub(crate) async fn invoke(State(app): State<Arc<App>>, call: Call) -> Result<Response<Body>, Refusal> {
    match app.model(call.model.as_deref())?.classifier() {
        Some(_) => respond(&app, call).await,
        None => respond_with_vectors(&app, call).await,
    }
}

async fn respond(app: &Arc<App>, call: Call) -> Result<Response<Body>, Refusal> {
    let prepared: Prepared<PredictRequest> = prepare(app, call, Task::Predict, false).await?;
    let request = &prepared.request;
    let top = request.parameters.as_ref().and_then(|parameters| parameters.top_k);
    let is_flat = !prepared.is_batch && request.parameters.is_none();
    let scores = request.scores();
    with_labels(app, prepared, scores, top, move |_, mut labels| {
        json(&match labels.as_mut_slice() {
            [only] if is_flat => PredictResponse::One(std::mem::take(only)),
            _ => PredictResponse::Many(labels),
        })
    })
    .await
}
