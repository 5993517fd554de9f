//! Explains texts: one request at a time, beside the batches, on threads of their own. If the caller goes away, so does the work.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use axum::body::Body;
use axum::http::Response;
use clsify::explanation::count_words;
use clsify::model::SentenceClassifier;
use clsify::observer::Observer;

use crate::answer::Facts;
use crate::app::App;
use crate::call::off_thread;
use crate::inputs::{Input, Inputs, TextInputs};
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

/// The maximum number of words of all texts of a request together. A text takes twice as many encodings as it has words, so that
/// its cost grows with the square of its length.
const MAX_WORDS: usize = 400;

/// The reason why no text is truncated, in the hint about a text that is too long.
pub(crate) const NO_PART: &str = "shorten it, because the words of a part would not explain the whole text";

/// Takes the texts of a request: at most this many, and not too many words.
pub(crate) fn few(inputs: Option<TextInputs>, most: usize) -> Result<Inputs, Refusal> {
    let missing = || Refusal::invalid("expected the field `inputs`, got none").about("inputs");
    let inputs: Inputs = inputs.ok_or_else(missing)?.into();
    match inputs.items.len() {
        n if n > most => {
            let message = format!("expected at most {most} texts to explain, got {n}");
            Err(Refusal::invalid(message).about("inputs"))
        }
        _ => check_words(inputs),
    }
}

fn check_words(inputs: Inputs) -> Result<Inputs, Refusal> {
    let words = |input: &Input| match input {
        Input::Text(text) => count_words(text),
        Input::Ids(_) => 0,
    };
    let n_words: usize = inputs.items.iter().map(words).sum();
    if n_words > MAX_WORDS {
        let message = format!(
            "expected at most {MAX_WORDS} words to explain in all texts together, got {n_words}: shorten them, or send several requests"
        );
        return Err(Refusal::invalid(message).about("inputs"));
    }
    Ok(inputs)
}

/// Answers a request with what `work` makes of the classifier, the texts and the request.
pub(crate) async fn respond<T: Send + Sync + 'static>(
    app: &App,
    prepared: Prepared<T>,
    work: impl FnOnce(&SentenceClassifier, &[String], &T) -> Result<Response<Body>, Refusal> + Send + 'static,
) -> Result<Response<Body>, Refusal> {
    classifier(&prepared.model)?;
    let facts = Facts::of(&prepared, app.options.log_texts);
    let (tokenized, tokenization) = (prepared.texts.started, prepared.texts.took);
    let queued = Instant::now();
    let turn = app.explanations.turn().await?;
    let (queue, began) = (queued.elapsed(), Instant::now());
    let is_gone = Arc::new(AtomicBool::new(false));
    let _cancellation = Cancellation(is_gone.clone());
    let response = off_thread(false, move || {
        let model = classifier(&prepared.model)?.clone().with_observer(Arc::new(IsCancelled(is_gone)));
        let texts = prepared.texts.kept.as_deref().unwrap_or_default();
        turn.run(|| work(&model, texts, &prepared.request))
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
