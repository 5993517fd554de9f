//! Serves classifiers and encoders over HTTP, in the dialects of text-embeddings-inference, OpenAI and infinity.
//!
//! A request passes through the files in this order:
//!
//! ```text
//! connections.rs   accepts, and ends slow and idle connections (stream.rs, idle.rs, descriptors.rs)
//! layer.rs         request id, key (keys.rs), time limit, errors (refusal.rs), headers, log, trace (traces.rs)
//! router.rs        the routes, one file per group in routes/
//! call.rs          reads the body, within the memory for all bodies (bodies.rs)
//! pipeline.rs      parses (inputs.rs), tokenizes, and waits for the encoder
//! queue.rs         joins jobs to batches by a token budget
//! worker.rs        one thread that runs the encoder (engine.rs), in the library's pool
//! explaining.rs    explanations instead, one at a time, in a pool of their own (explanations.rs)
//! scoring.rs       labels with scores, by the decision rule of the model
//! respond.rs       labels or vectors, as the routes write them
//! answer.rs        JSON, with times and notes in headers
//! ```
//!
//! `app.rs` is what requests share: the models (`catalogue.rs`), the metrics (`metrics.rs`) and the limits
//! (`options.rs`). Vectors do not depend on the texts that share a batch, which is the promise of the library.
//!
//! Only this crate is async. It finds no encoders and prints nothing: its caller loads the models, and subscribes to
//! its events with `tracing`.
#![forbid(unsafe_code)]

mod options;
mod refusal;
mod described;
mod histogram;
mod metrics;
mod keys;
mod engine;
mod queue;
mod worker;
mod catalogue;
mod bodies;
mod explanations;
mod app;
mod inputs;
mod call;
mod pipeline;
mod answer;
mod scoring;
mod respond;
mod explaining;
mod routes;
mod openapi;
#[cfg(feature = "otel")]
mod traces;
mod layer;
mod router;
mod stream;
mod descriptors;
mod idle;
mod connections;
mod server;

pub use catalogue::{Loaded, Loader, ModelSource};
pub use options::{Listen, ServeOptions};
pub use server::{Server, ServerHandle};
