//! From the features of a request to its answer: what all routes that run the encoder have in common.

use std::sync::Arc;

use axum::body::Body;
use axum::http::Response;
use clsify::features::normalize_rows;
use clsify::matrix::Matrix;

use crate::answer::{Facts, indices, put};
use crate::app::App;
use crate::call::off_thread;
use crate::inputs::TextRequest;
use crate::metrics::Task;
use crate::pipeline::{Prepared, embed};
use crate::refusal::Refusal;
use crate::scoring::{Label, Scored, Scores, classifier, decision, score};

/// Answers for up to this many texts are written on the thread of the connection; larger ones would delay others there.
const SMALL_ROWS: usize = 8;

/// Answers with what `write` makes of the labels, the largest score first, and names the decision rule in the headers.
pub(crate) async fn with_labels<T: TextRequest>(
    app: &Arc<App>,
    prepared: Prepared<T>,
    scores: Scores,
    top: Option<usize>,
    write: impl FnOnce(&Prepared<T>, Vec<Vec<Label>>) -> Result<Response<Body>, Refusal> + Send + 'static,
) -> Result<Response<Body>, Refusal> {
    let rule = decision(classifier(&prepared.model)?);
    let write = move |prepared: &Prepared<T>, features: Matrix| {
        let Scored { labels, abstained } = score(classifier(&prepared.model)?, &features, scores, top);
        let mut response = write(prepared, labels)?;
        put(response.headers_mut(), "x-clsify-decision", &rule);
        if !abstained.is_empty() {
            put(response.headers_mut(), "x-clsify-abstained", &indices(&abstained));
        }
        Ok(response)
    };
    with_features(app, Task::Predict, prepared, write).await
}

/// Answers with what `write` makes of the vectors, which have length 1 if the request wants it.
pub(crate) async fn with_vectors<T: TextRequest>(
    app: &Arc<App>,
    prepared: Prepared<T>,
    dimensions: Option<usize>,
    normalizes: bool,
    write: impl FnOnce(&Prepared<T>, &Matrix) -> Result<Response<Body>, Refusal> + Send + 'static,
) -> Result<Response<Body>, Refusal> {
    let encoder = prepared.model.encoder();
    check_dimensions(dimensions, encoder.n_features())?;
    let is_normalized = encoder.features().normalize && encoder.features().truncate_dim.is_none();
    let write = move |prepared: &Prepared<T>, mut rows: Matrix| {
        if normalizes && !is_normalized {
            normalize_rows(&mut rows);
        }
        write(prepared, &rows)
    };
    with_features(app, Task::Embed, prepared, write).await
}

/// Refuses another dimension than that of the model.
fn check_dimensions(asked: Option<usize>, n_features: usize) -> Result<(), Refusal> {
    match asked {
        Some(asked) if asked != n_features => Err(Refusal::invalid(format!(
            "expected vectors of {n_features} numbers, got \"dimensions\": {asked}: this encoder was not trained for \
             shorter vectors"
        ))
        .about("dimensions")),
        _ => Ok(()),
    }
}

async fn with_features<T: TextRequest>(
    app: &Arc<App>,
    task: Task,
    mut prepared: Prepared<T>,
    write: impl FnOnce(&Prepared<T>, Matrix) -> Result<Response<Body>, Refusal> + Send + 'static,
) -> Result<Response<Body>, Refusal> {
    let facts = Facts::of(&prepared, app.options.log_texts);
    let features = embed(app, &prepared.model, &mut prepared.texts).await?;
    let times = features.times;
    let is_small = features.matrix.rows() <= SMALL_ROWS;
    let response = off_thread(is_small, move || write(&prepared, features.matrix)).await??;
    Ok(facts.finish(response, &app.metrics, task, times))
}
