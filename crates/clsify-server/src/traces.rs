//! One trace per request, for the tracer provider that the program has set for OpenTelemetry.
//!
//! The spans are made when the answer is known, from times that were measured anyway: the work of a request passes through
//! several threads, and none of them has to know of traces. Spans hold no texts. Names of attributes are those of
//! OpenTelemetry's semantic conventions for HTTP; the others begin with `clsify.`.

use std::time::{Instant, SystemTime};

use axum::http::{HeaderMap, Method, StatusCode};
use opentelemetry::propagation::Extractor;
use opentelemetry::trace::{Span, SpanKind, Status, TraceContextExt, Tracer};
use opentelemetry::{Context, KeyValue, global};

use crate::answer::Account;

/// The routes that machines ask all the time have no traces.
const UNTRACED: [&str; 4] = ["/health", "/ping", "/ready", "/metrics"];

/// A request that is being answered.
pub(crate) struct Trace {
    /// The span of the client that the header `traceparent` names.
    parent: Context,
    time: SystemTime,
    started: Instant,
}

struct Headers<'a>(&'a HeaderMap);

impl Extractor for Headers<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(|name| name.as_str()).collect()
    }
}

impl Trace {
    pub(crate) fn begin(headers: &HeaderMap) -> Self {
        let parent = global::get_text_map_propagator(|propagator| {
            propagator.extract_with_context(&Context::new(), &Headers(headers))
        });
        Trace { parent, time: SystemTime::now(), started: Instant::now() }
    }

    /// Hands the spans of an answered request to the exporter; it drops them if its queue is full.
    pub(crate) fn end(
        self,
        method: &Method,
        route: Option<&str>,
        status: StatusCode,
        id: &str,
        account: &Account,
    ) {
        if route.is_some_and(|route| UNTRACED.contains(&route)) {
            return;
        }
        let tracer = global::tracer("clsify-server");
        let at = |instant: Instant| self.time + instant.duration_since(self.started);
        let method = match *method {
            Method::GET | Method::POST | Method::HEAD | Method::PUT | Method::DELETE => method.as_str(),
            Method::OPTIONS | Method::PATCH | Method::TRACE | Method::CONNECT => method.as_str(),
            // A client may send any word, and each would be a name of its own.
            _ => "_OTHER",
        };
        let name = match (method, route) {
            ("_OTHER", _) => "HTTP".to_string(),
            (_, Some(route)) => format!("{method} {route}"),
            (_, None) => method.to_string(),
        };
        let mut attributes = vec![
            KeyValue::new("http.request.method", method.to_string()),
            KeyValue::new("http.response.status_code", i64::from(status.as_u16())),
            KeyValue::new("clsify.request_id", id.to_string()),
        ];
        attributes.extend(route.map(|route| KeyValue::new("http.route", route.to_string())));
        if !account.model.is_empty() {
            attributes.push(KeyValue::new("clsify.model", account.model.clone()));
            attributes.push(KeyValue::new("clsify.n_texts", account.n_texts as i64));
            attributes.push(KeyValue::new("clsify.n_tokens", account.n_tokens as i64));
        }
        let builder = tracer.span_builder(name).with_kind(SpanKind::Server).with_start_time(self.time);
        // A failure of the server; a refusal is the client's.
        let has_failed = status.is_server_error() || status == StatusCode::FAILED_DEPENDENCY;
        if has_failed {
            attributes.push(KeyValue::new("error.type", status.as_str().to_string()));
        }
        let mut span = builder.with_attributes(attributes).start_with_context(&tracer, &self.parent);
        if has_failed {
            span.set_status(Status::error(""));
        }
        let context = self.parent.with_span(span);
        let steps = &account.steps;
        for (name, step) in
            [("tokenization", steps.tokenization), ("queue", steps.queue), ("inference", steps.inference)]
        {
            let Some((began, ended)) = step else { continue };
            let builder = tracer.span_builder(name).with_start_time(at(began));
            builder.start_with_context(&tracer, &context).end_with_timestamp(at(ended));
        }
        context.span().end_with_timestamp(at(Instant::now()));
    }
}
