//! Answers in JSON, with what happened to the request in their headers.

use std::fmt::Display;
use std::time::Instant;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, header};
use serde::Serialize;

use crate::metrics::{Metrics, Steps, Task, Times};
use crate::pipeline::{Prepared, Tokenized};
use crate::refusal::Refusal;

/// What the log and the trace say of a request beside its route and status.
#[derive(Debug, Clone, Default)]
pub(crate) struct Account {
    pub(crate) model: String,
    pub(crate) n_texts: usize,
    pub(crate) n_tokens: usize,
    pub(crate) texts: Option<Vec<String>>,
    #[cfg_attr(not(feature = "otel"), allow(dead_code, reason = "for traces"))]
    pub(crate) steps: Steps,
}

/// What the headers of an answer say.
#[derive(Debug, Clone)]
pub(crate) struct Facts {
    account: Account,
    truncated: Vec<usize>,
    n_characters: usize,
    is_batch: bool,
    started: Instant,
}

impl Facts {
    /// The facts of a request, before its encodings are given away.
    pub(crate) fn of<T>(prepared: &Prepared<T>, logs_texts: bool) -> Self {
        let texts: &Tokenized = &prepared.texts;
        Facts {
            account: Account {
                model: prepared.model.name.clone(),
                n_texts: texts.encodings.len(),
                n_tokens: texts.n_tokens,
                texts: texts.kept.clone().filter(|_| logs_texts),
                steps: Steps::default(),
            },
            truncated: texts.truncated(),
            n_characters: texts.n_characters,
            is_batch: prepared.is_batch,
            started: prepared.started,
        }
    }

    /// Counts an answer, and puts the facts on it: the times in milliseconds under the names of text-embeddings-inference.
    pub(crate) fn finish(
        mut self,
        mut response: Response<Body>,
        metrics: &Metrics,
        task: Task,
        times: Times,
    ) -> Response<Body> {
        metrics.succeed(task, self.is_batch, self.started.elapsed(), times);
        let headers = response.headers_mut();
        put(headers, "x-clsify-model", &header_text(&self.account.model));
        if !self.truncated.is_empty() {
            put(headers, "x-clsify-truncated", &indices(&self.truncated));
        }
        let total = self.started.elapsed().as_millis();
        put(headers, "x-compute-type", &"cpu");
        put(headers, "x-compute-time", &times.inference.as_millis());
        put(headers, "x-compute-characters", &self.n_characters);
        put(headers, "x-compute-tokens", &self.account.n_tokens);
        put(headers, "x-total-time", &total);
        put(headers, "x-tokenization-time", &times.tokenization.as_millis());
        put(headers, "x-queue-time", &times.queue.as_millis());
        put(headers, "x-inference-time", &times.inference.as_millis());
        self.account.steps = times.steps;
        response.extensions_mut().insert(self.account);
        response
    }
}

/// The first indices in a list, such as `0,3`.
pub(crate) fn indices(indices: &[usize]) -> String {
    /// More would make a header that proxies refuse.
    const SHOWN: usize = 256;
    let shown: Vec<String> = indices.iter().take(SHOWN).map(ToString::to_string).collect();
    let more = if indices.len() > SHOWN { ",..." } else { "" };
    format!("{}{more}", shown.join(","))
}

/// A text as it may be in a header: percent-encoded, except for visible ASCII characters other than %.
fn header_text(text: &str) -> String {
    let encoded = |byte: u8| match byte {
        byte if byte.is_ascii_graphic() && byte != b'%' => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    text.bytes().map(encoded).collect()
}

/// Sets a header whose value can be one.
pub(crate) fn put(headers: &mut HeaderMap, name: &'static str, value: &impl Display) {
    if let Ok(value) = HeaderValue::from_str(&value.to_string()) {
        headers.insert(HeaderName::from_static(name), value);
    }
}

/// An answer in JSON.
pub(crate) fn json(value: &impl Serialize) -> Result<Response<Body>, Refusal> {
    let body = serde_json::to_vec(value).map_err(|error| Refusal::backend(error.to_string()))?;
    let mut response = Response::new(Body::from(body));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Oracle: `urllib.parse.quote(text, safe=...)` with all visible ASCII characters except % as safe ones.
    #[test]
    fn names_in_headers_are_percent_encoded() {
        for (text, expected) in
            [("model", "model"), ("a/b=c", "a/b=c"), ("é%", "%C3%A9%25"), ("my model\n", "my%20model%0A")]
        {
            assert_eq!(header_text(text), expected);
        }
    }
}
