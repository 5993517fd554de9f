//! Uploads of large files to the storage of the hub.
//!
//! Source: the batch API of Git LFS, and its extension `multipart` as `huggingface_hub` 2.4 uses it (`lfs.py`). A file that was
//! uploaded is not visible until a commit names it.

use std::time::Duration;

use clsify_base::error::{Error, ErrorKind};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::fetch::hashed_file::HashedFile;
use crate::fetch::send::{Body, Method, Reply, Request};
use crate::fetch::transport::{Failure, Transport, host, origin};
use crate::observer::FetchObserver;

const LFS_JSON: &str = "application/vnd.git-lfs+json";

/// The maximum number of parts of a file: that of S3.
const MAX_PARTS: u64 = 10_000;

/// The storage of one repository.
pub(super) struct Storage<'a> {
    pub(super) transport: &'a Transport,
    pub(super) observer: &'a dyn FetchObserver,
    pub(super) endpoint: &'a str,
    /// The address of the batch API.
    pub(super) batch_url: String,
    pub(super) revision: &'a str,
    /// The time limit for an answer, once a body has been sent.
    pub(super) patience: Duration,
}

/// An address of the storage, and the headers or parts that belong to it.
struct Action<'a> {
    href: &'a str,
    header: Map<String, Value>,
}

