//! Where to look and whom to ask, in which order.

use std::path::{Path, PathBuf};

use clsify_base::error::{Error, ErrorKind, Result};

use crate::encoder_name::{EncoderName, Repository};
use crate::environment::{Environment, TimeLimits};
#[cfg(feature = "fetch")]
use crate::fetch::Sources;
use crate::hub_cache::Snapshot;
use crate::observer::FetchObserver;
use crate::own_cache::ExampleData;
use crate::{hub_cache, known, own_cache};

/// Finds encoders and example data, on this machine or over the network.
///
/// A hub or package index that does not answer is not asked again by the same `Hub`; make a new one for that.
#[derive(Debug)]
pub struct Hub {
    environment: Environment,
    #[cfg(feature = "fetch")]
    pub(crate) sources: Sources,
}

/// An encoder's folder.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Located {
    /// The folder that holds `config.json`, the tokenizer's files and the weights.
    pub folder: PathBuf,
    /// The known name, the hub id (with its revision), or the folder as it was given.
    pub name: String,
    /// Where it comes from.
    pub origin: Origin,
}

/// Where an encoder comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// A folder that the caller named.
    Folder,
    /// The hub's cache had it already.
    HubCache,
    /// The hub: downloaded by this call.
    Hub,
    /// The Python package index, by this call or an earlier one.
    PackageIndex,
}

impl Hub {
    /// Reads the environment of the process.
    ///
    /// | variable | meaning |
    /// |---|---|
    /// | `HF_HUB_CACHE` (`HUGGINGFACE_HUB_CACHE`), `HF_HOME`, `XDG_CACHE_HOME` | where the hub's cache is, the first that is set: itself, its `hub`, its `huggingface/hub`; else `~/.cache/huggingface/hub` |
    /// | `HF_ENDPOINT` | another address of the hub, or a mirror of it |
    /// | `HF_TOKEN` (`HUGGING_FACE_HUB_TOKEN`), `HF_TOKEN_PATH`, `token` in `HF_HOME` | the access token; sent to the endpoint's host only |
    /// | `HF_HUB_OFFLINE`, else `TRANSFORMERS_OFFLINE` | no network at all if 1, ON, YES or TRUE |
    /// | `HF_DATASETS_OFFLINE` | the same for example data; where it is not set, the two above decide |
    /// | `HF_HUB_ETAG_TIMEOUT`, `HF_HUB_DOWNLOAD_TIMEOUT` | seconds; see [`TimeLimits`] |
    /// | `CLSIFY_CACHE` | what comes from the package index, example data, and features; else `clsify` below `XDG_CACHE_HOME` or `~/.cache` |
    /// | `ALL_PROXY`, `HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY` | proxies, read by the HTTP client (and by pip) |
    /// | `SSL_CERT_FILE`, `REQUESTS_CA_BUNDLE`, `CURL_CA_BUNDLE`, `PIP_CERT` | a PEM file of the certificates to trust, the first that is set |
    pub fn from_env() -> Self {
        Self::from_lookup(|name| {
            let home = || std::env::home_dir().map(|home| home.display().to_string());
            std::env::var(name).ok().or_else(|| if name == "HOME" { home() } else { None })
        })
    }

    /// Like [`Hub::from_env`] with variables from elsewhere. Proxies are still those of the process.
    ///
    /// ```
    /// use clsify_hub::Hub;
    /// # let cache = std::env::temp_dir().join("clsify-doc-no-such-cache").display().to_string();
    /// let hub = Hub::from_lookup(|name| match name {
    ///     "XDG_CACHE_HOME" => Some(cache.clone()),
    ///     "HF_HUB_OFFLINE" => Some("1".to_string()),
    ///     _ => None,
    /// });
    /// let error = hub.pull("distilbert-base-uncased", &()).unwrap_err();
    /// assert_eq!(
    ///     error.to_string(),
    ///     "distilbert-base-uncased: not in a cache, and HF_HUB_OFFLINE forbids to fetch it"
    /// );
    /// ```
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Self {
        Hub {
            environment: Environment::new(&lookup),
            #[cfg(feature = "fetch")]
            sources: Sources::default(),
        }
    }

    /// Where this program keeps what it may fetch or compute again: `CLSIFY_CACHE`, else `clsify` in the user's cache.
    pub fn cache_folder(&self) -> &Path {
        &self.environment.own_cache
    }

    /// How long to wait for what does not answer.
    #[must_use]
    pub fn with_time_limits(mut self, limits: TimeLimits) -> Self {
        self.environment.limits = limits;
        self
    }

    /// Looks for an encoder on this machine: a folder, else a complete one in the hub's cache or this crate's own.
    ///
    /// `encoder` is a folder, a name of [`known_encoders`](crate::known_encoders), or a hub id with an optional
    /// `@revision`. Never opens a connection. `None`: it would have to be fetched. A folder that the caller names is
    /// returned as it is; whether it holds an encoder is found out when it is loaded.
    ///
    /// # Errors
    /// A path that is no folder, or a text that is neither a path nor a hub id.
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

