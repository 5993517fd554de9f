//! The refusals of the routes that take texts, for the OpenAPI document.

use utoipa::IntoResponses;

use crate::refusal::{ErrorBody, OpenAiErrorBody};

/// The refusals in the dialect of text-embeddings-inference.
#[derive(IntoResponses)]
#[allow(dead_code, reason = "only described")]
pub(crate) enum Refusals {
    /// The body is not JSON, or has no text
    #[response(status = 400)]
    Malformed(ErrorBody),
    /// The key is missing or wrong
    #[response(status = 401)]
    Unauthorized(ErrorBody),
    /// No model has this name
    #[response(status = 404)]
    NotFound(ErrorBody),
    /// The body did not arrive in time
    #[response(status = 408)]
    Slow(ErrorBody),
    /// The body is too large
    #[response(status = 413)]
    TooLarge(ErrorBody),
    /// The body has a content type other than JSON
    #[response(status = 415)]
    WrongType(ErrorBody),
    /// The request is of another form, or has too many or too long texts
    #[response(status = 422)]
    Invalid(ErrorBody),
    /// The encoder failed
    #[response(status = 424)]
    Backend(ErrorBody),
    /// The server has as many requests as it accepts
    #[response(status = 429)]
    Overloaded(ErrorBody),
    /// The request took too long, or the server stops
    #[response(status = 503)]
    Unavailable(ErrorBody),
}

/// The refusals in OpenAI's dialect.
#[derive(IntoResponses)]
#[allow(dead_code, reason = "only described")]
pub(crate) enum OpenAiRefusals {
    /// The body is not JSON, or has no text
    #[response(status = 400)]
    Malformed(OpenAiErrorBody),
    /// The key is missing or wrong
    #[response(status = 401)]
    Unauthorized(OpenAiErrorBody),
    /// No model has this name
    #[response(status = 404)]
    NotFound(OpenAiErrorBody),
    /// The body did not arrive in time
    #[response(status = 408)]
    Slow(OpenAiErrorBody),
    /// The body is too large
    #[response(status = 413)]
    TooLarge(OpenAiErrorBody),
    /// The body has a content type other than JSON
    #[response(status = 415)]
    WrongType(OpenAiErrorBody),
    /// The request is of another form, or has too many or too long texts
    #[response(status = 422)]
    Invalid(OpenAiErrorBody),
    /// The encoder failed
    #[response(status = 424)]
    Backend(OpenAiErrorBody),
    /// The server has as many requests as it accepts
    #[response(status = 429)]
    Overloaded(OpenAiErrorBody),
    /// The request took too long, or the server stops
    #[response(status = 503)]
    Unavailable(OpenAiErrorBody),
}

/// The refusals of routes without a body.
#[derive(IntoResponses)]
#[allow(dead_code, reason = "only described")]
pub(crate) enum GetRefusals {
    /// The key is missing or wrong
    #[response(status = 401)]
    Unauthorized(ErrorBody),
    /// No model has this name
    #[response(status = 404)]
    NotFound(ErrorBody),
    /// The request took too long
    #[response(status = 503)]
    Unavailable(ErrorBody),
}

/// The refusals of routes without a body, in OpenAI's dialect.
#[derive(IntoResponses)]
#[allow(dead_code, reason = "only described")]
pub(crate) enum OpenAiGetRefusals {
    /// The key is missing or wrong
    #[response(status = 401)]
    Unauthorized(OpenAiErrorBody),
    /// The request took too long
    #[response(status = 503)]
    Unavailable(OpenAiErrorBody),
}
