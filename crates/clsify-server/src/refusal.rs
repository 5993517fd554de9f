//! Answers that are errors: their status, and their body in the dialect of the route.

use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};
use axum::response::IntoResponse;
use clsify::error::{Error, ErrorKind};
use serde::Serialize;
use utoipa::ToSchema;

/// The kind of a refusal. The first six have the names of text-embeddings-inference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) enum Kind {
    Empty,
    Validation,
    Tokenizer,
    Backend,
    Overloaded,
    Unhealthy,
    Unauthorized,
    NotFound,
    Timeout,
}

/// The body of an error in the dialect of text-embeddings-inference.
#[derive(Serialize, ToSchema)]
pub(crate) struct ErrorBody {
    /// One line: what was expected, and what was found.
    pub(crate) error: String,
    pub(crate) error_type: Kind,
}

/// The body of an error in OpenAI's dialect.
#[derive(Serialize, ToSchema)]
pub(crate) struct OpenAiErrorBody {
    pub(crate) error: OpenAiError,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct OpenAiError {
    pub(crate) message: String,
    /// `invalid_request_error`, `rate_limit_error` or `server_error`.
    pub(crate) r#type: String,
    /// The field of the request that the error is about.
    pub(crate) param: Option<String>,
    pub(crate) code: Option<String>,
}

/// A request that is answered with an error.
#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) kind: Kind,
    pub(crate) message: String,
    /// The field of the request that the error is about.
    pub(crate) param: Option<&'static str>,
}

impl Refusal {
    pub(crate) fn new(status: StatusCode, kind: Kind, message: impl Into<String>) -> Self {
        Refusal { status, kind, message: message.into(), param: None }
    }

    /// The request is well formed, and asks for something that cannot be answered.
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, Kind::Validation, message)
    }

    /// Names the field of the request.
    pub(crate) fn about(self, param: &'static str) -> Self {
        Refusal { param: Some(param), ..self }
    }

    pub(crate) fn overloaded() -> Self {
        let message = "the server has as many requests as it accepts: send this one again later";
        Self::new(StatusCode::TOO_MANY_REQUESTS, Kind::Overloaded, message)
    }

    pub(crate) fn timeout(message: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, Kind::Timeout, message)
    }

    /// The work failed, or a part of the server that did it is gone.
    pub(crate) fn backend(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FAILED_DEPENDENCY, Kind::Backend, message)
    }

    fn openai_type(&self) -> &'static str {
        match self.status.as_u16() {
            429 => "rate_limit_error",
            424 | 500.. => "server_error",
            _ => "invalid_request_error",
        }
    }

    fn openai_code(&self) -> Option<&'static str> {
        match self.kind {
            Kind::Unauthorized => Some("invalid_api_key"),
            Kind::Overloaded => Some("rate_limit_exceeded"),
            Kind::NotFound if self.param == Some("model") => Some("model_not_found"),
            _ => None,
        }
    }

    /// The response, in OpenAI's dialect or in that of text-embeddings-inference.
    pub(crate) fn response(&self, is_openai: bool) -> Response<Body> {
        let body = if is_openai {
            serde_json::to_vec(&OpenAiErrorBody {
                error: OpenAiError {
                    message: self.message.clone(),
                    r#type: self.openai_type().to_string(),
                    param: self.param.map(String::from),
                    code: self.openai_code().map(String::from),
                },
            })
        } else {
            serde_json::to_vec(&ErrorBody { error: self.message.clone(), error_type: self.kind })
        };
        // Texts and names can always be written.
        let mut response = Response::new(Body::from(body.unwrap_or_default()));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        match self.kind {
            Kind::Overloaded | Kind::Unhealthy => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
            }
            Kind::Unauthorized => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            _ => {}
        }
        response
    }
}

/// The response carries the refusal, so that the outermost layer can write it in the dialect of the route.
impl IntoResponse for Refusal {
    fn into_response(self) -> Response<Body> {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = self.status;
        response.extensions_mut().insert(self);
        response
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        let mut message = error.to_string();
        if let Some(i) = error.sentence() {
            // The library counts sentences from 1, and a request's texts are items of an array.
            message = message.replacen(&format!("sentence {}: ", i + 1), &format!("text at index {i}: "), 1);
        }
        if let Some(hint) = error.hint() {
            message = format!("{message}: {hint}");
        }
        match error.kind() {
            ErrorKind::InvalidArgument => Refusal::invalid(message),
            ErrorKind::Tokenizer => Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, Kind::Tokenizer, message),
            ErrorKind::Interrupted => Refusal::timeout("the work was cancelled"),
            _ => Refusal::backend(message),
        }
    }
}
