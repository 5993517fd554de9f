//! Downloads a repository of the model hub into the hub's cache.
//!
//! The list of files comes first, then the small files, then the weights, and last the reference that makes the
//! snapshot visible. So an interrupted download is not treated as complete, and the next one continues where it
//! ended.
//!
//! Source: `hf-hub` 0.5 for addresses and paths; the hub's documentation of its cache for the rest. See
//! `transport.rs` for the parts that do not use `hf-hub`.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use clsify_base::error::{Error, ErrorKind};
use clsify_base::files::{open_no_follow, write_atomically};
use hf_hub::api::RepoInfo;
use hf_hub::api::sync::{ApiBuilder, ApiRepo};

use crate::below::join_below;
use crate::checkpoint_files::{
    CONFIG, LEGACY_WEIGHTS, MAX_SMALL_BYTES, MODULES, Modules, TOKENIZER, VOCAB, VOCAB_JSON, WEIGHTS,
    WEIGHTS_INDEX, missing, modules, read_small, shards, small_files,
};
use crate::environment::Environment;
use crate::fetch::blob::{self, BlobName};
use crate::fetch::lock;
use crate::fetch::transport::{Failure, Transport, host};
use crate::hub_cache::{Place, is_commit};
use crate::observer::FetchObserver;

/// The maximum size of a file: encoders of the supported families are smaller, and a hub that sends more would fill
/// the disk.
const MAX_WEIGHT_BYTES: u64 = 64 << 30;

fn is_weights(name: &str) -> bool {
    name.ends_with(".safetensors")
}

fn max_bytes(name: &str) -> u64 {
    if is_weights(name) { MAX_WEIGHT_BYTES } else { MAX_SMALL_BYTES }
}

/// A repository that is being downloaded into the cache.
pub(super) struct Download<'a> {
    pub(super) environment: &'a Environment,
    pub(super) observer: &'a dyn FetchObserver,
    transport: Transport,
    /// Addresses of the repository's files.
    api: ApiRepo,
    pub(super) place: Place,
    pub(super) id: &'a str,
    pub(super) commit: String,
    /// Paths in the repository.
    pub(super) available: BTreeSet<String>,
}

/// Downloads a snapshot and returns its folder.
pub(crate) fn download(
    environment: &Environment,
    id: &str,
    revision: &str,
    observer: &dyn FetchObserver,
) -> Result<PathBuf, Failure> {
    begin(environment, id, revision, observer)?.run(revision)
}

/// Asks the hub for the commit and the files of a repository.
pub(super) fn begin<'a>(
    environment: &'a Environment,
    id: &'a str,
    revision: &str,
    observer: &'a dyn FetchObserver,
) -> Result<Download<'a>, Failure> {
    let transport = Transport::to_hub(environment)?;
    let place = Place::new(&environment.hub_cache, id, revision);
    let api = ApiBuilder::from_cache(hf_hub::Cache::new(environment.hub_cache.clone()))
        .with_endpoint(environment.endpoint.clone())
        .with_token(None)
        .with_progress(false)
        .build()
        .map_err(|e| Failure::unsuitable(e.to_string()))?
        .repo(place.repo());
    let info = repository_info(environment, &transport, &place, id)?;
    let available = info.siblings.into_iter().map(|sibling| sibling.rfilename).collect();
    Ok(Download { environment, observer, transport, api, place, id, commit: info.sha, available })
}

/// Asks the hub for the commit and the list of files.
fn repository_info(
    environment: &Environment,
    transport: &Transport,
    place: &Place,
    id: &str,
) -> Result<RepoInfo, Failure> {
    let url = format!("{}/api/{}", environment.endpoint, place.repo().api_url());
    let budget = environment.limits.hub_answer;
    let mut answer = transport.get(&url, None, Some(budget))?;
    if answer.status != 200 {
        return Err(refusal(
            transport,
            &host(&environment.endpoint),
            id,
            answer.status,
            answer.error_code.as_deref(),
        ));
    }
    let mut text = Vec::new();
    // The lists of the largest repositories have some hundred kilobytes.
    answer
        .body()
        .take(64 << 20)
        .read_to_end(&mut text)
        .map_err(|e| transport.unreachable(&environment.endpoint, e, Some(budget)))?;
    let info: RepoInfo = serde_json::from_slice(&text).map_err(|_| {
        Failure::unsuitable(format!("{}: the answer is not that of a model hub", host(&environment.endpoint)))
    })?;
    if info.sha.is_empty() || !info.sha.chars().all(|c| c.is_ascii_alphanumeric()) {
        let start: String = info.sha.chars().take(60).collect();
        return Err(Failure::unsuitable(format!("the hub gave an invalid commit: {start:?}")));
    }
    Ok(info)
}

