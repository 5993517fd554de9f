//! `/explain`: the words that carried a label, as `clsify explain --json` writes them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use axum::body::Body;
use axum::extract::State;
use axum::http::Response;
use clsify::explanation::ExplainOptions;
use clsify::observer::Observer;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::answer::{Facts, json};
use crate::app::App;
use crate::call::{Call, off_thread};
use crate::described::Refusals;
use crate::inputs::{Inputs, TextInputs, TextRequest};
use crate::metrics::{Steps, Task, Times};
use crate::pipeline::{Prepared, prepare};
use crate::refusal::Refusal;
use crate::scoring::classifier;

/// The maximum number of texts per request: a text takes twice as many encodings as it has words.
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

    fn model(&self) -> Option<&str> {
        self.model.as_deref()
    }

    fn take_inputs(&mut self) -> Result<Inputs, Refusal> {
        let missing = || Refusal::invalid("expected the field `inputs`, got none").about("inputs");
        let inputs: Inputs = self.inputs.take().ok_or_else(missing)?.into();
        match inputs.items.len() {
            n if n > MAX_TEXTS => {
                let message = format!("expected at most {MAX_TEXTS} texts to explain, got {n}");
                Err(Refusal::invalid(message).about("inputs"))
            }
            _ => Ok(inputs),
        }
    }

    /// An explanation of a part of a text would not be one of the text.
    fn truncate(&self) -> Option<bool> {
        Some(false)
    }
}

/// Cancels the work when the request is gone.
struct Cancellation(Arc<AtomicBool>);

impl Drop for Cancellation {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

struct IsCancelled(Arc<AtomicBool>);

impl Observer for IsCancelled {
    fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// The words that carried a label.
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
    let texts = prepared.texts.kept.clone().unwrap_or_default();
    if has_path && texts.iter().any(|text| text.split_whitespace().count() > MAX_PATH_WORDS) {
        let message = format!("expected texts of at most {MAX_PATH_WORDS} words with \"path\": true");
        return Err(Refusal::invalid(message).about("path"));
    }
    let facts = Facts::of(&prepared, app.options.log_texts);
    let (tokenized, tokenization) = (prepared.texts.started, prepared.texts.took);
    let queued = Instant::now();
    let turn = app.explaining.clone().acquire_owned().await;
    let turn = turn.map_err(|_| Refusal::backend("the encoder has stopped"))?;
    let (queue, began) = (queued.elapsed(), Instant::now());
    let is_gone = Arc::new(AtomicBool::new(false));
    let _cancellation = Cancellation(is_gone.clone());
    let response = off_thread(false, move || {
        // The next explanation waits until this one has really ended.
        let _turn = turn;
        let label = prepared.request.label.clone();
        let options = ExplainOptions { label, path: has_path, ..ExplainOptions::default() };
        let model = classifier(&prepared.model)?.clone().with_observer(Arc::new(IsCancelled(is_gone)));
        json(&model.explain(&texts, &options)?)
    })
    .await??;
    let steps = Steps {
        tokenization: Some((tokenized, tokenized + tokenization)),
        queue: Some((queued, began)),
        inference: Some((began, Instant::now())),
    };
    let times = Times { tokenization, queue, inference: began.elapsed(), steps };
    Ok(facts.finish(response, &app.metrics, Task::Explain, times))
}
