//! Saved classifiers at the hub: finding, downloading and uploading them.

use std::path::Path;

use clsify_base::error::{Error, ErrorKind, Result};

use crate::encoder_name::Repository;
#[cfg(feature = "fetch")]
use crate::fetch::Sources;
use crate::hub::{Hub, forbidden, remedy};
use crate::hub_cache::is_commit;
use crate::located::{Located, Origin};
use crate::model_name::{ModelName, repository};
use crate::model_snapshot;
use crate::upload::{PushOptions, Pushed, UploadFile};

impl Hub {
    /// Locates a saved classifier: a folder, or a hub id `USER/NAME` with an optional `@REVISION`, whose files are downloaded into
    /// the hub's cache.
    ///
    /// A text is a hub id if neither it nor a folder `USER` exists. The hub is asked for the newest commit of a branch; if it
    /// cannot be reached, or `HF_HUB_OFFLINE` is set, the model of the cache is used. Only the files of a model are
    /// downloaded, and none is executed. A folder is returned as it is, whether or not it exists.
    ///
    /// # Errors
    /// [`ErrorKind::Fetch`] if the model is neither in the cache nor at the hub, or if the repository is not a model.
    ///
    /// ```
    /// use clsify_hub::{Hub, Origin};
    /// assert_eq!(Hub::from_env().pull_model("./model")?.origin, Origin::Folder);
    /// # Ok::<(), clsify_base::error::Error>(())
    /// ```
    pub fn pull_model(&self, model: &str) -> Result<Located> {
        let (id, revision) = match ModelName::parse(model) {
            ModelName::Folder(folder) => {
                return Ok(Located { folder, name: model.to_string(), origin: Origin::Folder });
            }
            ModelName::Repository { id, revision } => (id, revision),
        };
        let located = |folder, origin| Located { folder, name: model.to_string(), origin };
        let cached = model_snapshot::find(&self.environment.hub_cache, &id, &revision);
        // A commit never changes.
        if let Some(folder) = cached.clone().filter(|_| is_commit(&revision)) {
            return Ok(located(folder, Origin::HubCache));
        }
        let reason = match self.environment.offline {
            #[cfg(feature = "fetch")]
            None => {
                let asked = self.sources.model(&self.environment, &id, &revision, self.observer.as_ref());
                match asked.map_err(|error| error.at(model))? {
                    Ok(found) if found.is_new => return Ok(located(found.folder, Origin::Hub)),
                    Ok(found) => return Ok(located(found.folder, Origin::HubCache)),
                    Err(reason) => {
                        if cached.is_some() {
                            self.observer.message(&format!("{model} is the one in the cache ({reason})"));
                        }
                        reason
                    }
                }
            }
            variable => forbidden(variable, "fetch it"),
        };
        cached.map(|folder| located(folder, Origin::HubCache)).ok_or_else(|| {
            let hint = match self.environment.offline {
                None if cfg!(feature = "fetch") => {
                    "check the network, HTTPS_PROXY and HF_ENDPOINT, or give the folder of a model"
                        .to_string()
                }
                variable => format!("give the folder of a model, or {}", remedy(variable)),
            };
            Error::new(
                ErrorKind::Fetch,
                format!("neither a folder nor in the cache of the hub, and {reason}"),
            )
            .at(model)
            .with_hint(hint)
        })
    }

    /// Locates the encoder of a model that records only its name, or downloads it. Unlike [`Hub::pull`] it never takes a folder
    /// of this name.
    ///
    /// # Errors
    /// As for [`Hub::pull`].
    ///
    /// ```
    /// let error = clsify_hub::Hub::from_env().pull_by_name("../encoder").unwrap_err();
    /// assert!(error.to_string().starts_with("encoder \"../encoder\": neither a folder nor a hub id"), "{error}");
    /// ```
    pub fn pull_by_name(&self, name: &str) -> Result<Located> {
        self.pull_repository(&Repository::parse(name)?)
    }

    /// The hub id under which everybody finds an encoder of this name: of a name of
    /// [`known_encoders`](crate::known_encoders), of `ORGANISATION/NAME`, or of a name without organisation whose copy in the
    /// hub's cache is `folder`. The revision is left out. `None` for other names, such as those of folders.
    ///
    /// ```
    /// let hub = clsify_hub::Hub::from_env();
    /// let id = hub.hub_id("all-MiniLM-L6-v2", std::path::Path::new(""));
    /// assert_eq!(id.as_deref(), Some("sentence-transformers/all-MiniLM-L6-v2"));
    /// assert_eq!(hub.hub_id("my-encoder", std::path::Path::new("my-encoder")), None);
    /// ```
    pub fn hub_id(&self, name: &str, folder: &Path) -> Option<String> {
        let found = Repository::parse(name).ok()?;
        if let Some(known) = found.known {
            return Some(known.hub_id.to_string());
        }
        if let Some((id, _)) = repository(name) {
            return Some(id);
        }
        let cached = self.find(&found).filter(|located| located.origin == Origin::HubCache)?;
        let is_copy = cached.folder.canonicalize().ok()? == folder.canonicalize().ok()?;
        is_copy.then(|| found.ids.into_iter().next()).flatten()
    }

    /// Uploads the files of a model to a repository of the hub, `USER/NAME`, which is created if it does not exist. Files of an
    /// earlier model that are not among them are removed.
    ///
    /// Everything appears with one commit at the end: an interrupted push leaves the repository as it was, or empty if it is new.
    /// The access token needs write permission. It is sent to the host of the hub only, not to the storage to which large files
    /// are uploaded.
    ///
    /// # Errors
    /// [`ErrorKind::Fetch`] if the hub cannot be reached or refuses, if a file changes meanwhile, if `HF_HUB_OFFLINE` is set, or if
    /// the crate is built without `fetch`; I/O errors; [`ErrorKind::InvalidArgument`] for a bad name.
    ///
    /// ```no_run
    /// use clsify_hub::{Hub, PushOptions, UploadFile};
    /// let card = UploadFile::of_bytes("README.md", b"# Model".to_vec());
    /// let pushed = Hub::from_env().push_model("user/model", &[card], &PushOptions::default())?;
    /// println!("{}", pushed.url);
    /// # Ok::<(), clsify_base::error::Error>(())
    /// ```
    pub fn push_model(&self, repo: &str, files: &[UploadFile], options: &PushOptions) -> Result<Pushed> {
        check_repository(repo, &options.revision)?;
        match self.environment.offline {
            #[cfg(feature = "fetch")]
            None => Sources::push(&self.environment, repo, files, options, self.observer.as_ref())
                .map_err(|error| if error.kind() == ErrorKind::Io { error } else { error.at("push") }),
            variable => {
                let message = format!("expected a connection, but {}", forbidden(variable, "push"));
                Err(Error::new(ErrorKind::Fetch, message).at("push").with_hint(remedy(variable)))
            }
        }
    }
}

/// Checks the names of a repository and its branch, before anything is sent.
fn check_repository(repo: &str, revision: &str) -> Result<()> {
    match repository(&format!("{repo}@{revision}")) {
        Some((id, _)) if id == repo => Ok(()),
        _ => {
            let message =
                format!("expected a repository USER/NAME and a branch, got {repo:?} and {revision:?}");
            Err(Error::new(ErrorKind::InvalidArgument, message)
                .at("push")
                .with_hint("the names have letters, digits, -, _ and ."))
        }
    }
}