/// The meaning of a status other than success.
fn refusal(transport: &Transport, hub: &str, id: &str, status: u16, code: Option<&str>) -> Failure {
    let error = match (status, code) {
        (_, Some("GatedRepo")) => Error::new(
            ErrorKind::Fetch,
            format!("access to {id} must be requested at {hub} (status {status})"),
        )
        .with_hint("request access in a browser, then set HF_TOKEN to a token of that account"),
        (_, Some("RevisionNotFound")) => {
            Error::new(ErrorKind::Fetch, format!("{hub} has no such revision of {id} (status {status})"))
        }
        // The hub also answers 401 for repositories that do not exist, so as not to reveal the names of private ones.
        (401 | 404, _) if !transport.has_token() => {
            Error::new(ErrorKind::Fetch, format!("{hub} has no public repository {id} (status {status})"))
                .with_hint("check the spelling; for a private repository set HF_TOKEN")
        }
        (401, _) => {
            Error::new(ErrorKind::Fetch, format!("{hub} does not accept the token for {id} (status 401)"))
                .with_hint("check HF_TOKEN, and the spelling of the name")
        }
        (403, _) => Error::new(ErrorKind::Fetch, format!("{hub} denies access to {id} (status 403)"))
            .with_hint("check what the token in HF_TOKEN may read"),
        (404, _) => {
            Error::new(ErrorKind::Fetch, format!("{hub} has no repository {id} for this token (status 404)"))
                .with_hint("check the spelling, and what the token in HF_TOKEN may read")
        }
        _ => return Failure::Unreachable(format!("{hub}: answered with status {status}")),
    };
    Failure::Unsuitable(error)
}

