//! Requests with a body, and their repetition.
//!
//! The token is sent to the hub's own host only, as for downloads. Redirects are not followed: a body would be sent twice.

use std::io::Read;
use std::thread::sleep;
use std::time::Duration;

use ureq::SendBody;
use ureq::http::header::{ACCEPT_ENCODING, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, ETAG, LOCATION};

use crate::fetch::transport::{Failure, Transport, host, is_interruption, origin, text, unusable};
use crate::observer::FetchObserver;

/// The maximum size of an answer: the lists of the largest repositories have some hundred kilobytes.
const MAX_ANSWER_BYTES: u64 = 64 << 20;

/// A request that the other side did not answer, or a server that was busy, is tried this often.
const ATTEMPTS: u32 = 3;

/// The body of a request.
pub(super) enum Body<'a> {
    None,
    Bytes {
        content_type: &'static str,
        bytes: &'a [u8],
    },
    /// This many bytes.
    Stream(&'a mut dyn Read, u64),
}

/// A request.
pub(super) struct Request<'a> {
    pub(super) method: Method,
    pub(super) url: &'a str,
    pub(super) headers: &'a [(String, String)],
    pub(super) body: Body<'a>,
    /// The time limit for the answer, once the body has been sent.
    pub(super) patience: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Method {
    Get,
    Post,
    Put,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) etag: Option<String>,
    pub(super) error_code: Option<String>,
    pub(super) location: Option<String>,
    pub(super) bytes: Vec<u8>,
}

impl Reply {
    pub(super) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Returns true if the same request may succeed later.
    fn is_busy(&self) -> bool {
        matches!(self.status, 429 | 500 | 502 | 503 | 504)
    }
}

/// A request without an answer.
#[derive(Debug)]
pub(super) struct Unanswered {
    pub(super) failure: Failure,
    /// True if the connection was closed.
    pub(super) interrupted: bool,
}

impl From<Failure> for Unanswered {
    fn from(failure: Failure) -> Self {
        Unanswered { failure, interrupted: false }
    }
}

impl Transport {
    /// Sends a request and reads its answer, of any status.
    pub(super) fn send(&self, request: Request<'_>) -> Result<Reply, Unanswered> {
        let Request { method, url, headers, body, patience } = request;
        let origin_of_url = origin(url).ok_or_else(|| unusable(url))?;
        let mut all: Vec<(&str, String)> = vec![(ACCEPT_ENCODING.as_str(), "identity".to_string())];
        all.extend(headers.iter().map(|(name, value)| (name.as_str(), value.clone())));
        if let Some(token) = self.token.as_ref().filter(|_| origin_of_url == self.origin) {
            all.retain(|(name, _)| !name.eq_ignore_ascii_case(AUTHORIZATION.as_str()));
            all.push((AUTHORIZATION.as_str(), format!("Bearer {}", token.secret())));
        }
        let (content_type, length) = match &body {
            Body::None => (None, None),
            Body::Bytes { content_type, bytes } => (Some(*content_type), Some(bytes.len() as u64)),
            Body::Stream(_, length) => (None, Some(*length)),
        };
        if let Some(content_type) = content_type {
            all.retain(|(name, _)| !name.eq_ignore_ascii_case(CONTENT_TYPE.as_str()));
            all.push((CONTENT_TYPE.as_str(), content_type.to_string()));
        }
        // Storage hosts do not accept bodies without a length.
        all.extend(length.map(|length| (CONTENT_LENGTH.as_str(), length.to_string())));
        let sent = match method {
            Method::Get => {
                let request =
                    all.into_iter().fold(self.agent.get(url), |r, (name, value)| r.header(name, value));
                request.config().timeout_recv_response(Some(patience)).build().call()
            }
            Method::Post | Method::Put => {
                let request = if method == Method::Put { self.agent.put(url) } else { self.agent.post(url) };
                let request = all.into_iter().fold(request, |r, (name, value)| r.header(name, value));
                let request = request.config().timeout_recv_response(Some(patience)).build();
                match body {
                    Body::None => request.send_empty(),
                    Body::Bytes { bytes, .. } => request.send(bytes),
                    Body::Stream(reader, _) => request.send(SendBody::from_reader(reader)),
                }
            }
        };
        let (parts, body) = sent.map_err(|e| self.unanswered(url, e, patience))?.into_parts();
        let mut bytes = Vec::new();
        body.into_with_config()
            .limit(u64::MAX)
            .reader()
            .take(MAX_ANSWER_BYTES)
            .read_to_end(&mut bytes)
            .map_err(|e| self.unanswered(url, e.into(), patience))?;
        Ok(Reply {
            status: parts.status.as_u16(),
            etag: text(&parts.headers, ETAG.as_str()),
            error_code: text(&parts.headers, "x-error-code"),
            location: text(&parts.headers, LOCATION.as_str()),
            bytes,
        })
    }

    fn unanswered(&self, url: &str, error: ureq::Error, patience: Duration) -> Unanswered {
        match error {
            ureq::Error::Timeout(ureq::Timeout::RecvResponse) => {
                let seconds = patience.as_secs_f32();
                Failure::Unreachable(format!("{}: did not answer within {seconds} s", host(url))).into()
            }
            ureq::Error::Timeout(ureq::Timeout::PerWrite) => {
                let seconds = self.limits.stall.as_secs_f32();
                Failure::Unreachable(format!("{}: took no data for {seconds} s", host(url))).into()
            }
            ureq::Error::Io(error) if is_interruption(&error) => {
                Unanswered { failure: self.unreachable(url, error, None), interrupted: true }
            }
            error => self.unreachable(url, error, None).into(),
        }
    }

    /// Sends a request that has the same effect however often it is sent, again if the connection was closed or the server
    /// is busy. The answer has any status.
    pub(super) fn repeat(
        &self,
        observer: &dyn FetchObserver,
        mut send: impl FnMut() -> Result<Reply, Unanswered>,
    ) -> Result<Reply, Failure> {
        // Half a second by default.
        let pause = self.limits.hub_answer / 8;
        for attempt in 1.. {
            let reason = match send() {
                Ok(reply) if reply.is_busy() && attempt < ATTEMPTS => format!("status {}", reply.status),
                Ok(reply) => return Ok(reply),
                Err(Unanswered { failure: Failure::Unreachable(text), interrupted: true })
                    if attempt < ATTEMPTS =>
                {
                    text
                }
                Err(unanswered) => return Err(unanswered.failure),
            };
            observer.message(&format!("trying again after: {reason}"));
            sleep(pause * attempt);
        }
        unreachable!("the last attempt returns")
    }
}