impl Storage<'_> {
    /// Uploads a file, unless the storage has it. `refused` describes an answer of the hub other than success.
    pub(super) fn upload(
        &self,
        file: &HashedFile<'_>,
        refused: &dyn Fn(&Reply) -> Failure,
    ) -> Result<(), Failure> {
        let batch = json!({
            "operation": "upload",
            "transfers": ["basic", "multipart"],
            "objects": [{ "oid": file.sha256, "size": file.size }],
            "hash_algo": "sha256",
            "ref": { "name": self.revision },
        });
        let reply = self.post(&self.batch_url, &[], &batch)?;
        if !reply.is_success() {
            return Err(refused(&reply));
        }
        let answer: Value = serde_json::from_slice(&reply.bytes).unwrap_or_default();
        let object = answer["objects"].as_array().into_iter().flatten().find(|o| o["oid"] == file.sha256);
        let object =
            object.ok_or_else(|| self.malformed(&format!("it says nothing about {}", file.name())))?;
        if let Some(error) = object.get("error") {
            let message = error["message"].as_str().unwrap_or("without a reason");
            return Err(self.refuses(file, &self.batch_url, message));
        }
        let actions = &object["actions"];
        let Some(upload) = self.action(&actions["upload"])? else {
            self.observer.bytes(file.name(), file.size, file.size);
            return Ok(());
        };
        match upload.header.get("chunk_size") {
            Some(chunk_size) => self.in_parts(file, &upload, chunk_size)?,
            None => self.in_one(file, &upload)?,
        }
        if let Some(verify) = self.action(&actions["verify"])? {
            let size = json!({ "oid": file.sha256, "size": file.size });
            let reply = self.post(verify.href, &headers(&verify.header), &size)?;
            self.check(file, verify.href, &reply)?;
        }
        Ok(())
    }

    fn in_one(&self, file: &HashedFile<'_>, upload: &Action<'_>) -> Result<(), Failure> {
        let headers = headers(&upload.header);
        let (reply, _) = self.put(file, upload.href, &headers, (0, file.size), &Sha256::new())?;
        self.check(file, upload.href, &reply)
    }

    fn in_parts(
        &self,
        file: &HashedFile<'_>,
        upload: &Action<'_>,
        chunk_size: &Value,
    ) -> Result<(), Failure> {
        let number = chunk_size.as_u64().or_else(|| chunk_size.as_str()?.parse().ok());
        let chunk_size = number.filter(|size| *size > 0).ok_or_else(|| self.malformed("a bad chunk_size"))?;
        let mut urls: Vec<(u64, &str)> = upload
            .header
            .iter()
            .filter_map(|(name, url)| Some((name.parse().ok()?, url.as_str()?)))
            .collect();
        urls.sort_unstable();
        let n_parts = file.size.div_ceil(chunk_size);
        if n_parts > MAX_PARTS || !urls.iter().map(|(number, _)| *number).eq(1..=n_parts) {
            let found = urls.len();
            return Err(self.malformed(&format!("expected addresses for {n_parts} parts, got {found}")));
        }
        let (mut hash, mut parts) = (Sha256::new(), Vec::new());
        for (number, url) in urls {
            self.check_address(url)?;
            let start = (number - 1) * chunk_size;
            let length = chunk_size.min(file.size - start);
            let (reply, after) = self.put(file, url, &[], (start, length), &hash)?;
            self.check(file, url, &reply)?;
            let etag = reply.etag.ok_or_else(|| {
                Failure::unsuitable(format!("{}: no etag for part {number} of {}", host(url), file.name()))
            })?;
            parts.push(json!({ "partNumber": number, "etag": etag }));
            hash = after;
        }
        let reply = self.post(upload.href, &[], &json!({ "oid": file.sha256, "parts": parts }))?;
        self.check(file, upload.href, &reply)
    }

    /// Sends a range of a file, given by start and length. Returns the state of the hash after it.
    fn put(
        &self,
        file: &HashedFile<'_>,
        url: &str,
        headers: &[(String, String)],
        (start, length): (u64, u64),
        before: &Sha256,
    ) -> Result<(Reply, Sha256), Failure> {
        let mut after = before.clone();
        let reply = self.transport.repeat(self.observer, || {
            let body = file.body(start, length, before.clone(), self.observer);
            let mut body = body.map_err(Failure::Local)?;
            let request = Request {
                method: Method::Put,
                url,
                headers,
                body: Body::Stream(&mut body, length),
                patience: self.patience,
            };
            let sent = self.transport.send(request);
            if body.has_changed() {
                return Err(Failure::Local(file.changed()).into());
            }
            after = body.hash();
            sent
        })?;
        Ok((reply, after))
    }

    fn post(&self, url: &str, headers: &[(String, String)], json: &Value) -> Result<Reply, Failure> {
        let accept = ("accept".to_string(), LFS_JSON.to_string());
        let headers: Vec<(String, String)> = headers.iter().cloned().chain([accept]).collect();
        let bytes = json.to_string().into_bytes();
        self.transport.repeat(self.observer, || {
            let body = Body::Bytes { content_type: LFS_JSON, bytes: &bytes };
            let request =
                Request { method: Method::Post, url, headers: &headers, body, patience: self.patience };
            self.transport.send(request)
        })
    }

    fn action<'a>(&self, action: &'a Value) -> Result<Option<Action<'a>>, Failure> {
        if action.is_null() {
            return Ok(None);
        }
        let href = action["href"].as_str().ok_or_else(|| self.malformed("an action without an address"))?;
        self.check_address(href)?;
        let header = action["header"].as_object().cloned().unwrap_or_default();
        Ok(Some(Action { href, header }))
    }

    /// Refuses addresses that are not encrypted if the hub's is.
    fn check_address(&self, url: &str) -> Result<(), Failure> {
        let is_encrypted = |url: &str| origin(url).map(|origin| origin.starts_with("https:"));
        match (is_encrypted(self.endpoint), is_encrypted(url)) {
            (Some(true), Some(false)) => {
                Err(self.malformed(&format!("an address that is not encrypted: {}", host(url))))
            }
            (_, Some(_)) => Ok(()),
            (_, None) => Err(self.malformed("an address that cannot be used")),
        }
    }

    fn check(&self, file: &HashedFile<'_>, url: &str, reply: &Reply) -> Result<(), Failure> {
        match reply.status {
            200..300 => Ok(()),
            status @ 500.. => {
                Err(Failure::Unreachable(format!("{}: answered with status {status}", host(url))))
            }
            status => Err(self.refuses(file, url, &format!("status {status}"))),
        }
    }

    fn refuses(&self, file: &HashedFile<'_>, url: &str, reason: &str) -> Failure {
        let message = format!("{} refuses {}: {reason}", host(url), file.name());
        Failure::Unsuitable(Error::new(ErrorKind::Fetch, message).with_hint("push again"))
    }

    fn malformed(&self, why: &str) -> Failure {
        Failure::unsuitable(format!("{}: a malformed answer about an upload: {why}", host(self.endpoint)))
    }
}

/// The headers of an action, without those that the body determines.
fn headers(header: &Map<String, Value>) -> Vec<(String, String)> {
    let of_body = ["content-length", "transfer-encoding", "connection", "host"];
    header
        .iter()
        .filter(|(name, _)| !of_body.contains(&name.to_ascii_lowercase().as_str()))
        .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_string())))
        .collect()
}