impl Download<'_> {
    fn run(&self, revision: &str) -> Result<PathBuf, Failure> {
        let modules = self.modules()?;
        let below = &modules.transformer;
        let own = |name: &str| format!("{below}{name}");
        self.check_usable(below)?;
        self.observer.message(&format!("fetching {} from {}", self.id, host(&self.environment.endpoint)));
        for name in small_files(below) {
            match self.available.contains(&name) {
                true => self.file(&name)?,
                false => self.mark_absent(&name)?,
            }
        }
        let other_configs = modules.other_configs.iter().filter(|name| self.available.contains(*name));
        for config in modules.configs.iter().chain(other_configs) {
            self.file(config)?;
        }
        for dense in &modules.dense {
            // If only the old format exists, loading reports it.
            let names = [WEIGHTS, LEGACY_WEIGHTS].map(|name| format!("{dense}/{name}"));
            self.file(names.iter().find(|name| self.available.contains(*name)).unwrap_or(&names[0]))?;
        }
        let index = own(WEIGHTS_INDEX);
        if self.available.contains(&own(WEIGHTS)) {
            self.file(&own(WEIGHTS))?;
        } else {
            self.file(&index)?;
            let text = self.read(&index)?;
            for shard in shards(&text).ok_or_else(|| self.malformed(&index))? {
                self.file(&own(&shard))?;
            }
        }
        let snapshot = self.place.snapshot(&self.commit);
        // A downloaded snapshot must be complete by the same rule as one found in the cache.
        if let [name, ..] = &missing(&snapshot, false)[..] {
            return Err(Failure::unsuitable(format!("the repository has no {name}")));
        }
        self.write_reference(revision)?;
        Ok(snapshot)
    }

    /// Makes the snapshot the one of a branch or tag.
    pub(super) fn write_reference(&self, revision: &str) -> Result<(), Failure> {
        if !is_commit(revision) {
            let reference = self.place.reference();
            create_parent(&reference)?;
            // Writing to a pipe would wait for its reader.
            if fs::metadata(&reference).is_ok_and(|metadata| !metadata.is_file()) {
                fs::remove_file(&reference).map_err(|e| Failure::Local(Error::io(&reference, e)))?;
            }
            write_atomically(&reference, |out| out.write_all(self.commit.as_bytes()))
                .map_err(Failure::Local)?;
        }
        Ok(())
    }

    /// The paths that `modules.json` names; empty if the repository has none.
    fn modules(&self) -> Result<Modules, Failure> {
        if !self.available.contains(MODULES) {
            return Ok(Modules::default());
        }
        self.file(MODULES)?;
        modules(&self.read(MODULES)?).ok_or_else(|| self.malformed(MODULES))
    }

    /// Marks, as other libraries do, that the repository does not have a file.
    fn mark_absent(&self, name: &str) -> Result<(), Failure> {
        let marker = self.place.absence_marker(&self.commit, name);
        create_parent(&marker)?;
        // A marker has no content, and an existing file serves as one.
        match File::create_new(&marker) {
            Err(e) if e.kind() != std::io::ErrorKind::AlreadyExists => {
                Err(Failure::Local(Error::io(&marker, e)))
            }
            _ => Ok(()),
        }
    }

    /// Fails before anything large is downloaded if the repository does not contain an encoder that can be read.
    fn check_usable(&self, below: &str) -> Result<(), Failure> {
        let has = |name: &str| self.available.contains(&format!("{below}{name}"));
        let error = if !has(CONFIG) {
            let message = format!("the repository has no {below}{CONFIG}: it is not an encoder");
            Error::new(ErrorKind::Fetch, message)
        } else if !has(WEIGHTS) && !has(WEIGHTS_INDEX) {
            if self.available.iter().any(|name| name == LEGACY_WEIGHTS || name.starts_with("pytorch_model")) {
                let id = self.id;
                Error::new(
                    ErrorKind::Fetch,
                    format!("the repository has {LEGACY_WEIGHTS} only, expected {WEIGHTS}"),
                )
                .with_hint(format!(
                    "convert it once in Python: AutoModel.from_pretrained({id:?}).save_pretrained(\"DIR\") and \
                     AutoTokenizer.from_pretrained({id:?}).save_pretrained(\"DIR\"), then give DIR"
                ))
            } else {
                Error::new(ErrorKind::Fetch, format!("the repository has no {below}{WEIGHTS}"))
            }
        } else if !has(TOKENIZER) && !has(VOCAB) && !has(VOCAB_JSON) {
            Error::new(
                ErrorKind::Fetch,
                format!("the repository has neither {below}{TOKENIZER} nor {below}{VOCAB}"),
            )
        } else {
            return Ok(());
        };
        Err(Failure::Unsuitable(error))
    }

    fn malformed(&self, name: &str) -> Failure {
        Failure::unsuitable(format!("{name} of {} is malformed", self.id))
    }

    fn read(&self, name: &str) -> Result<String, Failure> {
        let path = self.pointer(name)?;
        read_small(&path).map_err(Failure::Local)
    }

    /// The path of a file of the repository in the snapshot.
    pub(super) fn pointer(&self, name: &str) -> Result<PathBuf, Failure> {
        join_below(&self.place.snapshot(&self.commit), name).ok_or_else(|| {
            Failure::unsuitable(format!("{} names a file outside its folder: {name:?}", self.id))
        })
    }

    /// Downloads one file into the snapshot, unless it is there.
    pub(super) fn file(&self, name: &str) -> Result<(), Failure> {
        let pointer = self.pointer(name)?;
        if pointer.is_file() {
            return Ok(());
        }
        let url = self.api.url(name);
        // A request for one byte: the headers of the answer contain the blob's name and size.
        let mut head = self.transport.get(&url, Some((0, Some(0))), None)?;
        if head.status == 416 {
            // An empty file has no first byte.
            head = self.transport.get(&url, None, None)?;
        }
        self.check_status(name, head.status, head.error_code.as_deref())?;
        if head.commit.as_ref().is_some_and(|commit| *commit != self.commit) {
            return Err(Failure::unsuitable(format!(
                "{} was changed while it was fetched: try again",
                self.id
            )));
        }
        let blob_name = self.blob_name(name, head.etag.as_deref())?;
        let total = head.total;
        self.check_size(name, total)?;
        if head.status == 206 {
            // If it is read to its end, the connection can be used again; a failure has no other effect.
            let _ = std::io::copy(&mut head.body().take(16), &mut std::io::sink());
        }
        drop(head);

        let blob = self.place.blob(blob_name.name());
        create_parent(&blob)?;
        let part = blob.with_extension("part");
        let bytes = || fs::metadata(&part).map_or(0, |m| m.len());
        let what = format!("{name} of {}", self.id);
        let guard = lock::acquire(
            &blob.with_extension("lock"),
            &what,
            self.environment.limits.stall,
            bytes,
            self.observer,
        )
        .map_err(Failure::Local)?;
        let is_there = blob.is_file();
        if !is_there || !blob_name.fits(&blob, total).map_err(Failure::Local)? {
            if is_there {
                self.observer.message(&format!("{what} is damaged in the cache: fetching it again"));
            }
            self.blob(name, &url, &part, total)?;
            if !blob_name.fits(&part, total).map_err(Failure::Local)? {
                fs::remove_file(&part).map_err(|e| Failure::Local(Error::io(&part, e)))?;
                return Err(Failure::unsuitable(format!("{name} arrived damaged: try again")));
            }
            fs::rename(&part, &blob).map_err(|e| Failure::Local(Error::io(&blob, e)))?;
        }
        drop(guard);
        if !blob_name.is_hash() {
            let hub = host(&self.environment.endpoint);
            self.observer.message(&format!("{hub} gave no hash of {name}: its content was not checked"));
        }
        create_parent(&pointer)?;
        link(&blob, &pointer, name).map_err(|e| Failure::Local(Error::io(&pointer, e)))
    }

    fn blob_name(&self, name: &str, etag: Option<&str>) -> Result<BlobName, Failure> {
        let hub = host(&self.environment.endpoint);
        let etag = etag.ok_or_else(|| Failure::unsuitable(format!("{hub}: {name} comes without an etag")))?;
        BlobName::new(etag, &self.commit, name).ok_or_else(|| {
            let shown: String = blob::bare(etag).chars().take(40).collect();
            Failure::unsuitable(format!("{hub}: {name} comes with an etag that cannot be used: {shown:?}"))
        })
    }

    fn check_size(&self, name: &str, total: Option<u64>) -> Result<(), Failure> {
        let most = max_bytes(name);
        let problem = match total {
            Some(total) if total > most => format!("expected at most {most} bytes, got {total}"),
            // The size of weights is only limited by the disk.
            None if is_weights(name) => "expected an announced size, got none".to_string(),
            _ => return Ok(()),
        };
        Err(Failure::unsuitable(format!("{name} of {}: {problem}", self.id)))
    }

    fn check_status(&self, name: &str, status: u16, code: Option<&str>) -> Result<(), Failure> {
        match status {
            200 | 206 => Ok(()),
            404 if code == Some("EntryNotFound") || code.is_none() => {
                Err(Failure::unsuitable(format!("the hub lists {name} of {} but does not have it", self.id)))
            }
            _ => Err(refusal(&self.transport, &host(&self.environment.endpoint), self.id, status, code)),
        }
    }

    /// Continues the `.part` file where it ends.
    fn blob(&self, name: &str, url: &str, part: &Path, total: Option<u64>) -> Result<(), Failure> {
        let local = |e: std::io::Error| Failure::Local(Error::io(part, e));
        let mut have = fs::metadata(part).map_or(0, |m| m.len());
        if total.is_some_and(|total| have > total) {
            have = 0;
        }
        if have > 0 && total == Some(have) {
            return Ok(());
        }
        let mut answer = self.transport.get(url, (have > 0).then_some((have, None)), None)?;
        if have > 0 && (answer.status == 416 || (answer.status == 206 && answer.start != have)) {
            answer = self.transport.get(url, None, None)?;
        }
        self.check_status(name, answer.status, answer.error_code.as_deref())?;
        if answer.status == 200 {
            have = 0;
        }
        let mut file = open_no_follow(File::options().create(true).append(true), part).map_err(local)?;
        file.set_len(have).map_err(local)?;
        let shown_total = total.unwrap_or(0);
        let limit = total.unwrap_or(max_bytes(name));
        self.observer.bytes(name, have, shown_total);
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let count = match answer.body().read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => count,
                Err(e) if e.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(_) => return Err(self.broken_off(name, have, shown_total)),
            };
            if count as u64 > limit.saturating_sub(have) {
                drop(file);
                fs::remove_file(part).map_err(local)?;
                return Err(Failure::unsuitable(format!(
                    "{}: sent more of {name} than {limit} bytes, the {} size",
                    host(&self.environment.endpoint),
                    if total.is_some() { "announced" } else { "largest allowed" }
                )));
            }
            file.write_all(&buffer[..count]).map_err(local)?;
            have += count as u64;
            self.observer.bytes(name, have, shown_total);
        }
        if total.is_some_and(|total| have < total) {
            return Err(self.broken_off(name, have, shown_total));
        }
        file.sync_all().map_err(local)
    }

    fn broken_off(&self, name: &str, have: u64, total: u64) -> Failure {
        let megabytes = |bytes: u64| bytes as f64 / 1e6;
        Failure::Unreachable(format!(
            "{}: stopped sending {name} after {:.1} of {:.1} MB; the next pull goes on from there",
            host(&self.environment.endpoint),
            megabytes(have),
            megabytes(total)
        ))
    }
}

fn create_parent(path: &Path) -> Result<(), Failure> {
    let parent = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(parent).map_err(|e| Failure::Local(Error::io(parent, e)))
}

/// Links the blob under its name in the snapshot: a relative link, so that the cache can be moved.
fn link(blob: &Path, pointer: &Path, name: &str) -> std::io::Result<()> {
    // It is a link whose blob was removed, or one that another process has just created.
    if fs::symlink_metadata(pointer).is_ok() && !pointer.is_file() {
        fs::remove_file(pointer)?;
    }
    #[cfg(unix)]
    let made = {
        let up = "../".repeat(2 + name.matches('/').count());
        let blob_name = blob.file_name().unwrap_or_default().to_string_lossy();
        std::os::unix::fs::symlink(format!("{up}blobs/{blob_name}"), pointer)
    };
    #[cfg(not(unix))]
    let made = {
        let _ = name;
        fs::hard_link(blob, pointer)
    };
    match made {
        Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        other => other,
    }
}
