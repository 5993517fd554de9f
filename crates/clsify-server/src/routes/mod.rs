//! One file per group of routes: the form of its requests and answers, and how it is answered.
//!
//! | file | routes |
//! |---|---|
//! | `predict.rs` | `/predict`, in the dialects of text-embeddings-inference and the Hugging Face inference API |
//! | `embed.rs` | `/embed` of text-embeddings-inference |
//! | `openai.rs` | `/v1/embeddings` of OpenAI |
//! | `classify.rs` | `/classify` of infinity |
//! | `explain.rs` | `/explain`: the words that carried a label |
//! | `walk.rs` | `/walk`: every step from a sentence to its label, which the page draws |
//! | `tokenize.rs` | `/tokenize` and `/decode` |
//! | `info.rs` | `/info` and `/v1/models` |
//! | `operations.rs` | `/health`, `/ready`, `/metrics`, `/admin/reload` |
//! | `pages.rs` | the pages for people |

pub(crate) mod classify;
pub(crate) mod embed;
pub(crate) mod explain;
pub(crate) mod info;
pub(crate) mod openai;
pub(crate) mod operations;
pub(crate) mod pages;
pub(crate) mod predict;
pub(crate) mod tokenize;
pub(crate) mod walk;
