//! From the body of a request to the features of its texts: parse, tokenize, wait for the encoder.

use std::sync::Arc;
use std::time::{Duration, Instant};

use clsify::matrix::Matrix;
use clsify::tokenizer::{Encoding, Tokenizer};
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use crate::app::App;
use crate::call::{Call, off_thread};
use crate::catalogue::Model;
use crate::inputs::{Input, TextRequest, check_count};
use crate::metrics::{Task, Times};
use crate::queue::Job;
use crate::refusal::Refusal;

/// A request that was admitted, with its texts tokenized.
pub(crate) struct Prepared<T> {
    pub(crate) request: T,
    pub(crate) model: Arc<Model>,
    pub(crate) texts: Tokenized,
    pub(crate) is_batch: bool,
    pub(crate) started: Instant,
    /// Held until the answer is written.
    _permit: OwnedSemaphorePermit,
}

/// Tokenized texts.
pub(crate) struct Tokenized {
    pub(crate) encodings: Vec<Encoding>,
    /// The texts, if they are logged or explained.
    pub(crate) kept: Option<Vec<String>>,
    pub(crate) n_characters: usize,
    pub(crate) n_tokens: usize,
    pub(crate) started: Instant,
    pub(crate) took: Duration,
}

impl Tokenized {
    /// The indices of the texts that were truncated.
    pub(crate) fn truncated(&self) -> Vec<usize> {
        (0..self.encodings.len()).filter(|&i| self.encodings[i].is_truncated).collect()
    }
}

/// The features of all texts of a request.
pub(crate) struct Features {
    /// `[n_texts, n_features]`.
    pub(crate) matrix: Matrix,
    pub(crate) times: Times,
}

/// Admits a request, reads it and tokenizes its texts. `keeps_texts` keeps them too.
pub(crate) async fn prepare<T: TextRequest>(
    app: &Arc<App>,
    call: Call,
    task: Task,
    keeps_texts: bool,
) -> Result<Prepared<T>, Refusal> {
    let permit = app.admit()?;
    let of_app = app.clone();
    off_thread(call.is_small(), move || {
        let mut request: T = call.json()?;
        let model = of_app.model_of(call.model.as_deref(), request.model())?;
        request.check()?;
        let inputs = request.take_inputs()?;
        check_count(inputs.items.len(), of_app.options.max_client_batch_size, T::PARAM)?;
        of_app.metrics.begin(task, inputs.is_batch);
        let tokenizer = model.encoder().tokenizer();
        let truncates = truncates(&of_app, &request, tokenizer)?;
        let keeps_texts = keeps_texts || of_app.options.log_texts;
        let texts = tokenize::<T>(tokenizer, inputs.items, truncates, keeps_texts)?;
        texts.encodings.iter().for_each(|encoding| of_app.metrics.input(encoding.len()));
        let (is_batch, started) = (inputs.is_batch, call.started);
        Ok(Prepared { request, model, texts, is_batch, started, _permit: permit })
    })
    .await?
}

/// Returns true if too long texts of a request are truncated. The side is that of the tokenizer's settings.
fn truncates(app: &App, request: &impl TextRequest, tokenizer: &Tokenizer) -> Result<bool, Refusal> {
    let truncates = request.truncate().unwrap_or(app.options.auto_truncate);
    let own = if tokenizer.truncated_part() == "start" { "left" } else { "right" };
    let is_side = |side: &str| ["left", "right"].iter().any(|known| side.eq_ignore_ascii_case(known));
    match request.truncation_direction() {
        Some(side) if !is_side(side) => Err(Refusal::invalid(format!(
            "expected \"truncation_direction\" to be \"left\" or \"right\", got {side:?}"
        ))
        .about("truncation_direction")),
        Some(side) if truncates && !side.eq_ignore_ascii_case(own) => Err(Refusal::invalid(format!(
            "expected \"truncation_direction\": {own:?}, as this model's tokenizer truncates, got {side:?}"
        ))
        .about("truncation_direction")),
        _ => Ok(truncates),
    }
}

fn tokenize<T: TextRequest>(
    tokenizer: &Tokenizer,
    inputs: Vec<Input>,
    truncates: bool,
    keeps_texts: bool,
) -> Result<Tokenized, Refusal> {
    let started = Instant::now();
    let (mut n_characters, mut kept) = (0, keeps_texts.then(Vec::new));
    let mut encodings = Vec::with_capacity(inputs.len());
    for (i, input) in inputs.into_iter().enumerate() {
        let encoding = match &input {
            Input::Text(text) => {
                n_characters += text.chars().count();
                tokenizer.encode(text)
            }
            Input::Ids(ids) => tokenizer.encode_ids(ids),
        };
        let encoding = encoding.map_err(|error| Refusal::from(error.at_sentence(i)).about(T::PARAM))?;
        if encoding.is_truncated && !truncates {
            return Err(Refusal::invalid(format!(
                "expected at most {} tokens per text, got more in the text at index {i}: {}",
                tokenizer.max_length(),
                T::LONG_TEXT_HINT
            ))
            .about(T::PARAM));
        }
        if encoding.is_empty() {
            let message = format!("expected at least one token in the text at index {i}, got none");
            return Err(Refusal::invalid(message).about(T::PARAM));
        }
        encodings.push(encoding);
        if let (Some(kept), Input::Text(text)) = (&mut kept, input) {
            kept.push(text);
        }
    }
    let n_tokens = encodings.iter().map(Encoding::len).sum();
    Ok(Tokenized { encodings, kept, n_characters, n_tokens, started, took: started.elapsed() })
}

/// Waits for the features of tokenized texts. If the caller goes away, so does its work.
///
/// A request of many batches queues one after the other, so that others are computed in between.
pub(crate) async fn embed(app: &App, model: &Model, texts: &mut Tokenized) -> Result<Features, Refusal> {
    let mut times = Times { tokenization: texts.took, ..Times::default() };
    times.steps.tokenization = Some((texts.started, texts.started + texts.took));
    let n_texts = texts.encodings.len();
    let (mut rows, mut n_features) = (Vec::new(), 0);
    for (encodings, n_tokens) in parts(&mut texts.encodings, app.options.max_batch_tokens) {
        let (answer, features) = oneshot::channel();
        let (engine, queued) = (model.engine.clone(), Instant::now());
        app.queue.push(Job { engine, encodings, n_tokens, queued, answer })?;
        let embedded = features.await.map_err(|_| Refusal::backend("the encoder has stopped"))??;
        times.queue += embedded.waited;
        times.inference += embedded.computed;
        let (_, began) = *times.steps.queue.get_or_insert((queued, queued + embedded.waited));
        times.steps.inference = Some((began, Instant::now()));
        n_features = embedded.features.cols();
        if embedded.features.rows() == n_texts {
            return Ok(Features { matrix: embedded.features, times });
        }
        rows.extend_from_slice(embedded.features.as_slice());
    }
    let matrix = Matrix::from_vec(rows, n_texts, n_features).map_err(Refusal::from)?;
    Ok(Features { matrix, times })
}

/// The encodings in their order, in parts of at most this many tokens with at least one encoding each.
fn parts(encodings: &mut Vec<Encoding>, max_tokens: usize) -> Vec<(Vec<Encoding>, usize)> {
    let mut parts: Vec<(Vec<Encoding>, usize)> = Vec::new();
    for encoding in encodings.drain(..) {
        let n = encoding.len();
        match parts.last_mut() {
            Some((part, n_tokens)) if *n_tokens + n <= max_tokens => {
                part.push(encoding);
                *n_tokens += n;
            }
            _ => parts.push((vec![encoding], n)),
        }
    }
    parts
}
