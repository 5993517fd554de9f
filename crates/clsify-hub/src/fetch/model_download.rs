//! Downloads the files of a model into the hub's cache: those of its encoder first, `clsify.json` last.

use std::path::PathBuf;

use clsify_base::error::{Error, ErrorKind};
use clsify_base::model_files::{METADATA, is_of_a_model};

use crate::environment::Environment;
use crate::fetch::hub_download::begin;
use crate::fetch::transport::{Failure, host};
use crate::model_snapshot::missing;
use crate::observer::FetchObserver;

/// The maximum number of files: an encoder has about a dozen, and one for each shard of its weights.
const MAX_FILES: usize = 256;

/// A model in the cache.
pub(crate) struct Downloaded {
    pub(crate) folder: PathBuf,
    /// False if it was there already.
    pub(crate) is_new: bool,
}

/// Asks the hub for the revision's commit, and downloads what the cache does not have of it.
pub(super) fn download(
    environment: &Environment,
    id: &str,
    revision: &str,
    observer: &dyn FetchObserver,
) -> Result<Downloaded, Failure> {
    let download = begin(environment, id, revision, observer)?;
    let hub = host(&environment.endpoint);
    let mut names: Vec<&String> = download.available.iter().filter(|name| is_of_a_model(name)).collect();
    if !download.available.contains(METADATA) {
        let message = format!("{id} of {hub} has no {METADATA}: it is not a model of clsify");
        let error = Error::new(ErrorKind::Fetch, message);
        return Err(Failure::Unsuitable(error.with_hint(
            "give a model that `clsify push` has uploaded; an encoder is given to `clsify train --encoder`",
        )));
    }
    if names.len() > MAX_FILES {
        let message =
            format!("{id} of {hub}: expected at most {MAX_FILES} files of a model, got {}", names.len());
        return Err(Failure::unsuitable(message));
    }
    names.sort_by_key(|name| *name == METADATA);
    let mut is_new = false;
    for name in names {
        if !download.pointer(name)?.is_file() && !is_new {
            is_new = true;
            observer.message(&format!("fetching {id} from {hub}"));
        }
        download.file(name)?;
    }
    let folder = download.place.snapshot(&download.commit);
    if let [name, ..] = &missing(&folder)[..] {
        return Err(Failure::unsuitable(format!("{id} of {hub}: the repository has no {name}")));
    }
    download.write_reference(revision)?;
    Ok(Downloaded { folder, is_new })
}
