//! Writes classifiers as graphs of ONNX, for onnxruntime and transformers.js.
//!
//! | file | content |
//! |---|---|
//! | `folder.rs` | the exported folder and its checks |
//! | `encoder.rs` | token ids to hidden states |
//! | `features.rs` | hidden states to features |
//! | `head.rs` | features to logits and probabilities |
//! | `operations.rs` | operations that consist of several |
//! | `graph.rs` | the operations in order, and their constants |
//! | `write.rs`, `wire.rs` | the file format |
//! | `tokenizer.rs`, `settings.rs` | the files beside the graph |

mod wire;
mod graph;
mod operations;
mod write;
mod encoder;
mod features;
mod head;
mod tokenizer;
mod settings;
mod folder;

pub use folder::{OnnxExport, OnnxOptions, check_onnx_folder, export_onnx};
