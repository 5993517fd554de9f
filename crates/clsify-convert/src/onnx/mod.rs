//! Writes classifiers as graphs of ONNX, for onnxruntime and transformers.js.
//!
//! | file | content |
//! |---|---|
//! | `folder.rs` | the exported folder and its checks |
//! | `model.rs` | the whole computation, in three parts: |
//! | `encoder.rs` | token ids to hidden states |
//! | `features.rs` | hidden states to features |
//! | `head.rs` | features to logits and probabilities |
//! | `operations.rs` | operations that consist of several |
//! | `graph.rs` | the operations in order, and their constants |
//! | `write.rs`, `wire.rs` | the file format |
//! | `texts.rs`, `tokenizer.rs` | the tokenizer's files |
//! | `settings.rs`, `notes.rs` | `config.json`, and what the graph does not do |

mod wire;
mod graph;
mod operations;
mod write;
mod encoder;
mod features;
mod head;
mod tokenizer;
mod model;
mod notes;
mod settings;
mod texts;
mod folder;

pub use folder::{OnnxExport, OnnxOptions, check_onnx_folder, export_onnx};