    /// Locates an encoder, or fetches it: from the hub into the hub's cache, else, where the package index has it,
    /// from there into this crate's cache. The observer is told of a fallback and its reason.
    ///
    /// What is interrupted is never taken for complete: downloads from the hub go on where they ended, those from
    /// the index start anew. Two processes that pull the same share one download.
    ///
    /// # Errors
    /// As [`Hub::locate`]; no source that can be reached has it (within 10 s where none answers at all);
    /// `HF_HUB_OFFLINE` is set; the crate is built without `fetch`; the disk is full.
    ///
    /// ```no_run
    /// let located = clsify_hub::Hub::from_env().pull("all-MiniLM-L6-v2", &())?;
    /// println!("{}", located.folder.display());
    /// # Ok::<(), clsify_base::error::Error>(())
    /// ```
    pub fn pull(&self, encoder: &str, observer: &dyn FetchObserver) -> Result<Located> {
        let repository = match self.parse(encoder)? {
            EncoderName::Folder(folder) => {
                return Ok(Located { folder, name: encoder.to_string(), origin: Origin::Folder });
            }
            EncoderName::Repository(repository) => repository,
        };
        if let Some(snapshot) = self.complete_snapshot(&repository) {
            self.decide(&repository.name, &snapshot, observer);
            return Ok(in_cache(&repository, snapshot));
        }
        if let Some(located) = self.find(&repository) {
            return Ok(located);
        }
        match self.environment.offline {
            #[cfg(feature = "fetch")]
            None => self.sources.encoder(&self.environment, &repository, observer),
            variable => Err(self.offline_error(&repository, variable)),
        }
    }

    /// Labelled movie-review sentences: SST-2 from the article's address, else those that come with the package
    /// `vaderSentiment`; [`ExampleData::why`] says which. What was fetched once is not fetched again.
    ///
    /// # Errors
    /// Neither can be had (within 10 s where nothing answers); `HF_HUB_OFFLINE` is set; the crate is
    /// built without `fetch`; the disk is full.
    ///
    /// ```no_run
    /// let data = clsify_hub::Hub::from_env().example_data(&())?;
    /// println!("{}: {}, {}", data.path.display(), data.name, data.why);
    /// # Ok::<(), clsify_base::error::Error>(())
    /// ```
    pub fn example_data(&self, observer: &dyn FetchObserver) -> Result<ExampleData> {
        if let Some(found) = own_cache::find_example_data(&self.environment.own_cache) {
            return Ok(found);
        }
        match self.environment.data_offline {
            #[cfg(feature = "fetch")]
            None => self.sources.example_data(&self.environment, observer),
            variable => {
                let (why, remedy) = why_offline(variable);
                Err(Error::new(ErrorKind::Fetch, format!("not in the cache, and {why} fetch it"))
                    .at("example data")
                    .with_hint(format!("give a file of your own, or {remedy}")))
            }
        }
    }

    fn parse(&self, encoder: &str) -> Result<EncoderName> {
        EncoderName::parse(encoder, self.environment.home.as_deref())
    }

    /// A complete copy on this machine.
    fn find(&self, repository: &Repository) -> Option<Located> {
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

    /// Asks the hub for the files of a snapshot that are not known to be or not to be in the repository. Where it cannot be
    /// asked, the observer is told, and the snapshot is taken as it is.
    fn decide(&self, name: &str, snapshot: &Snapshot, observer: &dyn FetchObserver) {
        if snapshot.undecided.is_empty() {
            return;
        }
        let asked: Result<(), String> = match self.environment.offline {
            #[cfg(feature = "fetch")]
            None => self.sources.ask_hub_again(&self.environment, &snapshot.id, &snapshot.commit, observer),
            variable => Err(format!("{} ask the hub", why_offline(variable).0)),
        };
        let Err(reason) = asked else { return };
        observer.message(&format!(
            "{name} is used without {}: the cache does not tell whether the repository has it ({reason})",
            snapshot.undecided.join(", ")
        ));
    }

    fn offline_error(&self, repository: &Repository, variable: Option<&str>) -> Error {
        let (why, remedy) = why_offline(variable);
        let state = match hub_cache::find(&self.environment.hub_cache, repository) {
            Some(snapshot) => format!("incomplete in the cache (no {})", snapshot.missing.join(", no ")),
            None => "not in a cache".to_string(),
        };
        Error::new(ErrorKind::Fetch, format!("{state}, and {why} fetch it"))
            .at(repository.name.clone())
            .with_hint(format!(
                "give a folder that holds the encoder, or {remedy}{}",
                known::nearest_as_hint(&repository.name)
            ))
    }
}

fn in_cache(repository: &Repository, snapshot: Snapshot) -> Located {
    Located { folder: snapshot.folder, name: repository.name.clone(), origin: Origin::HubCache }
}

/// Why nothing is fetched, to be followed by a verb, and what would change it: a variable, or else that this is a build
/// without the feature `fetch`.
fn why_offline(variable: Option<&str>) -> (String, String) {
    match variable.filter(|_| cfg!(feature = "fetch")) {
        Some(variable) => (format!("{variable} forbids to"), format!("unset {variable}")),
        None => {
            ("this program has no network code to".into(), "build clsify with its cargo feature `hub`".into())
        }
    }
}
