//! Explains texts: one request at a time, beside the batches, on a thread of its own. If the caller goes away, so does the work.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use axum::body::Body;
use axum::http::Response;
use clsify::model::SentenceClassifier;
use clsify::observer::Observer;

use crate::answer::Facts;
use crate::app::App;
use crate::call::off_thread;
use crate::inputs::{Inputs, TextInputs};
use crate::metrics::{Steps, Task, Times};
use crate::pipeline::Prepared;
use crate::refusal::Refusal;
use crate::scoring::classifier;

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

/// Takes the texts of a request: at most this many, because a text takes twice as many encodings as it has words.
pub(crate) fn few(inputs: Option<TextInputs>, most: usize) -> Result<Inputs, Refusal> {
    let missing = || Refusal::invalid("expected the field `inputs`, got none").about("inputs");
    let inputs: Inputs = inputs.ok_or_else(missing)?.into();
    match inputs.items.len() {
        n if n > most => {
            let message = format!("expected at most {most} texts to explain, got {n}");
            Err(Refusal::invalid(message).about("inputs"))
        }
        _ => Ok(inputs),
    }
}

/// Answers a request with what `work` makes of the classifier, the texts and the request.
pub(crate) async fn respond<T: Send + 'static>(
    app: &App,
    prepared: Prepared<T>,
    work: impl FnOnce(&SentenceClassifier, &[String], &T) -> Result<Response<Body>, Refusal> + Send + 'static,
) -> Result<Response<Body>, Refusal> {
    classifier(&prepared.model)?;
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
        let model = classifier(&prepared.model)?.clone().with_observer(Arc::new(IsCancelled(is_gone)));
        work(&model, prepared.texts.kept.as_deref().unwrap_or_default(), &prepared.request)
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
